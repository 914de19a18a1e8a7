// What rules of replacement take by themselves: loops over the numbers of pages, in memory, which
// count misses and nothing else, know where every trace ends, and check nothing. No simulator is
// faster than the loop of its rule; how much slower one is says what all else costs.
#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
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

// A page's moment is that of its last use, and is marked; the first mark from `least` on is that of
// the page that goes. Whether a use misses cannot be foretold, and so nothing branches on it.
uint64_t count_lru_misses(const Uses& uses, uint64_t frames) {
  std::vector<uint32_t> moments(uses.vpns.size());
  std::vector<uint64_t> marks(uses.count / 64 + 1);
  const auto bit = [](uint32_t moment) { return uint64_t{1} << moment % 64; };
  uint32_t least = 1;
  uint32_t now = 1;
  uint64_t misses = 0;
  for (; misses < frames; ++now) {
    uint32_t& moment = moments[uses.pages[now - 1]];
    misses += moment == 0 ? 1 : 0;
    marks[moment / 64] &= ~bit(moment);
    marks[now / 64] |= bit(now);
    moment = now;
  }
  for (; now <= uses.count; ++now) {
    __builtin_prefetch(&moments[uses.pages[now - 1 + kAhead]], 1);
    uint32_t& moment = moments[uses.pages[now - 1]];
    const uint32_t if_miss = uint32_t{0} - uint32_t{moment < least};
    marks[moment / 64] &= ~bit(moment);
    size_t at = least / 64;
    uint64_t word = marks[at] & ~uint64_t{0} << least % 64;
    while (word == 0) word = marks[++at];
    const auto oldest =
        static_cast<uint32_t>(at * 64 + static_cast<size_t>(std::countr_zero(word)));
    least = ((oldest + 1) & if_miss) | (least & ~if_miss);
    misses += if_miss & 1;
    marks[now / 64] |= bit(now);
    moment = now;
  }
  return misses;
}

// Whether frames were used is in bits, of which the hand passes 64 at once.
uint64_t count_clock_misses(const Uses& uses, uint64_t frames) {
  FL_CHECK(frames % 64 == 0);
  std::vector<uint32_t> frame_of(uses.vpns.size());  // and 1; 0: it is not in memory
  std::vector<uint32_t> in_frame(frames);
  std::vector<uint64_t> used(frames / 64);
  uint64_t misses = 0;
  size_t hand = 0;
  for (size_t i = 0; i < uses.count; ++i) {
    __builtin_prefetch(&frame_of[uses.pages[i + kAhead]], 1);
    const uint32_t page = uses.pages[i];
    if (frame_of[page] != 0) {
      const uint32_t frame = frame_of[page] - 1;
      used[frame / 64] |= uint64_t{1} << frame % 64;
      continue;
    }
    if (misses++ >= frames) {
      while (true) {
        const uint64_t ahead = ~uint64_t{0} << hand % 64;
        const uint64_t unused = ~used[hand / 64] & ahead;
        const auto bit = static_cast<unsigned>(std::countr_zero(unused));
        used[hand / 64] &= ~(ahead & (unused == 0 ? ~uint64_t{0} : (uint64_t{1} << bit) - 1));
        hand = hand / 64 * 64 + bit;
        if (unused != 0) break;
        hand = hand == frames ? 0 : hand;
      }
      frame_of[in_frame[hand]] = 0;
    }
    in_frame[hand] = page;
    used[hand / 64] |= uint64_t{1} << hand % 64;
    frame_of[page] = static_cast<uint32_t>(hand + 1);
    hand = hand + 1 == frames ? 0 : hand + 1;
  }
  return misses;
}

// LRU by a queue, and a TLB of the usual size for data before it; what goes is flushed there.
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
constexpr Row row(std::string_view what, void (*body)(benchmark::State& state)) {
  return {.what = what, .body = body, .iterations = 3};
}

constexpr Row kRows[] = {
    row("barest loop, sort, 256 frames: lru and a TLB", kSort<count_lru_and_tlb_misses>),
    row("barest loop, random, 65,536 frames: lru", kRandomly<count_lru_misses>),
    row("barest loop, random, 65,536 frames: clock", kRandomly<count_clock_misses>),
    row("barest loop, random, 65,536 frames: lru and a TLB", kRandomly<count_lru_and_tlb_misses>),
    row("barest loop, updates, 65,536 frames: lru and a TLB", kUpdating<count_lru_and_tlb_misses>),
    row("barest loop, skewed, 4,096 frames: lru and a TLB", kSkewedly<count_lru_and_tlb_misses>),
};

}  // namespace

std::span<const Row> barest_rows() { return kRows; }

}  // namespace faultline::bench
