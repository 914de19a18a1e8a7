// ProcessTable: the processes of a scenario under the scenario's own numbers: 1 for the process it
// starts in, then 2, 3, ... in the order of the calls that make them. The machine has numbers of
// its own, which on the host are the kernel's.
//
// A number is never given twice, until none of the processes lives: the next statement begins anew
// with a fresh process 1.
// Ownership: the processes are the machine's. Threads: those of the machine.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "faultline/machine.h"
#include "faultline/process.h"
#include "faultline/result.h"

namespace faultline::scenario {

class ProcessTable {
 public:
  explicit ProcessTable(Machine& machine) : machine_(machine) {}

  // The process of that number, if it can speak: most often it can. Null: find() says why not, or
  // starts it.
  Process* find_ready(uint64_t number) const {
    Process* const process = process_of(number);
    return process != nullptr && process->alive() && !process->blocked() ? process : nullptr;
  }
  // The process that a statement of `number` is to be made by, started if none lives.
  // Errors: what is wrong, in words: there is none, it has ended, it waits for its vfork child.
  Result<Process*, std::string> find(uint64_t number);
  // Gives `child` the next number.
  uint64_t add(Process& child);
  // The machine's number for a scenario's, where it is a process's; one that no process has for one
  // that is unknown; 0 and below, which name no process, as they are.
  int64_t machine_pid(int64_t number) const;
  // REQUIRES: of a process that was added.
  uint64_t number_of(uint64_t machine_pid) const;

 private:
  // Null: no process was ever given that number.
  Process* process_of(uint64_t number) const {
    return number >= 1 && number <= processes_.size() ? processes_[number - 1] : nullptr;
  }
  bool any_alive() const;

  Machine& machine_;
  std::vector<Process*> processes_{};  // that of number 1 first
};

}  // namespace faultline::scenario
