// Plain references of the replacement policies of operating systems, which see accessed and dirty
// bits and the time, not the references: as naive_caches.h, written from the papers to be read, and
// not fast. What the papers leave open is decided as docs/policy.md says.
//
// Pages are small numbers from 0. A pager is told of each reference. No object is thread-safe.
#ifndef FAULTLINE_TESTS_NAIVE_NAIVE_PAGERS_H_
#define FAULTLINE_TESTS_NAIVE_NAIVE_PAGERS_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <list>
#include <vector>

#include "tests/naive/naive_caches.h"

namespace faultline::naive {

struct Pager {
  explicit Pager(CacheSize sizes, std::uint64_t tick_references = 0)
      : size(sizes),
        tick(tick_references),
        resident(sizes.pages),
        accessed(sizes.pages),
        dirty(sizes.pages) {}
  virtual ~Pager() = default;

  void refer(PageNumber page, bool store) {
    const bool miss = !resident[page];
    if (miss) bring_in(page);
    if (!miss || first_use_counts) accessed[page] = true;
    if (store) dirty[page] = true;
    ++now;
    if (tick != 0 && now % tick == 0) on_tick();
  }
  void bring_in(PageNumber page) {
    ++misses;
    before(page);
    if (count == size.frames) make_room();
    resident[page] = true;
    accessed[page] = dirty[page] = false;
    ++count;
    enter(page);
  }
  void evict(PageNumber page) {
    resident[page] = false;
    ++evictions;
    --count;
  }
  bool test_and_clear_accessed(PageNumber page) {
    const bool was = accessed[page];
    accessed[page] = false;
    return was;
  }

  virtual void before(PageNumber) {}  // the page is about to come
  virtual void make_room() = 0;       // one page goes by evict()
  virtual void enter(PageNumber page) = 0;
  virtual void on_tick() {}

  CacheSize size;
  std::uint64_t tick;
  bool first_use_counts = true;  // the reference that brings a page in sets its accessed bit
  std::vector<bool> resident, accessed, dirty;
  std::size_t count = 0;  // of resident pages
  std::uint64_t now = 0;  // references done
  std::uint64_t misses = 0, evictions = 0;
};

// Tanenbaum: FIFO, but that a used page goes to the end of the queue as if it had just come.
struct SecondChancePager : Pager {
  explicit SecondChancePager(CacheSize sizes) : Pager(sizes) {}
  void make_room() override {
    while (test_and_clear_accessed(queue.front())) queue.splice(queue.end(), queue, queue.begin());
    evict(queue.front());
    queue.pop_front();
  }
  void enter(PageNumber page) override { queue.push_back(page); }
  std::list<PageNumber> queue;
};

// Corbato 1968 with k usage bits: at each pass of the hand they are shifted and the used bit comes
// in; the page goes when all are clear.
struct NbitClockPager : Pager {
  NbitClockPager(CacheSize sizes, unsigned usage_bits)
      : Pager(sizes), bits(usage_bits), used(sizes.pages) {}
  void make_room() override {
    while (true) {
      const PageNumber page = frames[hand];
      used[page] = used[page] << 1 | (test_and_clear_accessed(page) ? 1 : 0);
      if (bits < 64) used[page] &= (std::uint64_t{1} << bits) - 1;
      if (used[page] == 0) return evict(page);
      hand = (hand + 1) % frames.size();
    }
  }
  void enter(PageNumber page) override {
    used[page] = 1;
    if (frames.size() < size.frames) return frames.push_back(page);
    frames[hand] = page;
    hand = (hand + 1) % frames.size();
  }
  unsigned bits;
  std::vector<PageNumber> frames;
  std::vector<std::uint64_t> used;
  std::size_t hand = 0;
};

// Tanenbaum: four classes by the accessed and the dirty bit. A page is looked at when it is next in
// its class, and goes to the end of the class that it is found to be of.
struct NruPager : Pager {
  NruPager(CacheSize sizes, std::uint64_t tick_references) : Pager(sizes, tick_references) {}
  void make_room() override {
    for (std::size_t at = 0;; ++at) {
      while (!classes[at].empty()) {
        const PageNumber page = classes[at].front();
        classes[at].pop_front();
        const std::size_t now_of = class_of(test_and_clear_accessed(page) || at >= 2, page);
        if (now_of == at) return evict(page);
        classes[now_of].push_back(page);
      }
    }
  }
  void enter(PageNumber page) override { classes[2].push_back(page); }
  void on_tick() override {
    std::list<PageNumber> all;
    for (auto& one : classes) all.splice(all.end(), one);
    for (const PageNumber page : all) {
      accessed[page] = false;
      classes[class_of(false, page)].push_back(page);
    }
  }
  std::size_t class_of(bool used, PageNumber page) const {
    return (used ? 2u : 0u) + (dirty[page] ? 1u : 0u);
  }
  std::list<PageNumber> classes[4];
};

// Tanenbaum: 8-bit counters that are shifted at each tick. Pages stay in the order of the counters,
// those that came since the tick behind; a tick leaves equal ones in the order that they had.
struct AgingPager : Pager {
  AgingPager(CacheSize sizes, std::uint64_t tick_references)
      : Pager(sizes, tick_references), counter(sizes.pages) {}
  void make_room() override {
    evict(order.front());
    order.erase(order.begin());
  }
  void enter(PageNumber page) override {
    counter[page] = 0;
    order.push_back(page);
  }
  void on_tick() override {
    for (const PageNumber page : order)
      counter[page] = counter[page] >> 1 | (test_and_clear_accessed(page) ? 0x80u : 0u);
    std::stable_sort(order.begin(), order.end(),
                     [&](auto a, auto b) { return counter[a] < counter[b]; });
  }
  std::vector<PageNumber> order;
  std::vector<unsigned> counter;
};

// Denning 1968, by accessed bits: what was not used for `window` references goes, and with memory
// full what was not used longest. A page about to go is looked at once more.
struct WorkingSetPager : Pager {
  WorkingSetPager(CacheSize sizes, std::uint64_t window_references, std::uint64_t tick_references)
      : Pager(sizes, tick_references), window(window_references) {}
  struct Seen {
    PageNumber page;
    std::uint64_t used;  // when it was last found used
  };
  void before(PageNumber) override { drop_old(); }
  void make_room() override {
    while (test_and_clear_accessed(order.front().page)) to_end(order.begin());
    evict(order.front().page);
    order.pop_front();
  }
  void enter(PageNumber page) override { order.push_back({page, now}); }
  void on_tick() override {
    look_at([](const Seen&) { return true; });
    drop_old();
  }
  void drop_old() {
    const auto is_old = [&](const Seen& one) { return now - one.used > window; };
    look_at(is_old);
    order.remove_if([&](const Seen& one) {
      if (is_old(one)) evict(one.page);
      return is_old(one);
    });
  }
  template <typename Which>
  void look_at(const Which& which) {
    auto at = order.begin();
    for (std::size_t left = order.size(); left > 0; --left) {
      const auto one = at++;
      if (which(*one) && test_and_clear_accessed(one->page)) to_end(one);
    }
  }
  void to_end(std::list<Seen>::iterator one) {
    one->used = now;
    order.splice(order.end(), order, one);
  }
  std::uint64_t window;
  std::list<Seen> order;  // the use that is longest ago in front
};

// Carr and Hennessy 1981. The hand takes the first clean page that was not used for `window`; if a
// round has none, the first dirty one; if it has none either, the one not used longest, and as
// CLOCK does until that one would have been old enough.
struct WsClockPager : Pager {
  WsClockPager(CacheSize sizes, std::uint64_t window_references)
      : Pager(sizes), window(window_references), used(sizes.pages) {}
  void make_room() override {
    place = now < as_clock_before ? first_unused() : first_old();
    evict(frames[place]);
  }
  void enter(PageNumber page) override {
    if (frames.size() < size.frames) return frames.push_back(page);
    frames[place] = page;
  }
  // The place under the hand, which goes on.
  std::size_t step() {
    const std::size_t at = hand;
    hand = (hand + 1) % frames.size();
    return at;
  }
  bool find_used(std::size_t at) {
    if (!test_and_clear_accessed(frames[at])) return false;
    used[frames[at]] = now;
    return true;
  }
  std::size_t first_unused() {
    std::size_t at = step();
    while (find_used(at)) at = step();
    return at;
  }
  std::size_t first_old() {
    std::vector<std::size_t> dirty_ones, all;
    for (std::size_t left = frames.size(); left > 0; --left) {
      const std::size_t at = step();
      all.push_back(at);
      if (find_used(at) || now - used[frames[at]] <= window) continue;
      if (!dirty[frames[at]]) return at;
      dirty_ones.push_back(at);
    }
    if (!dirty_ones.empty()) return dirty_ones.front();
    const std::size_t oldest = *std::min_element(
        all.begin(), all.end(), [&](auto a, auto b) { return used[frames[a]] < used[frames[b]]; });
    as_clock_before = used[frames[oldest]] + window + 1;
    return oldest;
  }
  std::uint64_t window, as_clock_before = 0;
  std::vector<PageNumber> frames;
  std::vector<std::uint64_t> used;  // by page: when it was last found used
  std::size_t hand = 0, place = 0;
};

// Chu and Opderbeck 1976: at a fault that comes more than `threshold` after the one before, all
// pages whose bit is clear go, and all bits are cleared. With memory full, second chance.
struct PffPager : SecondChancePager {
  PffPager(CacheSize sizes, std::uint64_t threshold_references)
      : SecondChancePager(sizes), threshold(threshold_references) {}
  void before(PageNumber) override {
    if (now - last_fault > threshold) {
      queue.remove_if([&](PageNumber page) {
        if (test_and_clear_accessed(page)) return false;
        evict(page);
        return true;
      });
    }
    last_fault = now;
  }
  std::uint64_t threshold, last_fault = 0;
};

}  // namespace faultline::naive

#endif  // FAULTLINE_TESTS_NAIVE_NAIVE_PAGERS_H_
