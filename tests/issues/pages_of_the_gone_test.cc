// Symptom: once a process had ended, the next ones' pages were taken for its own: with five
// children of 150 pages each, `pages` and `cold_misses` of a replay were those of one.
#include <doctest/doctest.h>

#include <cstddef>
#include <memory>

#include "faultline/linux.h"
#include "faultline/machine.h"

namespace faultline {
namespace {

constexpr uint64_t kPage = 4096;
constexpr uint64_t kPages = 100;
constexpr uint64_t kChildren = 5;

TEST_CASE("issue: each process touches pages of its own, whoever ended before") {
  auto made = make_machine({});
  REQUIRE(made.ok());
  Machine& machine = **made;
  Process& parent = machine.start_process();
  const Stats before = machine.stats();
  for (uint64_t i = 0; i < kChildren; ++i) {
    Process& child = *parent.clone(linux_abi::kSIGCHLD).value();
    const VirtAddr memory =
        child
            .mmap({.length_bytes = kPages * kPage,
                   .prot = linux_abi::kPROT_READ | linux_abi::kPROT_WRITE,
                   .flags = linux_abi::kMAP_PRIVATE | linux_abi::kMAP_ANONYMOUS})
            .value();
    const std::byte byte{};
    for (int again = 0; again < 2; ++again)
      for (uint64_t page = 0; page < kPages; ++page)
        REQUIRE(child.store(memory + page * kPage, {&byte, 1}).bytes_done == 1);
    child.exit(0);
    REQUIRE(parent.wait4({}).ok());
  }
  const Stats after = machine.stats();
  CHECK(after.pages_touched - before.pages_touched == kChildren * kPages);
  CHECK(after.replacement.misses - before.replacement.misses == kChildren * kPages);
  CHECK(after.replacement.cold_misses - before.replacement.cold_misses == kChildren * kPages);
  machine.validate();
}

}  // namespace
}  // namespace faultline
