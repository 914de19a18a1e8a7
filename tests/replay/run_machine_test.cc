// RunMachine is held to Machine: every counter, on random traces and on real ones.
#include "sim/replay/run_machine.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "faultline/machine.h"
#include "faultline/report.h"
#include "faultline/trace.h"
#include "sim/reclaim/policy_table.h"
#include "sim/replay/replayer.h"
#include "sim/replay/trace_page_ids.h"
#include "tests/replay/made_traces.h"
#include "tests/support/sanitized.h"

namespace faultline::replay {
namespace {

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

// Whether the trace may come by number: it is of one process, and all its pages are user space's.
bool fits_by_number(const std::vector<Piece>& trace, const RunMachine& machine) {
  return std::ranges::all_of(trace, [&](const Piece& piece) {
    const Runs runs(piece.accesses);
    return piece.task.pid == trace.front().task.pid &&
           std::ranges::all_of(runs.pages,
                               [&](uint64_t page) { return page < machine.user_page_runs(); });
  });
}

// As RunMachine has it where the runs come by number.
void replay_by_number(RunMachine& machine, const Piece& piece, Runs runs,
                      std::span<const uint32_t> numbers) {
  for (PageRun& run : runs.runs) run = PageRun::make(numbers[run.page()], run.kind(), run.count());
  REQUIRE(machine.enter({.pages = runs.pages,
                         .task = piece.task,
                         .numbers = numbers,
                         .by_number = !numbers.empty()}));
  machine.replay(runs.runs);
}

// What Machine counts, and what RunMachine does, whose pages may come with numbers, or by number.
std::pair<std::string, std::string> replay_both(const MachineOptions& options,
                                                const std::vector<Piece>& trace) {
  auto machine = make_machine(options);
  REQUIRE(machine.ok());
  const auto twin = make_twin(options);
  const auto numbered = make_twin(options);
  const auto by_number = make_twin(options);
  const bool fits = options.paging == MachineOptions{}.paging && fits_by_number(trace, *by_number);
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
    if (fits) replay_by_number(*by_number, piece, runs, numbers);
  }
  (*machine)->validate();
  twin->validate();
  numbered->validate();
  by_number->validate();
  REQUIRE(report_of(options, numbered->stats()) == report_of(options, twin->stats()));
  if (fits) REQUIRE(report_of(options, by_number->stats()) == report_of(options, twin->stats()));
  return {report_of(options, (*machine)->stats()), report_of(options, twin->stats())};
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

TEST_CASE("RunMachine: counts what Machine counts, where all is data") {
  for (const uint64_t frames : {uint64_t{100}, uint64_t{1'000}, uint64_t{2'900}}) {
    CAPTURE(frames);
    for (const char* policy : {"lru", "fifo"}) {
      CAPTURE(policy);
      const MachineOptions options{.frames = frames,
                                   .policy = policy,
                                   .contents = Contents::kNone,
                                   .unmapped = Unmapped::kMap};
      const auto [machine, twin] = replay_both(options, data_trace(3'000, frames));
      CHECK(twin == machine);
    }
  }
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
