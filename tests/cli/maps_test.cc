// `replay --maps`: listings as the kernel writes them, and what an access outside them does.
#include <doctest/doctest.h>

#include <cstdint>
#include <cstdio>
#include <sstream>
#include <string>

#include "tests/cli/program.h"
#include "tests/cli/replay_check.h"

namespace faultline::testing {
namespace {

constexpr const char* kListing =
    "00400000-00402000 r--p 00000000 fe:00 247134                             /opt/my prog\n"
    "00402000-00405000 r-xp 00002000 fe:00 247134                             /opt/my prog\n"
    "00405000-00407000 rw-p 00005000 fe:00 247134                             /opt/my prog\n"
    "00601000-00622000 rw-p 00000000 00:00 0                                  [heap]\n"
    "7ffff7a00000-7ffff7a02000 rw-s 00001000 fe:00 99                         /tmp/l (deleted)\n"
    "7ffff7b00000-7ffff7b02000 ---p 00000000 00:00 0 \n"
    "7ffff7fc1000-7ffff7fc5000 r--p 00000000 00:00 0                          [vvar]\n"
    "7ffff7fc5000-7ffff7fc7000 r-xp 00000000 00:00 0                          [vdso]\n"
    "7ffffffde000-7ffffffff000 rw-p 00000000 00:00 0                          [stack]\n"
    "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]\n";

constexpr const char* kTrace =
    "I  00402010,4\n"           // major: code is read to the end of its mapping
    " L 00400000,8\n"           // major: and data around the fault
    " S 00405ff8,8\n"           // minor: read ahead, and copied
    " S 00405ff8,8\n"           // hit
    " S 00402010,8\n"           // SEGV_ACCERR
    " S 00601000,8\n"           // minor
    " L 00621ff8,8\n"           // minor
    " S 7ffff7a00000,8\n"       // major
    " L 7ffff7b00000,8\n"       // SEGV_ACCERR
    " L 7ffff7fc1000,8\n"       // minor
    "I  7ffff7fc5010,4\n"       // minor
    " S 7fffffffe000,8\n"       // minor
    " S 7fffffffc000,8\n"       // minor
    "I  00601000,4\n"           // SEGV_ACCERR
    " L 10000000,8\n"           // outside
    " S 10000000,8\n"           // outside
    "I  ffffffffff600000,4\n";  // SEGV_MAPERR: the kernel's half

struct Inputs {
  std::string trace = write_file("maps.lackey", kTrace);
  std::string maps = write_file("maps", kListing);
};

TEST_CASE("replay --maps: each access is checked against the listing; outside is a signal") {
  const Inputs in;
  const std::string report =
      replay({in.trace, "--maps", in.maps, "--unmapped", "fault", "--paranoid"});
  CHECK(number(report, "/trace/accesses") == 17);
  CHECK(number(report, "/trace/references") == 11);
  CHECK(number(report, "/faults/minor") == 7);
  CHECK(number(report, "/faults/major") == 3);
  CHECK(number(report, "/faults/segv_maperr") == 3);
  CHECK(number(report, "/faults/segv_accerr") == 3);
  CHECK(number(report, "/faults/bus_adrerr") == 0);
  CHECK(number(report, "/memory/inferred_pages") == 0);
}

TEST_CASE("replay --maps: outside is inferred with --unmapped map, as without the option") {
  const Inputs in;
  const std::string report = replay({in.trace, "--maps", in.maps, "--unmapped", "map"});
  CHECK(number(report, "/trace/references") == 13);
  CHECK(number(report, "/faults/minor") == 8);
  CHECK(number(report, "/faults/major") == 3);
  CHECK(number(report, "/faults/segv_maperr") == 1);
  CHECK(number(report, "/faults/segv_accerr") == 3);
  CHECK(number(report, "/memory/inferred_pages") == 1);
  CHECK(replay({in.trace, "--maps", in.maps}) == report);
}

TEST_CASE("replay --maps: with little memory pages go to their files and to swap, and come back") {
  const Inputs in;
  std::string twice = kTrace;
  const std::string trace = write_file("twice.lackey", twice + kTrace);
  const std::string report = replay({trace, "--maps", in.maps, "--memory", "3p", "--paranoid"});
  CHECK(number(report, "/trace/references") == 2 * 13);
  CHECK(number(report, "/replacement/dirty_evictions") > 0);
  CHECK(number(report, "/faults/major") > 4);
  CHECK(number(report, "/memory/resident_pages") <= 3);
}

TEST_CASE("replay --maps: the listing of a running process, this one") {
  const std::string listing = read_file("/proc/self/maps");
  std::istringstream lines(listing);
  std::ostringstream trace;
  uint64_t loads = 0;
  uint64_t refused = 0;
  for (std::string line; std::getline(lines, line);) {
    uint64_t start = 0;
    char permissions[5] = "";
    REQUIRE(std::sscanf(line.c_str(), "%lx-%*x %4s", &start, permissions) == 2);
    if (line.ends_with("[vsyscall]")) continue;
    trace << " L " << std::hex << start << ",8\n";
    ++loads;
    refused += permissions[0] == 'r' ? 0 : 1;
  }
  REQUIRE(loads > 10);
  const std::string report =
      replay({write_file("self.lackey", trace.str()), "--maps", write_file("self.maps", listing),
              "--unmapped", "fault", "--paranoid"});
  CHECK(number(report, "/trace/loads") == loads);
  CHECK(number(report, "/trace/references") == loads - refused);
  CHECK(number(report, "/faults/segv_maperr") == 0);
  CHECK(number(report, "/faults/segv_accerr") == refused);
  CHECK(number(report, "/faults/major") > 0);
}

}  // namespace
}  // namespace faultline::testing
