// HostMachine: the running kernel behind the interface of Machine, so that a scenario can be asked
// of Linux itself.
//
// sysctl() and sleep() fail with kENOSYS: a comparison changes no setting of the host and waits for
// no timer. Owns its processes; the folders outlive it. Threads: one.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "faultline/machine.h"
#include "sim/scenario/host/host_folders.h"
#include "sim/scenario/host/host_process.h"

namespace faultline::host {

class HostMachine final : public Machine {
 public:
  // `folders` hold nothing yet.
  HostMachine(const HostFolders& folders, const TraceeLimits& limits)
      : folders_(folders), limits_(limits) {}

  // A worker died unasked; the answers end there.
  bool lost_worker() const;

  Process& start_process() override;
  Process& start_empty_process() override { return start_process(); }
  bool access(Process&, std::span<const Access>) override { return false; }
  Result<void> load_maps(Process&, std::span<const MapsLine>) override { return Errno::kENOSYS; }
  Result<void> create_file(std::string_view path, uint64_t size_bytes, uint64_t seed) override;
  const Stats& stats() override { return stats_; }
  void set_event_sink(EventSink*) override {}
  void validate() override {}

 private:
  const HostFolders& folders_;
  TraceeLimits limits_;
  std::vector<std::unique_ptr<HostProcess>> processes_{};
  Stats stats_{};
};

}  // namespace faultline::host
