// The access loop counts as docs/counting.md says.
#include <doctest/doctest.h>

#include <vector>

#include "faultline/linux.h"
#include "faultline/machine.h"

namespace faultline {
namespace {

constexpr uint64_t kPage = 4096;
constexpr VirtAddr kBase{0x10000000};

struct Trial {
  explicit Trial(MachineOptions options) {
    options.contents = Contents::kNone;
    auto made = make_machine(options);
    REQUIRE(made.ok());
    machine = std::move(*made);
    process = &machine->start_empty_process();
  }

  void access(std::vector<Access> accesses) {
    REQUIRE(machine->access(*process, accesses));
    machine->validate();
  }
  void touch_pages(std::vector<uint64_t> pages, AccessKind kind = AccessKind::kLoad) {
    for (uint64_t page : pages) access({{kBase + page * kPage, 8, kind}});
  }
  const Stats& stats() { return machine->stats(); }

  std::unique_ptr<Machine> machine;
  Process* process = nullptr;
};

MachineOptions inferring(std::optional<uint64_t> frames = {}, std::string policy = "lru") {
  return {.frames = frames, .policy = std::move(policy), .unmapped = Unmapped::kMap};
}

TEST_CASE("access: each kind is counted once, and a modify is one reference") {
  Trial t(inferring());
  t.access({{kBase, 4, AccessKind::kFetch},
            {kBase, 8, AccessKind::kLoad},
            {kBase, 8, AccessKind::kLoad},
            {kBase, 8, AccessKind::kStore},
            {kBase, 8, AccessKind::kModify}});
  const Stats& s = t.stats();
  CHECK(s.accesses.fetches == 1);
  CHECK(s.accesses.loads == 2);
  CHECK(s.accesses.stores == 1);
  CHECK(s.accesses.modifies == 1);
  CHECK(s.references == 5);
  CHECK(s.pages_touched == 1);
  CHECK(s.faults.minor == 1);
  CHECK(s.replacement.hits == 4);
  CHECK(s.replacement.misses == 1);
  CHECK(s.replacement.cold_misses == 1);
  CHECK(s.memory.inferred_pages == 1);
}

TEST_CASE("access: one that straddles pages is a reference to each") {
  Trial t(inferring());
  t.access({{kBase + kPage - 1, 2, AccessKind::kLoad}, {kBase, 3 * kPage, AccessKind::kStore}});
  CHECK(t.stats().accesses.accesses() == 2);
  CHECK(t.stats().references == 5);
  CHECK(t.stats().pages_touched == 3);
}

TEST_CASE("access: the first of two pages counts when the second ends in a signal") {
  Trial t({});
  REQUIRE(t.process
              ->mmap({.address = kBase,
                      .length_bytes = kPage,
                      .prot = 3,
                      .flags = linux_abi::kMAP_PRIVATE | linux_abi::kMAP_ANONYMOUS})
              .value() == kBase);
  t.access({{kBase + kPage - 1, 2, AccessKind::kStore}});
  CHECK(t.stats().references == 1);
  CHECK(t.stats().faults.minor == 1);
  CHECK(t.stats().faults.segv_maperr == 1);
  CHECK(t.stats().tlb.l1d.misses + t.stats().tlb.l1d.hits == 1);
}

TEST_CASE("access: what ends in a signal counts in accesses and there, and nowhere else") {
  Trial t({});
  t.access({{kBase, 8, AccessKind::kLoad},
            {{0xffff800000000000}, 8, AccessKind::kLoad},
            {{0x1234567812345678}, 8, AccessKind::kStore},
            {{0xfffffffffffffffc}, 8, AccessKind::kLoad},
            {{0x7ffffffff000}, 8, AccessKind::kFetch}});
  const Stats& s = t.stats();
  CHECK(s.accesses.accesses() == 5);
  CHECK(s.faults.segv_maperr == 5);
  CHECK(s.references == 0);
  CHECK(s.pages_touched == 0);
  CHECK(s.walks.count == 0);
  CHECK(s.tlb.l1d.misses == 0);
}

TEST_CASE("access: kernel and non-canonical addresses are not inferred") {
  Trial t(inferring());
  t.access({{{0xffff800000000000}, 8, AccessKind::kLoad},
            {{0x800000000000}, 8, AccessKind::kStore},
            {{0x7fffffffeff8}, 8, AccessKind::kLoad},
            {{0x7fffffffeffc}, 8, AccessKind::kLoad}});
  CHECK(t.stats().faults.segv_maperr == 3);
  CHECK(t.stats().references == 2);  // of the last, the page within user space
  CHECK(t.stats().memory.inferred_pages == 1);
}

TEST_CASE("access: a store through a clean entry is a hit and a walk") {
  Trial t(inferring());
  t.access({{kBase, 8, AccessKind::kLoad}});
  const WalkStats before = t.stats().walks;
  CHECK(before.count == 2);  // the one that faulted, and the retry's
  CHECK(before.memory_references == 1 + 4);
  t.access({{kBase, 8, AccessKind::kStore}, {kBase, 8, AccessKind::kStore}});
  CHECK(t.stats().walks.count == 3);
  CHECK(t.stats().tlb.l1d.hits == 2);
  CHECK(t.stats().tlb.l1d.misses == 1);
  CHECK(t.stats().tlb.l2.misses == 1);
}

TEST_CASE("access: without a TLB every reference walks and no lookup is counted") {
  MachineOptions options = inferring();
  options.tlb.enabled = false;
  Trial t(options);
  t.touch_pages({0, 0, 1});
  CHECK(t.stats().walks.count == 2 + 1 + 2);
  CHECK(t.stats().tlb.l1d.hits + t.stats().tlb.l1d.misses == 0);
}

TEST_CASE("access: Belady's string under LRU and FIFO, three and four frames") {
  const std::vector<uint64_t> pages{1, 2, 3, 4, 1, 2, 5, 1, 2, 3, 4, 5};
  const auto misses = [&](std::string policy, uint64_t frames) {
    Trial t(inferring(frames, std::move(policy)));
    t.touch_pages(pages);
    const Stats& s = t.stats();
    CHECK(s.faults.minor == s.replacement.cold_misses);
    CHECK(s.faults.minor + s.faults.major == s.replacement.misses);
    CHECK(s.replacement.evictions == s.replacement.misses - frames);
    CHECK(s.memory.peak_resident_pages == frames);
    return s.replacement.misses;
  };
  CHECK(misses("fifo", 3) == 9);
  CHECK(misses("fifo", 4) == 10);
  CHECK(misses("lru", 3) == 10);
  CHECK(misses("lru", 4) == 8);
}

TEST_CASE("access: only pages stored to since they came in are dirty evictions") {
  Trial t(inferring(1));
  t.touch_pages({0}, AccessKind::kStore);
  t.touch_pages({1, 0, 1});
  CHECK(t.stats().replacement.evictions == 3);
  CHECK(t.stats().replacement.dirty_evictions == 1);
}

TEST_CASE("access: an access to more pages than there are frames goes through, page by page") {
  Trial t(inferring(2));
  t.access({{kBase, 4 * kPage, AccessKind::kLoad}});
  CHECK(t.stats().replacement.misses == 4);
  CHECK(t.stats().memory.resident_pages == 2);
}

TEST_CASE("make_machine: options that no machine can have are refused by name") {
  const auto message = [](const MachineOptions& options) {
    const auto made = make_machine(options);
    return made.ok() ? std::string() : made.error().message;
  };
  CHECK(message({.paging = "vax"}).find("vax") != std::string::npos);
  CHECK(message({.policy = "best"}).find("best") != std::string::npos);
  CHECK(message({.frames = 0}).find("memory") != std::string::npos);
  CHECK(message({.tlb = {.l1d = {64, 5}}}).find("l1d") != std::string::npos);
  CHECK(message({.tlb = {.l2 = {96, 8}}}).find("power of two") != std::string::npos);
  CHECK(message({.tlb = {.l1i = {0, 1}}}).find("l1i") != std::string::npos);
}

}  // namespace
}  // namespace faultline
