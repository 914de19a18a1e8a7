#include "sim/hw/pte.h"

#include <doctest/doctest.h>

namespace faultline::hw {
namespace {

const PteLayout& layout() { return find_paging_format("x86-64")->pte; }

TEST_CASE("Pte: an entry for a user's page, bit by bit as x86-64 has it") {
  CHECK(Pte::make(layout(), {0x1234}, false, false).raw == 0x8000'0000'0123'4005);
  CHECK(Pte::make(layout(), {0x1234}, true, false).raw == 0x8000'0000'0123'4007);
  CHECK(Pte::make(layout(), {0x1234}, false, true).raw == 0x0000'0000'0123'4005);
  CHECK(Pte::make(layout(), {0xffff'fffe}, true, true).raw == 0x0000'0fff'ffff'e007);
}

TEST_CASE("Pte: entries for a user's page, bit by bit as the other processors have them") {
  const PteLayout& x86_32 = find_paging_format("x86-32")->pte;
  CHECK(Pte::make(x86_32, {0xf'fffe}, true, false).raw == 0xffff'e007);
  CHECK(Pte::make(x86_32, {0x1234}, false, true).raw == 0x0123'4005);
  const PteLayout& sv32 = find_paging_format("sv32")->pte;
  CHECK(Pte::make(sv32, {0x3f'fffe}, true, true).raw == 0xffff'f81f);  // U X W R V
  CHECK(Pte::make(sv32, {1}, false, false).raw == 0x0000'0413);
  const PteLayout& sv39 = find_paging_format("sv39")->pte;
  CHECK(Pte::make(sv39, {0xffff'fffe}, true, false).raw == 0x3ff'ffff'f817);
  CHECK(Pte::make(sv39, {1}, false, true).with_accessed(sv39).with_dirty(sv39).raw == 0x4db);
  const PteLayout& arm64 = find_paging_format("arm64-4k")->pte;
  // nG, SH, AP[2:1] and a page's descriptor; PXN, UXN and DBM.
  CHECK(Pte::make(arm64, {0x1234}, false, true).raw == 0x0020'0000'0123'4bc3);
  CHECK(Pte::make(arm64, {0x1234}, false, false).raw == 0x0060'0000'0123'4bc3);
  CHECK(Pte::make(arm64, {0x1234}, true, false).raw == 0x0068'0000'0123'4bc3);
  CHECK(Pte::make(arm64, {0x1234}, true, false).with_accessed(arm64).raw == 0x0068'0000'0123'4fc3);
  const PteLayout& arm64_64k = find_paging_format("arm64-64k")->pte;
  CHECK(Pte::make(arm64_64k, {0x1234}, false, true).raw == 0x0020'0000'1234'0bc3);
}

// Source: Linux arch/arm64/include/asm/pgtable.h pte_dirty(), pte_mkwrite(), pte_wrprotect().
TEST_CASE("Pte: on arm64 a page is dirty while it is writable and not read-only, or by a bit") {
  const PteLayout& l = find_paging_format("arm64-4k")->pte;
  const Pte clean = Pte::make(l, {7}, true, false);
  CHECK((clean.raw & l.read_only) != 0);
  const Pte stored_to{clean.raw & ~l.read_only};  // as the processor leaves it
  CHECK(stored_to.dirty(l));
  CHECK((stored_to.raw & l.dirty) == 0);
  const Pte protected_again = stored_to.without_write(l);
  CHECK((protected_again.raw & l.read_only) != 0);
  CHECK((protected_again.raw & l.dirty) != 0);
  CHECK((protected_again.with_write(l).raw & l.read_only) == 0);
  CHECK((clean.without_write(l).with_write(l).raw) == clean.raw);
}

TEST_CASE("Pte: each change changes what it says and nothing else, in every format") {
  for (const PagingFormat& format : paging_formats()) {
    CAPTURE(format.name);
    const PteLayout& l = format.pte;
    for (int bits = 0; bits < 16; ++bits) {
      const auto has = [&](int bit) { return (bits >> bit & 1) != 0; };
      Pte pte = Pte::make(l, {77}, has(0), has(1));
      if (has(2)) pte = pte.with_accessed(l);
      if (has(3)) pte = pte.with_dirty(l);
      const auto check = [&](Pte changed, bool write, bool accessed, bool dirty) {
        CHECK(changed.present(l));
        CHECK(changed.pfn(l) == Pfn{77});
        CHECK(changed.executable(l) == (has(1) || !l.checks_execution()));
        CHECK(changed.writable(l) == write);
        CHECK(changed.accessed(l) == accessed);
        CHECK(changed.dirty(l) == dirty);
      };
      check(pte, has(0), has(2), has(3));
      check(pte.with_accessed(l), has(0), true, has(3));
      check(pte.without_accessed(l), has(0), false, has(3));
      check(pte.with_dirty(l), has(0), has(2), true);
      check(pte.with_write(l), true, has(2), has(3));
      check(pte.without_write(l), false, has(2), has(3));
      check(pte.without_write(l).with_write(l), true, has(2), has(3));
    }
  }
}

TEST_CASE("Pte: what was put in is read back") {
  for (const uint32_t number : {0u, 1u, 0x8000'0000u, 0xffff'fffeu}) {
    for (int rights = 0; rights < 4; ++rights) {
      const Pte pte = Pte::make(layout(), {number}, (rights & 1) != 0, (rights & 2) != 0);
      CHECK(pte.present(layout()));
      CHECK(pte.pfn(layout()) == Pfn{number});
      CHECK(pte.writable(layout()) == ((rights & 1) != 0));
      CHECK(pte.executable(layout()) == ((rights & 2) != 0));
      CHECK_FALSE(pte.accessed(layout()));
      CHECK_FALSE(pte.dirty(layout()));
      CHECK_FALSE(pte.none());
    }
  }
}

TEST_CASE("Pte: none, swap, PROT_NONE and guard entries are not present, and are told apart") {
  CHECK(Pte{}.none());
  CHECK_FALSE(Pte{}.present(layout()));
  CHECK_FALSE(Pte{}.is_swap());
  CHECK_FALSE(Pte{}.is_prot_none());
  CHECK_FALSE(Pte{}.is_guard());
  const Pte guard = Pte::make_guard();
  CHECK(guard.is_guard());
  CHECK_FALSE(guard.none());
  CHECK_FALSE(guard.present(layout()));
  CHECK_FALSE(guard.is_swap());
  CHECK_FALSE(guard.is_prot_none());
  for (const uint32_t number : {0u, 5u, 0xffff'fffeu}) {
    const Pte swap = Pte::make_swap(number);
    CHECK_FALSE(swap.present(layout()));
    CHECK_FALSE(swap.none());
    CHECK(swap.is_swap());
    CHECK_FALSE(swap.is_prot_none());
    CHECK_FALSE(swap.is_guard());
    CHECK(swap.swap_slot() == number);
    for (int bits = 0; bits < 4; ++bits) {
      const Pte kept = Pte::make_prot_none({number}, (bits & 1) != 0, (bits & 2) != 0);
      CHECK_FALSE(kept.present(layout()));
      CHECK_FALSE(kept.none());
      CHECK_FALSE(kept.is_swap());
      CHECK(kept.is_prot_none());
      CHECK_FALSE(kept.is_guard());
      CHECK(kept.prot_none_pfn() == Pfn{number});
      CHECK(kept.prot_none_accessed() == ((bits & 1) != 0));
      CHECK(kept.prot_none_dirty() == ((bits & 2) != 0));
    }
  }
}

}  // namespace
}  // namespace faultline::hw
