// Each numbered invariant of the machine, broken on purpose, stops the program.
#include <doctest/doctest.h>

#include <memory>

#include "faultline/machine.h"
#include "sim/machine/machine_impl.h"
#include "sim/machine/process_impl.h"
#include "tests/support/death.h"

namespace faultline::machine {

struct MachineTestPeer {
  static hw::TlbGather& gather(MachineImpl& machine) { return machine.gather_; }
  static Stats& stats(MachineImpl& machine) { return machine.stats_; }
  static phys::FrameTable& frames(MachineImpl& machine) { return machine.frames_; }
  static phys::FrameAllocator& allocator(MachineImpl& machine) { return machine.allocator_; }
  static mm::AddressSpace& space(Process& process) {
    return static_cast<ProcessImpl&>(process).space();
  }
};

namespace {

using testing::dies_with;

struct Trial {
  Trial() {
    auto made = make_machine({.frames = 64});
    REQUIRE(made.ok());
    machine = std::move(*made);
    process = &machine->start_process();
    machine->validate();
  }
  MachineImpl& impl() { return static_cast<MachineImpl&>(*machine); }
  std::unique_ptr<Machine> machine;
  Process* process = nullptr;
};

constexpr VirtAddr kStackTop{0x7fffffffe000};

TEST_CASE("Machine invariant 1: a gather left over") {
  CHECK(dies_with(
      [] {
        Trial t;
        MachineTestPeer::gather(t.impl()).add_page({1}, {5});
        t.machine->validate();
      },
      "gather_.empty()"));
}

TEST_CASE("Machine invariant 2: a TLB entry whose PTE was cleared behind its back") {
  CHECK(dies_with(
      [] {
        Trial t;
        hw::TlbGather lost;
        MachineTestPeer::space(*t.process).unmap_page(PageSize{}.vpn(kStackTop), hw::Pte{}, lost);
        lost.clear();
        t.machine->validate();
      },
      "pte.present"));
}

TEST_CASE("Machine invariant 3: more misses than references") {
  CHECK(dies_with(
      [] {
        Trial t;
        MachineTestPeer::stats(t.impl()).replacement.misses += 100;
        t.machine->validate();
      },
      "misses <= stats_.references"));
  CHECK(dies_with(
      [] {
        Trial t;
        MachineTestPeer::stats(t.impl()).replacement.cold_misses += 2;
        t.machine->validate();
      },
      "cold_misses <= stats_.replacement.misses"));
}

TEST_CASE("Machine invariant 4: a frame that somebody forgot to give back") {
  CHECK(dies_with(
      [] {
        Trial t;
        MachineTestPeer::allocator(t.impl()).get(Pfn{1});
        t.machine->validate();
      },
      "frame.refcount == frame.mapcount + cached"));
}

TEST_CASE("Machine: a failed check prints the maps and the step") {
  CHECK(dies_with(
      [] {
        Trial t;
        MachineTestPeer::stats(t.impl()).replacement.misses += 100;
        t.machine->validate();
      },
      "[stack]"));
}

}  // namespace
}  // namespace faultline::machine
