// What is measured beside the machine: working sets, huge pages, intervals, faults by mapping.
#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "faultline/machine.h"
#include "sim/base/prng.h"
#include "sim/replay/fault_census.h"
#include "sim/replay/huge_pages.h"
#include "sim/replay/intervals.h"
#include "sim/replay/replayer.h"
#include "sim/replay/working_set.h"

namespace faultline::replay {
namespace {

constexpr uint64_t kPage = 4096;

PageUse random_use(base::Prng& prng) {
  return {.pid = static_cast<uint32_t>(prng.below(2)),
          .page = prng.below(8) * 1024 + prng.below(4),  // pages that share a slot
          .kind = AccessKind(prng.below(4)),
          .references = 1 + prng.below(3)};
}

TEST_CASE("WorkingSet: counts the distinct pages of each stretch") {
  base::Prng prng(3);
  WorkingSet working_set(kPageRunShift);
  for (int stretch = 0; stretch < 50; ++stretch) {
    std::set<std::pair<uint32_t, uint64_t>> pages;
    for (uint64_t i = prng.below(60); i > 0; --i) {
      const PageUse use = random_use(prng);
      pages.emplace(use.pid, use.page);
      working_set.on_use(use);
    }
    CHECK(working_set.take_pages() == pages.size());
  }
}

// An exact LRU of one set: what each level of the TLB is here.
struct NaiveLevel {
  size_t entries;
  std::vector<uint64_t> tags{};
  bool use(uint64_t tag) {
    const auto found = std::find(tags.begin(), tags.end(), tag);
    const bool hit = found != tags.end();
    if (hit) tags.erase(found);
    tags.insert(tags.begin(), tag);
    if (tags.size() > entries) tags.pop_back();
    return hit;
  }
};

TEST_CASE("HugePages: misses what an LRU of so many huge pages misses") {
  HugePages huge({.shift = 21, .tlb = {.l1d = {4, 4}, .l1i = {2, 2}, .l2 = {8, 8}}});
  NaiveLevel data{4};
  NaiveLevel code{2};
  NaiveLevel second{8};
  std::set<uint64_t> pages;
  TlbStats wanted;
  base::Prng prng(5);
  for (int i = 0; i < 20000; ++i) {
    PageUse use{.page = prng.below(12) * 512 + prng.below(512),
                .kind = AccessKind(prng.below(4)),
                .references = 1 + prng.below(3)};
    huge.on_use(use);
    const uint64_t tag = use.page / 512;
    pages.insert(tag);
    const bool fetch = use.kind == AccessKind::kFetch;
    TlbLevelStats& first = fetch ? wanted.l1i : wanted.l1d;
    const bool hit = (fetch ? code : data).use(tag);
    first.hits += use.references - (hit ? 0 : 1);
    if (hit) continue;
    ++first.misses;
    ++(second.use(tag) ? wanted.l2.hits : wanted.l2.misses);
  }
  const HugePageReport report = huge.report();
  CHECK(report.page_size == 2 << 20);
  CHECK(report.pages == pages.size());
  CHECK(report.tlb.l1d.hits == wanted.l1d.hits);
  CHECK(report.tlb.l1d.misses == wanted.l1d.misses);
  CHECK(report.tlb.l1i.misses == wanted.l1i.misses);
  CHECK(report.tlb.l2.hits == wanted.l2.hits);
  CHECK(report.tlb.l2.misses == wanted.l2.misses);
}

TEST_CASE("HugePages: processes are told apart") {
  HugePages huge({.shift = 30});
  huge.on_use({.pid = 1, .page = 5});
  huge.on_use({.pid = 2, .page = 5});
  huge.on_use({.pid = 1, .page = 6});
  CHECK(huge.report().pages == 2);
  CHECK(huge.report().tlb.l1d.misses == 2);
}

struct Replayed {
  Stats stats;
  std::vector<IntervalReport> intervals;
  std::vector<MappingFaults> by_mapping;
};

class OneBlock : public TraceReader {
 public:
  explicit OneBlock(std::vector<Access> accesses) : accesses_(std::move(accesses)) {}
  std::string_view format() const override { return "one"; }
  Result<TraceBlock, InputError> next_block() override {
    return std::exchange(read_, true) ? TraceBlock{} : TraceBlock{.accesses = accesses_};
  }

 private:
  std::vector<Access> accesses_;
  bool read_ = false;
};

Replayed replay_all(std::vector<Access> accesses, std::vector<MapsLine> maps, uint64_t interval) {
  auto machine = make_machine({.frames = 4,
                               .contents = Contents::kNone,
                               .unmapped = maps.empty() ? Unmapped::kMap : Unmapped::kFault});
  REQUIRE(machine.ok());
  Process& process = (*machine)->start_empty_process();
  if (!maps.empty()) REQUIRE((*machine)->load_maps(process, maps).ok());
  Intervals intervals(kPageRunShift);
  FaultCensus census(nullptr, {.shift = kPageRunShift});
  (*machine)->set_event_sink(&census);
  OneBlock reader(std::move(accesses));
  const auto outcome =
      replay(reader, **machine, process,
             {.census = &census,
              .observers = {&intervals.observer()},
              .interval = interval,
              .on_interval = [&] { intervals.end_interval((*machine)->stats()); }});
  REQUIRE(outcome.ok());
  (*machine)->set_event_sink(nullptr);
  return {(*machine)->stats(), intervals.take_reports(), census.by_mapping()};
}

std::vector<Access> random_accesses(uint64_t count) {
  base::Prng prng(11);
  std::vector<Access> accesses(count);
  for (Access& access : accesses)
    access = {.address{prng.below(9) * kPage + prng.below(8)}, .kind = AccessKind::kStore};
  return accesses;
}

TEST_CASE("replay: intervals add up to the whole, and the last may be shorter") {
  const Replayed done = replay_all(random_accesses(1050), {}, 100);
  REQUIRE(done.intervals.size() == 11);
  uint64_t misses = 0;
  uint64_t references = 0;
  for (size_t i = 0; i < done.intervals.size(); ++i) {
    CHECK(done.intervals[i].accesses == std::min<uint64_t>(100 * (i + 1), 1050));
    misses += done.intervals[i].counted.replacement.misses;
    references += done.intervals[i].counted.references;
    CHECK(done.intervals[i].working_set_pages == 9);
  }
  CHECK(misses == done.stats.replacement.misses);
  CHECK(references == done.stats.references);
  CHECK(replay_all(random_accesses(1000), {}, 100).intervals.size() == 10);
  CHECK(replay_all(random_accesses(10), {}, 0).intervals.empty());
}

TEST_CASE("replay: what ended in a signal is no part of a working set") {
  const auto at = [](uint64_t address, uint32_t size) {
    return Access{.address{address}, .size_bytes = size};
  };
  const MapsLine two_pages{.range{VirtAddr{16 * kPage}, VirtAddr{18 * kPage}},
                           .permissions = "rw-p"};
  // Outside; across the end; in the mapping, twice; across the top.
  const std::vector<Access> accesses = {at(5 * kPage, 8), at(18 * kPage - 4, 8), at(16 * kPage, 8),
                                        at(16 * kPage, 8), at(~uint64_t{0}, 8)};
  const Replayed done = replay_all(accesses, {two_pages}, accesses.size());
  CHECK(done.stats.faults.segv_maperr == 3);
  CHECK(done.stats.references == 3);
  REQUIRE(done.intervals.size() == 1);
  CHECK(done.intervals[0].working_set_pages == 2);
  CHECK(done.intervals[0].counted.pages_touched == 2);
}

TEST_CASE("replay: faults are told by mapping, and by what lies together where there is none") {
  const auto at = [](uint64_t page) { return Access{.address{page * kPage}}; };
  const auto mapping = [](uint64_t first, uint64_t end, std::string path) {
    MapsLine line{.range{VirtAddr{first * kPage}, VirtAddr{end * kPage}},
                  .permissions = "rw-p",
                  .path = std::move(path)};
    return line;
  };
  const std::vector<Access> accesses = {at(16), at(17), at(18), at(16), at(1000), at(17)};
  const Replayed named = replay_all(
      accesses, {mapping(16, 18, "/bin/x"), mapping(18, 19, ""), mapping(990, 1010, "[heap]")}, 0);
  REQUIRE(named.by_mapping.size() == 3);
  CHECK(named.by_mapping[0].name == "/bin/x");
  CHECK(named.by_mapping[0].major >= 1);
  CHECK(named.by_mapping[1].name.empty());
  CHECK(named.by_mapping[1].range.start == VirtAddr{18 * kPage});
  CHECK(named.by_mapping[1].minor == 1);
  CHECK(named.by_mapping[2].name == "[heap]");

  const Replayed nameless = replay_all(accesses, {}, 0);
  REQUIRE(nameless.by_mapping.size() == 2);
  CHECK(nameless.by_mapping[0].range.start == VirtAddr{16 * kPage});
  CHECK(nameless.by_mapping[0].range.end == VirtAddr{19 * kPage});
  CHECK(nameless.by_mapping[0].pages == 3);
  uint64_t faults = 0;
  for (const MappingFaults& row : nameless.by_mapping) faults += row.minor + row.major;
  CHECK(faults == nameless.stats.faults.minor + nameless.stats.faults.major);
}

}  // namespace
}  // namespace faultline::replay
