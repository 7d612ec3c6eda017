// RedisEmitter gives the samples of one scrape to a sink: each family described once, each series found by its text.
//
// The first failure of the sink is kept and ends the scrape; later samples are dropped. Used by one coroutine at a
// time.
#pragma once

#include <bitset>
#include <initializer_list>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "server/collect/adapters/redis/redis_catalog.h"
#include "server/collect/source.h"

namespace cachescope::collect::redis {

class RedisEmitter {
 public:
  explicit RedisEmitter(SampleSink* sink) : sink_(sink) {}

  // A field's number in the unit of its family. A family comes once in a scrape: a field that is repeated is dropped.
  void AddField(const RedisFamily& family, double value);
  // A field of kClusterFieldHelp; bytes of `field` that no metric name may hold become '_'.
  void AddClusterField(std::string_view field, double value);

  void Add(Computed which, double value) { Add(which, "", {}, value); }
  // Labels without a value are dropped.
  void Add(Computed which, std::initializer_list<LabelView> labels, double value) { Add(which, "", labels, value); }
  // `suffix` is "_bucket", "_sum" or "_count" of a histogram or summary.
  void Add(Computed which, std::string_view suffix, std::initializer_list<LabelView> labels, double value);
  void Add(Computed which, const std::vector<LabelView>& labels, double value) { AddSeries(which, "", labels, value); }

  const Status& status() const { return status_; }

 private:
  void AddSeries(Computed which, std::string_view suffix, const std::vector<LabelView>& labels, double value);
  void Put(std::string_view series, std::string_view name, const std::vector<LabelView>& labels, double value);

  SampleSink* const sink_;
  std::bitset<512> described_;  // fields first, then computed families
  std::unordered_set<std::string> cluster_fields_;
  std::string series_;
  std::string name_;
  std::vector<LabelView> labels_;
  Status status_;
};

}  // namespace cachescope::collect::redis
