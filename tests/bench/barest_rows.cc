// What rules of replacement take by themselves: loops over the numbers of pages, in memory, which
// count misses and nothing else, know where every trace ends, and check nothing. No simulator is
// faster than the loop of its rule; how much slower one is says what all else costs.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "sim/base/check.h"
#include "sim/base/four_lanes.h"
#include "sim/replay/page_rows.h"
#include "tests/bench/packed_trace.h"
#include "tests/bench/rows.h"

namespace faultline::bench {
namespace {

constexpr size_t kAhead = 16;

// A trace without all that these rules do not need.
struct Uses {
  explicit Uses(const KeptRuns& kept) {
    for (const KeptRuns::Block& block : kept.blocks) {
      for (const PageRun run : block.runs) pages.push_back(block.number_of(run));
      for (size_t i = 0; i < block.pages.size(); ++i) {
        vpns.resize(std::max<size_t>(vpns.size(), block.numbers[i] + size_t{1}));
        vpns[block.numbers[i]] = block.pages[i];
      }
    }
    accesses = kept.accesses;
    count = pages.size();
    pages.resize(count + kAhead, 0);
  }
  std::vector<uint32_t> pages{};  // by use, and some more at the end
  std::vector<uint64_t> vpns{};   // by number
  size_t count = 0;               // of uses
  uint64_t accesses = 0;
};

// The trace is the queue: a page's time is the index of its last use and 1, and 0 is none.
struct LruQueue {
  explicit LruQueue(const Uses& uses) : trace(uses), times(uses.vpns.size()) {}
  // The page that was not used for longest, whose time is then 0.
  uint32_t take_oldest() {
    while (true) {
      __builtin_prefetch(&times[trace.pages[first + kAhead]], 1);
      const uint32_t page = trace.pages[first++];
      if (times[page] != first) continue;
      times[page] = 0;
      return page;
    }
  }
  const Uses& trace;
  std::vector<uint64_t> times;
  size_t first = 0;
};

uint64_t count_lru_misses(const Uses& uses, uint64_t frames) {
  LruQueue queue(uses);
  uint64_t misses = 0;
  for (size_t i = 0; i < uses.count; ++i) {
    __builtin_prefetch(&queue.times[uses.pages[i + kAhead]], 1);
    uint64_t& time = queue.times[uses.pages[i]];
    if (time == 0 && misses++ >= frames) queue.take_oldest();
    time = i + 1;
  }
  return misses;
}

// A circle of frames; the hand goes past those that were used since it came last.
enum class Spares : bool { kNone, kThoseUsed };
template <Spares kSpares>
uint64_t count_circle_misses(const Uses& uses, uint64_t frames) {
  constexpr uint8_t kHere = 1;
  constexpr uint8_t kUsed = kSpares == Spares::kThoseUsed ? 2 : 0;
  std::vector<uint8_t> pages(uses.vpns.size());
  std::vector<uint32_t> circle(frames);
  size_t hand = 0;
  uint64_t misses = 0;
  for (size_t i = 0; i < uses.count; ++i) {
    __builtin_prefetch(&pages[uses.pages[i + kAhead]], 1);
    const uint32_t page = uses.pages[i];
    if (pages[page] == 0) {
      if (misses++ >= frames) {
        for (; (pages[circle[hand]] & kUsed) != 0; hand = hand + 1 == frames ? 0 : hand + 1)
          pages[circle[hand]] = kHere;
        pages[circle[hand]] = 0;
      }
      circle[hand] = page;
      hand = hand + 1 == frames ? 0 : hand + 1;
    }
    pages[page] = kHere | kUsed;
  }
  return misses;
}

// The same LRU, and a TLB of the usual size for data before it; what goes is flushed there.
uint64_t count_lru_and_tlb_misses(const Uses& uses, uint64_t frames) {
  LruQueue queue(uses);
  constexpr size_t kFirst = 16;
  constexpr size_t kSecond = 128;
  constexpr size_t kFirstWays = 4;
  constexpr size_t kSecondWays = 12;
  replay::PageRows first(kFirst, kFirstWays);
  replay::PageRows second(kSecond, kSecondWays);
  uint64_t misses = 0;
  uint64_t tlb_misses = 0;
  for (size_t i = 0; i < uses.count; ++i) {
    __builtin_prefetch(&queue.times[uses.pages[i + kAhead]], 1);
    __builtin_prefetch(&uses.vpns[uses.pages[i + kAhead]]);
    const uint32_t page = uses.pages[i];
    uint64_t& time = queue.times[page];
    if (time == 0 && misses++ >= frames) {
      const uint32_t victim = queue.take_oldest();
      const uint64_t vpn = uses.vpns[victim];
      const auto found = first.find<kFirstWays>(vpn % kFirst, victim) |
                         second.find<kSecondWays>(vpn % kSecond, victim);
      if (base::bits_of(found) != 0) [[unlikely]] {
        first.remove(vpn % kFirst, victim);
        second.remove(vpn % kSecond, victim);
      }
    }
    const uint64_t vpn = uses.vpns[page];
    if (time == 0) {
      first.add<kFirstWays>(vpn % kFirst, page);
      second.add<kSecondWays>(vpn % kSecond, page);
      ++tlb_misses;
    } else if (!first.use<kFirstWays>(vpn % kFirst, page)) {
      tlb_misses += second.use<kSecondWays>(vpn % kSecond, page) ? 0 : 1;
    }
    time = i + 1;
  }
  benchmark::DoNotOptimize(tlb_misses);
  return misses;
}

// The farthest next uses are in a heap, with entries that are out of date.
uint64_t count_opt_misses(const Uses& uses, uint64_t frames) {
  constexpr uint32_t kNever = ~uint32_t{0};
  std::vector<uint32_t> next_uses(uses.count);
  std::vector<uint32_t> next(uses.vpns.size(), kNever);
  for (size_t i = uses.count; i-- > 0;)
    next_uses[i] = std::exchange(next[uses.pages[i]], static_cast<uint32_t>(i));
  // By page: when it is used next; 0: it is not in memory.
  std::vector<uint32_t> held(uses.vpns.size());
  std::vector<std::pair<uint32_t, uint32_t>> heap;
  uint64_t misses = 0;
  for (size_t i = 0; i < uses.count; ++i) {
    const uint32_t page = uses.pages[i];
    if (held[page] == 0 && misses++ >= frames) {
      while (held[heap.front().second] != heap.front().first) {
        std::pop_heap(heap.begin(), heap.end());
        heap.pop_back();
      }
      held[heap.front().second] = 0;
    }
    held[page] = next_uses[i];
    heap.emplace_back(next_uses[i], page);
    std::push_heap(heap.begin(), heap.end());
    if (heap.size() <= 8 * frames) continue;
    std::erase_if(heap, [&](const auto& entry) { return held[entry.second] != entry.first; });
    std::make_heap(heap.begin(), heap.end());
  }
  return misses;
}

const Uses& sort_uses() {
  static const Uses uses(runs_of(kSortTrace));
  return uses;
}
template <MadeTrace kMade>
const Uses& made_uses() {
  static const Uses uses(runs_of(kMade));
  return uses;
}

using Count = uint64_t (*)(const Uses&, uint64_t frames);

template <const Uses& (*kUses)(), uint64_t kFrames, Count kCount>
void measure(benchmark::State& state) {
  const Uses& uses = kUses();
  for (auto _ : state) {
    const uint64_t misses = kCount(uses, kFrames);
    FL_CHECK(misses > kFrames);
  }
  state.SetItemsProcessed(state.iterations() * int64_t(uses.accesses));
}

template <Count kCount>
constexpr auto kSort = measure<sort_uses, 256, kCount>;
template <Count kCount>
constexpr auto kRandomly = measure<made_uses<kRandom>, 65'536, kCount>;
template <Count kCount>
constexpr auto kUpdating = measure<made_uses<kUpdates>, 65'536, kCount>;
template <Count kCount>
constexpr auto kSkewedly = measure<made_uses<kSkewed>, 4'096, kCount>;
constexpr Count kFifo = count_circle_misses<Spares::kNone>;
constexpr Count kClock = count_circle_misses<Spares::kThoseUsed>;

constexpr Row row(std::string_view what, void (*body)(benchmark::State& state)) {
  return {.what = what, .body = body, .iterations = 3};
}

constexpr Row kRows[] = {
    row("barest loop, sort, 256 frames: lru", kSort<count_lru_misses>),
    row("barest loop, sort, 256 frames: fifo", kSort<kFifo>),
    row("barest loop, sort, 256 frames: clock", kSort<kClock>),
    row("barest loop, sort, 256 frames: opt", kSort<count_opt_misses>),
    row("barest loop, sort, 256 frames: lru and a TLB", kSort<count_lru_and_tlb_misses>),
    row("barest loop, random, 65,536 frames: lru", kRandomly<count_lru_misses>),
    row("barest loop, random, 65,536 frames: fifo", kRandomly<kFifo>),
    row("barest loop, random, 65,536 frames: clock", kRandomly<kClock>),
    row("barest loop, random, 65,536 frames: opt", kRandomly<count_opt_misses>),
    row("barest loop, random, 65,536 frames: lru and a TLB", kRandomly<count_lru_and_tlb_misses>),
    row("barest loop, updates, 65,536 frames: lru", kUpdating<count_lru_misses>),
    row("barest loop, updates, 65,536 frames: lru and a TLB", kUpdating<count_lru_and_tlb_misses>),
    row("barest loop, skewed, 4,096 frames: lru", kSkewedly<count_lru_misses>),
    row("barest loop, skewed, 4,096 frames: fifo", kSkewedly<kFifo>),
    row("barest loop, skewed, 4,096 frames: clock", kSkewedly<kClock>),
    row("barest loop, skewed, 4,096 frames: opt", kSkewedly<count_opt_misses>),
    row("barest loop, skewed, 4,096 frames: lru and a TLB", kSkewedly<count_lru_and_tlb_misses>),
};

}  // namespace

std::span<const Row> barest_rows() { return kRows; }

}  // namespace faultline::bench
