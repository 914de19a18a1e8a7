// HostFolders: the two temporary folders of the host below which a scenario's files lie: one on a
// disk file system, and one on tmpfs for what the scenario puts below /dev/shm/.
//
// Owns both, and removes them with all they hold. Threads: one.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "faultline/input_error.h"
#include "faultline/result.h"
#include "sim/scenario/host/disk_reads.h"

namespace faultline::host {

class HostFolders {
 public:
  // Below `parent`, and below /dev/shm. Errors: an InputError that names the folder that could not
  // be made.
  static Result<std::unique_ptr<HostFolders>, InputError> make(const std::string& parent);
  ~HostFolders();
  HostFolders(const HostFolders&) = delete;
  HostFolders& operator=(const HostFolders&) = delete;

  const std::string& disk() const { return disk_; }
  const DiskReads& disk_reads() const { return reads_; }
  // Where a path of the scenario lies, the folders above it made.
  std::string host_path(std::string_view path) const;
  // The scenario's path of what the kernel calls `host_path`; others are returned as they are.
  std::string scenario_path(std::string host_path) const;
  // Removes all files, for the next scenario.
  void clear() const;

 private:
  HostFolders(std::string disk, std::string shm)
      : disk_(std::move(disk)), shm_(std::move(shm)), reads_(disk_) {}

  std::string disk_;
  std::string shm_;
  DiskReads reads_;
};

}  // namespace faultline::host
