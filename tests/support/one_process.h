// OneProcess: a machine with one process, for tests that ask it what a program would. A test adds
// its own by deriving from it. Its target depends on //sim/machine, or on the fake one.

#pragma once

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "faultline/linux.h"
#include "faultline/machine.h"

namespace faultline::testing {

inline constexpr uint64_t kPage = 4096;
inline constexpr uint64_t kRw = linux_abi::kPROT_READ | linux_abi::kPROT_WRITE;

struct OneProcess {
  explicit OneProcess(const MachineOptions& options = {}) {
    auto made = make_machine(options);
    REQUIRE(made.ok());
    machine = std::move(*made);
    process = &machine->start_process();
  }

  VirtAddr map(uint64_t pages, uint64_t prot, uint64_t flags, int fd = -1) {
    return process->mmap({.length_bytes = pages * kPage, .prot = prot, .flags = flags, .fd = fd})
        .value();
  }
  // One byte of a page.
  void load(VirtAddr at) {
    std::byte byte{};
    REQUIRE(process->load(at, {&byte, 1}).bytes_done == 1);
  }
  void store(VirtAddr at) {
    const std::byte byte{1};
    REQUIRE(process->store(at, {&byte, 1}).bytes_done == 1);
  }

  std::unique_ptr<Machine> machine;
  Process* process = nullptr;
};

}  // namespace faultline::testing
