// HostMachine: the running kernel behind the interface of Machine, so that a scenario can be asked
// of Linux itself. For asking by hand what Linux does; needs root.
//
// Paths of the scenario lie below one temporary directory. Threads: one.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "faultline/machine.h"
#include "tests/differential/probes/tracee.h"

namespace faultline::probes {

class HostMachine final : public Machine {
 public:
  // `directory` exists, is empty, and lies on the file system to ask about.
  explicit HostMachine(std::string directory) : directory_(std::move(directory)) {}

  Process& start_process() override;
  Process& start_empty_process() override { return start_process(); }
  bool access(Process&, std::span<const Access>) override { return false; }
  Result<void> load_maps(Process&, std::span<const MapsLine>) override { return Errno::kENOSYS; }
  Result<void> create_file(std::string_view path, uint64_t size_bytes, uint64_t seed) override;
  const Stats& stats() override { return stats_; }
  void set_event_sink(EventSink*) override {}
  void validate() override {}

 private:
  std::string directory_;
  std::vector<std::unique_ptr<Process>> processes_{};
  Stats stats_{};
};

}  // namespace faultline::probes
