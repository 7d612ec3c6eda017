// Exposition: the numbers of a registry in the formats a Prometheus server reads.
//
//   kText         text, version 0.0.4 (1.0.0 with UTF-8 names), for every scraper and for people
//                 https://github.com/prometheus/docs/blob/main/docs/instrumenting/exposition_formats.md
//   kOpenMetrics  OpenMetrics 1.0: units, exemplars, info and state sets by type
//                 https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md
//   kProtobuf     io.prometheus.client.MetricFamily messages behind their lengths: the only one with native histograms
//                 https://github.com/prometheus/client_model/blob/master/io/prometheus/client/metrics.proto
//
// Families come sorted by name, series sorted by their label values. In text, counters are exact integers up to
// 2^64 - 1; other numbers are the shortest text that reads back as the same double. What a format does not know it gets
// in the nearest shape: text and protobuf have gauges for info and state sets; text has only count and sum of a native
// histogram. OpenMetrics wants "_total" on counters and "_info" on infos: those without are "unknown" and "gauge"
// there, so that a series has one name in every format.
//
// About 30 ns per series in text, 40 in the others (bench/client/README.md). Thread-safe; recording goes on meanwhile.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "cachescope/registry.h"
#include "cachescope/snapshot.h"

namespace cachescope {

enum class ExpositionFormat : std::uint8_t { kText, kOpenMetrics, kProtobuf };

/// What becomes of metric and label names beyond [a-zA-Z_:][a-zA-Z0-9_:]*, for "a.b c":
enum class NameEscaping : std::uint8_t {
  kUnderscores,  ///< a_b_c
  kDots,         ///< a_dot_b__c; "_" becomes "__" in every name
  kValues,       ///< U__a_2e_b_20_c
  kAllowUtf8,    ///< as it is; in text between quotes and braces: {"a.b c",label="x"}
};

struct ExpositionOptions {
  ExpositionFormat format = ExpositionFormat::kText;
  NameEscaping escaping = NameEscaping::kUnderscores;
  /// OpenMetrics: a line x_created for every counter, histogram and summary. Protobuf always says when they began.
  bool created_lines = false;
};

inline constexpr std::string_view kTextContentType = "text/plain; version=0.0.4; charset=utf-8";
inline constexpr std::string_view kOpenMetricsContentType =
    "application/openmetrics-text; version=1.0.0; charset=utf-8";
inline constexpr std::string_view kProtobufContentType =
    "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";

/// Append the whole registry to `out`. May throw std::bad_alloc.
void AppendExposition(const Registry& registry, const ExpositionOptions& options, std::string* out);
void AppendText(const Registry& registry, std::string* out);
std::string Text(const Registry& registry);

/// Append families in the given order as one page. Names are escaped as the options say; label values and help texts
/// are made valid UTF-8 and escaped. Families without series are left out.
void AppendExposition(std::span<const FamilySnapshot> families, const ExpositionOptions& options, std::string* out);
void AppendText(std::span<const FamilySnapshot> families, std::string* out);

/// One page of several registries: families of one name and type are joined, with the first one's help; of series with
/// the same labels the first stays, and so does the first of families that differ in type.
void AppendExposition(std::span<const Registry* const> registries, const ExpositionOptions& options, std::string* out);

/// A name in an escaping scheme; "" stays "".
/// https://prometheus.io/docs/instrumenting/escaping_schemes/
std::string EscapeName(std::string_view name, NameEscaping escaping);

}  // namespace cachescope
