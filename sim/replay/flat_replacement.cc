#include "sim/replay/flat_replacement.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "sim/base/check.h"
#include "sim/base/sort_by_position.h"

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

// Whether many miss is looked at after so many runs.
constexpr size_t kRunsAtOnce = 1024;
// It is where there is a miss in so many.
constexpr uint64_t kRunsPerMiss = 4;
// What is needed so many runs, or victims, later is fetched ahead then.
constexpr size_t kAhead = 16;

// LRU without a list: each page knows when its last run was. Where victims are wanted there is a
// queue of pages with times, the oldest first: the first of them that has had no run since is the
// least recent of all, for what came or was used since is younger than all that was queued.
//
// Where few runs miss, the pages in memory are queued in order when the queue is empty, and a hit
// writes its time alone. Where many do, each run is queued as it comes.
class FlatLru final : public Replacement {
 public:
  explicit FlatLru(uint64_t frames) : frames_(frames) {}

  void add(const NumberedRuns& runs) override {
    if (runs.pages > pages_.size()) {
      pages_.resize(runs.pages);
      times_.resize(runs.pages);
      places_.resize(runs.pages);
    }
    for (size_t at = 0; at < runs.runs.size(); at += kRunsAtOnce) {
      const size_t end = std::min(runs.runs.size(), at + kRunsAtOnce);
      const uint64_t misses = counts_.misses;
      if (queues_)
        take<Queues::kAll>(runs, at, end);
      else
        take<Queues::kNone>(runs, at, end);
      const bool many = (counts_.misses - misses) * kRunsPerMiss >= end - at;
      // Before memory is full there are no victims.
      const bool queues = many && resident_.size() == frames_;
      if (queues && !queues_) put_in_order();
      queues_ = queues;
    }
  }

  ReplacementStats stats() const override { return counts_.stats(); }
  void validate() const override {
    uint64_t resident = 0;
    for (const uint8_t page : pages_) resident += page & kResident;
    FL_CHECK(resident == resident_.size() && resident <= frames_);
    for (uint32_t place = 0; place < resident_.size(); ++place) {
      FL_CHECK((pages_[resident_[place]] & kResident) != 0);
      FL_CHECK(places_[resident_[place]] == place);
    }
  }

 private:
  struct Timed {
    uint64_t time;
    uint32_t page;
  };
  enum class Queues : bool { kNone, kAll };

  template <Queues kQueues>
  void take(const NumberedRuns& runs, size_t begin, size_t end) {
    // Bytes may alias what finds these.
    const uint32_t* const numbers = runs.numbers.data();
    uint8_t* const pages = pages_.data();
    uint64_t* const times = times_.data();
    const size_t last = runs.runs.size() - 1;
    uint64_t references = 0;
    uint64_t now = now_;
    for (size_t i = begin; i < end; ++i) {
      const PageRun run = runs.runs[i];
      references += references_of(run);
      const uint32_t number = numbers[run.page()];
      if constexpr (kQueues == Queues::kAll) {
        const uint32_t later = numbers[runs.runs[std::min(i + kAhead, last)].page()];
        __builtin_prefetch(&numbers[runs.runs[std::min(i + 2 * kAhead, last)].page()]);
        __builtin_prefetch(&times[later], 1);
        __builtin_prefetch(&pages[later], 1);
      }
      const uint8_t page = pages[number];
      const uint32_t after = page | dirty_if(run);
      if ((page & kResident) == 0) [[unlikely]] {
        bring_in(run, number);
      } else if (page != after) [[unlikely]] {
        pages[number] = static_cast<uint8_t>(after);
      }
      times[number] = ++now;
      if constexpr (kQueues == Queues::kAll) push({.time = now, .page = number});
    }
    now_ = now;
    counts_.references += references;
  }

  void bring_in(PageRun run, uint32_t number) {
    counts_.count_miss(pages_[number]);
    pages_[number] = static_cast<uint8_t>(kResident | kKnown | dirty_if(run));
    if (resident_.size() < frames_) {
      places_[number] = static_cast<uint32_t>(resident_.size());
      return resident_.push_back(number);
    }
    const uint32_t victim = take_oldest();
    counts_.count_eviction(pages_[victim]);
    pages_[victim] = kKnown;
    places_[number] = places_[victim];
    resident_[places_[number]] = number;
  }
  uint32_t take_oldest() {
    while (true) {
      if (head_ == tail_) put_in_order();
      const uint32_t later = queue_[(head_ + kAhead) & mask()].page;
      __builtin_prefetch(&times_[later]);
      __builtin_prefetch(&pages_[later], 1);
      __builtin_prefetch(&places_[later]);
      const Timed oldest = queue_[head_++ & mask()];
      if (times_[oldest.page] == oldest.time) return oldest.page;
    }
  }
  void push(Timed run) {
    if (tail_ - head_ == queue_.size()) [[unlikely]]
      return put_in_order();  // it is among them
    queue_[tail_++ & mask()] = run;
  }
  size_t mask() const { return queue_.size() - 1; }

  // Queues what is in memory, and nothing else. O(frames), or a little more: it is amortised over
  // the victims, and over the uses of those that are none.
  void put_in_order() {
    ordered_.clear();
    for (const uint32_t page : resident_) ordered_.push_back({.time = times_[page], .page = page});
    base::sort_by_position(ordered_, scratch_, [](const Timed& one) { return one.time; });
    if (queue_.size() < 2 * ordered_.size()) queue_.resize(std::bit_ceil(2 * ordered_.size()));
    head_ = 0;
    tail_ = ordered_.size();
    std::ranges::copy(ordered_, queue_.begin());
  }
  const uint64_t frames_;
  std::vector<uint8_t> pages_;      // by number
  std::vector<uint64_t> times_;     // by number: the last run to it; no two are equal
  std::vector<uint32_t> places_;    // by number, of those in memory: where in resident_
  std::vector<uint32_t> resident_;  // numbers of pages
  std::vector<Timed> queue_ = std::vector<Timed>(kAhead);  // a ring; a power of two
  uint64_t head_ = 0;                                      // of the queue, the oldest
  uint64_t tail_ = 0;
  bool queues_ = false;  // each run is queued
  std::vector<Timed> ordered_;
  std::vector<Timed> scratch_;
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
    for (size_t at = 0; at < runs.runs.size(); at += kRunsAtOnce) {
      const size_t end = std::min(runs.runs.size(), at + kRunsAtOnce);
      const uint64_t misses = counts_.misses;
      if (many_miss_)
        take<FetchesAhead::kYes>(runs, at, end);
      else
        take<FetchesAhead::kNo>(runs, at, end);
      many_miss_ = (counts_.misses - misses) * kRunsPerMiss >= end - at;
    }
  }

  ReplacementStats stats() const override { return counts_.stats(); }
  void validate() const override {
    uint64_t resident = 0;
    for (const uint8_t page : pages_) resident += page & kResident;
    FL_CHECK(resident == circle_.size() && resident <= frames_);
    for (const uint32_t page : circle_) FL_CHECK((pages_[page] & kResident) != 0);
  }

 private:
  enum class FetchesAhead : bool { kNo, kYes };
  static constexpr uint32_t kUseOfHit = kSpares == Spares::kThoseUsed ? kUsed : 0;

  template <FetchesAhead kFetchesAhead>
  void take(const NumberedRuns& runs, size_t begin, size_t end) {
    // Bytes may alias what finds these.
    const uint32_t* const numbers = runs.numbers.data();
    uint8_t* const pages = pages_.data();
    const size_t last = runs.runs.size() - 1;
    uint64_t references = 0;
    for (size_t i = begin; i < end; ++i) {
      const PageRun run = runs.runs[i];
      references += references_of(run);
      const uint32_t number = numbers[run.page()];
      if constexpr (kFetchesAhead == FetchesAhead::kYes) {
        __builtin_prefetch(&numbers[runs.runs[std::min(i + 2 * kAhead, last)].page()]);
        __builtin_prefetch(&pages[numbers[runs.runs[std::min(i + kAhead, last)].page()]], 1);
      }
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
      __builtin_prefetch(&pages_[circle_[place + kAhead < circle_.size() ? place + kAhead : 0]], 1);
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
  bool many_miss_ = false;  // of the last runs
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
