// OPT, in one pass and without knowing the future.
//
// The policy OPT gives up the page whose next use is farthest. So a page is in memory when it is
// used again if, at every moment between its two uses, there was a frame for it that no page with a
// sooner next use had. When it is used again those are pages whose next use has been already:
// everything is known. Uses are decided in their order, which is that of the next uses. A use is a
// hit if at each moment since the page was used last fewer than frames - 1 pages are kept, the page
// of that moment aside; then this one is kept over all of them, too. (Of pages that are not used
// again the one used longest ago goes first, as if it were used last of all.)
//
// How many are kept at which moments is known by marks. Mark k, from 1 to frames - 1, is the last
// moment at which k pages or more are kept; before all, at first. A use is a hit if mark frames -
// 1, the earliest, is no later than the page's last use. Keeping the page makes one more at all
// moments since that: each mark that is later is that of one page more, the one before them goes,
// and the moment before now is mark 1.
//
// Source: Belady, "A study of replacement algorithms for a virtual-storage computer", IBM Systems
// Journal 5(2), 1966, whose MIN decides in one pass, too; Jain and Lin, "Back to the future:
// leveraging Belady's algorithm for improved cache replacement", ISCA 2016 (OPTgen).
//
// Invariants, checked by validate():
//   1. there are frames - 1 marks, all of moments that have passed
//   2. least_hit_ is what the earliest of them says
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "sim/base/check.h"
#include "sim/replay/flat_replacement.h"
#include "sim/replay/moment_pages.h"
#include "sim/replay/place_ranks.h"
#include "sim/replay/place_set.h"
#include "sim/replay/replacement_counts.h"

namespace faultline::replay {
namespace {

class FlatOpt final : public Replacement {
 public:
  explicit FlatOpt(uint64_t frames)
      : frames_(frames), marks_at_0_(frames - 1), marks_(pages_.room()) {
    if (marks_at_0_ > 0) marks_.insert(0);
    least_hit_ = find_least_hit(1);
  }

  void add(const NumberedRuns& runs) override {
    pages_.grow_to(runs.pages);
    take_by_parts(runs, [&](size_t begin, size_t end, auto number_of) {
      if (!pages_.has_room(end - begin)) number_anew();
      take(runs.runs, begin, end, number_of);
    });
  }

  ReplacementStats stats() const override { return pages_.stats(counts_, frames_); }
  void validate() const override {
    pages_.validate(counts_);
    uint64_t marks = 0;
    for (uint32_t place = marks_.first_from(1); place != PlaceSet::kNone;
         place = marks_.first_from(place + 1)) {
      ++marks;
      FL_CHECK(place < pages_.now());  // 1
    }
    FL_CHECK(marks + marks_at_0_ == frames_ - 1);  // 1
    FL_CHECK(least_hit_ == find_least_hit(1));     // 2
  }

 private:
  template <class NumberOf>
  [[gnu::noinline]] void take(std::span<const PageRun> runs, size_t begin, size_t end,
                              NumberOf number_of) {
    uint32_t* const pages = pages_.pages().data();
    // What is written to a page may alias whatever is no local.
    ReplacementCounts counts;
    uint32_t now = pages_.now();
    uint32_t top = top_;
    for (size_t i = begin; i < end; ++i) {
      const uint32_t number = number_of(runs[i]);
      const uint32_t dirty = MomentPages::dirty_if(runs[i]);
      counts.references += references_of(runs[i]);
      fetch_page_ahead(pages, runs, i, number_of);
      const uint32_t page = pages[number];
      if (number == top) {
        pages[number] = page | dirty;
        continue;
      }
      uint32_t was_dirty = page & MomentPages::kDirty;
      if (MomentPages::moment_of(page) >= least_hit_) {
        keep(MomentPages::moment_of(page), now);
      } else {
        ++counts.misses;
        counts.cold_misses += page == 0 ? 1 : 0;
        counts.dirty_evictions += std::exchange(was_dirty, 0);
      }
      pages[number] = MomentPages::make(now, was_dirty | dirty);
      top = number;
      ++now;
    }
    pages_.set_now(now);
    top_ = top;
    counts_.add(counts);
  }

  // The page that was used last at `last` stays for its use at `now`.
  void keep(uint32_t last, uint32_t now) {
    const uint32_t mark = marks_.last_up_to(last);
    marks_.insert(now - 1);
    if (mark == 0 && --marks_at_0_ > 0) return;
    marks_.erase(mark);
    if (mark <= least_hit_) least_hit_ = find_least_hit(least_hit_);
  }
  // REQUIRES: no mark but those before all is below `from`, which is above 0.
  uint32_t find_least_hit(uint32_t from) const {
    // Where there are no marks it is later than all moments.
    return marks_at_0_ > 0 ? 1 : marks_.first_from(from);
  }

  [[gnu::noinline]] void number_anew() {
    const PlaceRanks ranks = pages_.number_anew(marks_.words());
    PlaceSet marks(pages_.room());
    for (uint32_t place = marks_.first_from(0); place != PlaceSet::kNone;
         place = marks_.first_from(place + 1))
      marks.insert(ranks.below(place));
    marks_ = std::move(marks);
    least_hit_ = find_least_hit(1);
  }

  const uint64_t frames_;
  MomentPages pages_;
  uint64_t marks_at_0_;          // before all
  PlaceSet marks_;               // 0 is in it where there are such
  uint32_t least_hit_ = 1;       // a page used last then, or later, is in memory
  uint32_t top_ = ~uint32_t{0};  // the page used last
  ReplacementCounts counts_;
};

}  // namespace

std::unique_ptr<Replacement> make_flat_opt(uint64_t frames) {
  return std::make_unique<FlatOpt>(frames);
}

}  // namespace faultline::replay
