// A page of text read by our own parser, as plain values: the library's headers and the parser's do not meet.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace cachescope::conformance {

enum class Kind : unsigned char { kOther, kCounter, kGauge, kHistogram, kSummary, kInfo, kStateSet };

struct Sample {
  std::string family;  // of the last TYPE line
  Kind kind = Kind::kOther;
  std::string name;
  std::vector<std::pair<std::string, std::string>> labels;
  double value = 0;
};

struct Page {
  std::vector<Sample> samples;
  std::map<std::string, std::string> help;
  std::map<std::string, std::string> unit;
};

// False if the page is not valid.
bool Read(const std::string& text, bool open_metrics, Page* page);

// Of samples of one series the first stays. Values are canonical text.
std::map<std::string, std::string> Canonical(const Page& page);

}  // namespace cachescope::conformance
