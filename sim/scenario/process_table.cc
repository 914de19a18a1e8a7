#include "sim/scenario/process_table.h"

#include <fmt/core.h>

#include <algorithm>

#include "sim/base/check.h"

namespace faultline::scenario {
namespace {

// Above the largest that Linux gives: PID_MAX_LIMIT.
constexpr int64_t kNoSuchPid = 0x3fffffff;
constexpr uint64_t kFirst = 1;

}  // namespace

bool ProcessTable::any_alive() const {
  return std::any_of(processes_.begin(), processes_.end(),
                     [](const Process* process) { return process->alive(); });
}

Result<Process*, std::string> ProcessTable::find(uint64_t number) {
  Process* process = process_of(number);
  if (process == nullptr || !process->alive()) {
    if (number == kFirst && !any_alive()) {
      processes_.assign(1, &machine_.start_process());
    } else if (process == nullptr) {
      return fmt::format("there is no process {}", number);
    } else {
      return fmt::format("process {} has ended", number);
    }
    process = processes_.front();
  }
  if (process->blocked()) {
    return fmt::format("process {} waits for the child of its vfork", number);
  }
  return process;
}

uint64_t ProcessTable::add(Process& child) {
  processes_.push_back(&child);
  return processes_.size();
}

int64_t ProcessTable::machine_pid(int64_t number) const {
  if (number <= 0) return number;
  const Process* const process = process_of(static_cast<uint64_t>(number));
  return process == nullptr ? kNoSuchPid : static_cast<int64_t>(process->pid().value);
}

uint64_t ProcessTable::number_of(uint64_t machine_pid) const {
  // The youngest: a machine may use the numbers of those that have ended again.
  const auto found = std::find_if(
      processes_.rbegin(), processes_.rend(),
      [machine_pid](const Process* process) { return process->pid().value == machine_pid; });
  FL_CHECK_MSG(found != processes_.rend(), "process {} is not the scenario's", machine_pid);
  return static_cast<uint64_t>(processes_.rend() - found);
}

}  // namespace faultline::scenario
