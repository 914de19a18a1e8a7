// Task: what a process is to the kernel: its number, its address space, its descriptors, its fault
// counts. Linux's task_struct.
//
// A task that has ended (`alive` is false) has neither address space nor descriptors.
// Owns: its address space and descriptors. Not thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "faultline/process.h"
#include "faultline/types.h"
#include "sim/mm/address_space.h"
#include "sim/proc/files.h"

namespace faultline::proc {

struct Task {
  Task(Pid number, const Files::Parts& parts) : pid(number), files(std::in_place, parts) {}

  Pid pid;
  std::unique_ptr<mm::AddressSpace> space{};  // null before it has one
  std::optional<Files> files;
  FaultCounts faults{};
  bool alive = true;
};

}  // namespace faultline::proc
