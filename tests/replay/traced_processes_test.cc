#include "sim/replay/traced_processes.h"

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "faultline/linux.h"
#include "faultline/machine.h"
#include "sim/replay/replayer.h"

namespace faultline::replay {
namespace {

namespace abi = linux_abi;

constexpr uint64_t kPage = 4096;
constexpr uint64_t kBase = 0x10000;
constexpr uint64_t kRw = abi::kPROT_READ | abi::kPROT_WRITE;
constexpr uint64_t kPrivate = abi::kMAP_PRIVATE;
constexpr uint64_t kAnon = abi::kMAP_PRIVATE | abi::kMAP_ANONYMOUS;

struct Step {
  TraceTask task{};
  std::vector<Access> accesses{};
  std::vector<TraceCall> call{};  // one, or none
};

class ScriptReader : public TraceReader {
 public:
  explicit ScriptReader(std::vector<Step> steps) : steps_(std::move(steps)) {}
  std::string_view format() const override { return "script"; }
  bool has_calls() const override { return true; }
  Result<TraceBlock, InputError> next_block() override {
    if (at_ == steps_.size()) return TraceBlock{};
    const Step& step = steps_[at_++];
    return TraceBlock{.accesses = step.accesses,
                      .task = step.task,
                      .call = step.call.empty() ? nullptr : &step.call.front()};
  }

 private:
  std::vector<Step> steps_;
  size_t at_ = 0;
};

struct Replayed {
  ReplayOutcome outcome;
  Stats stats;
};

Replayed play(std::vector<Step> steps, const ReplayOptions& options = {}) {
  auto machine = make_machine({.contents = Contents::kNone});
  REQUIRE(machine.ok());
  ScriptReader reader(std::move(steps));
  auto outcome = replay(reader, **machine, (*machine)->start_empty_process(), options);
  REQUIRE(outcome.ok());
  (*machine)->validate();
  return {*outcome, (*machine)->stats()};
}

Access store_to(uint64_t address) {
  return {.address{address}, .size_bytes = 8, .kind = AccessKind::kStore};
}
Access load_from(uint64_t address) { return {.address{address}, .size_bytes = 8}; }

Step call(TraceCallKind kind, std::array<uint64_t, 6> arguments, int64_t result, uint32_t pid = 1) {
  return {.task{pid, pid},
          .call{{.kind = kind, .task{pid, pid}, .arguments = arguments, .result = result}}};
}
Step map_anon(uint64_t address, uint64_t pages, uint32_t pid = 1) {
  return call(TraceCallKind::kMmap, {0, pages * kPage, kRw, kAnon, ~uint64_t{0}, 0},
              int64_t(address), pid);
}
Step access(std::vector<Access> accesses, uint32_t pid = 1) {
  return {.task{pid, pid}, .accesses = std::move(accesses)};
}
Step exec(std::vector<MapsLine> maps, uint32_t pid = 1) {
  Step step = call(TraceCallKind::kExec, {}, 0, pid);
  step.call.front().path = "/bin/demo";
  step.call.front().maps = std::move(maps);
  return step;
}
MapsLine line(uint64_t address, uint64_t pages, const char* permissions, std::string path = "") {
  MapsLine made{.range{VirtAddr{address}, VirtAddr{address + pages * kPage}},
                .path = std::move(path)};
  std::copy_n(permissions, 4, made.permissions);
  return made;
}

TEST_CASE("replay: mmap maps at the address that the traced kernel chose") {
  const Replayed done =
      play({map_anon(kBase, 2),
            access({store_to(kBase), store_to(kBase + kPage), store_to(kBase + 2 * kPage)})});
  CHECK(done.outcome.records == 3);
  CHECK(done.outcome.calls == 1);
  CHECK(done.outcome.differing == 0);
  CHECK(done.stats.faults.minor == 2);
  CHECK(done.stats.faults.segv_maperr == 1);
}

TEST_CASE("replay: munmap, mprotect, madvise and mremap change what accesses do") {
  const Replayed done = play({
      map_anon(kBase, 4), access({store_to(kBase), store_to(kBase + kPage)}),
      call(TraceCallKind::kMprotect, {kBase, kPage, abi::kPROT_READ}, 0),
      call(TraceCallKind::kMadvise, {kBase + kPage, kPage, abi::kMADV_DONTNEED}, 0),
      access({store_to(kBase), store_to(kBase + kPage)}),  // SEGV_ACCERR, a minor fault
      call(TraceCallKind::kMremap, {kBase + kPage, kPage, kPage, abi::kMREMAP_MAYMOVE},
           int64_t(kBase + 8 * kPage)),
      access({store_to(kBase + 8 * kPage), store_to(kBase + kPage)}),  // a hit, SEGV_MAPERR
      call(TraceCallKind::kMremap, {kBase + 3 * kPage, kPage, 2 * kPage, 0},
           int64_t(kBase + 3 * kPage)),
      access({store_to(kBase + 4 * kPage)}),                                        // a minor fault
      call(TraceCallKind::kMunmap, {kBase, kPage}, 0), access({load_from(kBase)}),  // SEGV_MAPERR
  });
  CHECK(done.outcome.differing == 0);
  CHECK(done.stats.faults.minor == 4);
  CHECK(done.stats.faults.segv_accerr == 1);
  CHECK(done.stats.faults.segv_maperr == 2);
}

TEST_CASE("replay: a file is as long as the trace says") {
  Step map = call(TraceCallKind::kMmap, {0, 3 * kPage, abi::kPROT_READ, kPrivate, 3, 0}, kBase);
  map.call.front().path = "/lib/x.so";
  map.call.front().file_bytes = kPage + 1;
  const Replayed done = play(
      {map, access({load_from(kBase + kPage), load_from(kBase), load_from(kBase + 2 * kPage)})});
  CHECK(done.outcome.differing == 0);
  CHECK(done.stats.faults.major == 1);
  CHECK(done.stats.faults.bus_adrerr == 1);

  // Mapped again when it had grown.
  Step again = map;
  again.call.front().file_bytes = 3 * kPage;
  const Replayed grown = play({map, again, access({load_from(kBase + 2 * kPage)})});
  CHECK(grown.stats.faults.bus_adrerr == 0);
}

TEST_CASE("replay: files that are in the page cache at first cost no major fault") {
  Step map = call(TraceCallKind::kMmap, {0, 40 * kPage, abi::kPROT_READ, kPrivate, 3, 0}, kBase);
  map.call.front().path = "/lib/x.so";
  map.call.front().file_bytes = 40 * kPage;
  std::vector<Access> accesses;
  for (uint64_t page = 0; page < 40; ++page) accesses.push_back(load_from(kBase + page * kPage));
  MapsLine second_line = line(kBase + 0x102000, 2, "r-xp", "/bin/demo");
  second_line.offset_bytes = 40 * kPage;
  const std::vector<Step> steps = {
      exec({line(kBase + 0x100000, 2, "r--p", "/bin/demo"), second_line}), map, access(accesses),
      access({load_from(kBase + 0x100000), load_from(second_line.range.start.value)})};
  CHECK(play(steps).stats.faults.major >= 2);
  const Replayed warm = play(steps, {.page_cache = PageCacheAtFirst::kWarm});
  CHECK(warm.outcome.differing == 0);
  CHECK(warm.stats.faults.major == 0);
  CHECK(warm.stats.faults.minor == 5);  // fault-around maps 16 pages at a time
}

TEST_CASE("replay: of a file of any length a GiB at most is read at first") {
  Step map = call(TraceCallKind::kMmap, {0, kPage, abi::kPROT_READ, kPrivate, 3, 0}, kBase);
  map.call.front().path = "/huge";
  map.call.front().file_bytes = uint64_t{8} << 40;
  const Replayed warm =
      play({map, access({load_from(kBase)})}, {.page_cache = PageCacheAtFirst::kWarm});
  CHECK(warm.stats.faults.major == 0);
  constexpr uint64_t kReadAheadPages = 32;  // behind the last page that was read
  CHECK(warm.stats.memory.resident_pages == (1 << 18) + kReadAheadPages);
}

TEST_CASE("replay: devices are anonymous memory") {
  Step map = call(TraceCallKind::kMmap, {0, kPage, kRw, kPrivate, 3, 0}, kBase);
  map.call.front().path = "/dev/zero";
  const Replayed done = play({map, access({store_to(kBase)})});
  CHECK(done.outcome.differing == 0);
  CHECK(done.stats.faults.minor == 1);
}

TEST_CASE("replay: the break moves both ways") {
  const Replayed done = play({
      call(TraceCallKind::kBrk, {0}, kBase + 100),
      call(TraceCallKind::kBrk, {kBase + 2 * kPage}, kBase + 2 * kPage),
      access({store_to(kBase + kPage)}),
      call(TraceCallKind::kBrk, {kBase + kPage}, kBase + kPage),
      access({load_from(kBase + kPage)}),
  });
  CHECK(done.outcome.differing == 0);
  CHECK(done.stats.faults.minor == 1);
  CHECK(done.stats.faults.segv_maperr == 1);
}

TEST_CASE("replay: an exec's mappings are all that there is") {
  const Replayed done = play({
      exec({line(kBase, 1, "r-xp", "/bin/demo"), line(kBase + 0x100000, 4, "rw-p", "[stack]")}),
      access({load_from(kBase), store_to(kBase), store_to(kBase + 0x100000 + 3 * kPage)}),
      map_anon(kBase + 0x10000, 1),
      access({store_to(kBase + 0x10000)}),
      exec({line(kBase + 4 * kPage, 1, "rw-p")}),
      access({load_from(kBase), store_to(kBase + 4 * kPage), load_from(kBase + 0x10000)}),
  });
  CHECK(done.outcome.differing == 0);
  CHECK(done.stats.faults.segv_accerr == 1);
  CHECK(done.stats.faults.segv_maperr == 2);
}

TEST_CASE("replay: a forked child has its parent's mappings, and its own from then on") {
  const Replayed done = play({
      map_anon(kBase, 2),
      access({store_to(kBase)}),
      call(TraceCallKind::kFork, {abi::kSIGCHLD}, 2),
      access({store_to(kBase)}, 2),  // copy-on-write
      map_anon(kBase + 0x10000, 1, 2),
      access({store_to(kBase + 0x10000)}, 2),
      access({store_to(kBase + 0x10000)}, 1),  // SEGV_MAPERR
      call(TraceCallKind::kExit, {0}, 0, 2),
      access({store_to(kBase)}, 1),
  });
  CHECK(done.outcome.differing == 0);
  CHECK(done.stats.faults.minor == 4);
  CHECK(done.stats.faults.segv_maperr == 1);
}

TEST_CASE("replay: a vfork's child has its parent's memory until it execs") {
  const Replayed done = play({
      map_anon(kBase, 1),
      call(TraceCallKind::kFork, {abi::kCLONE_VM | abi::kCLONE_VFORK | abi::kSIGCHLD}, 2),
      access({store_to(kBase)}, 2), exec({line(kBase + 4 * kPage, 1, "rw-p")}, 2),
      access({store_to(kBase)}, 2),  // SEGV_MAPERR
      access({store_to(kBase)}, 1),  // its child has faulted it in: no fault, a copy of nothing
  });
  CHECK(done.outcome.differing == 0);
  CHECK(done.stats.faults.minor == 1);
  CHECK(done.stats.faults.segv_maperr == 1);
}

TEST_CASE("replay: thousands of children, one after another") {
  std::vector<Step> steps = {map_anon(kBase, 1)};
  for (uint32_t child = 2; child < 3000; ++child) {
    steps.push_back(call(TraceCallKind::kFork, {abi::kSIGCHLD}, child));
    steps.push_back(access({store_to(kBase)}, child));
    steps.push_back(call(TraceCallKind::kExit, {0}, 0, child));
  }
  const Replayed done = play(std::move(steps));
  CHECK(done.outcome.differing == 0);
  CHECK(done.stats.faults.segv_maperr == 0);
}

TEST_CASE("replay: a trace of too many processes at a time is refused") {
  std::vector<Step> steps;
  for (uint32_t pid = 1; pid <= kProcessesMax + 1; ++pid)
    steps.push_back(access({load_from(kBase)}, pid));
  auto machine = make_machine({.contents = Contents::kNone});
  REQUIRE(machine.ok());
  ScriptReader reader(std::move(steps));
  const auto outcome = replay(reader, **machine, (*machine)->start_empty_process(), {});
  REQUIRE_FALSE(outcome.ok());
  CHECK(outcome.error().message.find("4096 processes") != std::string::npos);
}

TEST_CASE("replay: what the simulated kernel refuses is counted as differing") {
  const Replayed done = play({
      call(TraceCallKind::kMunmap, {kBase + 1, kPage}, 0),            // EINVAL here
      call(TraceCallKind::kMunmap, {kBase + 1, kPage}, -22),          // there too
      call(TraceCallKind::kMprotect, {kBase, kPage, kRw}, -12),       // ENOMEM both
      call(TraceCallKind::kMmap, {0, kPage, kRw, kAnon, 0, 0}, -12),  // not made
      call(TraceCallKind::kMmap, {0, 0, kRw, kAnon, 0, 0}, kBase),    // EINVAL here
      call(TraceCallKind::kMsync, {kBase, kPage, abi::kMS_SYNC}, 0),  // ENOMEM here
  });
  CHECK(done.outcome.calls == 6);
  CHECK(done.outcome.differing == 3);
}

TEST_CASE("replay: calls between skipped accesses are made, those behind the limit are not") {
  const std::vector<Step> steps = {
      access({load_from(kBase)}), map_anon(kBase, 1),
      access({store_to(kBase)}),  call(TraceCallKind::kMunmap, {kBase, kPage}, 0),
      access({load_from(kBase)}),
  };
  const Replayed middle = play(steps, {.skip = 1, .limit = 1});
  CHECK(middle.stats.faults.minor == 1);
  CHECK(middle.outcome.calls == 1);
  const Replayed last = play(steps, {.skip = 2});
  CHECK(last.stats.faults.segv_maperr == 1);
  CHECK(last.outcome.calls == 2);
}

}  // namespace
}  // namespace faultline::replay
