// Symptom: a byte stored to a page of tmpfs that had been read first was lost when the mapping went
// and memory ran short: the frame was taken for clean, and dropped.
#include <doctest/doctest.h>

#include <cstddef>
#include <memory>

#include "faultline/linux.h"
#include "faultline/machine.h"

namespace faultline {
namespace {

constexpr uint64_t kPage = 4096;
constexpr uint64_t kRw = linux_abi::kPROT_READ | linux_abi::kPROT_WRITE;

TEST_CASE("issue: what was stored to tmpfs outlives its mapping and its frame") {
  auto made = make_machine({.frames = 16});
  REQUIRE(made.ok());
  Machine& machine = **made;
  Process& process = machine.start_process();
  const int fd = process.memfd_create("m", 0).value();
  REQUIRE(process.ftruncate(fd, kPage).ok());
  const VirtAddr p =
      process.mmap({.length_bytes = kPage, .prot = kRw, .flags = linux_abi::kMAP_SHARED, .fd = fd})
          .value();
  std::byte byte{};
  REQUIRE(process.load(p, {&byte, 1}).bytes_done == 1);
  byte = std::byte{42};
  REQUIRE(process.store(p, {&byte, 1}).bytes_done == 1);
  REQUIRE(process.munmap(p, kPage).ok());
  const VirtAddr other = process
                             .mmap({.length_bytes = 40 * kPage,
                                    .prot = kRw,
                                    .flags = linux_abi::kMAP_PRIVATE | linux_abi::kMAP_ANONYMOUS})
                             .value();
  for (uint64_t i = 0; i < 40; ++i)
    REQUIRE(process.store(other + i * kPage, {&byte, 1}).bytes_done == 1);
  byte = std::byte{0};
  CHECK(process.pread(fd, {.outside = {&byte, 1}}, 0).value() == 1);
  CHECK(byte == std::byte{42});
  machine.validate();
}

}  // namespace
}  // namespace faultline
