// Plain references of CLOCK-Pro, LIRS and Linux's two lists, which remember pages that are gone: as
// naive_caches.h and naive_pagers.h.
// No object is thread-safe.
#ifndef FAULTLINE_TESTS_NAIVE_NAIVE_HISTORIES_H_
#define FAULTLINE_TESTS_NAIVE_NAIVE_HISTORIES_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <list>
#include <vector>

#include "tests/naive/naive_caches.h"
#include "tests/naive/naive_pagers.h"

namespace faultline::naive {

// Jiang and Zhang 2002: the stack S and the queue Q, access by access. At most `ghosts` pages that
// are not resident are remembered.
struct LirsCache final : Cache {
  LirsCache(CacheSize sizes, std::size_t hir_pages, std::size_t ghosts)
      : Cache(sizes),
        room(sizes.frames - hir_pages),
        ghosts_max(ghosts),
        lir(sizes.pages),
        s(1, sizes.pages),
        q(1, sizes.pages),
        gone(1, sizes.pages) {}
  void hit(PageNumber page, std::uint64_t times) override {
    // All after the second find it on top of S and at the end of Q.
    for (std::uint64_t i = 0; i < std::min<std::uint64_t>(times, 2); ++i) {
      const bool in_s = s.has(0, page);
      s.put_in_front(0, page);
      if (!lir[page] && in_s) {
        q.take(page);
        become_lir(page);
      } else if (!lir[page]) {
        q.put_in_front(0, page);
      }
      prune();
    }
  }
  void enter(PageNumber page) override {
    const bool in_s = s.has(0, page);
    if (in_s) gone.take(page);
    if (lirs + q.count(0) == size.frames) evict_hir();
    s.put_in_front(0, page);
    if (in_s || lirs < room) {
      become_lir(page);
    } else {
      q.put_in_front(0, page);
    }
    prune();
  }
  void become_lir(PageNumber page) {
    lir[page] = true;
    ++lirs;
    if (lirs <= room) return;
    const PageNumber bottom = s.oldest(0);
    lir[bottom] = false;
    --lirs;
    s.take(bottom);
    q.put_in_front(0, bottom);
  }
  void evict_hir() {
    const PageNumber victim = q.oldest(0);
    q.take(victim);
    evict(victim);
    if (!s.has(0, victim)) return;
    gone.put_in_front(0, victim);
    if (gone.count(0) <= ghosts_max) return;
    s.take(gone.oldest(0));
    gone.take(gone.oldest(0));
  }
  void prune() {
    while (s.count(0) > 0 && !lir[s.oldest(0)]) {
      if (gone.has(0, s.oldest(0))) gone.take(s.oldest(0));
      s.take(s.oldest(0));
    }
  }
  std::size_t room, ghosts_max, lirs = 0;
  std::vector<bool> lir;
  PageLists s, q, gone;  // `gone`: those of S that are not resident, the last evicted in front
};

// Jiang, Chen and Zhang 2005. The circle stands still, and three hands go around it.
struct ClockProPager final : Pager {
  explicit ClockProPager(CacheSize sizes)
      : Pager(sizes), known(sizes.pages), hot(sizes.pages), test(sizes.pages), place(sizes.pages) {
    first_use_counts = false;
  }
  using Place = std::list<PageNumber>::iterator;

  // It was in its test period: it comes as a hot page, and another becomes cold for it.
  void before(PageNumber page) override {
    was_known = known[page];
    if (!was_known) return;
    leave(page);
    --gone;
  }
  void enter(PageNumber page) override {
    hot[page] = was_known;
    test[page] = !was_known;
    put_at_head(page);
    if (!was_known) return;
    ++hots;
    grow_cold();
    cool();
  }
  void make_room() override {
    while (true) {
      if (hots == count) run_hot_hand();
      while (!resident[*cold_hand] || hot[*cold_hand]) cold_hand = after(cold_hand);
      const PageNumber page = *cold_hand;
      if (!test_and_clear_accessed(page)) return replace(page);
      const bool becomes_hot = test[page];
      test[page] = !becomes_hot;
      leave(page);
      put_at_head(page);
      if (!becomes_hot) continue;
      hot[page] = true;
      ++hots;
      grow_cold();
      cool();
    }
  }
  // The hand stops at the next resident cold page.
  void replace(PageNumber page) {
    evict(page);
    cold_hand = after(cold_hand);
    if (test[page]) {
      ++gone;
      while (gone > size.frames) run_test_hand();
    } else {
      leave(page);
    }
    if (count > hots)
      while (!resident[*cold_hand] || hot[*cold_hand]) cold_hand = after(cold_hand);
  }
  void cool() {
    while (hots > size.frames - cold_target) run_hot_hand();
  }
  // Makes a hot page cold, and stops at the next.
  void run_hot_hand() {
    bool done = false;
    while (hots > 0) {
      const PageNumber page = *hot_hand;
      if (done && hot[page]) return;
      hot_hand = after(hot_hand);
      if (!hot[page]) {
        end_test(page);
      } else if (!test_and_clear_accessed(page)) {
        hot[page] = test[page] = false;
        --hots;
        done = true;
      }
    }
  }
  void run_test_hand() {
    const PageNumber page = *test_hand;
    test_hand = after(test_hand);
    if (!hot[page]) end_test(page);
  }
  void end_test(PageNumber page) {
    if (!test[page]) return;
    test[page] = false;
    if (cold_target > 1) --cold_target;
    if (resident[page]) return;
    leave(page);
    --gone;
  }
  void grow_cold() { cold_target = std::min(cold_target + 1, size.frames); }

  Place after(Place at) { return std::next(at) == circle.end() ? circle.begin() : std::next(at); }
  // The list head is behind the hot hand.
  void put_at_head(PageNumber page) {
    const bool first = circle.empty();
    place[page] = circle.insert(first ? circle.end() : hot_hand, page);
    known[page] = true;
    if (first) hot_hand = cold_hand = test_hand = place[page];
  }
  void leave(PageNumber page) {
    for (Place* hand : {&hot_hand, &cold_hand, &test_hand})
      if (*hand == place[page]) *hand = after(*hand);
    circle.erase(place[page]);
    known[page] = false;
  }

  std::vector<bool> known, hot, test;  // by page; known: in the circle
  std::vector<Place> place;
  std::list<PageNumber> circle;
  Place hot_hand{}, cold_hand{}, test_hand{};
  std::size_t cold_target = 1, hots = 0, gone = 0;
  bool was_known = false;
};

// Linux mm/vmscan.c shrink_folio_list(), folio_check_references(), shrink_active_list(),
// inactive_is_low(), and mm/workingset.c, with one pair of lists.
struct LinuxPager final : Pager {
  enum { kActive, kInactive };
  explicit LinuxPager(CacheSize sizes)
      : Pager(sizes), lists(2, sizes.pages), pg_referenced(sizes.pages), shadow(sizes.pages) {}
  void make_room() override {
    while (true) {
      if (inactive_is_low())
        for (int i = 0; i < 32 && lists.count(kActive) > 0; ++i) deactivate();
      const PageNumber page = lists.oldest(kInactive);
      const bool was_referenced = pg_referenced[page];
      pg_referenced[page] = test_and_clear_accessed(page);
      if (!pg_referenced[page]) {
        shadow[page] = {true, nonresident_age};
        ++nonresident_age;
        lists.take(page);
        return evict(page);
      }
      if (was_referenced) ++nonresident_age;
      lists.put_in_front(was_referenced ? kActive : kInactive, page);
    }
  }
  void enter(PageNumber page) override {
    pg_referenced[page] = false;
    const bool active =
        shadow[page].there && nonresident_age - shadow[page].eviction <= lists.count(kActive);
    shadow[page].there = false;
    if (active) ++nonresident_age;
    lists.put_in_front(active ? kActive : kInactive, page);
  }
  void deactivate() {
    const PageNumber page = lists.oldest(kActive);
    accessed[page] = false;
    lists.put_in_front(kInactive, page);
  }
  // Of less than a GiB.
  bool inactive_is_low() const { return lists.count(kInactive) < lists.count(kActive); }

  struct Shadow {
    bool there = false;
    std::uint64_t eviction = 0;
  };
  PageLists lists;
  std::vector<bool> pg_referenced;
  std::vector<Shadow> shadow;
  std::uint64_t nonresident_age = 0;
};

}  // namespace faultline::naive

#endif  // FAULTLINE_TESTS_NAIVE_NAIVE_HISTORIES_H_
