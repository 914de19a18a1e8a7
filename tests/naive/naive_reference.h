// The plain reference that the simulator is compared with: a Lackey reader, the counts, three
// replacement policies and a TLB, written to be read, not to be fast. It shares no line with the
// simulator and includes nothing but the standard library.
//
// Units: an access is in bytes; everything behind it in page numbers (4 KiB pages) and counts.
// A modify is one access, and a reference as a store; an access that straddles pages references
// each of them, ascending; one TLB lookup a reference.
// No object here is thread-safe.
#ifndef FAULTLINE_TESTS_NAIVE_NAIVE_REFERENCE_H_
#define FAULTLINE_TESTS_NAIVE_NAIVE_REFERENCE_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <istream>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace faultline::naive {

using Page = std::uint64_t;
inline constexpr std::uint64_t kPageSizeBytes = 4096;

// Lackey's own letters: I fetch, L load, S store, M modify.
struct Access {
  char kind;
  std::uint64_t addr;
  std::uint64_t size_bytes;
};

// The next access of a Lackey log; none at its end. Lines that are no access are skipped.
inline std::optional<Access> read_access(std::istream& in) {
  std::string line;
  while (std::getline(in, line)) {
    const bool is_fetch = line.starts_with("I  ");
    const std::size_t comma = line.find(',');
    const std::string start = line.substr(0, 3);
    if (!is_fetch && start != " L " && start != " S " && start != " M ") continue;
    return Access{line[is_fetch ? 0 : 1], std::stoull(line.substr(3, comma - 3), nullptr, 16),
                  std::stoull(line.substr(comma + 1))};
  }
  return std::nullopt;
}

struct Counts {
  std::uint64_t records = 0, accesses = 0, loads = 0, stores = 0, fetches = 0, modifies = 0;
  std::uint64_t references = 0, pages = 0;
};

struct Replaced {
  std::uint64_t hits = 0, misses = 0, cold_misses = 0, evictions = 0, dirty_evictions = 0;
};

// Chooses victims. `lost` collects the pages whose TLB entries must go: cleared reference bits.
struct Policy {
  virtual ~Policy() = default;
  virtual void hit(Page page) = 0;
  // A page comes into memory: into the place of the last victim, if there was one.
  virtual void enter(Page page, std::vector<Page>& lost) = 0;
  // REQUIRES: a page has entered. Its place is free until the next enter().
  virtual Page evict(std::vector<Page>& lost) = 0;
};

struct Lru final : Policy {
  void hit(Page page) override { order.splice(order.begin(), order, where.at(page)); }
  void enter(Page page, std::vector<Page>&) override {
    order.push_front(page);
    where[page] = order.begin();
  }
  Page evict(std::vector<Page>&) override {
    const Page victim = order.back();
    order.pop_back();
    where.erase(victim);
    return victim;
  }
  std::list<Page> order;  // the most recently used first
  std::unordered_map<Page, std::list<Page>::iterator> where;
};

struct Fifo final : Policy {
  void hit(Page) override {}
  void enter(Page page, std::vector<Page>&) override { queue.push_back(page); }
  Page evict(std::vector<Page>&) override {
    const Page victim = queue.front();
    queue.pop_front();
    return victim;
  }
  std::deque<Page> queue;
};

// A page enters with its reference bit set (or clear, `clock:enter=0`). The hand starts at the
// first frame filled, clears bits until it meets a clear one, and steps past the page it replaces.
struct Clock final : Policy {
  explicit Clock(bool enter) : enters_referenced(enter) {}
  void hit(Page page) override { frames[where.at(page)].is_referenced = true; }
  void enter(Page page, std::vector<Page>& lost) override {
    if (!enters_referenced) lost.push_back(page);
    if (free == frames.size()) frames.emplace_back();
    frames[free] = {page, enters_referenced};
    where[page] = free;
    free = frames.size();
  }
  Page evict(std::vector<Page>& lost) override {
    while (frames[hand].is_referenced) {
      frames[hand].is_referenced = false;
      lost.push_back(frames[hand].page);
      hand = (hand + 1) % frames.size();
    }
    free = hand;
    hand = (hand + 1) % frames.size();
    where.erase(frames[free].page);
    return frames[free].page;
  }
  struct Frame {
    Page page;
    bool is_referenced;
  };
  bool enters_referenced;
  std::vector<Frame> frames;
  std::unordered_map<Page, std::size_t> where;
  std::size_t free = 0;  // where the next page enters: at the end, or the last victim's frame
  std::size_t hand = 0;
};

// By name: lru, fifo, clock, clock:enter=1, clock:enter=0; null for another.
inline std::unique_ptr<Policy> make_policy(const std::string& name) {
  if (name == "lru") return std::make_unique<Lru>();
  if (name == "fifo") return std::make_unique<Fifo>();
  if (name == "clock" || name == "clock:enter=1") return std::make_unique<Clock>(true);
  if (name == "clock:enter=0") return std::make_unique<Clock>(false);
  return nullptr;
}

// Memory of `frame_count` frames, unlimited without it.
struct Memory {
  // One reference. Returns the pages whose TLB entries must go; `page` itself after the retry.
  std::vector<Page> refer(Page page, bool is_store) {
    std::vector<Page> lost;
    const auto found = is_dirty.find(page);
    if (found != is_dirty.end()) {
      ++counts.hits;
      found->second |= is_store;
      policy->hit(page);
      return lost;
    }
    ++counts.misses;
    counts.cold_misses += ever.insert(page).second;
    if (frame_count && is_dirty.size() == *frame_count) {
      const Page victim = policy->evict(lost);
      ++counts.evictions;
      counts.dirty_evictions += is_dirty.at(victim);
      is_dirty.erase(victim);
      lost.push_back(victim);
    }
    policy->enter(page, lost);
    is_dirty[page] = is_store;
    return lost;
  }
  std::unique_ptr<Policy> policy;
  std::optional<std::size_t> frame_count;
  std::unordered_map<Page, bool> is_dirty{};  // the resident pages
  std::unordered_set<Page> ever{};
  Replaced counts{};
};

struct TlbShape {
  std::size_t entries, ways;
};
// One TLB level: entries / ways sets, the set chosen by the page number's remainder, true LRU.
struct TlbLevel {
  explicit TlbLevel(TlbShape shape) : ways(shape.ways), sets(shape.entries / shape.ways) {}
  // Counts a hit or a miss; a hit becomes the most recent of its set.
  bool lookup(Page page) {
    std::list<Page>& set = set_of(page);
    const auto found = std::find(set.begin(), set.end(), page);
    const bool is_hit = found != set.end();
    ++(is_hit ? hits : misses);
    if (is_hit) set.splice(set.begin(), set, found);
    return is_hit;
  }
  // Puts an absent page in, in place of the least recent if its set is full.
  void fill(Page page) {
    std::list<Page>& set = set_of(page);
    if (set.size() == ways) set.pop_back();
    set.push_front(page);
  }
  void flush(Page page) { set_of(page).remove(page); }

  std::list<Page>& set_of(Page page) { return sets[page % sets.size()]; }
  std::uint64_t hits = 0, misses = 0;
  std::size_t ways;
  std::vector<std::list<Page>> sets;
};

// What product.md's default names: l1d=64x4,l1i=64x8,l2=1536x12.
struct TlbShapes {
  TlbShape l1d{64, 4}, l1i{64, 8}, l2{1536, 12};
};

// All of it over one trace. L1 is split, over one L2: a walk fills both, an L2 hit fills L1, and
// neither level removes from the other. After reading, counts, memory.counts and the TLBs are read.
struct Replay {
  explicit Replay(Memory start, const TlbShapes& tlb = {})
      : memory(std::move(start)), l1d(tlb.l1d), l1i(tlb.l1i), l2(tlb.l2) {}
  void access(const Access& one) {
    ++counts.records;
    ++counts.accesses;
    counts.loads += one.kind == 'L';
    counts.stores += one.kind == 'S';
    counts.fetches += one.kind == 'I';
    counts.modifies += one.kind == 'M';
    const Page last = (one.addr + one.size_bytes - 1) / kPageSizeBytes;
    for (Page page = one.addr / kPageSizeBytes; page <= last; ++page) refer(page, one.kind);
  }
  void read(std::istream& in) {
    while (const std::optional<Access> next = read_access(in)) access(*next);
  }

  // Lookup; walk, and on a fault the flushes; then the fill, which for a fault is the retry's.
  void refer(Page page, char kind) {
    ++counts.references;
    TlbLevel& l1 = kind == 'I' ? l1i : l1d;
    const bool hits_l1 = l1.lookup(page);
    const bool hits_l2 = !hits_l1 && l2.lookup(page);
    const std::vector<Page> lost = memory.refer(page, kind == 'S' || kind == 'M');
    counts.pages = memory.counts.cold_misses;
    for (const Page other : lost) flush(other);
    if (!hits_l1 && !hits_l2) l2.fill(page);
    if (!hits_l1) l1.fill(page);
    // clock:enter=0 clears the bit that the retry has set.
    if (std::find(lost.begin(), lost.end(), page) != lost.end()) flush(page);
  }
  void flush(Page page) {
    for (TlbLevel* level : {&l1d, &l1i, &l2}) level->flush(page);
  }
  Counts counts;
  Memory memory;
  TlbLevel l1d, l1i, l2;
};

}  // namespace faultline::naive

#endif  // FAULTLINE_TESTS_NAIVE_NAIVE_REFERENCE_H_
