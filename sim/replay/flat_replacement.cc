#include "sim/replay/flat_replacement.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "sim/base/check.h"
#include "sim/replay/use_queue.h"

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

  // `page` is as it was left. No branches: which it is cannot be foretold.
  void count_miss(uint8_t page) {
    ++misses;
    cold_misses += (page & kKnown) == 0 ? 1 : 0;
  }
  void count_eviction(uint8_t page) {
    ++evictions;
    dirty_evictions += (page & kDirty) != 0 ? 1 : 0;
  }
  void add(const Counts& others) {
    references += others.references;
    misses += others.misses;
    cold_misses += others.cold_misses;
    evictions += others.evictions;
    dirty_evictions += others.dirty_evictions;
  }
  ReplacementStats stats() const {
    return {.hits = references - misses,
            .misses = misses,
            .cold_misses = cold_misses,
            .evictions = evictions,
            .dirty_evictions = dirty_evictions};
  }
};

// Whether many miss is looked at after so many runs.
constexpr size_t kRunsAtOnce = 1024;
// It is where there is a miss in so many.
constexpr uint64_t kRunsPerMiss = 16;
// What is needed so many runs, or victims, later is fetched ahead then.
constexpr size_t kAhead = 16;

// Whether so many runs are of the page of the run before that it is worth asking each: from a look
// at the first ones.
enum class Repeats : bool { kFew, kMany };
Repeats repeats_of(std::span<const PageRun> runs) {
  constexpr size_t kLooked = 32;
  const auto some = runs.first(std::min(runs.size(), kLooked));
  size_t count = 0;
  for (size_t i = 1; i < some.size(); ++i) count += some[i].page() == some[i - 1].page() ? 1 : 0;
  return count >= kLooked / 4 ? Repeats::kMany : Repeats::kFew;
}

// LRU without a list: each page knows when its last run was, and victims come from a queue.
//
// Where few runs miss, a run notes its time and nothing else, and the queue has pages in the order
// of their last runs when they were queued. What is found to have been used since is put by, as are
// the pages that come; when the queue is empty they are put in order, and queued. Where many miss,
// each run is queued as it comes.
class FlatLru final : public Replacement {
 public:
  explicit FlatLru(uint64_t frames) : frames_(frames) {}

  void add(const NumberedRuns& runs) override {
    if (runs.pages > pages_.size()) pages_.resize(runs.pages);
    for (size_t at = 0; at < runs.runs.size(); at += kRunsAtOnce) {
      const size_t end = std::min(runs.runs.size(), at + kRunsAtOnce);
      const uint64_t misses = counts_.misses;
      runs.with_number_of([&](auto number_of) {
        if (!queues_)
          take<Queues::kNone, Repeats::kFew>(runs.runs, at, end, number_of);
        else if (repeats_of(runs.runs.subspan(at, end - at)) == Repeats::kMany)
          take<Queues::kAll, Repeats::kMany>(runs.runs, at, end, number_of);
        else
          take<Queues::kAll, Repeats::kFew>(runs.runs, at, end, number_of);
      });
      const bool many = (counts_.misses - misses) * kRunsPerMiss >= end - at;
      choose_queues(many);
    }
  }

  ReplacementStats stats() const override { return counts_.stats(); }
  void validate() const override {
    uint64_t resident = 0;
    for (const Page& page : pages_) resident += page.flags & kResident;
    FL_CHECK(resident == resident_ && resident <= frames_);
    // Each is in the queue, or put by, and no other is.
    uint64_t found = put_by_.size();
    for (const uint32_t page : put_by_) FL_CHECK((pages_[page].flags & kResident) != 0);
    queue_.for_each([&](UseQueue::Use use) {
      const Page& page = pages_[use.page];
      const bool resident_use = (page.flags & kResident) != 0;
      FL_CHECK(queues_ || resident_use);
      FL_CHECK(resident_use || page.time != use.place);
      found += !queues_ || page.time == use.place;
    });
    FL_CHECK(found == resident);
  }

 private:
  enum class Queues : bool { kNone, kAll };
  struct Page {
    uint64_t time = 0;  // of its last run
    uint8_t flags = 0;  // for themselves: what is hardly ever written need not be waited for
  };

  auto time_of() {
    return [pages = pages_.data()](uint32_t page) -> uint64_t& { return pages[page].time; };
  }
  // What it counts and where the queue ends are in locals: what is written to a page may alias
  // whatever is not. A function of its own has registers of its own.
  template <Queues kQueues, Repeats kRepeats, class NumberOf>
  [[gnu::noinline]] void take(std::span<const PageRun> runs, size_t begin, size_t end,
                              NumberOf number_of) {
    Page* const pages = pages_.data();
    const size_t last = runs.size() - 1;
    UseQueue queue;
    if constexpr (kQueues == Queues::kAll) queue = std::move(queue_);
    Counts counts;
    uint64_t references = 0;
    uint64_t now = now_;
    for (size_t i = begin; i < end; ++i) {
      const PageRun run = runs[i];
      references += references_of(run);
      const uint32_t number = number_of(run);
      if constexpr (kQueues == Queues::kAll) {
        __builtin_prefetch(&pages[number_of(runs[std::min(i + kAhead, last)])], 1);
      }
      Page& page = pages[number];
      if ((page.flags & kResident) == 0) [[unlikely]] {
        if constexpr (kQueues == Queues::kAll)
          bring_in(page, pages[queue.take_least_recent(time_of())], counts);
        else
          now = bring_in(number, now);
      }
      const uint32_t after = page.flags | dirty_if(run);
      if (page.flags != after) [[unlikely]]
        page.flags = static_cast<uint8_t>(after);
      if constexpr (kQueues == Queues::kAll) now = queue.push(number, time_of());
      page.time = now++;
      if constexpr (kRepeats == Repeats::kMany) {
        // It stays the last in the queue.
        for (; i + 1 < end && runs[i + 1].page() == run.page(); ++i) {
          references += references_of(runs[i + 1]);
          page.flags |= dirty_if(runs[i + 1]);
        }
      }
    }
    now_ = now;
    counts.references = references;
    counts_.add(counts);
    if constexpr (kQueues == Queues::kAll) queue_ = std::move(queue);
  }

  // In place of `victim`.
  [[gnu::always_inline]] static void bring_in(Page& page, Page& victim, Counts& counts) {
    counts.count_miss(page.flags);
    counts.count_eviction(victim.flags);
    victim.flags = kKnown;
    page.flags = kResident | kKnown;
  }
  // Where few runs miss; returns what is the time then.
  [[gnu::noinline]] uint64_t bring_in(uint32_t number, uint64_t now) {
    now_ = now;
    Page& page = pages_[number];
    if (resident_ == frames_) {
      bring_in(page, pages_[take_oldest()], counts_);
    } else {
      ++resident_;
      counts_.count_miss(page.flags);
      page.flags = kResident | kKnown;
    }
    put_by_.push_back(number);
    return now_;
  }
  uint32_t take_oldest() {
    while (true) {
      if (queue_.empty()) put_in_order(put_by_.size());
      const UseQueue::Use oldest = queue_.take_first(time_of());
      if (pages_[oldest.page].time == oldest.place) return oldest.page;
      put_by_.push_back(oldest.page);
    }
  }

  void choose_queues(bool queues) {
    if (queues == queues_) return;
    // It takes O(frames): so many victims pay for it. Before memory is full there are none.
    if (queues && counts_.evictions - queued_last_ < frames_ / 2) return;
    queued_last_ = counts_.evictions;
    queues_ = queues;
    if (queues) return put_in_order(UseQueue::room_for(frames_));
    // Each page is there once where few runs miss.
    queue_.drop_older_uses(time_of());
  }
  // Where few runs miss: queues all that is in memory, with room for so many uses. O(frames),
  // amortised over the victims, and over the uses of those that are none.
  void put_in_order(size_t room) {
    while (!queue_.empty()) put_by_.push_back(queue_.take_first(time_of()).page);
    queue_.restart(now_, room, put_by_, time_of());
    put_by_.clear();
    now_ = queue_.next_place();
  }

  const uint64_t frames_;
  std::vector<Page> pages_;  // by number
  uint64_t resident_ = 0;
  UseQueue queue_;
  std::vector<uint32_t> put_by_;  // in memory, and not in the queue
  bool queues_ = false;           // each run is queued
  uint64_t queued_last_ = 0;      // evictions when this was last changed
  uint64_t now_ = 0;              // the time of the next run
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
      runs.with_number_of([&](auto number_of) {
        if (!many_miss_)
          take<FetchesAhead::kNo, Repeats::kFew>(runs.runs, at, end, number_of);
        else if (repeats_of(runs.runs.subspan(at, end - at)) == Repeats::kMany)
          take<FetchesAhead::kYes, Repeats::kMany>(runs.runs, at, end, number_of);
        else
          take<FetchesAhead::kYes, Repeats::kFew>(runs.runs, at, end, number_of);
      });
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

  // Goes round the circle, of `size` places.
  struct Hand {
    uint32_t* circle;
    size_t size;
    size_t at;
  };

  // As FlatLru's.
  template <FetchesAhead kFetchesAhead, Repeats kRepeats, class NumberOf>
  [[gnu::noinline]] void take(std::span<const PageRun> runs, size_t begin, size_t end,
                              NumberOf number_of) {
    uint8_t* const pages = pages_.data();
    const size_t last = runs.size() - 1;
    const uint32_t use_of_first = enters_ == Enters::kUsed ? kUseOfHit : 0;
    Hand hand{.circle = circle_.data(), .size = circle_.size(), .at = hand_};
    Counts counts;
    uint64_t references = 0;
    for (size_t i = begin; i < end; ++i) {
      const PageRun run = runs[i];
      const uint32_t number = number_of(run);
      uint64_t count = references_of(run);
      uint32_t dirty = dirty_if(run);
      if constexpr (kFetchesAhead == FetchesAhead::kYes) {
        __builtin_prefetch(&pages[number_of(runs[std::min(i + kAhead, last)])], 1);
      }
      if constexpr (kRepeats == Repeats::kMany) {
        for (; i + 1 < end && runs[i + 1].page() == run.page(); ++i) {
          count += references_of(runs[i + 1]);
          dirty |= dirty_if(runs[i + 1]);
        }
      }
      references += count;
      const uint8_t page = pages[number];
      const uint32_t after = page | dirty | kUseOfHit;
      if ((page & kResident) == 0) [[unlikely]] {
        counts.count_miss(page);
        pages[number] = static_cast<uint8_t>(kResident | kKnown | dirty |
                                             (count > 1 ? kUseOfHit : use_of_first));
        if (hand.size < frames_) [[unlikely]] {
          circle_.push_back(number);
          hand = {.circle = circle_.data(), .size = circle_.size(), .at = hand.at};
        } else {
          uint32_t& place = find_victim(pages, hand);
          counts.count_eviction(pages[place]);
          pages[place] = kKnown;
          place = number;
        }
      } else if constexpr (kFetchesAhead == FetchesAhead::kYes) {
        // Whether it changes cannot be foretold.
        pages[number] = static_cast<uint8_t>(after);
      } else if (page != after) [[unlikely]] {
        pages[number] = static_cast<uint8_t>(after);
      }
    }
    hand_ = hand.at;
    counts.references = references;
    counts_.add(counts);
  }

  // Its place; the hand is behind it then.
  [[gnu::always_inline]] static uint32_t& find_victim(uint8_t* pages, Hand& hand) {
    while (true) {
      const size_t place = hand.at;
      __builtin_prefetch(&pages[hand.circle[place + kAhead < hand.size ? place + kAhead : 0]], 1);
      hand.at = place + 1 == hand.size ? 0 : place + 1;
      if constexpr (kSpares == Spares::kNone) return hand.circle[place];
      uint8_t& page = pages[hand.circle[place]];
      if ((page & kUsed) == 0) return hand.circle[place];
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
