// mremap through the facade: what was stored is where it was moved to, in memory or swapped out,
// and no move faults.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <vector>

#include "faultline/linux.h"
#include "faultline/machine.h"
#include "sim/base/prng.h"

namespace faultline {
namespace {

namespace abi = linux_abi;

constexpr uint64_t kPage = 4096;
constexpr uint64_t kRw = abi::kPROT_READ | abi::kPROT_WRITE;
constexpr uint64_t kMoveTo = abi::kMREMAP_MAYMOVE | abi::kMREMAP_FIXED;

std::unique_ptr<Machine> machine_of(std::optional<uint64_t> frames) {
  MachineOptions options;
  options.frames = frames;
  auto made = make_machine(options);
  REQUIRE(made.ok());
  return std::move(*made);
}

// Sixty-four pages, each unmapped or with a number stored in it; few frames, so that most of them
// are swapped out.
class Model {
 public:
  Model() : machine_(machine_of(12)), process_(machine_->start_process()) {}

  void step() {
    const uint64_t first = prng_.below(kPages);
    const uint64_t count = 1 + prng_.below(std::min<uint64_t>(8, kPages - first));
    switch (prng_.below(6)) {
      case 0:
        return map(first, count);
      case 1:
      case 2:
        return store(first);
      case 3:
        return check(first);
      default:
        return move(first, count, prng_.below(kPages - count + 1));
    }
  }
  void check_all() {
    for (uint64_t i = 0; i < kPages; ++i) check(i);
    machine_->validate();
  }

 private:
  static constexpr uint64_t kPages = 64;
  static VirtAddr page(uint64_t index) { return {0x10000000 + index * kPage}; }

  void map(uint64_t first, uint64_t count) {
    REQUIRE(process_
                .mmap({.address = page(first),
                       .length_bytes = count * kPage,
                       .prot = kRw,
                       .flags = abi::kMAP_PRIVATE | abi::kMAP_ANONYMOUS | abi::kMAP_FIXED})
                .ok());
    for (uint64_t i = first; i < first + count; ++i) pages_[i] = 0;
  }
  void store(uint64_t index) {
    const uint64_t number = prng_.below(1'000'000);
    const AccessOutcome outcome = process_.poke(page(index), 8, number);
    REQUIRE(outcome.signal.has_value() == !pages_[index].has_value());
    if (pages_[index]) pages_[index] = number;
  }
  void check(uint64_t index) {
    uint64_t number = 0;
    const AccessOutcome outcome = process_.peek(page(index), 8, &number);
    REQUIRE(outcome.signal.has_value() == !pages_[index].has_value());
    if (pages_[index]) REQUIRE(number == *pages_[index]);
  }
  void move(uint64_t first, uint64_t count, uint64_t to) {
    const bool overlaps = first < to + count && to < first + count;
    const FaultCounts before = process_.faults();
    const bool moved =
        process_.mremap({page(first), count * kPage, count * kPage, kMoveTo, page(to)}).ok();
    const FaultCounts faults = process_.faults() - before;
    REQUIRE(faults.minor + faults.major == 0);
    REQUIRE(moved == (!overlaps && pages_[first].has_value()));
    if (!moved) return;
    // What lies where a hole would go stays.
    for (uint64_t i = 0; i < count; ++i) {
      if (!pages_[first + i]) continue;
      pages_[to + i] = pages_[first + i];
      pages_[first + i].reset();
    }
  }

  base::Prng prng_{11};
  std::unique_ptr<Machine> machine_;
  Process& process_;
  std::array<std::optional<uint64_t>, kPages> pages_{};
};

TEST_CASE("mremap: random moves of pages, most of them swapped out, lose and mix nothing") {
  Model model;
  for (int i = 0; i < 4'000; ++i) {
    model.step();
    if (i % 100 == 0) model.check_all();
  }
  model.check_all();
}

TEST_CASE("mremap: dirty pages of a shared file are written back from where they went") {
  const auto machine = machine_of(std::nullopt);
  Process& process = machine->start_process();
  REQUIRE(machine->create_file("/f", 4 * kPage, 0).ok());
  const int fd = process.open("/f", abi::kO_RDWR, 0).value();
  const VirtAddr old =
      process.mmap({.length_bytes = 4 * kPage, .prot = kRw, .flags = abi::kMAP_SHARED, .fd = fd})
          .value();
  REQUIRE_FALSE(process.poke(old + kPage, 8, 77).signal);
  const VirtAddr now = process.mremap({old, 4 * kPage, 4 * kPage, kMoveTo, {0x20000000}}).value();
  REQUIRE(process.msync(now, 4 * kPage, abi::kMS_SYNC).ok());
  const FaultCounts before = process.faults();
  REQUIRE_FALSE(process.poke(now + kPage, 8, 78).signal);
  CHECK((process.faults() - before).minor == 1);  // write-back protected it where it is now
  machine->validate();
}

TEST_CASE("mremap: locked memory that grows is faulted in, page by page") {
  const auto machine = machine_of(std::nullopt);
  Process& process = machine->start_process();
  const VirtAddr at =
      process
          .mmap({.address = {0x10000000},
                 .length_bytes = 2 * kPage,
                 .prot = kRw,
                 .flags = abi::kMAP_PRIVATE | abi::kMAP_ANONYMOUS | abi::kMAP_LOCKED})
          .value();
  CHECK(process.faults().minor == 2);
  REQUIRE(process.mremap({at, 2 * kPage, 5 * kPage, 0, {}}).ok());
  CHECK(process.faults().minor == 5);
  machine->validate();
}

TEST_CASE("mseal and remap_file_pages reach the address space") {
  const auto machine = machine_of(std::nullopt);
  Process& process = machine->start_process();
  const VirtAddr at = process
                          .mmap({.length_bytes = 4 * kPage,
                                 .prot = kRw,
                                 .flags = abi::kMAP_SHARED | abi::kMAP_ANONYMOUS})
                          .value();
  REQUIRE_FALSE(process.poke(at + 3 * kPage, 8, 5).signal);
  const FaultCounts before = process.faults();
  REQUIRE(process.remap_file_pages({at, kPage, 0, 3, 0}).ok());
  CHECK((process.faults() - before).minor == 1);  // it populates
  uint64_t number = 0;
  REQUIRE_FALSE(process.peek(at, 8, &number).signal);
  CHECK(number == 5);
  REQUIRE(process.mseal(at, kPage, 0).ok());
  CHECK(process.munmap(at, kPage).error() == Errno::kEPERM);
  machine->validate();
}

}  // namespace
}  // namespace faultline
