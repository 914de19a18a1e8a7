// Translations: what each access costs before anything else happens.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "faultline/access.h"
#include "sim/base/check.h"
#include "sim/base/prng.h"
#include "sim/hw/mmu.h"
#include "tests/bench/rows.h"

namespace faultline::bench {
namespace {

constexpr std::size_t kAccesses =
    1 << 16;  // 1 MiB of records, so that memory is not what is measured
constexpr uint64_t kPagesMax = 1 << 16;
constexpr Asid kAsid{1};

const hw::PagingFormat& x86() { return *hw::find_paging_format("x86-64"); }

// Translates them all; the sum of the frames' numbers.
uint64_t pass(hw::Mmu& mmu, hw::PageTable& table, std::span<const Access> accesses) {
  // Counted as the access loop does it: once a block, from the kinds.
  uint64_t fetches = 0;
  for (const Access& access : accesses) fetches += access.kind == AccessKind::kFetch ? 1 : 0;
  mmu.add_lookups(AccessKind::kFetch, fetches);
  mmu.add_lookups(AccessKind::kLoad, accesses.size() - fetches);
  uint64_t sum = 0;
  for (const Access& access : accesses)
    sum += mmu.translate(kAsid, table, {access.address.value >> 12}, access.kind,
                         hw::CountLookup::kYes)
               .pfn.value;
  return sum;
}

void translate(benchmark::State& state, const std::vector<Access>& accesses) {
  hw::PageTable table(x86());
  for (uint64_t page = 0; page < kPagesMax; ++page)
    table.set({page}, hw::Pte::make(x86().pte, {static_cast<uint32_t>(page) + 1}, true, true));
  hw::Mmu mmu(x86(), {});
  // Dirty and accessed bits, and the TLB, as in the middle of a run.
  const uint64_t expected = pass(mmu, table, accesses);
  for (auto _ : state) FL_CHECK(pass(mmu, table, accesses) == expected);
  const TlbStats stats = mmu.tlb().stats();
  FL_CHECK(stats.l1d.hits + stats.l1d.misses + stats.l1i.hits + stats.l1i.misses ==
           (static_cast<uint64_t>(state.iterations()) + 1) * accesses.size());
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(accesses.size()));
}

// Two streams, code and data, each going on where it was and now and then elsewhere in its hot
// pages, the first of them most often.
class Program {
 public:
  Access next() {
    if (prng_.below(10) < 6) {
      advance(code_, 24, 16);
      return {{code_}, 4, AccessKind::kFetch, {}};
    }
    advance(data_, 40, 8);
    const bool store = prng_.below(3) == 0;
    return {{(uint64_t{64} << 12) + data_}, 8, store ? AccessKind::kStore : AccessKind::kLoad, {}};
  }

 private:
  void advance(uint64_t& address, uint64_t pages, uint64_t run_length) {
    address += 8;
    if (prng_.below(run_length) != 0 && address >> 12 < pages) return;
    // The smaller of two is more often small.
    const uint64_t a = prng_.below(pages);
    const uint64_t b = prng_.below(pages);
    address = (a < b ? a : b) << 12 | (prng_.below(512) << 3);
  }

  base::Prng prng_{1};
  uint64_t code_ = 0;
  uint64_t data_ = 0;
};

void hits(benchmark::State& state) {
  Program program;
  std::vector<Access> accesses(kAccesses);
  for (Access& access : accesses) access = program.next();
  translate(state, accesses);
}

void one_page(benchmark::State& state) {
  std::vector<Access> accesses(kAccesses);
  for (std::size_t i = 0; i < kAccesses; ++i) accesses[i].address = {(i * 8) & 4095};
  translate(state, accesses);
}

void random_loads(benchmark::State& state, uint64_t pages) {
  base::Prng prng(1);
  std::vector<Access> accesses(kAccesses);
  for (Access& access : accesses) access.address = {prng.below(pages) << 12};
  translate(state, accesses);
}

void any_way(benchmark::State& state) { random_loads(state, 64); }
void second_level(benchmark::State& state) { random_loads(state, 1'024); }
void misses(benchmark::State& state) { random_loads(state, kPagesMax); }

constexpr Row kRows[] = {
    {.what = "Mmu::translate, first-level hits, code and data",
     .body = hits,
     .iterations = 500,
     .bound = kSumBound,
     .target_rate = 400e6},  // 2.5 ns of an access's 6.7
    {.what = "Mmu::translate, first-level hits, one page",
     .body = one_page,
     .iterations = 500,
     .bound = kSumBound},
    {.what = "Mmu::translate, first-level hits, random way",
     .body = any_way,
     .iterations = 200,
     .bound = kSumBound},
    {.what = "Mmu::translate, second-level hits, random",
     .body = second_level,
     .iterations = 100,
     .bound = kSumBound},
    {.what = "Mmu::translate, misses, random over 256 MiB",
     .body = misses,
     .iterations = 50,
     .bound = kSumBound},
};

}  // namespace

std::span<const Row> translate_rows() { return kRows; }

}  // namespace faultline::bench
