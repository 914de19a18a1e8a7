#include "sim/replay/replayer.h"

#include <fmt/core.h>

#include <algorithm>
#include <span>

#include "sim/base/check.h"
#include "sim/hw/paging_format.h"
#include "sim/replay/traced_processes.h"

namespace faultline::replay {

Result<ReplayOutcome, InputError> replay(TraceReader& reader, Machine& machine, Process& process,
                                         const ReplayOptions& options) {
  const uint64_t accesses_before = machine.stats().accesses.accesses();
  TracedProcesses processes(machine, process);
  uint64_t to_skip = options.skip;
  ReplayOutcome outcome;
  while (outcome.records < options.limit) {
    if (options.interrupted != nullptr && options.interrupted->load()) {
      outcome.end = ReplayEnd::kInterrupted;
      return outcome;
    }
    auto next = reader.next_block();
    if (!next) return next.error();
    if (next->end()) return outcome;

    std::span<const Access> block = next->accesses;
    const uint64_t skipped = std::min<uint64_t>(to_skip, block.size());
    to_skip -= skipped;
    block = block.subspan(skipped);
    block = block.first(std::min<uint64_t>(options.limit - outcome.records, block.size()));
    Process* const process_of_block = processes.find_or_start(next->task);
    if (process_of_block == nullptr) return too_many_processes();
    if (!block.empty() && !machine.access(*process_of_block, block)) {
      outcome.end = ReplayEnd::kOutOfMemory;
      outcome.records = machine.stats().accesses.accesses() - accesses_before;
      return outcome;
    }
    outcome.records += block.size();
    if (next->call != nullptr && outcome.records < options.limit) {
      if (!processes.make(*next->call)) return too_many_processes();
      outcome.calls = processes.calls();
      outcome.differing = processes.differing();
    }
    if (options.on_progress) options.on_progress(outcome.records);
  }
  return outcome;
}

InputError too_many_processes() {
  return {.message = fmt::format("the trace has {} processes at a time, which is too many",
                                 kProcessesMax)};
}

uint64_t page_size_of(const std::string& paging) {
  const hw::PagingFormat* format = hw::find_paging_format(paging);
  FL_CHECK(format != nullptr);
  return format->page_size().bytes();
}

}  // namespace faultline::replay
