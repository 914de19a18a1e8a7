#include "sim/mm/address_space.h"

#include <doctest/doctest.h>

#include <string>

#include "tests/mm/drawing.h"
#include "tests/support/death.h"

namespace faultline::mm {

struct AddressSpaceTestPeer {
  static auto& counters(AddressSpace& space) { return space.counters_; }
  static auto& map_count(AddressSpace& space) { return space.map_count_; }
  static auto& vmas_of_backing(AddressSpace& space) { return space.vmas_of_backing_; }
  static auto& merged_range(AddressSpace& space) { return space.merged_range_; }
  static Vma& split(AddressSpace& space, Vma& vma, VirtAddr at) { return space.split_vma(vma, at); }
};

namespace {

using testing::dies_with;
using Peer = AddressSpaceTestPeer;

TEST_CASE("AddressSpace: what is mapped, cut and joined looks like this") {
  Drawing d;
  d.map_pages(0, 2, 3);
  d.map_pages(4, 2, 3);
  CHECK(d.picture(8) == "AA..AA..");
  d.map_pages(2, 2, 3);
  CHECK(d.picture(8) == "AAAAAA..");
  d.protect_pages(2, 2, 1);
  CHECK(d.picture(8) == "AA|rr|AA..");
  d.protect_pages(3, 2, 0);
  CHECK(d.picture(8) == "AA|r|--|A..");
  d.unmap_pages(1, 2);
  CHECK(d.picture(8) == "A..--|A..");
  d.protect_pages(3, 2, 3);
  CHECK(d.picture(8) == "A..AAA..");
  CHECK(d.space.map_count() == 2);
}

TEST_CASE("AddressSpace: each way in which a page's rights can change, at each place of five") {
  for (uint64_t first = 0; first < 5; ++first) {
    for (uint64_t count = 1; first + count <= 5; ++count) {
      Drawing d;
      d.map_pages(0, 5, 3);
      d.protect_pages(first, count, 1);
      const bool below = first > 0;
      const bool above = first + count < 5;
      CHECK(d.space.map_count() == 1u + below + above);
      CHECK(d.picture(5) == std::string(first, 'A') + (below ? "|" : "") + std::string(count, 'r') +
                                (above ? "|" : "") + std::string(5 - first - count, 'A'));
      d.protect_pages(first, count, 3);
      CHECK(d.picture(5) == "AAAAA");
      d.unmap_pages(first, count);
      CHECK(d.space.map_count() == 0u + below + above);
    }
  }
}

TEST_CASE("AddressSpace: pages keep their frames over mprotect, and exclusive ones fault no more") {
  Drawing d;
  d.map_pages(0, 2, 3);
  d.store(0);
  REQUIRE(d.access(page(1), false) == "ok");  // the zero page
  CHECK(d.space.counters().rss_anon == 1);
  const Pfn frame = d.pte(0).pfn(d.layout());
  d.protect_pages(0, 2, 0);
  CHECK_FALSE(d.pte(0).present(d.layout()));
  CHECK(d.pte(0).prot_none_pfn() == frame);
  CHECK(d.space.counters().rss_anon == 1);
  d.protect_pages(0, 2, 3);
  CHECK(d.pte(0).pfn(d.layout()) == frame);
  CHECK(d.pte(0).writable(d.layout()));
  CHECK_FALSE(d.pte(1).writable(d.layout()));
}

TEST_CASE("AddressSpace: a change of rights is gathered, also when the call fails half-way") {
  Drawing d;
  d.map_pages(0, 1, 3);
  d.store(0);
  d.map_pages(2, 1, 3);
  const auto result = d.space.protect(page(0), 3 * kPage, 1, d.gather);
  REQUIRE_FALSE(result.ok());
  CHECK(result.error() == Errno::kENOMEM);
  REQUIRE(d.gather.ranges().size() == 1);
  CHECK(d.gather.ranges()[0].first == vpn(0));
  CHECK(d.gather.ranges()[0].count == 1);
  d.gather.clear();
  // A right more too: a TLB that did not know would refuse a store or an execution.
  for (const uint64_t prot : {uint64_t{3}, uint64_t{7}}) {
    REQUIRE(d.space.protect(page(0), kPage, prot, d.gather).ok());
    CHECK(d.gather.ranges().size() == 1);
    d.gather.clear();
  }
  REQUIRE(d.space.protect(page(0), kPage, 7, d.gather).ok());
  CHECK(d.gather.empty());
}

TEST_CASE("AddressSpace: munmap gives back frames and the page tables that served it alone") {
  Drawing d;
  const uint64_t tables = d.space.page_table_pages();
  d.map_pages(0, 3, 3);
  d.store(0);
  d.store(2);
  CHECK(d.allocator.in_use() == 2);
  CHECK(d.space.page_table_pages() == tables + 3);
  d.unmap_pages(1, 2);
  CHECK(d.allocator.in_use() == 1);
  CHECK(d.space.page_table_pages() == tables + 3);
  d.unmap_pages(0, 1);
  CHECK(d.allocator.in_use() == 0);
  CHECK(d.space.page_table_pages() == tables);
}

TEST_CASE("AddressSpace: a page swapped out holds its slot until it comes in or goes") {
  Drawing d;
  d.map_pages(0, 2, 3);
  d.store(0);
  d.store(1);
  CHECK_FALSE(d.rmap.unmap_everywhere(d.pte(0).pfn(d.layout()), hw::Pte::make_swap(3), d.gather));
  CHECK_FALSE(d.space.unmap_page(vpn(1), hw::Pte::make_swap(4), d.gather));
  CHECK(d.allocator.in_use() == 0);
  CHECK(d.slots.references[3] == 1);
  CHECK(d.space.counters().swap == 2);
  d.space.validate();
  const Pfn pfn = *d.allocator.take();
  d.frames[pfn].flags |= phys::kFrameAnon | phys::kFrameAnonExclusive;
  d.space.install_page(*d.space.find_vma(page(0)), vpn(0), pfn, PteWrite::kYes);
  CHECK(d.slots.references[3] == 0);
  d.unmap_pages(0, 2);
  CHECK(d.slots.references[4] == 0);
  CHECK(d.space.counters().swap == 0);
}

TEST_CASE("AddressSpace: cleaning a page takes its dirty bit and its write right") {
  Drawing d;
  d.map_pages(0, 1, 3);
  d.store(0);
  d.space.page_table().walk(vpn(0), AccessKind::kStore);
  CHECK(d.space.test_and_clear_accessed(vpn(0), d.gather));
  CHECK_FALSE(d.space.test_and_clear_accessed(vpn(0), d.gather));
  CHECK(d.space.clean_page(vpn(0), d.gather));
  CHECK_FALSE(d.space.clean_page(vpn(0), d.gather));
  CHECK_FALSE(d.pte(0).writable(d.layout()));
  CHECK(d.space.evictable(vpn(0)));
}

TEST_CASE("AddressSpace: truncation zaps the file's pages, and copies if asked") {
  Drawing d;
  const auto backing = d.make_backing(storage::FileKind::kDisk, "/f", 8 * kPage);
  auto file = std::make_shared<cache::OpenFile>();
  file->backing = backing;
  file->readable = true;
  MapRequest request;
  request.hint = page(0);
  request.length_bytes = 4 * kPage;
  request.prot = 3;
  request.flags = 0x12;
  request.file = file;
  request.offset_bytes = 2 * kPage;
  REQUIRE(d.map(request).ok());
  d.store(0);  // pgoff 2, copied
  d.store(1);
  const Pfn pfn = *d.allocator.take();
  d.frames[pfn].flags |= phys::kFrameFile;
  d.space.install_page(*d.space.find_vma(page(2)), vpn(2), pfn, PteWrite::kNo);
  CHECK(d.space.counters().rss_file == 1);
  d.rmap.zap_file_range({backing->number(), 3, 9}, rmap::Zap::kPages, d.gather);
  CHECK(d.pte(2).none());
  CHECK_FALSE(d.pte(1).none());
  d.rmap.zap_file_range({backing->number(), 3, 9}, rmap::Zap::kCopiesToo, d.gather);
  CHECK(d.pte(1).none());
  CHECK_FALSE(d.pte(0).none());
  d.space.validate();
}

TEST_CASE("AddressSpace: inferred pages join, and count against no limit") {
  AddressSpaceOptions options;
  options.max_map_count = 0;
  options.limits.as_bytes = 0;
  SimulatedProcess process(options);
  for (const uint64_t index : {0u, 2u, 1u, 9u}) process.space.map_inferred(vpn(index));
  CHECK(process.space.vmas().size() == 2);
  CHECK(process.space.map_count() == 0);
  CHECK(process.space.counters().total_vm == 0);
  process.space.validate();
}

TEST_CASE("AddressSpace: msync is to write back the shared parts of the range") {
  Drawing d;
  d.map_pages(0, 2, 3, 0x31);
  d.map_pages(2, 1, 3);
  const SyncPlan plan = d.space.plan_sync(page(1), 3 * kPage, linux_abi::kMS_SYNC);
  REQUIRE(plan.ranges.size() == 1);
  CHECK(plan.ranges[0].first == 1);
  CHECK(plan.ranges[0].count == 1);
  CHECK(plan.error == Errno::kENOMEM);
}

TEST_CASE("AddressSpace: validate sees each broken invariant") {
  Drawing d;
  d.map_pages(0, 4, 3);
  d.map_pages(6, 1, 1, 0x31);
  d.store(0);
  const auto breaks = [&](auto action, const char* message) {
    return dies_with(
        [&] {
          action();
          d.space.validate();
        },
        message);
  };
  CHECK(breaks([&] { ++Peer::map_count(d.space); }, "invariant 2: map_count"));
  for (const auto counter : {&MmCounters::total_vm, &MmCounters::data_vm, &MmCounters::stack_vm,
                             &MmCounters::exec_vm, &MmCounters::locked_vm})
    CHECK(breaks([&] { ++(Peer::counters(d.space).*counter); }, "invariant 2: total"));
  CHECK(breaks([&] { ++Peer::counters(d.space).accounted_vm; }, "invariant 2: accounted"));
  CHECK(breaks([&] { d.space.page_table().set(vpn(9), d.pte(0)); }, "invariant 3"));
  CHECK(breaks([&] { d.space.find_vma(page(0))->flags &= ~kVmWrite; }, "invariant"));
  CHECK(breaks([&] { d.space.page_table().set(vpn(6), d.pte(0)); }, "invariant 4: page 10006"));
  CHECK(
      breaks([&] { d.space.page_table().set(vpn(1), hw::Pte::make_prot_none({1}, false, false)); },
             "invariant 4: page 10001"));
  CHECK(breaks([&] { d.space.page_table().set(vpn(1), d.pte(0)); }, "invariant 5: page 10001"));
  for (const auto counter :
       {&MmCounters::rss_anon, &MmCounters::rss_file, &MmCounters::rss_shmem, &MmCounters::swap})
    CHECK(breaks([&] { ++(Peer::counters(d.space).*counter); }, "invariant 6"));
  CHECK(breaks(
      [&] {
        Peer::split(d.space, *d.space.find_vma(page(0)), page(2));
        Peer::merged_range(d.space) = AddrRange{page(2), page(4)};
      },
      "invariant 7"));
  CHECK(breaks([&] { Peer::vmas_of_backing(d.space).clear(); }, "invariant 8"));
  CHECK(breaks([&] { d.rmap.remove_space(d.space.find_vma(page(6))->backing->number(), d.space); },
               "invariant 8: Backing"));
  CHECK(breaks([&] { d.space.page_table().set(vpn(1), hw::Pte::make_guard()); },
               "invariant 9: page 10001"));
}

}  // namespace
}  // namespace faultline::mm
