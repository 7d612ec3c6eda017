// Sends samples to a store over remote write 1.0, so that every engine in the comparison holds the same data.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "model/labels.h"
#include "model/sample.h"

namespace cachescope::bench {

// One connection to 127.0.0.1. Not thread-safe.
class RemoteWriter {
 public:
  // `path`: where the receiver listens, usually "/api/v1/write".
  RemoteWriter(int port, std::string path) : port_(port), path_(std::move(path)) {}
  ~RemoteWriter();
  RemoteWriter(const RemoteWriter&) = delete;
  RemoteWriter& operator=(const RemoteWriter&) = delete;

  // Sends what waits when it has grown large. Errors: kUnavailable, with the answer.
  Status Add(const Labels& labels, const std::vector<Sample>& samples);
  Status Flush();
  // How long each request took, from sending it to the end of its answer, in ms.
  const std::vector<double>& request_ms() const { return request_ms_; }

 private:
  Status Post(const std::string& body);
  Status Connect();
  Status ReadAnswer();

  int port_;
  std::string path_;
  int fd_ = -1;
  std::string message_;
  std::vector<double> request_ms_;
};

}  // namespace cachescope::bench
