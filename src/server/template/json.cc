#include "server/template/json.h"

#include <cmath>

#include "base/number.h"
#include "base/quote.h"
#include "server/template/type.h"

namespace cachescope::templating {
namespace {

constexpr int kMaxDepth = 64;

// Shortest digits; an exponent without a leading zero below 1e-6 and from 1e21.
std::string NumberText(double v) {
  std::string out = FormatApiFloat(v);
  const std::size_t zero = out.find("e-0");
  if (zero != std::string::npos) out.erase(zero + 2, 1);
  return out;
}

class JsonWriter {
 public:
  JsonWriter(std::size_t max_bytes, std::string* out) : max_bytes_(max_bytes), out_(out) {}

  Status Write(const Value& value, int depth) {
    if (out_->size() > max_bytes_ || depth > kMaxDepth)
      return LimitExceeded("the JSON is over " + std::to_string(max_bytes_) + " bytes");
    switch (value.kind()) {
      case Value::Kind::kNil:
        *out_ += "null";
        return {};
      case Value::Kind::kFloat:
        if (!std::isfinite(*value.AsFloat()))
          return InvalidArgument("json: unsupported value: " + FormatGeneral(*value.AsFloat()));
        *out_ += NumberText(*value.AsFloat());
        return {};
      case Value::Kind::kString:
        Text(*value.AsString());
        return {};
      case Value::Kind::kTime:
        Text(FormatTime(*value.AsTime(), kRfc3339NanoLayout));
        return {};
      case Value::Kind::kList:
        return Items(*value.AsList(), depth);
      case Value::Kind::kMap:
        return Members(*value.AsMap(), depth);
      case Value::Kind::kRecord:
        return Fields(value, depth);
      case Value::Kind::kInt:
        *out_ += std::to_string(*value.AsInt());
        return {};
      case Value::Kind::kBool:
        *out_ += *value.AsBool() ? "true" : "false";
        return {};
    }
    return {};
  }

 private:
  void Text(std::string_view text) { AppendQuotedText(out_, text, QuoteStyle::kJsonForHtml); }

  Status Items(const List& items, int depth) {
    *out_ += "[";
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (i > 0) *out_ += ",";
      CACHESCOPE_RETURN_IF_ERROR(Write(items[i], depth + 1));
    }
    *out_ += "]";
    return {};
  }

  Status Members(const Map& map, int depth) {
    *out_ += "{";
    bool first = true;
    for (const auto& [key, item] : map) {
      if (!first) *out_ += ",";
      first = false;
      Text(key);
      *out_ += ":";
      CACHESCOPE_RETURN_IF_ERROR(Write(item, depth + 1));
    }
    *out_ += "}";
    return {};
  }

  Status Fields(const Value& value, int depth) {
    *out_ += "{";
    const List& fields = value.AsRecord()->fields;
    const Type* type = value.type();
    const auto& names = type->json_fields.empty() ? type->fields : type->json_fields;
    for (std::size_t i = 0; i < fields.size() && i < names.size(); ++i) {
      if (i > 0) *out_ += ",";
      Text(names[i]);
      *out_ += ":";
      CACHESCOPE_RETURN_IF_ERROR(Write(fields[i], depth + 1));
    }
    *out_ += "}";
    return {};
  }

  std::size_t max_bytes_;
  std::string* out_;
};

}  // namespace

Status AppendJson(const Value& value, std::size_t max_bytes, std::string* out) {
  return JsonWriter(max_bytes, out).Write(value, 0);
}

}  // namespace cachescope::templating
