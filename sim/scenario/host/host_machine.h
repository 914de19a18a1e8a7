// HostMachine: the running kernel behind the interface of Machine, so that a scenario can be asked
// of Linux itself.
//
// sysctl() and sleep() fail with kENOSYS: a comparison changes no setting of the host and waits for
// no timer. While it lives its thread and its processes share one processor. Owns its processes;
// the folders outlive it. Threads: one.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "faultline/machine.h"
#include "sim/scenario/host/host_folders.h"
#include "sim/scenario/host/host_process.h"
#include "sim/scenario/host/one_processor.h"

namespace faultline::host {

class HostMachine final : public Machine {
 public:
  // `folders` hold nothing yet.
  HostMachine(const HostFolders& folders, const TraceeLimits& limits)
      : folders_(folders), limits_(limits) {}

  // How many processes of a scenario may live at a time.
  static constexpr size_t kProcessesMax = 8;

  // A worker died unasked; the answers end there.
  bool lost_worker() const;
  // Why a statement was not made, which stopped the run with Errno::kENOSYS or as out of memory, in
  // words; empty: all were made.
  std::string_view why_not_asked() const;

  Process& start_process() override;
  Process& start_empty_process() override { return start_process(); }
  bool access(Process&, std::span<const Access>, std::vector<SignalledAccess>*) override {
    return false;
  }
  Result<void> load_maps(Process&, std::span<const MapsLine>) override { return Errno::kENOSYS; }
  Result<void> create_file(std::string_view path, uint64_t size_bytes, uint64_t seed) override;
  const Stats& stats() override { return stats_; }
  void set_event_sink(EventSink*) override {}
  void validate() override {}

  // --- for HostProcess ---
  HostProcess& add_child(std::unique_ptr<HostProcess> child);
  bool full() const;
  // The process of that number that the kernel still knows, or null.
  HostProcess* find_process(int64_t pid) const;
  // The child that this process has just waited for, or null.
  HostProcess* find_reaped(const HostProcess& parent) const;

 private:
  OneProcessor here_{};  // before its processes, which inherit it
  const HostFolders& folders_;
  TraceeLimits limits_;
  std::vector<std::unique_ptr<HostProcess>> processes_{};
  Stats stats_{};
};

}  // namespace faultline::host
