// What madvise(2) does to VMAs and page tables, as Linux 6.18 did when it was asked; row numbers
// are those of docs/fidelity.md.
#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <optional>
#include <string>

#include "faultline/linux.h"
#include "sim/mm/advice.h"
#include "tests/mm/simulated_process.h"

namespace faultline::mm {
namespace {

namespace abi = linux_abi;

constexpr uint64_t kPage = 4096;
constexpr uint64_t kBase = 0x10000000;
constexpr uint64_t kPagesOfTable = 512;
constexpr uint64_t kFixed = abi::kMAP_FIXED | abi::kMAP_ANONYMOUS;
constexpr uint64_t kPrivate = kFixed | abi::kMAP_PRIVATE;

VirtAddr page(uint64_t index) { return {kBase + index * kPage}; }
Vpn vpn(uint64_t index) { return {kBase / kPage + index}; }

// A process whose VMAs and PTEs are drawn, one character a page.
class Advised : public SimulatedProcess {
 public:
  using SimulatedProcess::SimulatedProcess;

  void map_pages(uint64_t first, uint64_t count, uint64_t flags = kPrivate, uint64_t prot = 3) {
    MapRequest request;
    request.hint = page(first);
    request.length_bytes = count * kPage;
    request.prot = prot;
    request.flags = flags;
    REQUIRE(map(request).ok());
  }
  void map_file(uint64_t first, uint64_t count, uint64_t type) {
    auto file = std::make_shared<cache::OpenFile>();
    file->backing = make_backing(storage::FileKind::kDisk, "/f", 8 * kPage);
    file->readable = file->writable = true;
    MapRequest request;
    request.hint = page(first);
    request.length_bytes = count * kPage;
    request.prot = 3;
    request.flags = type | abi::kMAP_FIXED;
    request.file = file;
    REQUIRE(map(request).ok());
  }
  void store(uint64_t first, uint64_t count) {
    for (uint64_t i = first; i < first + count; ++i) {
      REQUIRE(access(page(i), true) == "ok");
      space.page_table().walk(vpn(i), AccessKind::kStore);
    }
  }
  AdvicePlan plan(uint64_t first, uint64_t count, uint64_t advice) {
    const AdvicePlan plan = space.advise(page(first), count * kPage, advice, gather);
    gather.clear();
    space.validate();
    rmap.validate();
    allocator.validate();
    return plan;
  }
  std::optional<Errno> advise(uint64_t first, uint64_t count, uint64_t advice) {
    return plan(first, count, advice).error;
  }

  // '.' unmapped, '-' no flag that advice sets, else the flag's letter; '|' where VMAs meet.
  std::string vmas(uint64_t count) {
    std::string text;
    const Vma* before = nullptr;
    for (uint64_t i = 0; i < count; ++i) {
      const Vma* vma = space.find_vma(page(i));
      if (vma != nullptr && !vma->range().contains(page(i))) vma = nullptr;
      if (vma != nullptr && before != nullptr && vma != before) text += '|';
      text += vma == nullptr ? '.' : letter(vma->flags);
      before = vma;
    }
    return text;
  }
  // '.' none, 'z' the zero page, 'c' clean, 'd' dirty, 'g' a guard, 's' swapped out.
  std::string pages(uint64_t count) {
    const hw::PteLayout& layout = space.page_table().format().pte;
    std::string text;
    for (uint64_t i = 0; i < count; ++i) {
      const hw::Pte pte = space.page_table().get(vpn(i));
      if (pte.none())
        text += '.';
      else if (!pte.present(layout))
        text += pte.is_guard() ? 'g' : pte.is_swap() ? 's' : 'n';
      else
        text += pte.pfn(layout) == phys::kZeroPagePfn ? 'z' : pte.dirty(layout) ? 'd' : 'c';
    }
    return text;
  }
  uint64_t anon_vma(uint64_t index) { return space.find_vma(page(index))->anon_vma.number; }

 private:
  static char letter(uint64_t flags) {
    if ((flags & kVmRandRead) != 0) return 'R';
    if ((flags & kVmSeqRead) != 0) return 'S';
    if ((flags & kVmDontCopy) != 0) return 'F';
    if ((flags & kVmWipeOnFork) != 0) return 'W';
    if ((flags & kVmDontDump) != 0) return 'D';
    if ((flags & kVmMergeable) != 0) return 'M';
    if ((flags & kVmHugePage) != 0) return 'H';
    if ((flags & kVmNoHugePage) != 0) return 'N';
    return (flags & kVmMaybeGuard) != 0 ? 'G' : '-';
  }
};

TEST_CASE(
    "C6: each flag that advice sets splits, at each place of five pages, and its end merges") {
  struct Row {
    uint64_t set;
    uint64_t end;
    char letter;
  };
  static constexpr auto kRows = std::to_array<Row>({
      {abi::kMADV_RANDOM, abi::kMADV_NORMAL, 'R'},
      {abi::kMADV_SEQUENTIAL, abi::kMADV_NORMAL, 'S'},
      {abi::kMADV_DONTFORK, abi::kMADV_DOFORK, 'F'},
      {abi::kMADV_WIPEONFORK, abi::kMADV_KEEPONFORK, 'W'},
      {abi::kMADV_DONTDUMP, abi::kMADV_DODUMP, 'D'},
      {abi::kMADV_MERGEABLE, abi::kMADV_UNMERGEABLE, 'M'},
  });
  for (const Row& row : kRows) {
    for (uint64_t first = 0; first < 5; ++first) {
      for (uint64_t count = 1; first + count <= 5; ++count) {
        Advised p;
        p.map_pages(0, 5);
        CHECK_FALSE(p.advise(first, count, row.set));
        const bool below = first > 0;
        const bool above = first + count < 5;
        CHECK(p.vmas(5) == std::string(first, '-') + (below ? "|" : "") +
                               std::string(count, row.letter) + (above ? "|" : "") +
                               std::string(5 - first - count, '-'));
        CHECK_FALSE(p.advise(0, 5, row.end));
        CHECK(p.vmas(5) == "-----");
        CHECK(p.space.map_count() == 1);
      }
    }
  }
}

TEST_CASE("C6: RANDOM and SEQUENTIAL, and HUGEPAGE and NOHUGEPAGE, take each other's place") {
  Advised p;
  p.map_pages(0, 6);
  CHECK_FALSE(p.advise(1, 3, abi::kMADV_RANDOM));
  CHECK_FALSE(p.advise(2, 3, abi::kMADV_SEQUENTIAL));
  CHECK(p.vmas(6) == "-|R|SSS|-");
  CHECK_FALSE(p.advise(0, 6, abi::kMADV_NORMAL));
  CHECK_FALSE(p.advise(1, 3, abi::kMADV_HUGEPAGE));
  CHECK_FALSE(p.advise(2, 3, abi::kMADV_NOHUGEPAGE));
  CHECK(p.vmas(6) == "-|H|NNN|-");
  // As MAP_STACK sets it.
  p.map_pages(5, 1, kPrivate | abi::kMAP_STACK);
  CHECK(p.vmas(6) == "-|H|NNNN");
}

TEST_CASE("H1: holes are passed over and told of, a refusal ends it") {
  Advised p;
  p.map_pages(0, 2);
  p.map_pages(3, 2);
  p.map_pages(5, 1, kFixed | abi::kMAP_SHARED);
  p.map_pages(6, 1);
  CHECK(p.advise(1, 3, abi::kMADV_WIPEONFORK) == Errno::kENOMEM);
  CHECK(p.vmas(7) == "-|W.W|-|-|-");
  CHECK(p.advise(0, 7, abi::kMADV_WIPEONFORK) == Errno::kEINVAL);
  CHECK(p.vmas(7) == "WW.WW|-|-");
  CHECK(p.advise(7, 3, abi::kMADV_WIPEONFORK) == Errno::kENOMEM);
  CHECK(p.advise(2, 1, abi::kMADV_WIPEONFORK) == Errno::kENOMEM);
}

TEST_CASE("C10, H1: a split at max_map_count is EAGAIN, a merge is not refused") {
  AddressSpaceOptions options;
  options.max_map_count = 4;
  Advised p(options);
  p.map_pages(0, 4);
  p.map_pages(6, 1);
  CHECK_FALSE(p.advise(1, 3, abi::kMADV_RANDOM));
  CHECK_FALSE(p.advise(2, 2, abi::kMADV_SEQUENTIAL));
  CHECK(p.vmas(4) == "-|R|SS");
  CHECK(p.space.map_count() == 4);
  CHECK(p.advise(3, 1, abi::kMADV_DONTDUMP) == Errno::kEAGAIN);
  CHECK(p.vmas(4) == "-|R|SS");
  CHECK_FALSE(p.advise(2, 1, abi::kMADV_RANDOM));
  CHECK(p.vmas(4) == "-|RR|S");
}

TEST_CASE("H1: what is refused before any mapping is looked at") {
  Advised p;
  AddressSpace& space = p.space;
  const auto error = [&](uint64_t start, uint64_t length_bytes, uint64_t advice) {
    return space.advise({start}, length_bytes, advice, p.gather).error;
  };
  CHECK(error(kBase, 0, 99) == Errno::kEINVAL);
  CHECK(error(kBase + 1, 0, abi::kMADV_NORMAL) == Errno::kEINVAL);
  CHECK(error(kBase, 0, abi::kMADV_NORMAL) == std::nullopt);
  CHECK(error(kBase, ~uint64_t{0}, abi::kMADV_NORMAL) == Errno::kEINVAL);
  CHECK(error(kBase, ~uint64_t{0} - 0xfff, abi::kMADV_NORMAL) == Errno::kEINVAL);
  CHECK(error(~uint64_t{0xfff}, kPage, abi::kMADV_NORMAL) == Errno::kEINVAL);
  CHECK(error(kBase, kPage, abi::kMADV_HWPOISON) == Errno::kEINVAL);
  CHECK(error(kBase, kPage, 0x100000001) == Errno::kENOMEM);
}

TEST_CASE("H2: DONTNEED empties page tables that it fills, and frees no table above them") {
  Advised p;
  p.map_pages(0, 3 * kPagesOfTable);
  p.store(0, 3 * kPagesOfTable);
  const uint64_t tables = p.space.page_table_pages();
  CHECK_FALSE(p.advise(1, 2 * kPagesOfTable - 2, abi::kMADV_DONTNEED));
  CHECK(p.space.page_table_pages() == tables);
  CHECK_FALSE(p.advise(0, 2 * kPagesOfTable, abi::kMADV_DONTNEED));
  CHECK(p.space.page_table_pages() == tables - 2);
  CHECK(p.space.counters().rss_anon == kPagesOfTable);
  // A guard keeps the table.
  CHECK_FALSE(p.advise(2 * kPagesOfTable, 1, abi::kMADV_GUARD_INSTALL));
  CHECK_FALSE(p.advise(0, 3 * kPagesOfTable, abi::kMADV_DONTNEED_LOCKED));
  CHECK(p.space.page_table_pages() == tables - 2);
  CHECK(p.space.counters().rss_anon == 0);
}

TEST_CASE("H2, H3: what each kind of dropping leaves of each kind of entry") {
  for (const auto& [advice, left] :
       {std::pair(abi::kMADV_DONTNEED, "...g.."), std::pair(abi::kMADV_FREE, "cz.g..")}) {
    Advised p;
    p.map_pages(0, 6);
    p.store(0, 1);
    REQUIRE(p.access(page(1), false) == "ok");
    p.store(2, 2);
    const Pfn swapped = p.space.page_table().get(vpn(2)).pfn(p.space.page_table().format().pte);
    p.rmap.unmap_everywhere(swapped, hw::Pte::make_swap(3), p.gather);
    CHECK_FALSE(p.advise(3, 1, abi::kMADV_GUARD_INSTALL));
    CHECK(p.pages(6) == "dzsg..");
    CHECK_FALSE(p.advise(0, 6, advice));
    CHECK(p.pages(6) == left);
    CHECK(p.slots.references[3] == 0);
  }
}

TEST_CASE("H3: FREE leaves the right to store, and says so to the TLB") {
  Advised p;
  p.map_pages(0, 2);
  p.store(0, 1);
  const hw::PteLayout& layout = p.space.page_table().format().pte;
  CHECK(p.space.advise(page(0), 2 * kPage, abi::kMADV_FREE, p.gather).error == std::nullopt);
  REQUIRE(p.gather.ranges().size() == 1);
  CHECK(p.gather.ranges()[0].count == 1);
  p.gather.clear();
  const hw::Pte pte = p.space.page_table().get(vpn(0));
  CHECK(pte.writable(layout));
  CHECK_FALSE(pte.accessed(layout));
  CHECK((p.frames[pte.pfn(layout)].flags & phys::kFrameLazyFree) != 0);
  p.store(0, 1);
  CHECK(p.pages(2) == "d.");
}

TEST_CASE("H5: COLD clears the accessed bit of pages of its own; PAGEOUT names these") {
  Advised p;
  p.map_pages(0, 4);
  p.store(0, 3);
  REQUIRE(p.access(page(3), false) == "ok");
  const hw::PteLayout& layout = p.space.page_table().format().pte;
  const auto frame = [&](uint64_t i) { return p.space.page_table().get(vpn(i)).pfn(layout); };
  // Page 2's frame has another user.
  p.map_pages(8, 1);
  p.space.prepare_anon(*p.space.find_vma(page(8)));
  p.allocator.get(frame(2));
  p.space.install_page(*p.space.find_vma(page(8)), vpn(8), frame(2), PteWrite::kNo);
  CHECK(p.space.advise(page(0), 4 * kPage, abi::kMADV_COLD, p.gather).error == std::nullopt);
  p.gather.clear();
  CHECK_FALSE(p.space.page_table().get(vpn(0)).accessed(layout));
  CHECK(p.space.page_table().get(vpn(2)).accessed(layout));
  const AdvicePlan plan = p.space.advise(page(0), 4 * kPage, abi::kMADV_PAGEOUT, p.gather);
  REQUIRE(plan.page_out.size() == 2);
  CHECK(plan.page_out[0] == frame(0));
  CHECK(plan.page_out[1] == frame(1));
}

TEST_CASE("H4, H5: REMOVE and WILLNEED name the pages of the file") {
  Advised p;
  p.map_pages(0, 1);
  p.map_file(1, 4, abi::kMAP_SHARED);
  const AdvicePlan wanted = p.plan(0, 3, abi::kMADV_WILLNEED);
  REQUIRE(wanted.wanted.size() == 1);
  CHECK(wanted.wanted[0].first == 0);
  CHECK(wanted.wanted[0].count == 2);
  const AdvicePlan removed = p.plan(3, 3, abi::kMADV_REMOVE);
  CHECK(removed.error == Errno::kENOMEM);
  REQUIRE(removed.removed.size() == 1);
  CHECK(removed.removed[0].first == 2);
  CHECK(removed.removed[0].count == 2);
  CHECK(p.advise(0, 2, abi::kMADV_REMOVE) == Errno::kEINVAL);
  p.map_file(8, 1, abi::kMAP_PRIVATE);
  CHECK(p.advise(8, 1, abi::kMADV_REMOVE) == Errno::kEACCES);
}

TEST_CASE("D17: guards take pages away, are not twice there, and leave nothing when they go") {
  Advised p;
  p.map_pages(0, 6);
  p.store(0, 4);
  CHECK_FALSE(p.advise(2, 3, abi::kMADV_GUARD_INSTALL));
  CHECK_FALSE(p.advise(1, 2, abi::kMADV_GUARD_INSTALL));
  CHECK(p.pages(6) == "dgggg.");
  CHECK(p.vmas(6) == "GGGGGG");
  CHECK(p.space.counters().rss_anon == 1);
  CHECK_FALSE(p.advise(0, 6, abi::kMADV_GUARD_REMOVE));
  CHECK(p.pages(6) == "d.....");
  CHECK(p.vmas(6) == "GGGGGG");
}

TEST_CASE("D17: guards outlive truncation, and go with munmap") {
  Advised p;
  p.map_file(0, 4, abi::kMAP_PRIVATE);
  p.store(0, 2);
  CHECK_FALSE(p.advise(1, 1, abi::kMADV_GUARD_INSTALL));
  const uint32_t backing = p.space.find_vma(page(0))->backing->number();
  p.rmap.zap_file_range({backing, 0, 8}, rmap::Zap::kCopiesToo, p.gather);
  CHECK(p.pages(4) == ".g..");
  REQUIRE(p.space.unmap(page(1), kPage, p.gather).ok());
  CHECK(p.pages(4) == "....");
  p.space.validate();
}

TEST_CASE("D17, C2: a guard gives anonymous memory its anon_vma, and a file's mapping none") {
  Advised p;
  p.map_pages(0, 2);
  p.map_pages(3, 2);
  CHECK_FALSE(p.advise(0, 1, abi::kMADV_GUARD_INSTALL));
  CHECK_FALSE(p.advise(3, 1, abi::kMADV_GUARD_INSTALL));
  CHECK(p.anon_vma(0) != p.anon_vma(3));
  p.map_pages(2, 1);
  CHECK(p.vmas(5) == "GGG|GG");
  p.map_file(8, 2, abi::kMAP_SHARED);
  CHECK_FALSE(p.advise(8, 1, abi::kMADV_GUARD_INSTALL));
  CHECK(p.anon_vma(8) == 0);
  CHECK(p.advise(8, 2, abi::kMADV_GUARD_REMOVE) == std::nullopt);
}

TEST_CASE("C6: that there may be guards keeps nothing apart, and what merges inherits it") {
  Advised p;
  p.map_pages(2, 2);
  CHECK_FALSE(p.advise(2, 1, abi::kMADV_GUARD_INSTALL));
  p.map_pages(0, 2);
  p.map_pages(4, 2);
  CHECK(p.vmas(6) == "GGGGGG");
  REQUIRE(p.space.protect(page(1), kPage, 1, p.gather).ok());
  CHECK(p.vmas(6) == "G|G|GGGG");
  p.map_pages(8, 2);
  p.map_pages(11, 2);
  CHECK_FALSE(p.advise(11, 1, abi::kMADV_GUARD_INSTALL));
  p.map_pages(10, 1);
  CHECK(p.vmas(13) == "G|G|GGGG..GGGGG");
}

TEST_CASE("H1: sealed memory that cannot be stored to is not discarded") {
  Advised p;
  p.map_pages(0, 1, kPrivate, 1);
  p.map_pages(1, 1, kPrivate, 3);
  p.map_file(2, 1, abi::kMAP_PRIVATE);
  for (uint64_t i = 0; i < 3; ++i) p.space.find_vma(page(i))->flags |= kVmSealed;
  for (const uint64_t advice :
       {abi::kMADV_FREE, abi::kMADV_DONTNEED, abi::kMADV_DONTNEED_LOCKED, abi::kMADV_REMOVE,
        abi::kMADV_DONTFORK, abi::kMADV_WIPEONFORK, abi::kMADV_GUARD_INSTALL}) {
    CAPTURE(advice);
    CHECK(p.advise(0, 1, advice) == Errno::kEPERM);
    CHECK(p.advise(1, 1, advice) != Errno::kEPERM);
    CHECK(p.advise(2, 1, advice) != Errno::kEPERM);
  }
  CHECK(p.advise(0, 1, abi::kMADV_GUARD_REMOVE) == std::nullopt);
  CHECK(p.advise(0, 1, abi::kMADV_COLD) == std::nullopt);
}

TEST_CASE("G2: what is resident, up to the end of the VMA") {
  Advised p;
  p.map_pages(0, 4);
  p.map_pages(5, 1);
  p.store(0, 1);
  REQUIRE(p.access(page(1), false) == "ok");
  CHECK_FALSE(p.advise(2, 1, abi::kMADV_GUARD_INSTALL));
  REQUIRE(p.space.protect(page(0), 4 * kPage, 0, p.gather).ok());
  std::array<std::byte, 8> vector;
  vector.fill(std::byte{9});
  CHECK(p.space.residency(page(0), vector) == 4);
  const std::array<std::byte, 8> expected{std::byte{1}, std::byte{1}, std::byte{0}, std::byte{0},
                                          std::byte{9}, std::byte{9}, std::byte{9}, std::byte{9}};
  CHECK(vector == expected);
  CHECK(p.space.residency(page(1), std::span(vector).first(2)) == 2);
  CHECK(p.space.residency(page(4), vector) == 0);
}

}  // namespace
}  // namespace faultline::mm
