// Symptom: setrlimit() and personality() of one process changed another with which it shared its
// memory.
#include <doctest/doctest.h>

#include <memory>

#include "faultline/linux.h"
#include "faultline/machine.h"

namespace faultline {
namespace {

TEST_CASE("issue: limits and the personality are each process's own, also with CLONE_VM") {
  auto made = make_machine({});
  REQUIRE(made.ok());
  Machine& machine = **made;
  Process& parent = machine.start_process();
  Process& child = **parent.clone(linux_abi::kCLONE_VM | linux_abi::kSIGCHLD);
  REQUIRE(parent.setrlimit(linux_abi::kRLIMIT_AS, 0).ok());
  REQUIRE(parent.personality(linux_abi::kREAD_IMPLIES_EXEC).ok());
  const MmapArgs args{.length_bytes = 4096,
                      .prot = linux_abi::kPROT_READ,
                      .flags = linux_abi::kMAP_PRIVATE | linux_abi::kMAP_ANONYMOUS};
  const auto refused = parent.mmap(args);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error() == Errno::kENOMEM);
  CHECK(child.mmap(args).ok());
  CHECK(child.personality(0xffffffff).value() == linux_abi::kADDR_NO_RANDOMIZE);

  // Growth of a stack is a fault's matter.
  REQUIRE(child.setrlimit(linux_abi::kRLIMIT_STACK, 132 << 10).ok());
  const VirtAddr below{0x7ffffffdd000};
  CHECK(child.poke(below, 8, 1).signal);
  REQUIRE(parent.setrlimit(linux_abi::kRLIMIT_AS, linux_abi::kRLIM_INFINITY).ok());
  CHECK_FALSE(parent.poke(below, 8, 1).signal);
  // What is inherited is a copy.
  Process& grandchild = **child.clone(linux_abi::kSIGCHLD);
  CHECK(grandchild.poke(below - 4096, 8, 1).signal);
  machine.validate();
}

}  // namespace
}  // namespace faultline
