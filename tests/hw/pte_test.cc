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
