#include "server/storage/warning_querier.h"

#include <utility>

namespace cachescope::storage {
namespace {

class WarningQuerier final : public Querier {
 public:
  explicit WarningQuerier(std::vector<std::string> warnings) : warnings_(std::move(warnings)) {}

  Result<SeriesSet> Select(bool, const SelectHints&, const std::vector<Matcher>&) override {
    SeriesSet out;
    out.warnings = warnings_;
    return out;
  }
  Result<std::vector<std::string>> LabelNames(const std::vector<Matcher>&, std::size_t) override {
    return std::vector<std::string>();
  }
  Result<std::vector<std::string>> LabelValues(const std::string&, const std::vector<Matcher>&, std::size_t) override {
    return std::vector<std::string>();
  }
  std::optional<std::vector<std::string_view>> LabelValueViews(const std::string&,
                                                               const std::vector<Matcher>&) override {
    return std::vector<std::string_view>();
  }

 private:
  const std::vector<std::string> warnings_;
};

}  // namespace

std::unique_ptr<Querier> NewWarningQuerier(std::vector<std::string> warnings) {
  return std::make_unique<WarningQuerier>(std::move(warnings));
}

}  // namespace cachescope::storage
