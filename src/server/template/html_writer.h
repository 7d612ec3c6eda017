// Output with the escaping of HTML. Internal to the module.
#pragma once

#include "server/template/executor.h"
#include "server/template/html_context.h"

namespace cachescope::templating {

class HtmlWriter final : public Writer {
 public:
  using Writer::Writer;
  Status Raw(std::string_view text) override;
  Status Print(const Value& value, std::string_view escaper) override;
  bool Escapes() const override { return true; }

 private:
  HtmlContext context_;
};

}  // namespace cachescope::templating
