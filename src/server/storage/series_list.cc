#include "server/storage/querier.h"

namespace cachescope::storage {
namespace {

class ListOfSet final : public SeriesList {
 public:
  explicit ListOfSet(SeriesSet set) : set_(std::move(set)) { warnings = std::move(set_.warnings); }
  std::size_t size() const override { return set_.series.size(); }
  const Labels& labels(std::size_t index) const override { return set_.series[index]->labels(); }
  Status Read(std::size_t index, TimestampMs mint, TimestampMs maxt, SampleColumns* out) const override {
    return set_.series[index]->Read(mint, maxt, out);
  }
  Status ReadNewest(std::size_t index, TimestampMs mint, TimestampMs maxt, SampleColumns* out) const override {
    return set_.series[index]->ReadNewest(mint, maxt, out);
  }

 private:
  SeriesSet set_;
};

}  // namespace

std::shared_ptr<const SeriesList> ListOf(SeriesSet set) { return std::make_shared<const ListOfSet>(std::move(set)); }

Result<std::shared_ptr<const SeriesList>> Querier::SelectList(const SelectHints& hints,
                                                              const std::vector<Matcher>& matchers) {
  CACHESCOPE_ASSIGN_OR_RETURN(SeriesSet set, Select(false, hints, matchers));
  return ListOf(std::move(set));
}

Status Querier::VisitLabelValues(const std::string& name, const std::vector<Matcher>& matchers,
                                 const std::function<bool(std::string_view)>& visit) {
  CACHESCOPE_ASSIGN_OR_RETURN(const std::vector<std::string> values, LabelValues(name, matchers, 0));
  for (const std::string& value : values) {
    if (!visit(value)) break;
  }
  return {};
}

}  // namespace cachescope::storage
