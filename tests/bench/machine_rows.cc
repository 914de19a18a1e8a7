// The machine: what an access costs when the TLB holds its page, and what a page fault costs.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "faultline/linux.h"
#include "faultline/machine.h"
#include "sim/base/check.h"
#include "sim/base/prng.h"
#include "sim/machine/machine_impl.h"
#include "sim/machine/process_impl.h"
#include "tests/bench/rows.h"

namespace faultline::machine {

// The access loop as it is when nobody listens, without asking whether somebody does.
struct MachineBenchPeer {
  static bool access_without_events(Machine& machine, Process& process,
                                    std::span<const Access> block) {
    return static_cast<MachineImpl&>(machine).access_block<false, false>(
        static_cast<ProcessImpl&>(process), block);
  }
};

}  // namespace faultline::machine

namespace faultline::bench {
namespace {

constexpr std::size_t kAccesses = 60'000;
constexpr uint64_t kPage = 4096;
constexpr VirtAddr kCode{0x400000};
constexpr VirtAddr kData{0x10000000};

// Two thirds fetches from 12 pages, the rest loads and stores of 40, each stream going on where it
// was and now and then elsewhere: all in the first-level TLB.
std::vector<Access> hits() {
  base::Prng prng(1);
  std::vector<Access> accesses(kAccesses);
  uint64_t code = 0;
  uint64_t data = 0;
  for (Access& access : accesses) {
    if (prng.below(3) != 0) {
      code = prng.below(24) == 0 ? prng.below(12) * kPage : (code + 4) % (12 * kPage);
      access = {kCode + code, 4, AccessKind::kFetch};
    } else {
      data = prng.below(8) == 0 ? prng.below(40 * 512) * 8 : (data + 8) % (40 * kPage);
      access = {kData + data, 8, prng.below(3) == 0 ? AccessKind::kStore : AccessKind::kLoad};
    }
  }
  return accesses;
}

struct Trial {
  explicit Trial(std::optional<uint64_t> frames, Unmapped unmapped) {
    auto made = make_machine({.frames = frames, .contents = Contents::kNone, .unmapped = unmapped});
    FL_CHECK(made.ok());
    machine = std::move(*made);
    process = &machine->start_empty_process();
  }
  std::unique_ptr<Machine> machine;
  Process* process = nullptr;
};

void access_hits(benchmark::State& state, std::optional<uint64_t> frames) {
  const std::vector<Access> accesses = hits();
  Trial t(frames, Unmapped::kMap);
  FL_CHECK(t.machine->access(*t.process, accesses));
  for (auto _ : state) FL_CHECK(t.machine->access(*t.process, accesses));
  FL_CHECK(t.machine->stats().faults.minor == t.machine->stats().pages_touched);
  state.SetItemsProcessed(state.iterations() * int64_t(accesses.size()));
}
void hits_unlimited(benchmark::State& state) { access_hits(state, {}); }
void hits_lru(benchmark::State& state) { access_hits(state, 4096); }

void hits_without_events(benchmark::State& state) {
  const std::vector<Access> accesses = hits();
  Trial t({}, Unmapped::kMap);
  FL_CHECK(t.machine->access(*t.process, accesses));
  for (auto _ : state)
    FL_CHECK(machine::MachineBenchPeer::access_without_events(*t.machine, *t.process, accesses));
  state.SetItemsProcessed(state.iterations() * int64_t(accesses.size()));
}

// 1 GiB of anonymous memory, each page stored to once.
void anonymous_faults(benchmark::State& state) {
  constexpr uint64_t kPages = (1 << 30) / kPage;
  for (auto _ : state) {
    state.PauseTiming();
    Trial t({}, Unmapped::kFault);
    FL_CHECK(t.process
                 ->mmap({.address = kData,
                         .length_bytes = kPages * kPage,
                         .prot = linux_abi::kPROT_READ | linux_abi::kPROT_WRITE,
                         .flags = linux_abi::kMAP_PRIVATE | linux_abi::kMAP_ANONYMOUS |
                                  linux_abi::kMAP_FIXED})
                 .ok());
    std::vector<Access> accesses(kPages);
    for (uint64_t i = 0; i < kPages; ++i) accesses[i] = {kData + i * kPage, 8, AccessKind::kStore};
    state.ResumeTiming();
    FL_CHECK(t.machine->access(*t.process, accesses));
    state.PauseTiming();
    FL_CHECK(t.machine->stats().faults.minor == kPages);
    t.process->exit(0);
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * int64_t(kPages));
}

// Random pages, one in four of them resident: a fault with eviction for most.
void faults_with_eviction(benchmark::State& state) {
  constexpr uint64_t kPages = 1 << 16;
  base::Prng prng(1);
  std::vector<Access> accesses(1 << 18);
  for (Access& access : accesses)
    access = {kData + prng.below(kPages) * kPage, 8, AccessKind::kLoad};
  Trial t(kPages / 4, Unmapped::kMap);
  FL_CHECK(t.machine->access(*t.process, accesses));
  const uint64_t before = t.machine->stats().replacement.misses;
  for (auto _ : state) FL_CHECK(t.machine->access(*t.process, accesses));
  state.SetItemsProcessed(int64_t(t.machine->stats().replacement.misses - before));
}

constexpr std::string_view kWithoutEvents = "Machine::access, TLB hits, events compiled out";

constexpr Row kRows[] = {
    {.what = "Machine::access, TLB hits",
     .body = hits_unlimited,
     .iterations = 300,
     .bound = kSumBound,
     .target_rate = 150e6,
     .target_ratio = 0.09},
    {.what = "Machine::access, TLB hits, exact LRU",
     .body = hits_lru,
     .iterations = 300,
     .bound = kSumBound},
    {.what = kWithoutEvents, .body = hits_without_events, .iterations = 300},
    {.what = "Machine::access, TLB hits, nobody listening",
     .body = hits_unlimited,
     .iterations = 300,
     .bound = kWithoutEvents,
     .target_ratio = 0.98},
    {.what = "anonymous minor fault, 1 GiB once a page",
     .body = anonymous_faults,
     .iterations = 1,
     .bound = kSumBound,
     .target_rate = 5e6},
    {.what = "inferred page, fault with eviction, exact LRU",
     .body = faults_with_eviction,
     .iterations = 2,
     .bound = kSumBound},
};

}  // namespace

std::span<const Row> machine_rows() { return kRows; }

}  // namespace faultline::bench
