#include "sim/trace/run_builder.h"

#include <algorithm>
#include <bit>

#include "sim/base/check.h"

namespace faultline::trace {
namespace {

// No page: addresses have 64 bits.
constexpr uint64_t kNoPage = ~uint64_t{0};

uint64_t page_of(const Access& access) { return access.address.value >> kPageRunShift; }

bool straddles(const Access& access) {
  return (access.address.value & (kPageRunBytes - 1)) + access.size_bytes > kPageRunBytes;
}

}  // namespace

RunBuilder::RunBuilder(std::size_t runs_max)
    : runs_max_(runs_max), runs_(runs_max), table_(std::bit_ceil(2 * runs_max)) {
  FL_CHECK(runs_max >= 2 * kAccessPagesMax && runs_max <= PageRun::kPagesMax);
  recent_.fill({kNoPage, 0});
}

std::size_t RunBuilder::add(std::span<const Access> accesses) {
  std::size_t taken = 0;
  while (taken < accesses.size() && room() >= kAccessPagesMax) {
    // Each of these makes one run at most.
    const std::size_t safe = std::min(accesses.size() - taken, room() - kAccessPagesMax + 1);
    const std::size_t within = add_within_pages(accesses.subspan(taken, safe));
    taken += within;
    if (within < safe) add_straddling(accesses[taken++]);
  }
  return taken;
}

// Up to the first that straddles; how many. Without a branch that depends on whether a run goes on:
// it would be predicted wrongly every few accesses.
std::size_t RunBuilder::add_within_pages(std::span<const Access> accesses) {
  PageRun* const runs = runs_.data();
  std::size_t size = size_;
  uint32_t base = base_;
  uint32_t count = count_;
  std::size_t i = 0;
  for (; i < accesses.size(); ++i) {
    const Access& access = accesses[i];
    if (straddles(access)) break;
    const uint32_t fresh = PageRun::make(index_of(page_of(access)), access.kind, 0).word;
    const bool same = fresh == base && count < PageRun::kCountMax;
    size += same ? 0 : 1;
    count = same ? count + 1 : 1;
    base = fresh;
    runs[size - 1] = {base | count};
  }
  size_ = size;
  base_ = base;
  count_ = count;
  return i;
}

void RunBuilder::add_straddling(const Access& access) {
  const uint64_t first = page_of(access);
  const uint64_t last = (access.address.value + access.size_bytes - 1) >> kPageRunShift;
  add_run(first, access.kind, 1);
  // Where it wraps, last is less.
  for (uint64_t page = first + 1; page <= last; ++page) add_run(page, access.kind, 0);
}

void RunBuilder::add_run(uint64_t page, AccessKind kind, uint32_t count) {
  const uint32_t base = PageRun::make(index_of(page), kind, 0).word;
  if (base == base_ && count > 0 && count + count_ <= PageRun::kCountMax) {
    count_ += count;
  } else {
    ++size_;
    count_ = count;
  }
  // Nothing joins a reference that is no access.
  base_ = count > 0 ? base : kNoBase;
  runs_[size_ - 1] = {base | count_};
}

std::size_t RunBuilder::add_runs(std::span<const uint64_t> pages, std::span<const PageRun> runs) {
  std::size_t taken = 0;
  while (taken < runs.size()) {
    std::size_t group = 1;
    while (taken + group < runs.size() && runs[taken + group].count() == 0) ++group;
    FL_CHECK(runs[taken].count() > 0 && group <= kAccessPagesMax);
    if (room() < group) break;
    for (; group > 0; --group, ++taken)
      add_run(pages[runs[taken].page()], runs[taken].kind(), runs[taken].count());
  }
  return taken;
}

uint32_t RunBuilder::index_of(uint64_t page) {
  Recent& recent = recent_[page % kRecentPages];
  if (recent.page != page) recent = {page, find_or_add(page)};
  return recent.index;
}

[[gnu::noinline]] uint32_t RunBuilder::find_or_add(uint64_t page) {
  const std::size_t mask = table_.size() - 1;
  // Fibonacci hashing. Source: Knuth, The Art of Computer Programming 3, 6.4.
  const int shift = 64 - std::countr_zero(table_.size());
  std::size_t slot = (page * 0x9e3779b97f4a7c15u) >> shift;
  while (table_[slot] != 0) {
    const uint32_t index = table_[slot] - 1;
    if (pages_[index] == page) return index;
    slot = (slot + 1) & mask;
  }
  pages_.push_back(page);
  table_[slot] = static_cast<uint32_t>(pages_.size());
  used_slots_.push_back(static_cast<uint32_t>(slot));
  return table_[slot] - 1;
}

void RunBuilder::clear() {
  for (const uint32_t slot : used_slots_) table_[slot] = 0;
  used_slots_.clear();
  pages_.clear();
  recent_.fill({kNoPage, 0});
  size_ = 0;
  end_run();
}

}  // namespace faultline::trace
