// A simulated machine: memory, TLB, page tables, page cache, disk, and the processes that run on
// it.
//
//     auto machine = faultline::make_machine({.frames = 256, .policy = "clock"});
//     faultline::Process& process = machine.value()->start_process();
//     auto where = process.mmap({.length_bytes = 65536, .prot = 3, .flags = 0x22});
//
// Thread safety: none, by design; a machine belongs to one thread. Parallelism is many machines.
// Linux and the processor manual, part by part: docs/architecture.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "faultline/access.h"
#include "faultline/events.h"
#include "faultline/input_error.h"
#include "faultline/options.h"
#include "faultline/process.h"
#include "faultline/result.h"
#include "faultline/stats.h"

namespace faultline {

// An access that ended in a signal.
struct SignalledAccess {
  size_t index = 0;    // in its block
  VirtAddr address{};  // from here on; what it referenced lies before, if it straddles pages
};

class Machine {
 public:
  virtual ~Machine() = default;

  // A fresh process with one mapping, its stack; see docs/scenario.md, "The process that a scenario
  // starts in". The reference stays valid until the machine is gone.
  virtual Process& start_process() = 0;
  // A process with no mapping at all and no fault counted: for traces.
  virtual Process& start_empty_process() = 0;

  // Replays `block` in `process`: each access is translated, faulted in and counted. Those that end
  // in a signal are counted and skipped, and added to `signalled` unless it is null. False: a page
  // was needed, every frame is taken and none can be evicted; the rest was not done. REQUIRES:
  // 1 <= size_bytes <= kAccessSizeMax in each.
  [[nodiscard]] virtual bool access(Process& process, std::span<const Access> block,
                                    std::vector<SignalledAccess>* signalled = nullptr) = 0;

  // Puts the mappings of a /proc/PID/maps listing into `process`, in place of those it has:
  // anonymous ones are as after mmap, file-backed ones map simulated files as long as the mapping
  // needs. Errors: kEINVAL (unaligned, empty or overlapping ranges, or beyond user space). Nothing
  // changed then.
  [[nodiscard]] virtual Result<void> load_maps(Process& process,
                                               std::span<const MapsLine> lines) = 0;

  // A file of that size with the bytes (i*31 + (i>>12)*7 + seed) & 0xff, on the disk and not in the
  // page cache.
  [[nodiscard]] virtual Result<void> create_file(std::string_view path, uint64_t size_bytes,
                                                 uint64_t seed) = 0;

  // Sets what the scenario language's sysctl() may set: "vm.overcommit_memory" and so on. Errors:
  // kENOENT (no such name, or not simulated), kEINVAL (no such value).
  virtual Result<void> sysctl(std::string_view name, uint64_t value);
  // Lets simulated time pass: the flusher runs when it is due.
  virtual Result<void> sleep(uint64_t seconds);

  virtual const Stats& stats() = 0;
  // Null: nobody listens.
  virtual void set_event_sink(EventSink* sink) = 0;
  // Checks every invariant of every component, and stops the program when one does not hold.
  virtual void validate() = 0;
};

// Errors: an InputError that names the option.
[[nodiscard]] Result<std::unique_ptr<Machine>, InputError> make_machine(
    const MachineOptions& options);

// The names of the policies and the paging formats, with a line about each, in the order of their
// tables.
struct NamedChoice {
  std::string_view name;
  std::string_view description;
};
std::vector<NamedChoice> policy_names();
std::vector<NamedChoice> paging_names();
// What is wrong with a text as MachineOptions::paging_description; nothing: it describes a format.
std::optional<InputError> paging_description_error(std::string_view text);

}  // namespace faultline
