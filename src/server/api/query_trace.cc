#include "server/api/query_trace.h"

namespace cachescope::api {
namespace {

class TracedSeries final : public storage::Series {
 public:
  TracedSeries(std::unique_ptr<storage::Series> next, SelectionTrace* trace) : next_(std::move(next)), trace_(trace) {}

  const Labels& labels() const override { return next_->labels(); }
  Status Read(TimestampMs mint, TimestampMs maxt, storage::SampleColumns* out) const override {
    return Measured(out, [&] { return next_->Read(mint, maxt, out); });
  }
  Status ReadNewest(TimestampMs mint, TimestampMs maxt, storage::SampleColumns* out) const override {
    return Measured(out, [&] { return next_->ReadNewest(mint, maxt, out); });
  }

 private:
  template <typename Read>
  Status Measured(const storage::SampleColumns* out, const Read& read) const {
    const std::size_t before = out->timestamps.size() + out->histograms.size();
    const auto start = std::chrono::steady_clock::now();
    Status status = read();
    const auto took = std::chrono::steady_clock::now() - start;
    trace_->read_ns.fetch_add(std::chrono::duration_cast<std::chrono::nanoseconds>(took).count(),
                              std::memory_order_relaxed);
    trace_->samples.fetch_add(out->timestamps.size() + out->histograms.size() - before, std::memory_order_relaxed);
    return status;
  }

  const std::unique_ptr<storage::Series> next_;
  SelectionTrace* const trace_;
};

std::string SelectorText(const std::vector<Matcher>& matchers) {
  std::string out = "{";
  for (const Matcher& matcher : matchers) out += (out.size() > 1 ? ", " : "") + matcher.ToString();
  return out + "}";
}

class TracedQuerier final : public storage::Querier {
 public:
  TracedQuerier(std::unique_ptr<storage::Querier> next, TracedStorage* storage)
      : next_(std::move(next)), storage_(storage) {}

  Result<storage::SeriesSet> Select(bool sorted, const storage::SelectHints& hints,
                                    const std::vector<Matcher>& matchers) override {
    const auto start = std::chrono::steady_clock::now();
    auto set = next_->Select(sorted, hints, matchers);
    SelectionTrace* const trace = storage_->Begin();
    trace->select_seconds = SecondsSince(start);
    trace->selector = SelectorText(matchers);
    trace->function = hints.function;
    trace->mint = hints.mint;
    trace->maxt = hints.maxt;
    if (!set.ok()) return set;
    trace->series = set->series.size();
    if (!storage_->reads()) return set;
    for (auto& series : set->series) series = std::make_unique<TracedSeries>(std::move(series), trace);
    return set;
  }
  Result<std::vector<std::string>> LabelNames(const std::vector<Matcher>& matchers, std::size_t limit) override {
    return next_->LabelNames(matchers, limit);
  }
  Result<std::vector<std::string>> LabelValues(const std::string& name, const std::vector<Matcher>& matchers,
                                               std::size_t limit) override {
    return next_->LabelValues(name, matchers, limit);
  }
  Status VisitLabelValues(const std::string& name, const std::vector<Matcher>& matchers,
                          const std::function<bool(std::string_view)>& visit) override {
    return next_->VisitLabelValues(name, matchers, visit);
  }

 private:
  const std::unique_ptr<storage::Querier> next_;
  TracedStorage* const storage_;
};

void Node(JsonWriter& json, const char* name, double seconds) {
  json.BeginObject().Key("name").String(name).Key("durationSeconds").Double(seconds);
}

}  // namespace

std::unique_ptr<storage::Querier> TracedStorage::NewQuerier(TimestampMs mint, TimestampMs maxt) {
  return std::make_unique<TracedQuerier>(store_->NewQuerier(mint, maxt), this);
}

SelectionTrace* TracedStorage::Begin() {
  const std::lock_guard lock(mu_);
  selections_.push_back(std::make_unique<SelectionTrace>());
  return selections_.back().get();
}

double TracedStorage::select_seconds() const {
  const std::lock_guard lock(mu_);
  double out = 0;
  for (const auto& selection : selections_) out += selection->select_seconds;
  return out;
}

void TracedStorage::WriteTrace(JsonWriter& json, const QueryTimes& times, double encode_seconds) const {
  Node(json, "query", times.parse + times.evaluate + encode_seconds);
  json.Key("children").BeginArray();
  Node(json, "parse", times.parse);
  json.EndObject();
  Node(json, "evaluate", times.evaluate);
  json.Key("children").BeginArray();
  const std::lock_guard lock(mu_);
  for (const auto& selection : selections_) {
    const double read = static_cast<double>(selection->read_ns.load()) / 1e9;
    Node(json, "select", selection->select_seconds + read);
    json.Key("selector").String(selection->selector).Key("function").String(selection->function);
    json.Key("start").Timestamp(selection->mint).Key("end").Timestamp(selection->maxt);
    json.Key("series").Int(static_cast<std::int64_t>(selection->series));
    json.Key("samples").Int(static_cast<std::int64_t>(selection->samples.load()));
    json.Key("findSeconds").Double(selection->select_seconds).Key("readSeconds").Double(read).EndObject();
  }
  json.EndArray().EndObject();
  Node(json, "encode", encode_seconds);
  json.EndObject().EndArray().EndObject();
}

}  // namespace cachescope::api
