#include "sim/replay/flat_replacement.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <numeric>
#include <utility>
#include <vector>

#include "sim/base/check.h"

namespace faultline::replay {
namespace {

// Of a page, in a byte of its own: most runs find it as they would leave it, and write nothing.
constexpr uint8_t kResident = 1;
constexpr uint8_t kDirty = 2;
constexpr uint8_t kUsed = 4;
constexpr uint8_t kKnown = 8;  // it was here before

uint8_t dirty_if(PageRun run) { return is_store(run.kind()) ? kDirty : 0; }

// What the three count alike.
struct Counts {
  uint64_t references = 0;
  uint64_t misses = 0;
  uint64_t cold_misses = 0;
  uint64_t evictions = 0;
  uint64_t dirty_evictions = 0;

  // `page` is as it was left.
  void count_miss(uint8_t page) {
    ++misses;
    if ((page & kKnown) == 0) ++cold_misses;
  }
  void count_eviction(uint8_t page) {
    ++evictions;
    if ((page & kDirty) != 0) ++dirty_evictions;
  }
  ReplacementStats stats() const {
    return {.hits = references - misses,
            .misses = misses,
            .cold_misses = cold_misses,
            .evictions = evictions,
            .dirty_evictions = dirty_evictions};
  }
};

// A run with a count of 0 is one reference.
uint64_t references_of(PageRun run) { return run.count() + (run.count() == 0 ? 1 : 0); }

// LRU without a list: each page knows when its last run was. Where victims are wanted, the pages
// are put in order by that, now and then: the first of them that has had no run since is the least
// recent of all, for what came or was used since is younger than all that was ordered.
class FlatLru final : public Replacement {
 public:
  explicit FlatLru(uint64_t frames) : frames_(frames) {}

  void add(const NumberedRuns& runs) override {
    if (runs.pages > pages_.size()) {
      pages_.resize(runs.pages);
      times_.resize(runs.pages);
    }
    // Bytes may alias what finds these.
    const uint32_t* const numbers = runs.numbers.data();
    uint8_t* const pages = pages_.data();
    uint64_t* const times = times_.data();
    uint64_t references = 0;
    uint64_t now = now_;
    for (const PageRun run : runs.runs) {
      references += references_of(run);
      const uint32_t number = numbers[run.page()];
      const uint8_t page = pages[number];
      const uint32_t after = page | dirty_if(run);
      if ((page & kResident) == 0) [[unlikely]] {
        bring_in(run, number);
      } else if (page != after) [[unlikely]] {
        pages[number] = static_cast<uint8_t>(after);
      }
      times[number] = ++now;
    }
    now_ = now;
    counts_.references += references;
  }

  ReplacementStats stats() const override { return counts_.stats(); }
  void validate() const override {
    uint64_t resident = 0;
    for (const uint8_t page : pages_) resident += page & kResident;
    FL_CHECK(resident == resident_.size() && resident <= frames_);
    for (const uint32_t page : resident_) FL_CHECK((pages_[page] & kResident) != 0);
  }

 private:
  struct Ordered {
    uint64_t time;
    uint32_t place;  // in resident_
  };

  void bring_in(PageRun run, uint32_t number) {
    counts_.count_miss(pages_[number]);
    pages_[number] = static_cast<uint8_t>(kResident | kKnown | dirty_if(run));
    if (resident_.size() < frames_) return resident_.push_back(number);
    uint32_t& victim = resident_[take_oldest()];
    counts_.count_eviction(pages_[victim]);
    pages_[victim] = kKnown;
    victim = number;
  }
  // Its place in resident_.
  uint32_t take_oldest() {
    while (true) {
      if (next_ == ordered_.size()) put_in_order();
      const Ordered oldest = ordered_[next_++];
      if (times_[resident_[oldest.place]] == oldest.time) return oldest.place;
    }
  }
  // O(frames), or a little more: it is amortised over the victims, and over the uses of those that
  // are none.
  void put_in_order() {
    ordered_.clear();
    for (uint32_t place = 0; place < resident_.size(); ++place)
      ordered_.push_back({.time = times_[resident_[place]], .place = place});
    sort_by_time();
    next_ = 0;
  }
  void sort_by_time() {
    constexpr size_t kFew = 1024;
    const auto earlier = [](const Ordered& a, const Ordered& b) { return a.time < b.time; };
    if (ordered_.size() < kFew) {
      std::ranges::sort(ordered_, earlier);
      return;
    }
    // By digits, the lowest first.
    constexpr unsigned kBits = 11;
    const uint64_t first = std::ranges::min_element(ordered_, earlier)->time;
    const uint64_t last = std::ranges::max_element(ordered_, earlier)->time;
    scratch_.resize(ordered_.size());
    for (unsigned shift = 0; (last - first) >> shift != 0; shift += kBits) {
      std::array<uint32_t, 1 << kBits> places{};
      const auto digit = [&](const Ordered& one) {
        return (one.time - first) >> shift & ((1 << kBits) - 1);
      };
      for (const Ordered& one : ordered_) ++places[digit(one)];
      std::exclusive_scan(places.begin(), places.end(), places.begin(), uint32_t{0});
      for (const Ordered& one : ordered_) scratch_[places[digit(one)]++] = one;
      std::swap(ordered_, scratch_);
    }
  }

  const uint64_t frames_;
  std::vector<uint8_t> pages_;      // by number
  std::vector<uint64_t> times_;     // by number: the last run to it; no two are equal
  std::vector<uint32_t> resident_;  // numbers of pages
  std::vector<Ordered> ordered_;    // the oldest first
  std::vector<Ordered> scratch_;
  size_t next_ = 0;  // of ordered_
  uint64_t now_ = 0;
  Counts counts_;
};

// FIFO and CLOCK: pages lie in a circle in the order they came, and the hand is at the oldest. The
// one that comes takes the place of the one that goes.
enum class Spares : uint8_t { kNone, kThoseUsed };
template <Spares kSpares>
class FlatCircle final : public Replacement {
 public:
  FlatCircle(uint64_t frames, Enters enters) : frames_(frames), enters_(enters) {}

  void add(const NumberedRuns& runs) override {
    if (runs.pages > pages_.size()) pages_.resize(runs.pages);
    // Bytes may alias what finds these.
    const uint32_t* const numbers = runs.numbers.data();
    uint8_t* const pages = pages_.data();
    uint64_t references = 0;
    for (const PageRun run : runs.runs) {
      references += references_of(run);
      const uint32_t number = numbers[run.page()];
      const uint8_t page = pages[number];
      const uint32_t after = page | dirty_if(run) | kUseOfHit;
      if ((page & kResident) == 0) [[unlikely]] {
        bring_in(run, number);
      } else if (page != after) [[unlikely]] {
        pages[number] = static_cast<uint8_t>(after);
      }
    }
    counts_.references += references;
  }

  ReplacementStats stats() const override { return counts_.stats(); }
  void validate() const override {
    uint64_t resident = 0;
    for (const uint8_t page : pages_) resident += page & kResident;
    FL_CHECK(resident == circle_.size() && resident <= frames_);
    for (const uint32_t page : circle_) FL_CHECK((pages_[page] & kResident) != 0);
  }

 private:
  static constexpr uint32_t kUseOfHit = kSpares == Spares::kThoseUsed ? kUsed : 0;

  void bring_in(PageRun run, uint32_t number) {
    counts_.count_miss(pages_[number]);
    const bool used = run.count() > 1 || enters_ == Enters::kUsed;
    pages_[number] =
        static_cast<uint8_t>(kResident | kKnown | dirty_if(run) | (used ? kUseOfHit : 0));
    if (circle_.size() < frames_) return circle_.push_back(number);
    uint32_t& victim = circle_[find_victim()];
    counts_.count_eviction(pages_[victim]);
    pages_[victim] = kKnown;
    victim = number;
  }
  // Its place; the hand is behind it then.
  size_t find_victim() {
    while (true) {
      const size_t place = hand_;
      hand_ = hand_ + 1 == circle_.size() ? 0 : hand_ + 1;
      if constexpr (kSpares == Spares::kNone) return place;
      uint8_t& page = pages_[circle_[place]];
      if ((page & kUsed) == 0) return place;
      page = static_cast<uint8_t>(page & ~kUsed);
    }
  }

  const uint64_t frames_;
  const Enters enters_;
  std::vector<uint8_t> pages_;    // by number
  std::vector<uint32_t> circle_;  // numbers of pages
  size_t hand_ = 0;
  Counts counts_;
};

}  // namespace

std::unique_ptr<Replacement> make_flat_lru(uint64_t frames) {
  return std::make_unique<FlatLru>(frames);
}
std::unique_ptr<Replacement> make_flat_fifo(uint64_t frames) {
  return std::make_unique<FlatCircle<Spares::kNone>>(frames, Enters::kUsed);
}
std::unique_ptr<Replacement> make_flat_clock(uint64_t frames, Enters enters) {
  return std::make_unique<FlatCircle<Spares::kThoseUsed>>(frames, enters);
}

}  // namespace faultline::replay
