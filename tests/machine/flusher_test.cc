// Write-back by age and by amount (linux-semantics K4), seen as programs see it: the first store to
// a page that has been written faults.
#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "faultline/linux.h"
#include "faultline/machine.h"

namespace faultline {
namespace {

namespace abi = linux_abi;

constexpr uint64_t kPage = 4096;
constexpr uint64_t kPages = 64;

struct Trial {
  explicit Trial(const std::string& path = "/a", std::optional<uint64_t> frames = std::nullopt) {
    auto made = make_machine({.frames = frames});
    machine = std::move(*made);
    process = &machine->start_process();
    at = map(path);
  }
  VirtAddr map(const std::string& path) {
    REQUIRE(machine->create_file(path, kPages * kPage, 0).ok());
    fd = process->open(path, abi::kO_RDWR, 0).value();
    return process
        ->mmap({.length_bytes = kPages * kPage,
                .prot = abi::kPROT_READ | abi::kPROT_WRITE,
                .flags = abi::kMAP_SHARED,
                .fd = fd})
        .value();
  }
  // Whether a store to the page faults: it was clean.
  bool store(VirtAddr where) {
    const FaultCounts before = process->faults();
    const std::byte byte{1};
    REQUIRE(process->store(where, {&byte, 1}).bytes_done == 1);
    machine->validate();
    const FaultCounts grown = process->faults() - before;
    return grown.minor + grown.major != 0;
  }
  void sleep(uint64_t seconds) {
    REQUIRE(machine->sleep(seconds).ok());
    machine->validate();
  }

  std::unique_ptr<Machine> machine;
  Process* process = nullptr;
  int fd = -1;
  VirtAddr at{};
};

TEST_CASE("K4: a file that became dirty thirty seconds ago is written, all of it") {
  Trial t;
  t.store(t.at);
  t.sleep(29);
  t.store(t.at + kPage);
  CHECK_FALSE(t.store(t.at));
  t.sleep(1);
  CHECK(t.store(t.at));
  CHECK(t.store(t.at + kPage));
  t.sleep(29);
  CHECK_FALSE(t.store(t.at));
}

TEST_CASE("K4: the flusher wakes every five seconds from the first dirty file on") {
  Trial t;
  t.store(t.at);
  t.sleep(12);
  const VirtAddr other = t.map("/b");
  t.store(other);
  t.sleep(18);
  CHECK(t.store(t.at));
  // The other file is old enough after 42 seconds, and found at 45.
  t.sleep(14);
  CHECK_FALSE(t.store(other));
  t.sleep(1);
  CHECK(t.store(other));
}

TEST_CASE("K4: sleeping at once is sleeping in parts") {
  for (const uint64_t part : std::initializer_list<uint64_t>{1, 2, 5, 30, 60}) {
    CAPTURE(part);
    Trial t;
    t.store(t.at);
    for (uint64_t slept = 0; slept < 60; slept += part) t.sleep(part);
    CHECK(t.store(t.at));
  }
}

// Asked of Linux 6.18 on ext4, with a second file to see whether anything else wrote.
TEST_CASE("K4: fsync and sync make a file young again, fdatasync and the others do not") {
  const auto fsync = [](Trial& t) { return t.process->fsync(t.fd); };
  const auto sync = [](Trial& t) { return t.process->sync(); };
  const auto fdatasync = [](Trial& t) { return t.process->fdatasync(t.fd); };
  const auto sync_range = [](Trial& t) {
    return t.process->sync_file_range(t.fd, 0, kPage, abi::kSYNC_FILE_RANGE_WRITE);
  };
  const auto msync = [](Trial& t) { return t.process->msync(t.at, kPage, abi::kMS_SYNC); };
  struct Row {
    std::function<Result<void>(Trial&)> act;
    bool young;
  };
  for (const Row& row : {Row{fsync, true}, Row{sync, true}, Row{fdatasync, false},
                         Row{sync_range, false}, Row{msync, false}}) {
    Trial t;
    t.store(t.at);
    t.sleep(20);
    REQUIRE(row.act(t).ok());
    CHECK(t.store(t.at));
    t.sleep(10);
    CHECK(t.store(t.at) == !row.young);
    t.sleep(20);
    CHECK(t.store(t.at) == row.young);
  }
}

TEST_CASE("K4: the settings vm.dirty_*") {
  const auto age = [](std::string_view name, uint64_t value) {
    Trial t;
    REQUIRE(t.machine->sysctl(name, value).ok());
    t.store(t.at);
    for (uint64_t slept = 1; slept <= 100; ++slept) {
      t.sleep(1);
      if (t.store(t.at)) return slept;
    }
    return uint64_t{0};
  };
  CHECK(age("vm.dirty_expire_centisecs", 1200) == 15);
  CHECK(age("vm.dirty_expire_centisecs", 0) == 5);
  CHECK(age("vm.dirty_writeback_centisecs", 700) == 35);
  CHECK(age("vm.dirty_writeback_centisecs", 0) == 0);
  Trial t;
  REQUIRE(t.machine->sysctl("vm.dirty_background_bytes", 8 * kPage).ok());
  for (uint64_t page = 0; page < 8; ++page) t.store(t.at + page * kPage);
  CHECK_FALSE(t.store(t.at));
  t.store(t.at + 8 * kPage);
  CHECK(t.store(t.at));
  // The limit at which writers would wait lowers it.
  REQUIRE(t.machine->sysctl("vm.dirty_bytes", 8 * kPage).ok());
  for (uint64_t page = 1; page < 4; ++page) t.store(t.at + page * kPage);
  CHECK_FALSE(t.store(t.at));
  t.store(t.at + 4 * kPage);
  CHECK(t.store(t.at));
}

TEST_CASE("K4: tmpfs is never written, and a file that is gone does not matter") {
  Trial t("/dev/shm/a");
  t.store(t.at);
  t.sleep(100);
  CHECK_FALSE(t.store(t.at));
  const VirtAddr other = t.map("/b");
  t.store(other);
  REQUIRE(t.process->unlink("/b").ok());
  REQUIRE(t.process->close(t.fd).ok());
  REQUIRE(t.process->munmap(other, kPages * kPage).ok());
  t.sleep(100);
}

TEST_CASE("K4: more dirty pages than a tenth of memory are written at once") {
  Trial t("/a", 400);
  for (uint64_t page = 0; page < 30; ++page) t.store(t.at + page * kPage);
  for (uint64_t page = 0; page < 30; ++page) CHECK_FALSE(t.store(t.at + page * kPage));
  for (uint64_t page = 30; page < 50; ++page) t.store(t.at + page * kPage);
  CHECK(t.store(t.at));
}

TEST_CASE("sleep: more seconds than there are is an error, and no time passes") {
  Trial t;
  t.store(t.at);
  CHECK_FALSE(t.machine->sleep(~uint64_t{0}).ok());
  CHECK_FALSE(t.machine->sleep(uint64_t{1} << 44).ok());
  CHECK_FALSE(t.store(t.at));
  for (int i = 0; i < 3; ++i) t.sleep(uint64_t{1} << 40);
  CHECK(t.store(t.at));
}

}  // namespace
}  // namespace faultline
