// LRU. Moments are runs.
//
// Where few runs miss, a run notes its moment and nothing else, and the queue has pages in the
// order of their moments when they were queued. What is found to have been used since is put by, as
// are the pages that come; when the queue is empty they are put in order, and queued.
//
// Where many miss, the moments of pages in memory are marked, a bit each: a hit moves a mark, and
// the page that goes is that of the first mark, whichever it is.
//
// Invariants, checked by validate():
//   1. as many pages as are resident have moments from least_hit_ on, frames_ at most
//   2. where few miss each of these is in the queue, or put by, and no other is
//   3. where many miss their moments are marked, and no other is from least_hit_ on
#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "sim/base/check.h"
#include "sim/base/sort_by_position.h"
#include "sim/replay/flat_replacement.h"
#include "sim/replay/moment_pages.h"
#include "sim/replay/place_ranks.h"
#include "sim/replay/replacement_counts.h"

namespace faultline::replay {
namespace {

class FlatLru final : public Replacement {
 public:
  explicit FlatLru(uint64_t frames) : frames_(frames) {}

  void add(const NumberedRuns& runs) override {
    pages_.grow_to(runs.pages);
    take_by_parts(runs, [&](size_t begin, size_t end, auto number_of) {
      if (!pages_.has_room(end - begin)) number_anew();
      const uint64_t misses = counts_.misses;
      if (misses_ == Misses::kFew)
        take_few(runs.runs, begin, end, number_of);
      else
        take_many(runs.runs, begin, end, number_of);
      choose(misses_of(counts_.misses - misses, end - begin));
    });
  }

  ReplacementStats stats() const override { return pages_.stats(counts_, frames_); }
  void validate() const override {
    pages_.validate(counts_);
    const std::span<const uint32_t> pages = pages_.pages();
    uint64_t resident = 0;
    for (const uint32_t page : pages) {
      if (MomentPages::moment_of(page) < least_hit_) continue;
      ++resident;
      if (misses_ == Misses::kMany) FL_CHECK(is_marked(MomentPages::moment_of(page)));  // 3
    }
    FL_CHECK(resident == resident_ && resident <= frames_);  // 1
    if (misses_ == Misses::kMany) {
      const PlaceRanks marks(marks_);
      FL_CHECK(marks.count() - marks.below(least_hit_) == resident);  // 3
    } else {
      FL_CHECK(queue_.size() - queue_first_ + put_by_.size() == resident);  // 2
      for (const uint32_t page : put_by_)
        FL_CHECK(MomentPages::moment_of(pages[page]) >= least_hit_);  // 2
    }
  }

 private:
  struct Queued {
    uint32_t page;
    uint32_t moment;
  };

  template <class NumberOf>
  [[gnu::noinline]] void take_few(std::span<const PageRun> runs, size_t begin, size_t end,
                                  NumberOf number_of) {
    uint32_t* const pages = pages_.pages().data();
    // What is written to a page may alias whatever is no local.
    uint64_t references = 0;
    uint32_t now = MomentPages::make(pages_.now(), 0);
    uint32_t least = MomentPages::least_of(least_hit_);
    for (const PageRun run : runs.subspan(begin, end - begin)) {
      references += references_of(run);
      uint32_t& page = pages[number_of(run)];
      uint32_t dirty = page & MomentPages::kDirty;
      if (page < least) [[unlikely]] {
        bring_in(number_of(run));
        least = MomentPages::least_of(least_hit_);
        dirty = 0;
      }
      page = now | dirty | MomentPages::dirty_if(run);
      now += MomentPages::make(1, 0);
    }
    pages_.set_now(MomentPages::moment_of(now));
    counts_.references += references;
  }
  [[gnu::noinline]] void bring_in(uint32_t number) {
    const uint32_t page = pages_.pages()[number];
    ++counts_.misses;
    counts_.cold_misses += page == 0 ? 1 : 0;
    counts_.dirty_evictions += page & MomentPages::kDirty;
    if (resident_ < frames_)
      ++resident_;
    else
      least_hit_ = take_oldest() + 1;
    put_by_.push_back(number);
  }
  // Its moment.
  uint32_t take_oldest() {
    const std::span<const uint32_t> pages = pages_.pages();
    while (true) {
      if (queue_first_ == queue_.size()) put_in_order();
      const Queued oldest = queue_[queue_first_++];
      if (MomentPages::moment_of(pages[oldest.page]) == oldest.moment) return oldest.moment;
      put_by_.push_back(oldest.page);
    }
  }
  // O(frames), amortised over the victims, and over the uses of those that are none.
  void put_in_order() {
    queue_.clear();
    queue_first_ = 0;
    for (const uint32_t page : put_by_)
      queue_.push_back({page, MomentPages::moment_of(pages_.pages()[page])});
    put_by_.clear();
    base::sort_by_position(queue_, scratch_, [](Queued one) -> uint64_t { return one.moment; });
  }

  template <class NumberOf>
  [[gnu::noinline]] void take_many(std::span<const PageRun> runs, size_t begin, size_t end,
                                   NumberOf number_of) {
    uint32_t* const pages = pages_.pages().data();
    uint64_t* const marks = marks_.data();
    ReplacementCounts counts;
    uint32_t now = pages_.now();
    uint32_t least = least_hit_;
    for (size_t i = begin; i < end; ++i, ++now) {
      fetch_page_ahead(pages, runs, i, number_of);
      const SamePageRuns use = take_use(runs, i, end, number_of);
      counts.references += use.references;
      const uint32_t page = pages[use.number];
      const uint32_t moment = MomentPages::moment_of(page);
      uint32_t dirty = page & MomentPages::kDirty;
      if (moment >= least) {
        marks[moment / 64] &= ~bit(moment);
      } else {
        least = first_mark(marks, least) + 1;
        ++counts.misses;
        counts.cold_misses += page == 0 ? 1 : 0;
        counts.dirty_evictions += dirty;
        dirty = 0;
      }
      marks[now / 64] |= bit(now);
      pages[use.number] = MomentPages::make(now, dirty | use.stores);
    }
    pages_.set_now(now);
    least_hit_ = least;
    counts_.add(counts);
  }
  static uint64_t bit(uint32_t moment) { return uint64_t{1} << moment % 64; }
  bool is_marked(uint32_t moment) const { return (marks_[moment / 64] & bit(moment)) != 0; }
  // REQUIRES: there is one.
  static uint32_t first_mark(const uint64_t* marks, uint32_t from) {
    size_t at = from / 64;
    uint64_t word = marks[at] & ~uint64_t{0} << from % 64;
    while (word == 0) [[unlikely]] word = marks[++at];
    return static_cast<uint32_t>(at * 64 + static_cast<size_t>(std::countr_zero(word)));
  }

  void choose(Misses misses) {
    if (resident_ < frames_) misses = Misses::kFew;
    // It takes O(pages): so many misses pay for it.
    if (misses == misses_ || counts_.misses - chosen_last_ < pages_.pages().size() / 8) return;
    chosen_last_ = counts_.misses;
    misses_ = misses;
    queue_.clear();
    queue_first_ = 0;
    put_by_.clear();
    if (misses_ == Misses::kMany) return mark_all();
    const std::span<const uint32_t> pages = pages_.pages();
    for (uint32_t i = 0; i < pages.size(); ++i)
      if (MomentPages::moment_of(pages[i]) >= least_hit_) put_by_.push_back(i);
  }
  void mark_all() {
    marks_.assign(pages_.room() / 64, 0);
    for (const uint32_t page : pages_.pages()) {
      const uint32_t moment = MomentPages::moment_of(page);
      if (moment >= least_hit_) marks_[moment / 64] |= bit(moment);
    }
  }
  void number_anew() {
    least_hit_ = pages_.number_anew({}).below(least_hit_);
    if (misses_ == Misses::kMany) return mark_all();
    for (; queue_first_ < queue_.size(); ++queue_first_)
      put_by_.push_back(queue_[queue_first_].page);
  }

  const uint64_t frames_;
  MomentPages pages_;
  uint64_t resident_ = 0;
  uint32_t least_hit_ = 1;  // a page used last then, or later, is in memory
  Misses misses_ = Misses::kFew;
  uint64_t chosen_last_ = 0;  // misses when this was last changed
  std::vector<Queued> queue_{};
  std::vector<Queued> scratch_{};
  size_t queue_first_ = 0;
  std::vector<uint32_t> put_by_{};  // in memory, and not in the queue
  std::vector<uint64_t> marks_{};
  ReplacementCounts counts_;
};

}  // namespace

std::unique_ptr<Replacement> make_flat_lru(uint64_t frames) {
  return std::make_unique<FlatLru>(frames);
}

}  // namespace faultline::replay
