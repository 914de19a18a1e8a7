// Each numbered invariant of the machine, broken on purpose, stops the program.
#include <doctest/doctest.h>

#include <memory>

#include "faultline/linux.h"
#include "faultline/machine.h"
#include "sim/machine/machine_impl.h"
#include "sim/machine/process_impl.h"
#include "tests/support/death.h"

namespace faultline::machine {

struct MachineTestPeer {
  static hw::TlbGather& gather(MachineImpl& machine) { return machine.gather_; }
  static Stats& stats(MachineImpl& machine) { return machine.stats_; }
  static phys::FrameTable& frames(MachineImpl& machine) { return machine.frames_; }
  static storage::SwapDevice& swap_device(MachineImpl& machine) { return machine.swap_device_; }
  static phys::FrameAllocator& allocator(MachineImpl& machine) { return machine.allocator_; }
  static mm::CommitAccount& commit(MachineImpl& machine) { return machine.commit_; }
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

// Rewrites the PTE of the stack's top page, which the TLB holds with the rights to read and write.
void rewrite_pte(Trial& t, uint64_t clear_bits) {
  hw::PageTable& table = MachineTestPeer::space(*t.process).page_table();
  const Vpn vpn = PageSize{}.vpn(kStackTop);
  hw::Pte pte = table.get(vpn);
  pte.raw &= ~clear_bits;
  table.set(vpn, pte);
}

TEST_CASE("Machine invariant 2: a TLB entry that grants more than its PTE") {
  const hw::PteLayout& layout = hw::find_paging_format("x86-64")->pte;
  CHECK(dies_with(
      [&] {
        Trial t;
        rewrite_pte(t, layout.write);
        t.machine->validate();
      },
      "pte.writable(layout)"));
  CHECK(dies_with(
      [&] {
        Trial t;
        rewrite_pte(t, layout.dirty);
        t.machine->validate();
      },
      "pte.dirty(layout)"));
  CHECK(dies_with(
      [&] {
        Trial t;
        rewrite_pte(t, layout.accessed);
        t.machine->validate();
      },
      "pte.accessed(layout)"));
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

TEST_CASE("Machine invariant 5: a swap slot that no page table names") {
  CHECK(dies_with(
      [] {
        Trial t;
        (void)MachineTestPeer::swap_device(t.impl()).take();
        t.machine->validate();
      },
      "1 references to swap slots, 0 swap entries"));
}

TEST_CASE("Machine invariant 6: pages promised that nobody has") {
  CHECK(dies_with(
      [] {
        Trial t;
        MachineTestPeer::commit(t.impl()).add(1);
        t.machine->validate();
      },
      "34 pages promised, 33 accounted for"));
}

TEST_CASE("Machine invariant 5: a slot with one reference too many or too few") {
  auto made = make_machine({.frames = 3});
  REQUIRE(made.ok());
  Process& process = (*made)->start_process();
  const Result<VirtAddr> at =
      process.mmap({.length_bytes = 8 * 4096,
                    .prot = linux_abi::kPROT_READ | linux_abi::kPROT_WRITE,
                    .flags = linux_abi::kMAP_PRIVATE | linux_abi::kMAP_ANONYMOUS});
  REQUIRE(at.ok());
  for (uint64_t page = 0; page < 8; ++page)
    REQUIRE(process.poke(*at + page * 4096, 8, page).bytes_done == 8);
  (*made)->validate();
  storage::SwapDevice& swap = MachineTestPeer::swap_device(static_cast<MachineImpl&>(**made));
  REQUIRE(swap.in_use() == 7);
  CHECK(dies_with(
      [&] {
        swap.get(2);
        (*made)->validate();
      },
      "8 references to swap slots, 7 swap entries"));
  CHECK(dies_with(
      [&] {
        swap.put(2);
        (*made)->validate();
      },
      "6 references to swap slots, 7 swap entries"));
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
