#include "tests/reclaim/trace_runs.h"

#include <unordered_map>

#include "faultline/access.h"
#include "faultline/trace.h"
#include "sim/base/check.h"
#include "tests/support/sanitized.h"

namespace faultline::testing {
namespace {

constexpr unsigned kPageShift = 12;
constexpr uint64_t kSanitizedAccesses = 1'000'000;

}  // namespace

TraceRuns read_runs(const std::string& file) {
  auto reader = open_trace({file}, {});
  FL_CHECK(reader.ok());
  TraceRuns trace;
  std::unordered_map<uint64_t, uint32_t> numbers;
  uint64_t last_page = ~uint64_t{0};
  uint64_t accesses = 0;
  while (!kSanitized || accesses < kSanitizedAccesses) {
    const auto block = (*reader)->next_block();
    FL_CHECK(block.ok());
    if (block->end()) break;
    accesses += block->accesses.size();
    for (const Access& access : block->accesses) {
      const uint64_t end = (access.address.value + access.size_bytes - 1) >> kPageShift;
      for (uint64_t page = access.address.value >> kPageShift; page <= end; ++page) {
        const bool store = is_store(access.kind);
        if (page == last_page && (trace.runs.back().store || !store)) {
          ++trace.runs.back().count;
          continue;
        }
        last_page = page;
        const auto found = numbers.try_emplace(page, static_cast<uint32_t>(numbers.size())).first;
        trace.runs.push_back({found->second, 1, store});
      }
    }
  }
  trace.pages = static_cast<uint32_t>(numbers.size());
  return trace;
}

}  // namespace faultline::testing
