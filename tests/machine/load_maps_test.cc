// An address space made from a /proc/PID/maps listing shows that listing, and faults accordingly.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "faultline/machine.h"

namespace faultline {
namespace {

MapsLine line(AddrRange range, const char* permissions, std::string path = {},
              uint64_t offset = 0) {
  MapsLine made{.range = range, .offset_bytes = offset, .path = std::move(path)};
  std::copy_n(permissions, 4, made.permissions);
  return made;
}

std::vector<MapsLine> listing() {
  return {line({{0x400000}, {0x402000}}, "r-xp", "/bin/prog"),
          line({{0x402000}, {0x403000}}, "rw-p", "/bin/prog", 0x2000),
          line({{0x600000}, {0x605000}}, "rw-p", "[heap]"),
          line({{0x7ffff7000000}, {0x7ffff7004000}}, "---p"),
          line({{0x7ffff7004000}, {0x7ffff7008000}}, "rw-s", "/tmp/log", 0x1000),
          line({{0x7ffffffde000}, {0x7ffffffff000}}, "rw-p", "[stack]")};
}

std::unique_ptr<Machine> new_machine() {
  auto machine = make_machine({});
  REQUIRE(machine.ok());
  return std::move(*machine);
}

TEST_CASE("load_maps: the mappings are those of the listing, in place of what was there") {
  const auto machine = new_machine();
  Process& process = machine->start_process();
  REQUIRE(machine->load_maps(process, listing()).ok());
  machine->validate();
  const std::vector<MapsLine> maps = process.maps();
  const std::vector<MapsLine> wanted = listing();
  REQUIRE(maps.size() == wanted.size());
  for (size_t i = 0; i < maps.size(); ++i) {
    CHECK(maps[i].range == wanted[i].range);
    CHECK(std::string(maps[i].permissions) == wanted[i].permissions);
    CHECK(maps[i].path == wanted[i].path);
    CHECK(maps[i].offset_bytes == wanted[i].offset_bytes);
  }
}

TEST_CASE("load_maps: accesses are checked against the listing") {
  const auto machine = new_machine();
  Process& process = machine->start_empty_process();
  REQUIRE(machine->load_maps(process, listing()).ok());
  const std::vector<Access> accesses{
      {{0x400010}, 4, AccessKind::kFetch},       {{0x400010}, 4, AccessKind::kStore},
      {{0x500000}, 4, AccessKind::kLoad},        {{0x7ffff7000000}, 4, AccessKind::kLoad},
      {{0x7ffff7005000}, 4, AccessKind::kStore}, {{0x7fffffff0000}, 4, AccessKind::kStore}};
  REQUIRE(machine->access(process, accesses));
  machine->validate();
  const FaultStats& faults = machine->stats().faults;
  CHECK(faults.segv_accerr == 2);
  CHECK(faults.segv_maperr == 1);
  CHECK(faults.major == 2);
  CHECK(faults.minor == 1);
}

TEST_CASE("load_maps: a listing that no process can have is refused, and nothing changes") {
  const auto machine = new_machine();
  Process& process = machine->start_process();
  const auto refused = [&](std::vector<MapsLine> lines) {
    const Result<void> done = machine->load_maps(process, lines);
    machine->validate();
    return !done.ok() && done.error() == Errno::kEINVAL && process.maps().size() == 1;
  };
  CHECK(refused({line({{0x1001}, {0x3000}}, "r--p")}));
  CHECK(refused({line({{0x3000}, {0x3000}}, "r--p")}));
  CHECK(refused({line({{0x3000}, {0x5000}}, "r--p"), line({{0x4000}, {0x6000}}, "r--p")}));
  CHECK(refused({line({{0x7fffffffe000}, {0x800000000000}}, "r--p")}));
  CHECK(refused({line({{0x3000}, {0x5000}}, "r--p", "/f", 0x10)}));
}

TEST_CASE("load_maps: the gate page above user space is passed over") {
  const auto machine = new_machine();
  Process& process = machine->start_empty_process();
  REQUIRE(machine
              ->load_maps(process,
                          std::vector<MapsLine>{line({{0xffffffffff600000}, {0xffffffffff601000}},
                                                     "--xp", "[vsyscall]")})
              .ok());
  CHECK(process.maps().empty());
}

}  // namespace
}  // namespace faultline
