#include "server/collect/adapters/redis/emitter.h"

#include <algorithm>
#include <bit>
#include <cctype>
#include <cmath>

namespace cachescope::collect::redis {

void RedisEmitter::AddField(const RedisFamily& family, double value) {
  const std::size_t at = static_cast<std::size_t>(&family - InfoFamilies().data());
  if (described_[at]) return;
  described_.set(at);
  sink_->Family(family.name, family.type, family.help, "");
  static const std::vector<LabelView> kNoLabels;
  Put(family.name, family.name, kNoLabels, family.divisor == 1 ? value : value / family.divisor);
}

void RedisEmitter::AddClusterField(std::string_view field, double value) {
  std::string name = "redis_";
  for (const char c : field) name += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  if (!cluster_fields_.insert(name).second) return;
  sink_->Family(name, MetricType::kUnknown, kClusterFieldHelp, "");
  static const std::vector<LabelView> kNoLabels;
  Put(name, name, kNoLabels, value);
}

void RedisEmitter::Add(Computed which, std::string_view suffix, std::initializer_list<LabelView> labels, double value) {
  labels_.assign(labels);
  std::erase_if(labels_, [](const LabelView& label) { return label.value.empty(); });
  AddSeries(which, suffix, labels_, value);
}

void RedisEmitter::AddSeries(Computed which, std::string_view suffix, const std::vector<LabelView>& labels,
                             double value) {
  const RedisFamily& family = FamilyOf(which);
  const std::size_t at = InfoFamilies().size() + static_cast<std::size_t>(which);
  if (!described_[at]) {
    described_.set(at);
    sink_->Family(family.name, family.type, family.help, "");
  }
  name_.assign(family.name).append(suffix);
  series_ = name_;
  char separator = '{';
  for (const LabelView& label : labels) {
    series_ += separator;
    series_.append(label.name) += '=';
    AppendQuoted(&series_, label.value);
    separator = ',';
  }
  if (separator == ',') series_ += '}';
  Put(series_, name_, labels, value);
}

void RedisEmitter::Put(std::string_view series, std::string_view name, const std::vector<LabelView>& labels,
                       double value) {
  if (!status_.ok()) return;
  if (std::isnan(value)) value = std::bit_cast<double>(kNormalNanBits);
  if (sink_->AddCached(series, value, 0, false)) return;
  // Names of clients' making (errors, commands of modules) may be any bytes; such a series is left out, not the scrape.
  if (!std::all_of(labels.begin(), labels.end(), [](const LabelView& label) { return IsValidUtf8(label.value); }))
    return;
  Status status = sink_->AddParsed(series, name, labels, value, 0, false);
  // A server that repeats a line, with another number, loses the second one only.
  if (status.code() != Code::kDuplicateSample) status_ = std::move(status);
}

}  // namespace cachescope::collect::redis
