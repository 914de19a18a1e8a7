// What the calls of mm/ cost with few and with many VMAs: the tree must not show. With 65,530
// instead of 10 mprotect executes 1.1 times the instructions, munmap and mmap 1.7 times
// (callgrind); the rest of the difference is misses of the host's cache and TLB, as each VMA is met
// once or not at all.

#include <cstdint>
#include <memory>

#include "faultline/linux.h"
#include "faultline/machine.h"
#include "sim/base/check.h"
#include "sim/base/prng.h"
#include "tests/bench/rows.h"

namespace faultline::bench {
namespace {

namespace abi = linux_abi;

constexpr uint64_t kPage = 4096;
constexpr VirtAddr kFirst{0x100000000};
constexpr int64_t kCalls = 4096;

// A process with `count` VMAs of one page, every other page a hole; rights alternate, so that none
// could be merged. What is measured lies above them all, or between two of them.
class ManyVmas {
 public:
  explicit ManyVmas(uint64_t count) : count_(count) {
    auto made = make_machine({.contents = Contents::kNone});
    FL_CHECK(made.ok());
    machine_ = std::move(*made);
    process_ = &machine_->start_process();
    for (uint64_t i = 0; i + 1 < count; ++i) map(at(i), abi::kPROT_READ | abi::kPROT_WRITE);
  }
  Process& process() { return *process_; }
  VirtAddr at(uint64_t index) const { return kFirst + 2 * index * kPage; }
  VirtAddr any() { return at(prng_.below(count_ - 1)); }

  void map(VirtAddr where, uint64_t prot) {
    FL_CHECK(process_
                 ->mmap({.address = where,
                         .length_bytes = kPage,
                         .prot = prot,
                         .flags = abi::kMAP_PRIVATE | abi::kMAP_ANONYMOUS | abi::kMAP_FIXED})
                 .ok());
  }

 private:
  uint64_t count_;
  base::Prng prng_{1};
  std::unique_ptr<Machine> machine_;
  Process* process_ = nullptr;
};

// One VMA goes and comes again, wherever it lies.
template <uint64_t count>
void unmap_and_map(benchmark::State& state) {
  ManyVmas vmas(count);
  for (auto _ : state) {
    for (int64_t i = 0; i < kCalls; ++i) {
      const VirtAddr where = vmas.any();
      FL_CHECK(vmas.process().munmap(where, kPage).ok());
      vmas.map(where, abi::kPROT_READ | abi::kPROT_WRITE);
    }
  }
  state.SetItemsProcessed(state.iterations() * kCalls * 2);
}

template <uint64_t count>
void protect(benchmark::State& state) {
  ManyVmas vmas(count);
  for (auto _ : state) {
    for (int64_t i = 0; i < kCalls; ++i) {
      const VirtAddr where = vmas.any();
      const uint64_t prot = i % 2 == 0 ? abi::kPROT_READ : abi::kPROT_READ | abi::kPROT_WRITE;
      FL_CHECK(vmas.process().mprotect(where, kPage, prot).ok());
    }
  }
  state.SetItemsProcessed(state.iterations() * kCalls);
}

// A page goes and is touched anew.
template <uint64_t count>
void fault(benchmark::State& state) {
  ManyVmas vmas(count);
  const std::byte byte{1};
  for (auto _ : state) {
    for (int64_t i = 0; i < kCalls; ++i) {
      const VirtAddr where = vmas.any();
      FL_CHECK(vmas.process().madvise(where, kPage, abi::kMADV_DONTNEED).ok());
      FL_CHECK(vmas.process().store(where, {&byte, 1}).bytes_done == 1);
    }
  }
  state.SetItemsProcessed(state.iterations() * kCalls);
}

// A length that fits nowhere between the VMAs: placement by the gap index, and the munmap of it.
template <uint64_t count>
void find_gap(benchmark::State& state) {
  ManyVmas vmas(count);
  for (auto _ : state) {
    for (int64_t i = 0; i < kCalls; ++i) {
      const auto where = vmas.process().mmap({.length_bytes = 3 * kPage,
                                              .prot = abi::kPROT_READ,
                                              .flags = abi::kMAP_PRIVATE | abi::kMAP_ANONYMOUS});
      FL_CHECK(where.ok());
      FL_CHECK(vmas.process().munmap(*where, 3 * kPage).ok());
    }
  }
  state.SetItemsProcessed(state.iterations() * kCalls);
}

constexpr std::string_view kMapFew = "munmap, mmap: 10 VMAs";
constexpr std::string_view kProtectFew = "mprotect: 10 VMAs";
constexpr std::string_view kFaultFew = "madvise, fault: 10 VMAs";
constexpr std::string_view kGapFew = "find_gap, munmap: 10 VMAs";

constexpr Row kRows[] = {
    {.what = kMapFew, .body = unmap_and_map<10>, .iterations = 2},
    {.what = "munmap, mmap: 1,000 VMAs",
     .body = unmap_and_map<1000>,
     .iterations = 2,
     .bound = kMapFew},
    {.what = "munmap, mmap: 65,530 VMAs",
     .body = unmap_and_map<65530>,
     .iterations = 2,
     .bound = kMapFew,
     .target_ratio = 0.1},
    {.what = kProtectFew, .body = protect<10>, .iterations = 2},
    {.what = "mprotect: 1,000 VMAs", .body = protect<1000>, .iterations = 2, .bound = kProtectFew},
    {.what = "mprotect: 65,530 VMAs",
     .body = protect<65530>,
     .iterations = 2,
     .bound = kProtectFew,
     .target_ratio = 0.1},
    {.what = kFaultFew, .body = fault<10>, .iterations = 2},
    {.what = "madvise, fault: 1,000 VMAs",
     .body = fault<1000>,
     .iterations = 2,
     .bound = kFaultFew},
    {.what = "madvise, fault: 65,530 VMAs",
     .body = fault<65530>,
     .iterations = 2,
     .bound = kFaultFew,
     .target_ratio = 0.1},
    {.what = kGapFew, .body = find_gap<10>, .iterations = 2},
    {.what = "find_gap, munmap: 1,000 VMAs",
     .body = find_gap<1000>,
     .iterations = 2,
     .bound = kGapFew},
    {.what = "find_gap, munmap: 65,530 VMAs",
     .body = find_gap<65530>,
     .iterations = 2,
     .bound = kGapFew,
     .target_rate = 1 / 20e-6,
     .target_ratio = 0.1},
};

}  // namespace

std::span<const Row> vma_rows() { return kRows; }

}  // namespace faultline::bench
