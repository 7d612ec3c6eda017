#include "cachescope/export/periodic_export.h"

#include <exception>
#include <utility>

#include "client/export/export_counters.h"
#include "client/export/export_loop.h"

namespace cachescope {

PeriodicExport::PeriodicExport() noexcept = default;
PeriodicExport::PeriodicExport(PeriodicExport&& other) noexcept = default;

// In a forked child nothing is freed: the thread's own reference stays in its copy of memory.
PeriodicExport::~PeriodicExport() { Stop(); }

PeriodicExport& PeriodicExport::operator=(PeriodicExport&& other) noexcept {
  if (this == &other) return *this;
  PeriodicExport ended(std::move(*this));
  loop_ = std::move(other.loop_);
  error_ = std::move(other.error_);
  return *this;
}

bool PeriodicExport::running() const noexcept { return loop_ != nullptr && !loop_->forked() && loop_->running(); }

ExportStatus PeriodicExport::status() const {
  if (loop_ == nullptr || loop_->forked()) return {};
  return loop_->status();
}

bool PeriodicExport::Flush(std::chrono::milliseconds timeout) noexcept {
  if (loop_ == nullptr || loop_->forked()) return false;
  try {
    return loop_->Flush(timeout);
  } catch (...) {
    return false;
  }
}

bool PeriodicExport::Stop() noexcept { return loop_ == nullptr ? false : Stop(loop_->stop_timeout()); }

bool PeriodicExport::Stop(std::chrono::milliseconds timeout) noexcept {
  if (loop_ == nullptr || loop_->forked()) return false;
  try {
    return loop_->Stop(timeout);
  } catch (...) {
    return false;
  }
}

PeriodicExport StartExport(Registry& registry, std::unique_ptr<Exporter> exporter,
                           const PeriodicExportOptions& options) noexcept {
  PeriodicExport started;
  if (exporter == nullptr) return started;
  try {
    started.error_ = exporter->problem();
    if (!started.error_.empty()) {
      if (options.self_metrics) client::CountersOf(registry.core(), exporter->name())->errors.fetch_add(1);
      return started;
    }
    started.loop_ = std::make_shared<client::ExportLoop>(registry.core(), std::move(exporter), options);
    client::ExportLoop::Start(started.loop_);
  } catch (const std::exception& e) {
    started.loop_.reset();
    started.error_ = std::string("cannot start the export: ") + e.what();
  } catch (...) {
    started.loop_.reset();
    started.error_ = "cannot start the export";
  }
  return started;
}

}  // namespace cachescope
