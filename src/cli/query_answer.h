// Where `cachescope query` gets its answers from, and the answers as plain data.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/labels.h"
#include "model/sample.h"

namespace cachescope::cli {

struct QueryRequest {
  std::string expr;
  bool range = false;
  // Unix seconds or RFC 3339, as typed; empty: now. Instant queries use `end` only.
  std::string start;
  std::string end;
  std::string step;
  std::size_t limit = 0;  // series; 0: no limit
  std::string timeout;    // "30s"; empty: the server's
  bool trace = false;
};

struct AnswerSeries {
  Labels labels;
  std::vector<Sample> samples;  // histograms appear with their count
  std::string last_text;        // the newest value as the server wrote it; of a histogram a short description
};

struct QueryAnswer {
  std::string type;  // "vector", "matrix", "scalar", "string"
  std::vector<AnswerSeries> series;
  std::vector<std::string> warnings;
  std::vector<std::string> infos;
  std::string trace;  // a few lines, empty unless asked for
  std::string json;   // the whole answer as it came
};

// One source per kind of place: a running server, or a data directory.
class QuerySource {
 public:
  virtual ~QuerySource() = default;
  // kInvalidArgument: the query is wrong, the message says where; kUnavailable: nobody answers.
  virtual Result<QueryAnswer> Query(const QueryRequest& request) = 0;
  // Names of metrics or, with a selector such as `up` or `{job="a"}`, of labels; values of a label. Sorted, at most
  // `limit`.
  virtual Result<std::vector<std::string>> LabelNames(const std::string& selector, std::size_t limit) = 0;
  virtual Result<std::vector<std::string>> LabelValues(const std::string& label, const std::string& selector,
                                                       std::size_t limit) = 0;
};

// `url` like http://127.0.0.1:22243, with a path when the server sits behind one.
std::unique_ptr<QuerySource> NewServerSource(std::string url);
// `path` as --storage.tsdb.path. It is read when this is called, and nothing in it changes. kNotFound when it holds no
// metrics; `report` says how far reading is.
Result<std::unique_ptr<QuerySource>> NewDirectorySource(
    const std::string& path, std::function<void(std::uint64_t done, std::uint64_t total)> report);

}  // namespace cachescope::cli
