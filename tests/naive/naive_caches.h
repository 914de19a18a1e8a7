// Plain references of replacement policies, each written from its paper, to be read and not to be
// fast: lists and loops, no trick. They share no line with the simulator and include nothing but
// the standard library.
//
// Pages are small numbers from 0 (they index vectors). A cache is told of references and counts
// misses and evictions. What the papers leave open is decided as docs/policy.md says.
// No object here is thread-safe.
#ifndef FAULTLINE_TESTS_NAIVE_NAIVE_CACHES_H_
#define FAULTLINE_TESTS_NAIVE_NAIVE_CACHES_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <list>
#include <utility>
#include <vector>

namespace faultline::naive {

using PageNumber = std::uint32_t;

struct CacheSize {
  std::size_t frames;  // that memory has
  std::size_t pages;   // all page numbers are below
};

struct Cache {
  explicit Cache(CacheSize sizes) : size(sizes), resident(sizes.pages) {}
  virtual ~Cache() = default;
  // `times` references to the page, one after the other.
  void refer(PageNumber page, std::uint64_t times) {
    if (!resident[page]) {
      ++misses;
      enter(page);
      resident[page] = true;
      --times;
    }
    if (times > 0) hit(page, times);
  }
  virtual void hit(PageNumber page, std::uint64_t times) = 0;
  // The page comes in; where memory is full another goes by evict().
  virtual void enter(PageNumber page) = 0;
  void evict(PageNumber page) {
    resident[page] = false;
    ++evictions;
  }
  CacheSize size;
  std::vector<bool> resident;
  std::uint64_t misses = 0, evictions = 0;
};

// Some lists of pages, each page in one at most; the newest in front.
struct PageLists {
  PageLists(std::size_t lists_in_all, std::size_t pages) : lists(lists_in_all), where(pages) {}
  bool has(std::size_t list, PageNumber page) const {
    return where[page].listed && where[page].list == list;
  }
  std::size_t count(std::size_t list) const { return lists[list].size(); }
  void take(PageNumber page) {
    lists[where[page].list].erase(where[page].place);
    where[page].listed = false;
  }
  void put_in_front(std::size_t list, PageNumber page) {
    std::list<PageNumber>& to = lists[list];
    if (where[page].listed) {
      to.splice(to.begin(), lists[where[page].list], where[page].place);
    } else {
      to.push_front(page);
    }
    where[page] = {true, list, to.begin()};
  }
  PageNumber oldest(std::size_t list) const { return lists[list].back(); }

  struct Where {
    bool listed = false;
    std::size_t list = 0;
    std::list<PageNumber>::iterator place{};
  };
  std::vector<std::list<PageNumber>> lists;
  std::vector<Where> where;
};

struct LruCache final : Cache {
  explicit LruCache(CacheSize sizes) : Cache(sizes), order(1, sizes.pages) {}
  void hit(PageNumber page, std::uint64_t) override { order.put_in_front(0, page); }
  void enter(PageNumber page) override {
    if (order.count(0) == size.frames) {
      evict(order.oldest(0));
      order.take(order.oldest(0));
    }
    order.put_in_front(0, page);
  }
  PageLists order;
};

// Chou, DeWitt 1985: the page used last makes room.
struct MruCache final : Cache {
  explicit MruCache(CacheSize sizes) : Cache(sizes) {}
  void hit(PageNumber page, std::uint64_t) override { last = page; }
  void enter(PageNumber page) override {
    if (held == size.frames)
      evict(last);
    else
      ++held;
    last = page;
  }
  PageNumber last = 0;
  std::size_t held = 0;
};

struct FifoCache final : Cache {
  explicit FifoCache(CacheSize sizes) : Cache(sizes) {}
  void hit(PageNumber, std::uint64_t) override {}
  void enter(PageNumber page) override {
    if (queue.size() == size.frames) {
      evict(queue.back());
      queue.pop_back();
    }
    queue.push_front(page);
  }
  std::list<PageNumber> queue;
};

// Corbato 1968. The page that comes takes the frame of the one that goes; the hand steps past it.
struct ClockCache final : Cache {
  explicit ClockCache(CacheSize sizes) : Cache(sizes), used(sizes.pages) {}
  void hit(PageNumber page, std::uint64_t) override { used[page] = true; }
  void enter(PageNumber page) override {
    used[page] = true;
    if (frames.size() < size.frames) return frames.push_back(page);
    while (used[frames[hand]]) {
      used[frames[hand]] = false;
      hand = (hand + 1) % frames.size();
    }
    evict(frames[hand]);
    frames[hand] = page;
    hand = (hand + 1) % frames.size();
  }
  std::vector<PageNumber> frames;
  std::vector<bool> used;
  std::size_t hand = 0;
};

// The count of a page begins anew when it comes in; ties by least recent use.
struct LfuCache final : Cache {
  explicit LfuCache(CacheSize sizes) : Cache(sizes), uses(sizes.pages), last(sizes.pages) {}
  void hit(PageNumber page, std::uint64_t times) override {
    uses[page] += times;
    last[page] = ++now;
  }
  void enter(PageNumber page) override {
    if (pages.size() == size.frames) {
      const auto least = std::min_element(pages.begin(), pages.end(), [&](auto a, auto b) {
        return std::pair(uses[a], last[a]) < std::pair(uses[b], last[b]);
      });
      evict(*least);
      pages.erase(least);
    }
    pages.push_back(page);
    uses[page] = 1;
    last[page] = ++now;
  }
  std::vector<PageNumber> pages;
  std::vector<std::uint64_t> uses, last;
  std::uint64_t now = 0;
};

// Johnson and Shasha 1994, full version.
struct TwoQueueCache final : Cache {
  enum { kA1in, kA1out, kAm };
  explicit TwoQueueCache(CacheSize sizes)
      : Cache(sizes),
        lists(3, sizes.pages),
        kin(std::max<std::size_t>(sizes.frames * 25 / 100, 1)),
        kout(std::max<std::size_t>(sizes.frames * 50 / 100, 1)) {}
  void hit(PageNumber page, std::uint64_t) override {
    if (lists.has(kAm, page)) lists.put_in_front(kAm, page);
  }
  void enter(PageNumber page) override {
    const bool was_in_a1out = lists.has(kA1out, page);
    if (was_in_a1out) lists.take(page);
    reclaim_for_one();
    lists.put_in_front(was_in_a1out ? kAm : kA1in, page);
  }
  void reclaim_for_one() {
    if (lists.count(kA1in) + lists.count(kAm) < size.frames) return;
    if (lists.count(kA1in) > kin || lists.count(kAm) == 0) {
      const PageNumber y = lists.oldest(kA1in);
      evict(y);
      lists.put_in_front(kA1out, y);
      if (lists.count(kA1out) > kout) lists.take(lists.oldest(kA1out));
    } else {
      const PageNumber y = lists.oldest(kAm);
      evict(y);
      lists.take(y);
    }
  }
  PageLists lists;
  std::size_t kin, kout;
};

// Megiddo and Modha 2003, figure 4, case by case.
struct ArcCache final : Cache {
  enum { kT1, kT2, kB1, kB2 };
  explicit ArcCache(CacheSize sizes) : Cache(sizes), lists(4, sizes.pages) {}
  void hit(PageNumber page, std::uint64_t) override { lists.put_in_front(kT2, page); }
  void enter(PageNumber x) override {
    const auto c = static_cast<double>(size.frames);
    const double b1 = double(lists.count(kB1)), b2 = double(lists.count(kB2));
    if (lists.has(kB1, x)) {  // case II
      p = std::min(p + (b1 >= b2 ? 1 : b2 / b1), c);
      const bool in_b2 = false;
      lists.take(x);
      replace(in_b2);
      return lists.put_in_front(kT2, x);
    }
    if (lists.has(kB2, x)) {  // case III
      p = std::max(p - (b2 >= b1 ? 1 : b1 / b2), 0.0);
      const bool in_b2 = true;
      lists.take(x);
      replace(in_b2);
      return lists.put_in_front(kT2, x);
    }
    // Case IV.
    const std::size_t l1 = lists.count(kT1) + lists.count(kB1);
    const std::size_t l2 = lists.count(kT2) + lists.count(kB2);
    if (l1 == size.frames) {
      if (lists.count(kT1) < size.frames) {
        lists.take(lists.oldest(kB1));
        replace(false);
      } else {
        evict(lists.oldest(kT1));
        lists.take(lists.oldest(kT1));
      }
    } else if (l1 + l2 >= size.frames) {
      if (l1 + l2 == 2 * size.frames) lists.take(lists.oldest(kB2));
      replace(false);
    }
    lists.put_in_front(kT1, x);
  }
  void replace(bool x_in_b2) {
    const auto t1 = static_cast<double>(lists.count(kT1));
    const bool from_t1 = t1 >= 1 && ((x_in_b2 && t1 == p) || t1 > p);
    const PageNumber victim = lists.oldest(from_t1 ? kT1 : kT2);
    evict(victim);
    lists.put_in_front(from_t1 ? kB1 : kB2, victim);
  }
  PageLists lists;
  double p = 0;
};

// Yang and others 2023, algorithm 1. One page goes for each that comes.
struct S3FifoCache final : Cache {
  enum { kSmall, kMain, kGhost };
  explicit S3FifoCache(CacheSize sizes)
      : Cache(sizes),
        lists(3, sizes.pages),
        freq(sizes.pages),
        small_size(std::max<std::size_t>(sizes.frames * 10 / 100, 1)) {}
  void hit(PageNumber page, std::uint64_t times) override {
    for (std::uint64_t i = 0; i < times && freq[page] < 3; ++i) ++freq[page];
  }
  void enter(PageNumber x) override {
    const bool was_ghost = lists.has(kGhost, x);
    if (was_ghost) lists.take(x);
    if (lists.count(kSmall) + lists.count(kMain) == size.frames) {
      if (lists.count(kSmall) >= small_size) {
        evict_from_small();
      } else {
        evict_from_main();
      }
    }
    freq[x] = 0;
    lists.put_in_front(was_ghost ? kMain : kSmall, x);
  }
  void evict_from_small() {
    while (lists.count(kSmall) > 0) {
      const PageNumber t = lists.oldest(kSmall);
      if (freq[t] > 1) {
        freq[t] = 0;
        lists.put_in_front(kMain, t);
        if (lists.count(kMain) > size.frames - small_size) return evict_from_main();
      } else {
        evict(t);
        lists.put_in_front(kGhost, t);
        if (lists.count(kGhost) > size.frames - small_size) lists.take(lists.oldest(kGhost));
        return;
      }
    }
    evict_from_main();
  }
  void evict_from_main() {
    while (freq[lists.oldest(kMain)] > 0) {
      const PageNumber t = lists.oldest(kMain);
      --freq[t];
      lists.put_in_front(kMain, t);
    }
    evict(lists.oldest(kMain));
    lists.take(lists.oldest(kMain));
  }
  PageLists lists;
  std::vector<int> freq;
  std::size_t small_size;
};

// Zhang and others 2024, algorithm 1. The head of the queue is its front, the tail its back.
struct SieveCache final : Cache {
  explicit SieveCache(CacheSize sizes) : Cache(sizes), visited(sizes.pages) {}
  void hit(PageNumber page, std::uint64_t) override { visited[page] = true; }
  void enter(PageNumber x) override {
    if (queue.size() == size.frames) {
      auto o = has_hand ? hand : std::prev(queue.end());
      while (visited[*o]) {
        visited[*o] = false;
        o = o == queue.begin() ? std::prev(queue.end()) : std::prev(o);
      }
      has_hand = o != queue.begin();
      if (has_hand) hand = std::prev(o);
      evict(*o);
      queue.erase(o);
    }
    visited[x] = false;
    queue.push_front(x);
  }
  std::list<PageNumber> queue;
  std::vector<bool> visited;
  std::list<PageNumber>::iterator hand{};
  bool has_hand = false;
};

// Belady 1966, with all that is to come given beforehand: the runs that refer() will be told of. Of
// pages that are not used again the one whose last use is longest ago goes.
struct OptCache final : Cache {
  OptCache(CacheSize sizes, const std::vector<PageNumber>& runs)
      : Cache(sizes), next_of_run(runs.size()), next(sizes.pages, kNever) {
    std::vector<std::size_t> seen(sizes.pages, kNever);
    for (std::size_t i = runs.size(); i-- > 0; seen[runs[i]] = i)
      next_of_run[i] = seen[runs[i]] == kNever ? kNever - i : seen[runs[i]];
  }
  void refer_next(PageNumber page, std::uint64_t times) {
    refer(page, times);
    next[page] = next_of_run[run++];
  }
  void hit(PageNumber, std::uint64_t) override {}
  void enter(PageNumber page) override {
    if (pages.size() == size.frames) {
      const auto farthest = std::max_element(pages.begin(), pages.end(),
                                             [&](auto a, auto b) { return next[a] < next[b]; });
      evict(*farthest);
      pages.erase(farthest);
    }
    pages.push_back(page);
  }
  static constexpr std::size_t kNever = std::numeric_limits<std::size_t>::max();
  std::vector<PageNumber> pages;
  std::vector<std::size_t> next_of_run, next;
  std::size_t run = 0;
};

}  // namespace faultline::naive

#endif  // FAULTLINE_TESTS_NAIVE_NAIVE_CACHES_H_
