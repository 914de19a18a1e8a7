// What fork copies of an address space, as Linux 6.18 answered when it was asked; row numbers are
// those of docs/fidelity.md.
#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "faultline/linux.h"
#include "sim/mm/mapped_pte.h"
#include "tests/mm/simulated_process.h"
#include "tests/support/death.h"

namespace faultline::mm {
namespace {

using testing::dies_with;

constexpr uint64_t kPage = 4096;
constexpr uint64_t kBase = 0x10000000;
constexpr uint64_t kFixedAnon = 0x32;
constexpr uint64_t kReadOnly = linux_abi::kPROT_READ;
constexpr uint64_t kRw = linux_abi::kPROT_READ | linux_abi::kPROT_WRITE;

VirtAddr page(uint64_t index) { return {kBase + index * kPage}; }
Vpn vpn(uint64_t index) { return {kBase / kPage + index}; }

// A process and its child, which is forked when the first of them is asked for it.
class Pair : public SimulatedProcess {
 public:
  using SimulatedProcess::SimulatedProcess;
  ~Pair() {
    if (child != nullptr) child->destroy(gather);
  }

  void map_pages(uint64_t first, uint64_t count, uint64_t prot = kRw, uint64_t flags = kFixedAnon) {
    map_in(space, first, count, prot, flags);
  }
  void map_in(AddressSpace& where, uint64_t first, uint64_t count, uint64_t prot = kRw,
              uint64_t flags = kFixedAnon) {
    MapRequest request{
        .hint = page(first), .length_bytes = count * kPage, .prot = prot, .flags = flags};
    request.make_shared_anon = [this](uint64_t size_bytes) {
      return make_backing(storage::FileKind::kSharedAnon, "", size_bytes);
    };
    REQUIRE(where.map(request, gather).ok());
    check();
  }
  void store(uint64_t index) { REQUIRE(access(page(index), true) == "ok"); }
  void flag(uint64_t index, uint64_t flags) { space.find_vma(page(index))->flags |= flags; }

  AddressSpace& fork() {
    auto made = space.fork({2}, gather);
    REQUIRE(made.ok());
    child = std::move(made).value();
    check();
    return *child;
  }
  void check() {
    gather.clear();
    space.validate();
    if (child != nullptr) child->validate();
    rmap.validate();
    allocator.validate();
  }
  // The ranges of the VMAs, in pages.
  static std::string picture(const AddressSpace& of) {
    std::string text;
    of.vmas().for_each([&](const Vma& vma) {
      text += std::to_string((vma.start().value - kBase) / kPage) + "-" +
              std::to_string((vma.end().value - kBase) / kPage) + " ";
    });
    return text;
  }

  std::unique_ptr<AddressSpace> child;
};

TEST_CASE("fork: pages of private memory are both's, and neither may store to them") {
  Pair p;
  p.map_pages(0, 4);
  p.store(0);
  p.store(2);
  const AddressSpace& child = p.fork();
  const hw::PteLayout& layout = child.page_table().format().pte;
  for (const uint64_t i : {0u, 2u}) {
    const hw::Pte ours = p.space.page_table().get(vpn(i));
    const hw::Pte theirs = child.page_table().get(vpn(i));
    CHECK(ours.pfn(layout) == theirs.pfn(layout));
    CHECK_FALSE(ours.writable(layout));
    CHECK_FALSE(theirs.writable(layout));
    CHECK(p.frames[ours.pfn(layout)].mapcount == 2);
    CHECK(p.frames[ours.pfn(layout)].refcount == 2);
  }
  CHECK(child.page_table().get(vpn(1)).none());
  CHECK(child.counters().rss_anon == 2);
  CHECK(child.counters().peak_rss == 2);
  CHECK(child.map_count() == 1);
}

TEST_CASE("fork D15: the child's pages are old, the parent's stay as they are") {
  Pair p;
  p.map_pages(0, 1);
  p.store(0);
  p.space.page_table().walk(vpn(0), AccessKind::kStore);
  const AddressSpace& child = p.fork();
  const hw::PteLayout& layout = child.page_table().format().pte;
  CHECK(p.space.page_table().get(vpn(0)).accessed(layout));
  CHECK_FALSE(child.page_table().get(vpn(0)).accessed(layout));
  CHECK(child.page_table().get(vpn(0)).dirty(layout));
}

TEST_CASE("fork D15: only VMAs with anonymous pages of their own are copied page by page") {
  Pair p;
  p.map_pages(0, 2);
  p.map_pages(4, 2);
  REQUIRE(p.access(page(0), false) == "ok");  // the zero page
  p.store(4);
  REQUIRE(p.access(page(5), false) == "ok");
  const AddressSpace& child = p.fork();
  CHECK(child.page_table().get(vpn(0)).none());
  CHECK_FALSE(child.page_table().get(vpn(4)).none());
  CHECK_FALSE(child.page_table().get(vpn(5)).none());
}

TEST_CASE("fork: the child has the tables of memory that is copied, even those without an entry") {
  Pair p;
  constexpr uint64_t k1Gib = 1 << 18;  // in pages
  p.map_pages(0, 1);
  p.map_pages(k1Gib, 2);
  p.store(0);
  p.store(k1Gib);
  p.map_pages(2 * k1Gib, 1);
  p.map_pages(2 * k1Gib + 1024, 1);
  p.store(2 * k1Gib);
  REQUIRE(p.space.unmap_page(vpn(2 * k1Gib), {}, p.gather) == false);
  const AddressSpace& child = p.fork();
  CHECK(child.page_table_pages() == p.space.page_table_pages());
  CHECK(child.page_table().get(vpn(2 * k1Gib)).none());
}

TEST_CASE("fork J1, H7: VMAs that are not for the child, and those that begin empty there") {
  Pair p;
  p.map_pages(0, 2);
  p.map_pages(4, 2);
  p.map_pages(8, 2);
  for (const uint64_t i : {0u, 4u, 8u}) p.store(i);
  p.flag(0, kVmDontCopy);
  p.flag(4, kVmWipeOnFork);
  const hw::PteLayout& layout = p.space.page_table().format().pte;
  const AddressSpace& child = p.fork();
  CHECK(Pair::picture(child) == "4-6 8-10 ");
  CHECK(child.find_vma(page(4))->has(kVmWipeOnFork));
  CHECK_FALSE(child.find_vma(page(4))->anon_vma);
  CHECK(child.page_table().get(vpn(4)).none());
  CHECK(child.counters().total_vm == 4);
  CHECK(child.counters().peak_total_vm == 4);
  CHECK(p.space.page_table().get(vpn(0)).writable(layout));
  CHECK(p.space.page_table().get(vpn(4)).writable(layout));
  CHECK_FALSE(p.space.page_table().get(vpn(8)).writable(layout));
}

TEST_CASE("fork G5: nothing is locked in the child") {
  Pair p;
  p.map_pages(0, 4, kRw, kFixedAnon | linux_abi::kMAP_LOCKED);
  p.store(0);
  const AddressSpace& child = p.fork();
  CHECK(p.space.counters().locked_vm == 4);
  CHECK(child.counters().locked_vm == 0);
  CHECK_FALSE(child.find_vma(page(0))->has(kVmLocked));
  CHECK(child.counters().rss_anon == 1);
}

TEST_CASE("fork C8: what has inherited pages takes no fresh mapping, nor is taken by one") {
  Pair p;
  p.map_pages(4, 4);
  p.store(4);
  AddressSpace& child = p.fork();
  p.map_in(child, 8, 2);
  p.map_in(child, 2, 2);
  CHECK(Pair::picture(child) == "2-4 4-8 8-10 ");
  p.map_in(child, 10, 2);
  CHECK(Pair::picture(child) == "2-4 4-8 8-12 ");
  p.map_in(p.space, 8, 2);
  p.map_in(p.space, 2, 2);
  CHECK(Pair::picture(p.space) == "2-10 ");
}

TEST_CASE("fork C8: memory without pages merges in the child as anywhere") {
  Pair p;
  p.map_pages(4, 4);
  AddressSpace& child = p.fork();
  p.map_in(child, 8, 2);
  CHECK(Pair::picture(child) == "4-10 ");
}

TEST_CASE("fork C8: two halves of one mapping are the child's apart, and the parent's together") {
  Pair p;
  p.map_pages(0, 4);
  for (uint64_t i = 0; i < 4; ++i) p.store(i);
  REQUIRE(p.space.protect(page(0), 2 * kPage, kReadOnly, p.gather).ok());
  AddressSpace& child = p.fork();
  REQUIRE(child.protect(page(0), 2 * kPage, kRw, p.gather).ok());
  CHECK(Pair::picture(child) == "0-2 2-4 ");
  REQUIRE(p.space.protect(page(0), 2 * kPage, kRw, p.gather).ok());
  CHECK(Pair::picture(p.space) == "0-4 ");
  // What the child cuts itself comes together again.
  REQUIRE(child.protect(page(2), kPage, kReadOnly, p.gather).ok());
  REQUIRE(child.protect(page(2), kPage, kRw, p.gather).ok());
  CHECK(Pair::picture(child) == "0-2 2-4 ");
  p.check();
}

TEST_CASE("fork C8: the break moves into a mapping of its own above inherited heap") {
  Pair p;
  const VirtAddr start = p.space.brk();
  p.space.set_brk(start + 4 * kPage, p.gather);
  REQUIRE(p.access(start, true) == "ok");
  AddressSpace& child = p.fork();
  CHECK(child.brk() == start + 4 * kPage);
  CHECK(child.set_brk(start + 8 * kPage, p.gather) == start + 8 * kPage);
  CHECK(child.map_count() == 2);
  CHECK(child.maps()[1].path == "[heap]");
  p.check();
}

TEST_CASE("fork I3: a charge that is refused ends it; what was shared before is shared no more") {
  Pair p({}, {.total_pages = 16});
  p.map_pages(0, 4);
  p.map_pages(8, 10);
  p.map_pages(18, 10);  // one VMA with the one below, of more pages than there are
  p.map_pages(40, 4);
  p.store(0);
  p.store(40);
  CHECK(Pair::picture(p.space) == "0-4 8-28 40-44 ");
  const auto made = p.space.fork({2}, p.gather);
  REQUIRE_FALSE(made.ok());
  CHECK(made.error() == Errno::kENOMEM);
  p.check();
  const hw::PteLayout& layout = p.space.page_table().format().pte;
  CHECK_FALSE(p.space.page_table().get(vpn(0)).writable(layout));
  CHECK(p.space.page_table().get(vpn(40)).writable(layout));
  CHECK(p.frames[p.space.page_table().get(vpn(0)).pfn(layout)].mapcount == 1);
  CHECK(p.commit.committed_pages() == 28);
}

TEST_CASE("fork I2, I3: what is promised to the parent is promised to the child too") {
  Pair p({}, {.overcommit = Overcommit::kNever,
              .total_pages = 100,
              .admin_reserve_kbytes = 0,
              .user_reserve_kbytes = 0});
  p.map_pages(0, 20);
  p.map_pages(32, 20, kRw, kFixedAnon | linux_abi::kMAP_NORESERVE);
  CHECK(p.commit.committed_pages() == 40);  // in mode 2 nothing is mapped without a promise
  const auto made = p.space.fork({2}, p.gather);
  CHECK_FALSE(made.ok());
  CHECK(p.commit.committed_pages() == 40);
  REQUIRE(p.space.unmap(page(32), 20 * kPage, p.gather).ok());
  p.fork();
  CHECK(p.commit.committed_pages() == 40);
}

TEST_CASE("fork D11, D15: mprotect gives the right to store back to exclusive pages alone") {
  Pair p;
  p.map_pages(0, 1);
  p.store(0);
  p.fork();
  p.child->destroy(p.gather);
  p.child.reset();
  const hw::PteLayout& layout = p.space.page_table().format().pte;
  const auto again = [&] {
    REQUIRE(p.space.protect(page(0), kPage, kReadOnly, p.gather).ok());
    REQUIRE(p.space.protect(page(0), kPage, kRw, p.gather).ok());
    p.check();
    return p.space.page_table().get(vpn(0)).writable(layout);
  };
  CHECK_FALSE(again());
  p.space.make_page_writable(*p.space.find_vma(page(0)), vpn(0));
  CHECK(again());
}

TEST_CASE("fork L1: a swap entry is copied, and holds its slot for each") {
  Pair p;
  p.map_pages(0, 2);
  p.store(0);
  p.space.unmap_page(vpn(0), hw::Pte::make_swap(3), p.gather);
  const AddressSpace& child = p.fork();
  CHECK(p.slots.references[3] == 2);
  CHECK(child.counters().swap == 1);
  p.child->destroy(p.gather);
  p.child.reset();
  CHECK(p.slots.references[3] == 1);
}

TEST_CASE("fork D17: guard markers are copied, of memory that has nothing else to copy too") {
  Pair p;
  p.map_pages(0, 2, kRw,
              linux_abi::kMAP_SHARED | linux_abi::kMAP_ANONYMOUS | linux_abi::kMAP_FIXED);
  p.flag(0, kVmMaybeGuard);
  p.space.page_table().set(vpn(1), hw::Pte::make_guard());
  const AddressSpace& child = p.fork();
  CHECK(is_guard(child.page_table().get(vpn(1)), child.page_table().format().pte));
  CHECK(child.page_table().get(vpn(0)).none());
}

TEST_CASE("fork: the TLB is to forget the parent, whatever was in it") {
  SimulatedProcess process;
  auto child = process.space.fork({2}, process.gather);
  REQUIRE(child.ok());
  REQUIRE(process.gather.ranges().size() == 1);
  CHECK(process.gather.ranges()[0].count == hw::TlbGather::kWholeSpace);
}

TEST_CASE("AddressSpace invariant 10: pages that are exclusive and shared, or stored to and not") {
  Pair p;
  p.map_pages(0, 2);
  p.store(0);
  p.fork();
  const hw::PteLayout& layout = p.space.page_table().format().pte;
  const Pfn pfn = p.space.page_table().get(vpn(0)).pfn(layout);
  const auto breaks = [&](auto action) {
    return dies_with(
        [&] {
          action();
          p.check();
        },
        "invariant 10");
  };
  CHECK(breaks([&] { p.frames[pfn].flags |= phys::kFrameAnonExclusive; }));
  CHECK(breaks([&] {
    const hw::Pte pte = p.space.page_table().get(vpn(0));
    p.space.page_table().set(vpn(0), {pte.raw | layout.write});
  }));
}

}  // namespace
}  // namespace faultline::mm
