// What a machine tells its EventSink: everything, in order, and nothing when nobody listens.
#include "faultline/events.h"

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "faultline/linux.h"
#include "faultline/machine.h"
#include "sim/base/prng.h"

namespace faultline {
namespace {

constexpr VirtAddr kBase{0x10000000};
constexpr uint64_t kPage = 4096;

// Keeps every event, and writes them as "name page [frame] [=value]", pages counted from kBase.
class Keeper final : public EventSink {
 public:
  void on_event(const Event& event) override { events.push_back(event); }
  std::string take() {
    std::ostringstream text;
    for (const Event& event : events) {
      text << event_name(event.kind);
      if (event.pid == Pid{}) {
        text << " nobody";
      } else {
        text << ' ' << int64_t(event.address.value - kBase.value) / int64_t(kPage);
      }
      if (event.pfn != kNoPfn) text << " f" << event.pfn.value;
      if (event.value != 0) text << " =" << event.value;
      text << '\n';
    }
    events.clear();
    return text.str();
  }
  uint64_t count(EventKind kind) const {
    uint64_t met = 0;
    for (const Event& event : events) met += event.kind == kind ? 1 : 0;
    return met;
  }
  uint64_t sum(EventKind kind) const {
    uint64_t values = 0;
    for (const Event& event : events) values += event.kind == kind ? event.value : 0;
    return values;
  }
  std::vector<Event> events;
};

struct Trial {
  explicit Trial(const MachineOptions& options) {
    auto made = make_machine(options);
    REQUIRE(made.ok());
    machine = std::move(*made);
    process = &machine->start_empty_process();
    machine->set_event_sink(&keeper);
  }
  std::string after(const std::vector<Access>& accesses) {
    REQUIRE(machine->access(*process, accesses));
    machine->validate();
    return keeper.take();
  }
  Keeper keeper;  // outlives the machine
  std::unique_ptr<Machine> machine;
  Process* process = nullptr;
};

Access load(uint64_t page) { return {kBase + page * kPage, 8, AccessKind::kLoad}; }
Access store(uint64_t page) { return {kBase + page * kPage, 8, AccessKind::kStore}; }

TEST_CASE("events: two frames, three pages, step by step") {
  Trial t({.frames = 2, .policy = "fifo", .unmapped = Unmapped::kMap});
  CHECK(t.after({load(0)}) ==
        "tlb_miss 0\n"
        "walk 0 =1\n"  // nothing below the root
        "page_fault 0 =4\n"
        "minor_fault 0\n"
        "walk 0 f1 =4\n");
  CHECK(t.after({load(0)}).empty());
  // The first store through a clean entry walks, and misses no TLB.
  CHECK(t.after({store(0), store(0)}) == "walk 0 f1 =4\n");
  CHECK(t.after({load(1)}) ==
        "tlb_miss 1\n"
        "walk 1 =4\n"
        "page_fault 1 =4\n"
        "minor_fault 1\n"
        "walk 1 f2 =4\n");
  CHECK(t.after({load(2)}) ==
        "tlb_miss 2\n"
        "walk 2 =4\n"
        "page_fault 2 =4\n"
        "evict 0 f1 =1\n"
        "minor_fault 2\n"
        "walk 2 f1 =4\n");
  CHECK(t.after({store(0)}) ==
        "tlb_miss 0\n"
        "walk 0 =4\n"
        "page_fault 0 =6\n"
        "evict 1 f2\n"
        "major_fault 0\n"
        "walk 0 f2 =4\n");
}

TEST_CASE("events: signals, also of an access that wraps past the top") {
  Trial t({});
  CHECK(t.after({load(3)}) ==
        "tlb_miss 3\n"
        "walk 3 =1\n"
        "page_fault 3 =4\n"
        "signal 3\n");  // SignalCode::kSegvMapErr is 0
  REQUIRE(t.machine->access(*t.process,
                            std::array{Access{{0xfffffffffffffffc}, 8, AccessKind::kLoad}}));
  REQUIRE(t.keeper.events.size() == 1);
  CHECK(t.keeper.events[0].kind == EventKind::kSignal);
  CHECK(t.keeper.events[0].address == VirtAddr{0xfffffffffffffffc});
}

// Maps two pages of a file at kBase, shared, and dirties the first.
void map_and_dirty(Trial& t) {
  REQUIRE(t.machine->create_file("/data", 2 * kPage, 0).ok());
  const int fd = t.process->open("/data", linux_abi::kO_RDWR, 0).value();
  REQUIRE(t.process
              ->mmap({.address = kBase,
                      .length_bytes = 2 * kPage,
                      .prot = linux_abi::kPROT_READ | linux_abi::kPROT_WRITE,
                      .flags = linux_abi::kMAP_SHARED,
                      .fd = fd})
              .value() == kBase);
  REQUIRE(t.machine->access(*t.process, std::array{store(0)}));
  t.keeper.events.clear();
}

TEST_CASE("events: write-back names the mapping, the frame and the page of the file") {
  Trial t({});
  map_and_dirty(t);
  REQUIRE(t.process->msync(kBase, 2 * kPage, linux_abi::kMS_SYNC).ok());
  CHECK(t.keeper.take() == "write_back 0 f1\n");
  REQUIRE(t.process->msync(kBase, 2 * kPage, linux_abi::kMS_SYNC).ok());
  CHECK(t.keeper.take().empty());
}

TEST_CASE("events: a dirty page of a file is unmapped, written, and then its frame is free") {
  Trial t({.frames = 2});
  REQUIRE(t.process
              ->mmap({.address = kBase + 8 * kPage,
                      .length_bytes = 2 * kPage,
                      .prot = linux_abi::kPROT_READ | linux_abi::kPROT_WRITE,
                      .flags = linux_abi::kMAP_PRIVATE | linux_abi::kMAP_ANONYMOUS})
              .ok());
  // Accesses of a trace, in which the flusher does not come between.
  map_and_dirty(t);
  const std::string told = t.after({store(8), store(9)});
  CHECK_MESSAGE(told.find("write_back nobody f1\nevict 0 f1 =1\n") != std::string::npos, told);
  CHECK(t.machine->stats().replacement.dirty_evictions == 1);
}

TEST_CASE("events: nothing is told when nobody listens any more") {
  Trial t({.frames = 1, .unmapped = Unmapped::kMap});
  CHECK(!t.after({store(0), store(1)}).empty());
  t.machine->set_event_sink(nullptr);
  CHECK(t.after({store(2), store(3), store(0)}).empty());
  CHECK(t.machine->stats().replacement.evictions == 4);
}

TEST_CASE("events: as many as the counters say, for every policy") {
  std::vector<std::string> policies = {"clock:enter=0", "ws:window=100,tick=7", "pff:threshold=9"};
  for (const NamedChoice& choice : policy_names())
    if (choice.name != "opt") policies.emplace_back(choice.name);
  for (const std::string& policy : policies) {
    CAPTURE(policy);
    Trial t(
        {.frames = 20, .policy = policy, .contents = Contents::kNone, .unmapped = Unmapped::kMap});
    base::Prng prng(11);
    std::vector<Access> accesses(20'000);
    for (Access& access : accesses)
      access = {kBase + prng.below(40 * kPage), uint32_t(1 + prng.below(64)),
                AccessKind(prng.below(4))};
    REQUIRE(t.machine->access(*t.process, accesses));
    const Stats& s = t.machine->stats();
    CHECK(s.replacement.evictions > 1000);
    CHECK(t.keeper.count(EventKind::kEvict) == s.replacement.evictions);
    CHECK(t.keeper.sum(EventKind::kEvict) == s.replacement.dirty_evictions);
    CHECK(t.keeper.count(EventKind::kTlbMiss) == s.tlb.l2.misses);
    CHECK(t.keeper.count(EventKind::kWalk) == s.walks.count);
    CHECK(t.keeper.sum(EventKind::kWalk) == s.walks.memory_references);
    CHECK(t.keeper.count(EventKind::kMinorFault) == s.faults.minor);
    CHECK(t.keeper.count(EventKind::kMajorFault) == s.faults.major);
    CHECK(t.keeper.count(EventKind::kWriteBack) == 0);
  }
}

TEST_CASE("events: without a TLB there is none to miss") {
  MachineOptions options{.unmapped = Unmapped::kMap};
  options.tlb.enabled = false;
  Trial t(options);
  CHECK(t.after({load(0), load(0)}).find("tlb_miss") == std::string::npos);
}

}  // namespace
}  // namespace faultline
