#include "script.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <cctype>
#include <charconv>

#include "base/number.h"

namespace cachescope::promqltest {
namespace {

std::string_view Trim(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

std::vector<std::string> SplitLines(std::string_view text) {
  std::vector<std::string> out;
  while (true) {
    const std::size_t end = text.find('\n');
    const std::string_view line = Trim(text.substr(0, end));
    out.emplace_back(line.starts_with('#') ? std::string_view() : line);
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + 1);
  }
}

// A Go string literal in double quotes or backquotes.
Result<std::string> Unquote(std::string_view text) {
  if (text.size() < 2 || text.front() != text.back()) return InvalidArgument("string literal expected");
  const std::string_view inner = text.substr(1, text.size() - 2);
  if (text.front() == '`') return std::string(inner);
  std::string out;
  for (std::size_t i = 0; i < inner.size(); ++i) {
    if (inner[i] != '\\' || i + 1 == inner.size()) {
      out += inner[i];
      continue;
    }
    switch (inner[++i]) {
      case 'n':
        out += '\n';
        break;
      case 't':
        out += '\t';
        break;
      case 'r':
        out += '\r';
        break;
      case 'x':
        out += static_cast<char>(std::stoi(std::string(inner.substr(i + 1, 2)), nullptr, 16));
        i += 2;
        break;
      default:
        out += inner[i];
        break;
    }
  }
  return out;
}

class ScriptParser {
 public:
  explicit ScriptParser(std::string_view text) : lines_(SplitLines(text)) {}

  Result<std::vector<Command>> Parse() {
    std::vector<Command> out;
    while (at_ < lines_.size()) {
      if (lines_[at_].empty()) {
        ++at_;
        continue;
      }
      Command command;
      const int line = static_cast<int>(at_) + 1;
      Status status = ParseCommand(&command);
      if (!status.ok()) return status.WithPrefix(fmt::format("line {}", line));
      out.push_back(std::move(command));
    }
    return out;
  }

 private:
  Status ParseCommand(Command* out) {
    std::string word = lines_[at_].substr(0, lines_[at_].find_first_of(" \t"));
    std::transform(word.begin(), word.end(), word.begin(), [](unsigned char c) { return std::tolower(c); });
    if (word == "clear") {
      out->kind = Command::Kind::kClear;
      ++at_;
      return {};
    }
    if (word.starts_with("load")) {
      out->kind = Command::Kind::kLoad;
      return ParseLoad(word, &out->load);
    }
    if (word.starts_with("eval")) {
      out->kind = Command::Kind::kEval;
      return ParseEval(word, &out->eval);
    }
    return InvalidArgument("unknown command " + word);
  }

  Status ParseLoad(const std::string& word, LoadCommand* out) {
    out->custom_histograms = word == "load_with_nhcb";
    CACHESCOPE_ASSIGN_OR_RETURN(out->step,
                                ParseScriptDuration(Trim(std::string_view(lines_[at_]).substr(word.size()))));
    std::vector<std::optional<DurationMs>> offsets;
    for (++at_; at_ < lines_.size() && !lines_[at_].empty(); ++at_) {
      const std::string& line = lines_[at_];
      if (const std::size_t st = StartTimestampAt(line); st != std::string::npos) {
        CACHESCOPE_ASSIGN_OR_RETURN(offsets, ParseOffsets(std::string_view(line).substr(st)));
        continue;
      }
      CACHESCOPE_ASSIGN_OR_RETURN(SeriesLine series, ParseSeriesLine(line));
      series.start_offsets = std::move(offsets);
      offsets.clear();
      const auto same = std::find_if(out->series.begin(), out->series.end(),
                                     [&](const SeriesLine& other) { return other.labels == series.labels; });
      if (same != out->series.end()) {
        *same = std::move(series);
      } else {
        out->series.push_back(std::move(series));
      }
    }
    return {};
  }

  // Where the offsets begin in a line `SERIES@st OFFSETS`, or npos.
  static std::size_t StartTimestampAt(const std::string& line) {
    const std::size_t at = line.find("@st ");
    return at == std::string::npos ? at : at + 4;
  }

  static Result<DurationMs> SignedDuration(std::string_view text) {
    const bool negative = text.starts_with('-');
    if (negative || text.starts_with('+')) text.remove_prefix(1);
    CACHESCOPE_ASSIGN_OR_RETURN(const DurationMs value, ParseScriptDuration(text));
    return negative ? -value : value;
  }

  static Result<std::vector<std::optional<DurationMs>>> ParseOffsets(std::string_view text) {
    std::vector<std::optional<DurationMs>> out;
    while (!(text = Trim(text)).empty()) {
      const std::size_t end = std::min(text.find_first_of(" \t"), text.size());
      std::string item(text.substr(0, end));
      text.remove_prefix(end);
      std::size_t times = 0;
      bool repeated = false;
      if (const std::size_t x = item.rfind('x'); x != std::string::npos) {
        times = std::stoul(item.substr(x + 1));
        item.resize(x);
        repeated = true;
      }
      if (item == "_") {
        out.resize(out.size() + (repeated ? times : 1));
        continue;
      }
      DurationMs delta = 0;
      if (const std::size_t sign = item.find_first_of("+-", 1); sign != std::string::npos) {
        CACHESCOPE_ASSIGN_OR_RETURN(delta, SignedDuration(std::string_view(item).substr(sign)));
        item.resize(sign);
      }
      CACHESCOPE_ASSIGN_OR_RETURN(DurationMs value, SignedDuration(item));
      for (std::size_t i = 0; i <= times; ++i, value += delta) out.emplace_back(value);
    }
    return out;
  }

  Status ParseEval(const std::string& word, EvalCommand* out) {
    static const RE2 kInstant(R"((?i:eval\w*)\s+instant\s+(?:at\s+(\S+))?\s+(.+))");
    static const RE2 kRange(R"((?i:eval\w*)\s+range\s+from\s+(.+)\s+to\s+(.+)\s+step\s+(\S+)\s+(.+))");
    out->line = static_cast<int>(at_) + 1;
    std::string from;
    std::string to;
    std::string step;
    if (RE2::FullMatch(lines_[at_], kInstant, &from, &out->query)) {
      CACHESCOPE_ASSIGN_OR_RETURN(out->start, ParseScriptDuration(from));
      out->end = out->start;
    } else if (RE2::FullMatch(lines_[at_], kRange, &from, &to, &step, &out->query)) {
      out->instant = false;
      CACHESCOPE_ASSIGN_OR_RETURN(out->start, ParseScriptDuration(Trim(from)));
      CACHESCOPE_ASSIGN_OR_RETURN(out->end, ParseScriptDuration(Trim(to)));
      CACHESCOPE_ASSIGN_OR_RETURN(out->step, ParseScriptDuration(step));
    } else {
      return InvalidArgument("eval line is malformed");
    }
    if (word == "eval_fail") out->fail = true;
    if (word == "eval_warn") out->warnings.emplace_back();
    if (word == "eval_info") out->infos.emplace_back();
    if (word == "eval_ordered") out->ordered = true;
    for (++at_; at_ < lines_.size() && !lines_[at_].empty(); ++at_) {
      CACHESCOPE_ASSIGN_OR_RETURN(const bool last, ParseEvalLine(lines_[at_], out));
      if (!last) continue;
      ++at_;
      break;
    }
    return {};
  }

  // Whether the line ends the block.
  static Result<bool> ParseEvalLine(const std::string& line, EvalCommand* out) {
    std::string text;
    if (RE2::FullMatch(line, R"(expected_fail_message\s+(.+))", &text)) {
      out->failure = {false, false, text};
      return true;
    }
    if (RE2::FullMatch(line, R"(expected_fail_regexp\s+(.+))", &text)) {
      out->failure = {false, true, text};
      return true;
    }
    if (RE2::FullMatch(line, R"(expect\s+(.+))", &text)) {
      CACHESCOPE_RETURN_IF_ERROR(ParseExpect(text, out));
      return false;
    }
    if (out->series.empty()) {
      if (const std::optional<double> scalar = ParseFloat(line); scalar.has_value()) {
        out->scalar_result = scalar;
        return true;
      }
    }
    CACHESCOPE_ASSIGN_OR_RETURN(SeriesLine series, ParseSeriesLine(line));
    out->series.push_back(std::move(series));
    return false;
  }

  static Status ParseExpect(const std::string& text, EvalCommand* out) {
    static const RE2 kRangeVector(R"(range\s+vector\s+from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+))");
    static const RE2 kText(R"((fail|warn|info|no_warn|no_info|ordered|string)(?:\s+(.*))?)");
    std::string from;
    std::string to;
    std::string step;
    if (RE2::FullMatch(text, kRangeVector, &from, &to, &step)) {
      out->range_vector = true;
      CACHESCOPE_ASSIGN_OR_RETURN(out->matrix_start, ParseScriptDuration(from));
      CACHESCOPE_ASSIGN_OR_RETURN(out->matrix_end, ParseScriptDuration(to));
      CACHESCOPE_ASSIGN_OR_RETURN(out->matrix_step, ParseScriptDuration(step));
      return {};
    }
    std::string kind;
    std::string rest;
    if (!RE2::FullMatch(text, kText, &kind, &rest)) return InvalidArgument("unknown expectation: " + text);
    if (kind == "string") {
      CACHESCOPE_ASSIGN_OR_RETURN(out->string_result, Unquote(Trim(rest)));
      return {};
    }
    Expectation expectation;
    for (const bool regex : {false, true}) {
      const std::string_view prefix = regex ? "regex:" : "msg:";
      if (rest.starts_with(prefix)) {
        expectation = {false, regex, std::string(Trim(std::string_view(rest).substr(prefix.size())))};
      }
    }
    if (kind == "fail") {
      out->fail = true;
      out->failure = expectation;
    }
    if (kind == "warn") out->warnings.push_back(expectation);
    if (kind == "info") out->infos.push_back(expectation);
    if (kind == "no_warn") out->no_warnings = true;
    if (kind == "no_info") out->no_infos = true;
    if (kind == "ordered") out->ordered = true;
    return {};
  }

  std::vector<std::string> lines_;
  std::size_t at_ = 0;
};

}  // namespace

Result<DurationMs> ParseScriptDuration(std::string_view text) {
  if (text == "0") return DurationMs{0};
  struct Unit {
    std::string_view name;
    DurationMs ms;
  };
  static constexpr Unit kUnits[] = {{"y", 31536000000}, {"w", 604800000}, {"d", 86400000}, {"h", 3600000},
                                    {"ms", 1},          {"m", 60000},     {"s", 1000}};
  const std::string original(text);
  DurationMs total = 0;
  while (!text.empty()) {
    std::size_t n = 0;
    while (n < text.size() && std::isdigit(static_cast<unsigned char>(text[n])) != 0) ++n;
    DurationMs number = 0;
    if (n == 0 || std::from_chars(text.data(), text.data() + n, number).ec != std::errc()) {
      return InvalidArgument("cannot parse duration: " + original);
    }
    text.remove_prefix(n);
    bool found = false;
    for (const Unit& unit : kUnits) {
      if (!text.starts_with(unit.name)) continue;
      total += number * unit.ms;
      text.remove_prefix(unit.name.size());
      found = true;
      break;
    }
    if (!found) return InvalidArgument("cannot parse duration: " + original);
  }
  return total;
}

Result<std::vector<Command>> ParseScript(std::string_view text) { return ScriptParser(text).Parse(); }

}  // namespace cachescope::promqltest
