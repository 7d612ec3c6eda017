#include "server/template/format.h"

#include <optional>

#include "server/template/literal.h"

namespace cachescope::templating {
namespace {

class Formatter {
 public:
  Formatter(std::string_view format, Args args, std::size_t max_bytes, std::string* out)
      : format_(format), args_(args), max_bytes_(max_bytes), out_(out) {}

  Status Run() {
    while (at_ < format_.size()) {
      const std::size_t percent = std::min(format_.find('%', at_), format_.size());
      out_->append(format_.substr(at_, percent - at_));
      if (out_->size() > max_bytes_) return TooLong();
      at_ = percent + 1;
      if (percent < format_.size()) CACHESCOPE_RETURN_IF_ERROR(Verb());
    }
    if (reordered_ || next_ >= args_.size()) return {};
    *out_ += "%!(EXTRA ";
    for (std::size_t i = next_; i < args_.size(); ++i) {
      if (i > next_) *out_ += ", ";
      *out_ += args_[i].TypeName();
      if (args_[i].IsNil()) continue;
      *out_ += "=";
      CACHESCOPE_RETURN_IF_ERROR(FormatValue({}, 'v', args_[i], max_bytes_, out_));
    }
    *out_ += ")";
    return {};
  }

 private:
  Status TooLong() const { return LimitExceeded("the text is over " + std::to_string(max_bytes_) + " bytes"); }

  char Here() const { return at_ < format_.size() ? format_[at_] : '\0'; }

  void Flags() {
    for (;; ++at_) {
      switch (Here()) {
        case '+':
          spec_.plus = true;
          break;
        case '-':
          spec_.minus = true;
          break;
        case '#':
          spec_.sharp = true;
          break;
        case ' ':
          spec_.space = true;
          break;
        case '0':
          spec_.zero = true;
          break;
        default:
          return;
      }
    }
  }

  // "[2]" chooses the argument that comes next.
  void Index() {
    if (Here() != '[') return;
    reordered_ = true;
    const std::size_t close = format_.find(']', at_);
    std::size_t index = 0;
    bool good = close != std::string_view::npos && close > at_ + 1;
    for (std::size_t i = at_ + 1; good && i < close; ++i) {
      good = format_[i] >= '0' && format_[i] <= '9' && index <= args_.size();
      index = index * 10 + static_cast<std::size_t>(format_[i] - '0');
    }
    at_ = close == std::string_view::npos ? at_ + 1 : close + 1;
    good = good && index >= 1 && index <= args_.size();
    if (good) {
      next_ = index - 1;
    } else {
      good_index_ = false;
    }
  }

  // Digits, or `*` for the next argument. nullopt: none. -1: an argument that is no number.
  Result<std::optional<int>> Count(bool* bad) {
    if (Here() == '*') {
      ++at_;
      const std::int64_t* n = next_ < args_.size() ? args_[next_].AsInt() : nullptr;
      if (next_ < args_.size()) ++next_;
      if (n == nullptr) {
        *bad = true;
        return std::optional<int>();
      }
      if (std::abs(*n) > static_cast<std::int64_t>(max_bytes_)) return TooWide();
      return std::optional<int>(static_cast<int>(*n));
    }
    std::size_t n = 0;
    const std::size_t begin = at_;
    for (; Here() >= '0' && Here() <= '9'; ++at_) {
      n = n * 10 + static_cast<std::size_t>(Here() - '0');
      if (n > max_bytes_) return TooWide();
    }
    return at_ > begin ? std::optional<int>(static_cast<int>(n)) : std::optional<int>();
  }

  Status TooWide() const { return LimitExceeded("a width or precision is over " + std::to_string(max_bytes_)); }

  Status WidthAndPrecision() {
    bool bad_width = false;
    bool bad_precision = false;
    CACHESCOPE_ASSIGN_OR_RETURN(const std::optional<int> width, Count(&bad_width));
    if (width) {
      spec_.width = std::abs(*width);
      if (*width < 0) {
        spec_.minus = true;
        spec_.zero = false;
      }
    }
    if (bad_width) *out_ += "%!(BADWIDTH)";
    if (Here() != '.') return {};
    ++at_;
    Index();
    CACHESCOPE_ASSIGN_OR_RETURN(const std::optional<int> precision, Count(&bad_precision));
    if (bad_precision || (precision && *precision < 0)) {
      if (bad_precision) *out_ += "%!(BADPREC)";
    } else {
      spec_.precision = precision.value_or(0);
    }
    return {};
  }

  // The verb behind a '%'.
  Status Verb() {
    spec_ = {};
    good_index_ = true;
    Flags();
    Index();
    CACHESCOPE_RETURN_IF_ERROR(WidthAndPrecision());
    Index();
    if (at_ >= format_.size()) {
      *out_ += "%!(NOVERB)";
      return {};
    }
    std::size_t length = 1;
    const char32_t verb = DecodeUtf8(format_.substr(at_), &length);
    const std::string_view spelled = format_.substr(at_, length);
    at_ += length;
    if (verb == '%') {
      out_->push_back('%');
    } else if (!good_index_) {
      out_->append("%!").append(spelled).append("(BADINDEX)");
    } else if (next_ >= args_.size()) {
      out_->append("%!").append(spelled).append("(MISSING)");
    } else {
      CACHESCOPE_RETURN_IF_ERROR(FormatValue(spec_, verb, args_[next_++], max_bytes_, out_));
    }
    return out_->size() > max_bytes_ ? TooLong() : Status();
  }

  std::string_view format_;
  Args args_;
  std::size_t max_bytes_;
  std::string* out_;
  std::size_t at_ = 0;
  std::size_t next_ = 0;
  bool reordered_ = false;
  bool good_index_ = true;
  FormatSpec spec_;
};

}  // namespace

Status FormatGo(std::string_view format, Args args, std::size_t max_bytes, std::string* out) {
  return Formatter(format, args, max_bytes, out).Run();
}

}  // namespace cachescope::templating
