#include "sim/replay/replayer.h"

#include <fmt/core.h>

#include <algorithm>
#include <span>
#include <vector>

#include "sim/hw/paging_description.h"
#include "sim/hw/paging_format.h"
#include "sim/replay/interval_clock.h"
#include "sim/replay/traced_processes.h"

namespace faultline::replay {

namespace {

hw::PagingFormat format_of(const MachineOptions& machine) {
  return hw::get_paging_format(machine.paging, machine.paging_description);
}

// Of what accesses referenced that were made.
void tell(const ReplayOptions& options, uint32_t pid, std::span<const Access> accesses,
          std::span<const SignalledAccess> signalled) {
  for (size_t i = 0; i < accesses.size(); ++i) {
    const Access& access = accesses[i];
    uint64_t bytes = access.size_bytes;
    if (!signalled.empty() && signalled.front().index == i) {
      bytes = signalled.front().address - access.address;
      signalled = signalled.subspan(1);
      if (bytes == 0) continue;
    }
    const uint64_t first = access.address.value >> kPageRunShift;
    const uint64_t last = (access.address.value + bytes - 1) >> kPageRunShift;
    for (uint64_t page = first; page <= last; ++page)
      for (PageObserver* const observer : options.observers)
        observer->on_use({.pid = pid, .page = page, .kind = access.kind});
  }
}

}  // namespace

Result<uint64_t, InputError> pass_over(TraceReader& reader, uint64_t skip) {
  while (skip > 0) {
    const auto passed = reader.pass_over(skip);
    if (!passed) return passed.error();
    if (*passed == 0) break;
    skip -= *passed;
  }
  return skip;
}

Result<ReplayOutcome, InputError> replay(TraceReader& reader, Machine& machine, Process& process,
                                         const ReplayOptions& options) {
  const uint64_t accesses_before = machine.stats().accesses.accesses();
  TracedProcesses processes(machine, process, options.page_cache);
  IntervalClock clock(options);
  uint64_t to_skip = options.skip;
  ReplayOutcome outcome;
  std::vector<SignalledAccess> signalled;
  while (outcome.records < options.limit) {
    if (options.interrupted != nullptr && options.interrupted->load()) {
      outcome.end = ReplayEnd::kInterrupted;
      break;
    }
    if (to_skip > 0) {
      const auto passed = reader.pass_over(to_skip);
      if (!passed) return passed.error();
      to_skip -= *passed;
    }
    auto next = reader.next_block();
    if (!next) return next.error();
    if (next->end()) break;

    std::span<const Access> block = next->accesses;
    const uint64_t skipped = std::min<uint64_t>(to_skip, block.size());
    to_skip -= skipped;
    block = block.subspan(skipped);
    block = block.first(std::min<uint64_t>(options.limit - outcome.records, block.size()));
    Process* const process_of_block = processes.find_or_start(next->task);
    if (process_of_block == nullptr) return too_many_processes();
    if (options.census != nullptr) options.census->set_process(*process_of_block, next->task.pid);
    while (!block.empty()) {
      const auto part = block.first(std::min<uint64_t>(clock.left(), block.size()));
      block = block.subspan(part.size());
      signalled.clear();
      if (!machine.access(*process_of_block, part,
                          options.observers.empty() ? nullptr : &signalled)) {
        outcome.end = ReplayEnd::kOutOfMemory;
        outcome.records = machine.stats().accesses.accesses() - accesses_before;
        return outcome;
      }
      if (!options.observers.empty()) tell(options, next->task.pid, part, signalled);
      outcome.records += part.size();
      clock.pass(part.size());
    }
    if (next->call != nullptr && outcome.records < options.limit) {
      if (!processes.make(*next->call)) return too_many_processes();
      if (options.census != nullptr) options.census->forget_mappings();
      outcome.calls = processes.calls();
      outcome.differing = processes.differing();
    }
    if (options.on_progress) options.on_progress(outcome.records);
  }
  clock.finish();
  return outcome;
}

InputError too_many_processes() {
  return {.message = fmt::format("the trace has {} processes at a time, which is too many",
                                 kProcessesMax)};
}

PageSize page_size_of(const MachineOptions& machine) { return format_of(machine).page_size(); }

uint64_t frames_max_of(const MachineOptions& machine) { return format_of(machine).frames_max(); }

VirtAddr user_end_of(const MachineOptions& machine) { return format_of(machine).user_end(); }

uint64_t by_number_below_of(const MachineOptions& machine) {
  // Larger pages have numbers of their own.
  if (page_size_of(machine).shift != kPageRunShift) return 0;
  return user_end_of(machine).value >> kPageRunShift;
}

}  // namespace faultline::replay
