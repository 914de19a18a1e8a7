// Task: what a process is to the kernel: its number, its address space, its descriptors, its fault
// counts, its parent and children. Linux's task_struct.
//
// A task that has ended (`alive` is false) has neither address space nor descriptors. It is a
// zombie as long as its parent may wait for it, and is then forgotten: proc/family.h. Owns: a share
// of its address space and descriptors, which clone(2) may have it share. Tasks that are linked
// outlive each other's links. Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "faultline/linux.h"
#include "faultline/process.h"
#include "faultline/types.h"
#include "sim/mm/address_space.h"
#include "sim/proc/files.h"

namespace faultline::proc {

struct Task {
  Task(Pid number, std::shared_ptr<Files> descriptors)
      : pid(number), files(std::move(descriptors)) {}

  Pid pid;
  std::shared_ptr<mm::AddressSpace> space{};  // null before it has one
  std::shared_ptr<Files> files;
  FaultCounts faults{};
  // The process's own, also where it shares its address space, which obeys the process that uses
  // it.
  mm::Limits limits{};
  uint64_t descriptors_max = kDescriptorsAtStart;       // its soft RLIMIT_NOFILE
  uint64_t file_bytes_max = linux_abi::kRLIM_INFINITY;  // its soft RLIMIT_FSIZE
  uint64_t persona = 0;
  bool alive = true;

  Task* parent = nullptr;                      // null: init, which waits for everybody
  std::vector<Task*> children{};               // oldest first, zombies too
  uint64_t exit_signal = linux_abi::kSIGCHLD;  // what its end sends to the parent; 0: nothing
  const Task* vfork_child = nullptr;           // it waits for this one while that lives
  uint32_t wait_status = 0;                    // as wait4(2) stores it; of a zombie
  uint64_t peak_rss_pages = 0;                 // of a zombie
  FaultCounts reaped_faults{};                 // of the children waited for, and of theirs
  uint64_t reaped_peak_rss_pages = 0;          // the largest of theirs
};

}  // namespace faultline::proc
