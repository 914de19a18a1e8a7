// RunMachine is held to Machine: every counter, on random traces and on real ones.
#include "sim/replay/run_machine.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "faultline/machine.h"
#include "faultline/report.h"
#include "faultline/trace.h"
#include "sim/base/prng.h"
#include "sim/reclaim/policy_table.h"
#include "sim/replay/replayer.h"
#include "sim/replay/trace_page_ids.h"
#include "tests/support/sanitized.h"

namespace faultline::replay {
namespace {

constexpr uint64_t kPage = 1 << kPageRunShift;

struct Piece {
  TraceTask task;
  std::vector<Access> accesses;
};

// The pages of `accesses`, a run where pages and kinds repeat.
struct Runs {
  explicit Runs(std::span<const Access> accesses) {
    for (const Access& access : accesses) {
      const uint64_t first = access.address.value >> kPageRunShift;
      const uint64_t last = (access.address.value + access.size_bytes - 1) >> kPageRunShift;
      add(first, access.kind, 1);
      for (uint64_t page = first + 1; page <= last; ++page) add(page, access.kind, 0);
    }
  }
  void add(uint64_t page, AccessKind kind, uint32_t count) {
    const auto found = std::find(pages.begin(), pages.end(), page);
    const auto index = static_cast<uint32_t>(found - pages.begin());
    if (found == pages.end()) pages.push_back(page);
    if (count == 1 && !runs.empty()) {
      PageRun& last = runs.back();
      if (last.page() == index && last.kind() == kind && last.count() != 0 &&
          last.count() < PageRun::kCountMax) {
        last = PageRun::make(index, kind, last.count() + 1);
        return;
      }
    }
    runs.push_back(PageRun::make(index, kind, count));
  }
  std::vector<uint64_t> pages;
  std::vector<PageRun> runs;
};

std::string report_of(const MachineOptions& options, const Stats& stats) {
  ReplayReport report;
  report.config = options;
  report.stats = stats;
  return replay_report_json(report);
}

std::unique_ptr<RunMachine> make_twin(const MachineOptions& options) {
  auto policy = reclaim::make_policy(options.policy,
                                     {.frames = options.frames.value_or(1), .seed = options.seed});
  REQUIRE(policy.ok());
  return std::make_unique<RunMachine>(options, std::move(policy).value());
}

// What Machine counts, and what RunMachine does, whose pages may come with numbers.
std::pair<std::string, std::string> replay_both(const MachineOptions& options,
                                                const std::vector<Piece>& trace) {
  auto machine = make_machine(options);
  REQUIRE(machine.ok());
  const auto twin = make_twin(options);
  const auto numbered = make_twin(options);
  TracePageIds page_ids;
  std::vector<std::pair<uint32_t, Process*>> processes;
  for (const Piece& piece : trace) {
    auto found = std::find_if(processes.begin(), processes.end(),
                              [&](const auto& entry) { return entry.first == piece.task.pid; });
    if (found == processes.end())
      found = processes.insert(found, {piece.task.pid, &(*machine)->start_empty_process()});
    REQUIRE((*machine)->access(*found->second, piece.accesses));
    const Runs runs(piece.accesses);
    REQUIRE(twin->enter({.pages = runs.pages, .task = piece.task}));
    twin->replay(runs.runs);
    std::vector<uint32_t> numbers;
    page_ids.number(piece.task.pid, runs.pages, numbers);
    REQUIRE(numbered->enter({.pages = runs.pages, .task = piece.task, .numbers = numbers}));
    numbered->replay(runs.runs);
  }
  (*machine)->validate();
  twin->validate();
  numbered->validate();
  REQUIRE(report_of(options, numbered->stats()) == report_of(options, twin->stats()));
  return {report_of(options, (*machine)->stats()), report_of(options, twin->stats())};
}

// Where the user spaces of some formats end.
constexpr uint64_t kUserEnds[] = {(uint64_t{1} << 47) - kPage, uint64_t{1} << 47, uint64_t{1} << 38,
                                  uint64_t{1} << 48,           0xc000'0000,       0x9d80'0000};

// Runs, straddles, and pages that no program has.
std::vector<Piece> random_trace(uint64_t seed) {
  base::Prng prng(seed);
  std::vector<Piece> trace(1 + prng.below(6));
  const uint64_t pages = 1 + prng.below(40);
  const uint64_t scale = uint64_t{1} << prng.below(30);  // how far pages lie apart
  const bool foreign = prng.below(4) == 0;
  for (Piece& piece : trace) {
    piece.task.pid = static_cast<uint32_t>(prng.below(3));
    Access access{};
    for (uint64_t i = prng.below(400); i > 0; --i) {
      if (prng.below(3) != 0) {
        access.address = VirtAddr{prng.below(pages) * scale * kPage + prng.below(kPage)};
        access.kind = AccessKind(prng.below(4));
        access.size_bytes = 1 + static_cast<uint32_t>(prng.below(16));
        if (prng.below(20) == 0) access.size_bytes = static_cast<uint32_t>(1 + prng.below(20000));
        if (foreign && prng.below(10) == 0)
          access.address =
              VirtAddr{kUserEnds[prng.below(std::size(kUserEnds))] - kPage + prng.below(2 * kPage)};
      }
      piece.accesses.push_back(access);
    }
  }
  return trace;
}

std::vector<MachineOptions> all_options() {
  std::vector<MachineOptions> all;
  const TlbOptions tiny{.l1d = {2, 2}, .l1i = {1, 1}, .l2 = {4, 2}};
  for (const reclaim::PolicyRow& row : reclaim::policy_rows()) {
    for (const uint64_t frames : {1U, 2U, 7U, 30U}) {
      for (const TlbOptions& tlb : {TlbOptions{}, tiny, TlbOptions{.enabled = false}}) {
        all.push_back({.frames = frames,
                       .policy = std::string(row.name),
                       .tlb = tlb,
                       .contents = Contents::kNone,
                       .unmapped = Unmapped::kMap});
      }
    }
  }
  all.push_back({.frames = 7, .policy = "clock:enter=0"});
  all.push_back({});
  for (const char* paging : {"x86-64-la57", "sv39", "sv48", "sv57", "arm64-4k"}) {
    all.push_back({.paging = paging, .tlb = tiny});
    all.push_back({.paging = paging, .frames = 5, .policy = "clock", .tlb = tiny});
  }
  for (const reclaim::PolicyRow& row : reclaim::policy_rows())
    all.push_back(
        {.paging = "arm64-64k", .frames = 6, .policy = std::string(row.name), .tlb = tiny});
  all.push_back({.paging = "arm64-64k", .tlb = {.enabled = false}});
  all.push_back({.paging = "arm64-16k", .frames = 6, .policy = "clock", .tlb = tiny});
  const WalkCacheOptions caches{.levels = {{{4, 2}, {2, 1}}}};
  for (const char* paging : {"x86-64", "sv39", "arm64-64k"}) {
    all.push_back({.paging = paging, .tlb = tiny, .walk_cache = caches});
    all.push_back(
        {.paging = paging, .frames = 5, .policy = "clock", .tlb = tiny, .walk_cache = caches});
  }
  // Entries of 32 bits.
  for (const char* paging : {"x86-32", "sv32"}) {
    all.push_back({.paging = paging, .frames = 200'000, .tlb = tiny});
    all.push_back({.paging = paging, .frames = 5, .policy = "fifo", .tlb = tiny});
  }
  for (MachineOptions& options : all) {
    options.contents = Contents::kNone;
    options.unmapped = Unmapped::kMap;
  }
  return all;
}

TEST_CASE("RunMachine: counts what Machine counts, on random traces under every policy") {
  constexpr uint64_t kTraces = testing::kSanitized ? 5 : 25;
  for (const MachineOptions& options : all_options()) {
    if (!make_machine(options)) continue;  // a policy that must know the future
    CAPTURE(options.paging);
    CAPTURE(options.policy);
    CAPTURE(options.frames.value_or(0));
    CAPTURE(tlb_spec(options.tlb));
    CAPTURE(walk_cache_spec(options.walk_cache));
    for (uint64_t seed = 0; seed < kTraces; ++seed) {
      CAPTURE(seed);
      const auto [machine, twin] = replay_both(options, random_trace(seed));
      REQUIRE(twin == machine);
    }
  }
}

// Now all over memory, now a few pages, so that it pays to keep the TLB in one way and in the
// other.
std::vector<Piece> changing_trace(uint64_t seed) {
  base::Prng prng(seed);
  std::vector<Piece> trace(6);
  for (size_t phase = 0; phase < trace.size(); ++phase) {
    Piece& piece = trace[phase];
    piece.task.pid = static_cast<uint32_t>(prng.below(2));
    const uint64_t pages = phase % 2 == 0 ? 100 : 3;
    for (int i = 0; i < 3'000; ++i) {
      Access access{};
      access.address = VirtAddr{prng.below(pages) * kPage + prng.below(kPage)};
      access.kind = AccessKind(prng.below(4));
      access.size_bytes = 1 + static_cast<uint32_t>(prng.below(16));
      if (prng.below(50) == 0) access.size_bytes = static_cast<uint32_t>(1 + prng.below(20'000));
      if (prng.below(50) == 0) access.address = VirtAddr{kUserEnds[0] - prng.below(2 * kPage)};
      piece.accesses.push_back(access);
    }
  }
  return trace;
}

TEST_CASE("RunMachine: counts what Machine counts, where the TLB misses much and then hardly") {
  const TlbOptions tiny{.l1d = {2, 2}, .l1i = {1, 1}, .l2 = {12, 3}};
  const TlbOptions wide{.l1d = {20, 20}, .l1i = {6, 6}, .l2 = {70, 70}};
  const TlbOptions middle{.l1d = {16, 4}, .l1i = {8, 8}, .l2 = {32, 16}};
  // With more ways than there are references before it is kept in another way.
  const TlbOptions huge{.l1d = {16'384, 16'384}, .l1i = {1, 1}, .l2 = {16'384, 16'384}};
  std::vector<MachineOptions> all;
  all.push_back({.frames = 7, .policy = "lru", .tlb = huge});
  for (const TlbOptions& tlb : {tiny, wide, middle}) {
    for (const reclaim::PolicyRow& row : reclaim::policy_rows())
      all.push_back({.frames = 60, .policy = std::string(row.name), .tlb = tlb});
    all.push_back({.frames = 7, .policy = "lru", .tlb = tlb});
    all.push_back({.frames = 60, .policy = "clock:enter=0", .tlb = tlb});
    all.push_back({.paging = "arm64-16k", .frames = 20, .policy = "clock", .tlb = tlb});
    all.push_back({.tlb = tlb});
  }
  for (MachineOptions& options : all) {
    options.contents = Contents::kNone;
    options.unmapped = Unmapped::kMap;
    if (!make_machine(options)) continue;  // a policy that must know the future
    CAPTURE(options.paging);
    CAPTURE(options.policy);
    CAPTURE(tlb_spec(options.tlb));
    for (uint64_t seed = 0; seed < (testing::kSanitized ? 1 : 2); ++seed) {
      CAPTURE(seed);
      const auto [machine, twin] = replay_both(options, changing_trace(seed));
      REQUIRE(twin == machine);
    }
  }
}

// Pages that are used for long while others, which are as old as the start, wait to be evicted.
std::vector<Piece> patient_trace() {
  base::Prng prng(1);
  std::vector<Piece> trace(3);
  for (size_t phase = 0; phase < trace.size(); ++phase) {
    const uint64_t accesses = phase == 1 ? 80'000 : 3'000;
    for (uint64_t i = 0; i < accesses; ++i) {
      Access access{};
      access.address = VirtAddr{(phase == 1 ? i % 5 : prng.below(100)) * kPage};
      access.kind = i % 7 == 0 ? AccessKind::kStore : AccessKind::kLoad;
      access.size_bytes = 1;
      trace[phase].accesses.push_back(access);
    }
  }
  return trace;
}

// Pages all over, each loaded from and stored to, one after the other; now and then otherwise.
std::vector<Piece> updates_trace(uint64_t pages) {
  base::Prng prng(3);
  std::vector<Piece> trace(4);
  for (Piece& piece : trace) {
    for (uint64_t i = 0; i < 5'000; ++i) {
      Access access{};
      const uint64_t last = prng.below(20) == 0 ? kPage - 1 : 8;
      access.address = VirtAddr{prng.below(pages) * kPage + last};
      access.size_bytes = 2;
      for (uint64_t more = 1 + prng.below(4); more > 0; --more) {
        access.kind = static_cast<AccessKind>(prng.below(10) == 0 ? prng.below(4) : 1 + more % 2);
        piece.accesses.push_back(access);
      }
    }
  }
  return trace;
}

TEST_CASE("RunMachine: counts what Machine counts, where pages are updated") {
  for (const uint64_t frames : {uint64_t{50}, uint64_t{500}}) {
    for (const char* policy : {"lru", "clock"}) {
      CAPTURE(frames);
      CAPTURE(policy);
      const MachineOptions options{.frames = frames,
                                   .policy = policy,
                                   .contents = Contents::kNone,
                                   .unmapped = Unmapped::kMap};
      const auto [machine, twin] = replay_both(options, updates_trace(1'500));
      CHECK(twin == machine);
    }
  }
}

TEST_CASE("RunMachine: counts what Machine counts, with more uses than it remembers") {
  const TlbOptions tiny{.l1d = {2, 2}, .l1i = {1, 1}, .l2 = {12, 3}};
  for (const uint64_t frames : {uint64_t{20}, uint64_t{60}, uint64_t{99}}) {
    CAPTURE(frames);
    const MachineOptions options{
        .frames = frames, .tlb = tiny, .contents = Contents::kNone, .unmapped = Unmapped::kMap};
    const auto [machine, twin] = replay_both(options, patient_trace());
    CHECK(twin == machine);
  }
}

TEST_CASE("RunMachine: counts what Machine counts, on real traces") {
  constexpr uint64_t kAccesses = testing::kSanitized ? 50'000 : 200'000;
  for (const char* file : {"traces/sort.lackey.zst", "traces/perl.lackey.xz"}) {
    auto reader = open_trace({file}, {});
    REQUIRE(reader.ok());
    std::vector<Piece> trace;
    for (uint64_t read = 0; read < kAccesses;) {
      const auto block = (*reader)->next_block();
      REQUIRE(block.ok());
      trace.push_back({block->task, {block->accesses.begin(), block->accesses.end()}});
      read += block->accesses.size();
    }
    for (const char* policy : {"lru", "clock", "fifo"}) {
      const MachineOptions options{
          .frames = 64, .policy = policy, .contents = Contents::kNone, .unmapped = Unmapped::kMap};
      CAPTURE(file);
      CAPTURE(policy);
      const auto [machine, twin] = replay_both(options, trace);
      CHECK(twin == machine);
    }
  }
}

TEST_CASE("RunMachine: stands in only for what it can do") {
  const MachineOptions options{.contents = Contents::kNone, .unmapped = Unmapped::kMap};
  CHECK(RunMachine::can_replay(options));
  MachineOptions other = options;
  // It would not see that no frame is left.
  other.paging = "x86-32";
  CHECK_FALSE(RunMachine::can_replay(other));
  other.frames = 1'000;
  CHECK(RunMachine::can_replay(other));
  other = options;
  other.unmapped = Unmapped::kFault;
  CHECK_FALSE(RunMachine::can_replay(other));
  other = options;
  other.paging = "arm64-64k";
  CHECK(RunMachine::can_replay(other));
  other = options;
  other.paging_description = R"({"levels":[6],"page_bits":10})";
  CHECK_FALSE(RunMachine::can_replay(other));
  other = options;
  other.contents = Contents::kBytes;
  CHECK_FALSE(RunMachine::can_replay(other));
  other = options;
  other.paging = "no such";
  CHECK_FALSE(RunMachine::can_replay(other));
}

}  // namespace
}  // namespace faultline::replay
