// Page-table entries set and walked.

#include <cstdint>
#include <vector>

#include "sim/base/prng.h"
#include "sim/hw/page_table.h"
#include "tests/bench/rows.h"

namespace faultline::bench {
namespace {

constexpr uint64_t kPages = 1 << 18;  // 1 GiB
constexpr uint64_t kBase = 0x7'f000'0000;

const hw::PagingFormat& x86() { return *hw::find_paging_format("x86-64"); }

hw::Pte pte_of(uint64_t page) {
  return hw::Pte::make(x86().pte, {static_cast<uint32_t>(page) + 1}, true, false);
}

void fill(hw::PageTable& table) {
  for (uint64_t page = 0; page < kPages; ++page) table.set({kBase + page}, pte_of(page));
}

void set_fresh(benchmark::State& state) {
  for (auto _ : state) {
    hw::PageTable table(x86());
    fill(table);
    benchmark::DoNotOptimize(table.table_pages());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kPages));
}

void set_warm(benchmark::State& state) {
  hw::PageTable table(x86());
  fill(table);
  for (auto _ : state) {
    fill(table);
    benchmark::DoNotOptimize(table.table_pages());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kPages));
}

// Walks to pages in the order of `pages`, each a store.
void walk(benchmark::State& state, const std::vector<uint64_t>& pages) {
  hw::PageTable table(x86());
  fill(table);
  uint64_t entries_read = 0;
  for (auto _ : state)
    for (const uint64_t page : pages)
      entries_read += table.walk({kBase + page}, AccessKind::kStore).entries_read;
  benchmark::DoNotOptimize(entries_read);
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(pages.size()));
}

void walk_ascending(benchmark::State& state) {
  std::vector<uint64_t> pages(kPages);
  for (uint64_t i = 0; i < kPages; ++i) pages[i] = i;
  walk(state, pages);
}

void walk_random(benchmark::State& state) {
  base::Prng prng(1);
  std::vector<uint64_t> pages(kPages);
  for (uint64_t& page : pages) page = prng.below(kPages);
  walk(state, pages);
}

constexpr Row kRows[] = {
    {.what = "PageTable::set, 1 GiB ascending, tables made", .body = set_fresh, .iterations = 5},
    {.what = "PageTable::set, 1 GiB ascending, tables there",
     .body = set_warm,
     .iterations = 20,
     .bound = kSumBound,
     .target_rate = 33.3e6},  // 30 ns of a fault's 200
    {.what = "PageTable::walk, 1 GiB ascending",
     .body = walk_ascending,
     .iterations = 20,
     .bound = kSumBound},
    {.what = "PageTable::walk, 1 GiB in a random order",
     .body = walk_random,
     .iterations = 20,
     .bound = kSumBound},
};

}  // namespace

std::span<const Row> page_table_rows() { return kRows; }

}  // namespace faultline::bench
