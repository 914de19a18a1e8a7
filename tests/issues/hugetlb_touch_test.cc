// Symptom: a page of a MAP_HUGETLB|MAP_NORESERVE mapping could be used, though there are no huge
// pages to be had; Linux answers SIGBUS.
#include <doctest/doctest.h>

#include <cstddef>
#include <memory>

#include "faultline/linux.h"
#include "faultline/machine.h"

namespace faultline {
namespace {

TEST_CASE("issue: touching a huge page without a pool is SIGBUS, at the address touched") {
  auto made = make_machine({});
  REQUIRE(made.ok());
  Machine& machine = **made;
  Process& process = machine.start_process();
  const uint64_t flags = linux_abi::kMAP_PRIVATE | linux_abi::kMAP_ANONYMOUS |
                         linux_abi::kMAP_HUGETLB | linux_abi::kMAP_NORESERVE;
  const auto at = process.mmap({.length_bytes = 2 << 20,
                                .prot = linux_abi::kPROT_READ | linux_abi::kPROT_WRITE,
                                .flags = flags});
  REQUIRE(at.ok());
  const FaultCounts before = process.faults();
  std::byte byte{};
  CHECK(process.load(*at + 5, {&byte, 1}).signal == SigInfo{SignalCode::kBusAdrErr, *at + 5});
  CHECK(process.store(*at + 4096, {&byte, 1}).signal ==
        SigInfo{SignalCode::kBusAdrErr, *at + 4096});
  CHECK((process.faults() - before).minor == 0);
  CHECK((process.faults() - before).major == 0);
  machine.validate();
}

}  // namespace
}  // namespace faultline
