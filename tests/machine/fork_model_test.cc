// Random processes that fork, store, map and end, against a model that is too simple to be wrong:
// each process an array of bytes, one a page, and an array that is everybody's.
#include <doctest/doctest.h>

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
constexpr uint64_t kPages = 24;
constexpr uint64_t kProcessesMax = 6;
constexpr VirtAddr kPrivate{0x10000000};
constexpr VirtAddr kShared{0x20000000};

// A page's byte, and what the process may do; nothing: not mapped.
struct ModelPage {
  uint8_t byte = 0;
  bool writable = true;
};

struct ModelProcess {
  Process* process = nullptr;
  std::array<std::optional<ModelPage>, kPages> pages{};
};

class Model {
 public:
  explicit Model(std::optional<uint64_t> frames, uint64_t seed)
      : machine_(make_machine({.frames = frames}).value()), prng_(seed) {
    Process& first = machine_->start_process();
    constexpr uint64_t kFlags = abi::kMAP_SHARED | abi::kMAP_ANONYMOUS | abi::kMAP_FIXED;
    REQUIRE(first.mmap({kShared, kPages * kPage, kReadWrite, kFlags}).ok());
    processes_.push_back({.process = &first});
  }

  void step() {
    ModelProcess& who = processes_[prng_.below(processes_.size())];
    switch (prng_.below(8)) {
      case 0:
        return fork(who);
      case 1:
        return end(who);
      case 2:
        return map(who);
      case 3:
        return unmap(who);
      case 4:
        return protect(who);
      case 5:
        return store_shared(*who.process);
      default:
        return store(who);
    }
  }

  void check() {
    machine_->validate();
    for (const ModelProcess& each : processes_) {
      for (uint64_t i = 0; i < kPages; ++i) {
        CHECK(byte_at(*each.process, kShared + i * kPage) == shared_[i]);
        const auto& page = each.pages[i];
        CHECK(byte_at(*each.process, kPrivate + i * kPage) ==
              (page ? std::optional(page->byte) : std::nullopt));
      }
    }
    machine_->validate();
  }

 private:
  static constexpr uint64_t kReadWrite = abi::kPROT_READ | abi::kPROT_WRITE;

  static std::optional<uint8_t> byte_at(Process& process, VirtAddr address) {
    std::byte byte{};
    if (process.load(address, {&byte, 1}).bytes_done == 0) return std::nullopt;
    return static_cast<uint8_t>(byte);
  }

  void fork(ModelProcess who) {
    if (processes_.size() == kProcessesMax) return;
    const Result<Process*> child = who.process->clone(abi::kSIGCHLD);
    REQUIRE(child.ok());
    who.process = *child;
    processes_.push_back(who);
  }
  void end(const ModelProcess& who) {
    if (processes_.size() == 1) return;
    who.process->exit(0);
    processes_.erase(processes_.begin() + (&who - processes_.data()));
  }

  struct Pages {
    uint64_t first;
    uint64_t end;
    VirtAddr address() const { return kPrivate + first * kPage; }
    uint64_t bytes() const { return (end - first) * kPage; }
  };
  Pages pick() {
    const uint64_t first = prng_.below(kPages);
    return {first, first + 1 + prng_.below(std::min<uint64_t>(6, kPages - first))};
  }
  void map(ModelProcess& who) {
    const Pages pages = pick();
    constexpr uint64_t kFlags = abi::kMAP_PRIVATE | abi::kMAP_ANONYMOUS | abi::kMAP_FIXED;
    REQUIRE(who.process->mmap({pages.address(), pages.bytes(), kReadWrite, kFlags}).ok());
    for (uint64_t i = pages.first; i < pages.end; ++i) who.pages[i] = ModelPage{};
  }
  void unmap(ModelProcess& who) {
    const Pages pages = pick();
    REQUIRE(who.process->munmap(pages.address(), pages.bytes()).ok());
    for (uint64_t i = pages.first; i < pages.end; ++i) who.pages[i].reset();
  }
  // Up to the first hole, as mprotect does.
  void protect(ModelProcess& who) {
    const Pages pages = pick();
    const bool writable = prng_.below(2) == 0;
    const auto done = who.process->mprotect(pages.address(), pages.bytes(),
                                            writable ? kReadWrite : abi::kPROT_READ);
    bool hole = false;
    for (uint64_t i = pages.first; i < pages.end; ++i) {
      hole |= !who.pages[i].has_value();
      if (!hole) who.pages[i]->writable = writable;
    }
    CHECK(done.ok() == !hole);
  }
  void store(ModelProcess& who) {
    const Pages pages = pick();
    const auto byte = static_cast<uint8_t>(prng_.below(256));
    for (uint64_t i = pages.first; i < pages.end; ++i) {
      auto& page = who.pages[i];
      const bool may = page && page->writable;
      const std::byte bytes[] = {std::byte{byte}};
      CHECK(who.process->store(kPrivate + i * kPage, bytes).bytes_done == (may ? 1 : 0));
      if (may) page->byte = byte;
    }
  }
  void store_shared(Process& process) {
    const uint64_t i = prng_.below(kPages);
    shared_[i] = static_cast<uint8_t>(prng_.below(256));
    const std::byte bytes[] = {std::byte{shared_[i]}};
    REQUIRE(process.store(kShared + i * kPage, bytes).bytes_done == 1);
  }

  std::unique_ptr<Machine> machine_;
  base::Prng prng_;
  std::vector<ModelProcess> processes_{};
  std::array<uint8_t, kPages> shared_{};
};

TEST_CASE("fork: random processes hold the bytes that a plain model says") {
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    Model model(std::nullopt, seed);
    for (int i = 0; i < 150; ++i) {
      model.step();
      model.check();
    }
  }
}

TEST_CASE("fork: and so they do where memory is short and pages go to swap") {
  for (uint64_t seed = 5; seed <= 8; ++seed) {
    Model model(40, seed);
    for (int i = 0; i < 120; ++i) {
      model.step();
      model.check();
    }
  }
}

}  // namespace
}  // namespace faultline
