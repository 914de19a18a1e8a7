// FIFO: of the pages that came, the last ones are in memory. Moments are misses.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "sim/replay/flat_replacement.h"
#include "sim/replay/moment_pages.h"
#include "sim/replay/replacement_counts.h"

namespace faultline::replay {
namespace {

class FlatFifo final : public Replacement {
 public:
  explicit FlatFifo(uint64_t frames) : frames_(frames) {}

  void add(const NumberedRuns& runs) override {
    pages_.grow_to(runs.pages);
    take_by_parts(runs, [&](size_t begin, size_t end, auto number_of) {
      if (!pages_.has_room(end - begin)) pages_.number_anew({});
      const uint64_t misses = counts_.misses;
      if (misses_ == Misses::kFew)
        take<Misses::kFew>(runs.runs, begin, end, number_of);
      else
        take<Misses::kMany>(runs.runs, begin, end, number_of);
      misses_ = misses_of(counts_.misses - misses, end - begin);
    });
  }

  ReplacementStats stats() const override { return pages_.stats(counts_, frames_); }
  void validate() const override { pages_.validate(counts_); }

 private:
  // A page that came then, or later, is in memory.
  uint32_t least_hit(uint32_t now) const {
    return now > frames_ ? now - static_cast<uint32_t>(frames_) : 1;
  }

  template <Misses kMisses, class NumberOf>
  [[gnu::noinline]] void take(std::span<const PageRun> runs, size_t begin, size_t end,
                              NumberOf number_of) {
    uint32_t* const pages = pages_.pages().data();
    ReplacementCounts counts;
    uint32_t now = pages_.now();
    uint32_t least = MomentPages::least_of(least_hit(now));
    for (size_t i = begin; i < end; ++i) {
      const uint32_t number = number_of(runs[i]);
      const uint32_t dirty = MomentPages::dirty_if(runs[i]);
      counts.references += references_of(runs[i]);
      if constexpr (kMisses == Misses::kMany) fetch_page_ahead(pages, runs, i, number_of);
      const uint32_t page = pages[number];
      if (page >= least) [[likely]] {
        // Where many miss it cannot be foretold whether that changes it.
        if (kMisses == Misses::kMany || (page | dirty) != page) pages[number] = page | dirty;
        continue;
      }
      ++counts.misses;
      counts.cold_misses += page == 0 ? 1 : 0;
      counts.dirty_evictions += page & MomentPages::kDirty;
      pages[number] = MomentPages::make(now++, dirty);
      least = MomentPages::least_of(least_hit(now));
    }
    pages_.set_now(now);
    counts_.add(counts);
  }

  const uint64_t frames_;
  MomentPages pages_;
  Misses misses_ = Misses::kFew;
  ReplacementCounts counts_;
};

}  // namespace

std::unique_ptr<Replacement> make_flat_fifo(uint64_t frames) {
  return std::make_unique<FlatFifo>(frames);
}

}  // namespace faultline::replay
