#include "sim/replay/maps_file.h"

#include <doctest/doctest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

namespace faultline::replay {
namespace {

std::string printed(const std::vector<MapsLine>& lines) {
  std::string text;
  for (const MapsLine& line : lines) text += line.to_string() + "\n";
  return text;
}

constexpr std::string_view kListing =
    "00400000-00401000 r--p 00000000 08:01 131                                /bin/prog\n"
    "00401000-00480000 r-xp 00001000 08:01 131                                /bin/prog\n"
    "0059a000-005bc000 rw-p 00000000 00:00 0                                  [heap]\n"
    "7ffff7c00000-7ffff7c10000 rw-p 00000000 00:00 0 \n"
    "7ffff7d00000-7ffff7d10000 rw-s 0001f000 103:2f 18446744073709551615      /a b (deleted)\n"
    "7ffff7e00000-7ffff7e01000 ---p 00000000 00:01 7                          /new\\012line\n"
    "7ffffffde000-7ffffffff000 rw-p 00000000 00:00 0                          [stack]\n";

TEST_CASE("maps: what is read prints as it was") {
  auto lines = parse_maps("maps", kListing);
  REQUIRE(lines.ok());
  CHECK(printed(*lines) == kListing);
  CHECK(lines->at(4).path == "/a b (deleted)");
  CHECK(lines->at(5).path == "/new\nline");
  CHECK(lines->at(4).offset_bytes == 0x1f000);
  CHECK(lines->at(4).device_major == 0x103);
}

TEST_CASE("maps: the gate page, empty lines, CRLF and a missing last newline are taken") {
  auto lines = parse_maps("maps",
                          "1000-2000 r--p 0 0:0 0\r\n\r\n2000-3000 rwxs 0 0:0 0 x\r\n"
                          "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 [vsyscall]");
  REQUIRE(lines.ok());
  REQUIRE(lines->size() == 2);
  CHECK(lines->at(0).path.empty());
  CHECK(lines->at(1).path == "x");
}

TEST_CASE("maps: this process's own listing") {
  std::ifstream file("/proc/self/maps");
  std::stringstream text;
  text << file.rdbuf();
  auto lines = parse_maps("/proc/self/maps", text.str());
  REQUIRE(lines.ok());
  std::string listing = text.str();
  if (const size_t gate = listing.find("ffffffffff600000-"); gate != std::string::npos)
    listing.resize(gate);
  CHECK(printed(*lines) == listing);
}

TEST_CASE("maps: what is wrong is said, and where") {
  struct Row {
    std::string_view text;
    std::string_view error;
  };
  const Row rows[] = {
      {"", "m: no mapping in it"},
      {"\n\n", "m: no mapping in it"},
      {"hello", "m:1:1: expected an address in hexadecimal"},
      {"-1000-2000 r--p 0 0:0 0", "m:1:1: expected an address in hexadecimal"},
      {"1000", "m:1:5: expected '-'"},
      {"1000-", "m:1:6: expected an address in hexadecimal"},
      {"1000-0x2000 r--p 0 0:0 0", "m:1:6: the mapping ends where it starts, or before"},
      {"1000-1000 r--p 0 0:0 0", "m:1:6: the mapping ends where it starts, or before"},
      {"1000-10000000000000000 r--p", "m:1:6: an address in hexadecimal is too large"},
      {"1000-2000r--p 0 0:0 0", "m:1:10: expected a space"},
      {"1000-2000 w--p 0 0:0 0", "m:1:11: expected 'r' or '-'"},
      {"1000-2000 rw-x 0 0:0 0", "m:1:14: expected 'p' or 's'"},
      {"1000-2000 rw", "m:1:13: expected 'x' or '-'"},
      {"1000-2000 rw-p", "m:1:15: expected a space"},
      {"1000-2000 rw-p z", "m:1:16: expected an offset in hexadecimal"},
      {"1000-2000 rw-p 0 0", "m:1:19: expected ':'"},
      {"1000-2000 rw-p 0 0:x", "m:1:20: expected a device number in hexadecimal"},
      {"1000-2000 rw-p 0 100000000:0 0", "m:1:18: a device number in hexadecimal is too large"},
      {"1000-2000 rw-p 0 0:0 ", "m:1:22: expected an inode number"},
      {"1000-2000 rw-p 0 0:0 7x", "m:1:23: expected a space"},
      {"1000-2000 rw-p 0 0:0 0\n\n1fff-3000 rw-p 0 0:0 0",
       "m:3:1: the mapping does not lie behind the one before it"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    auto lines = parse_maps("m", row.text);
    REQUIRE(!lines.ok());
    CHECK(lines.error().to_string() == row.error);
  }
}

}  // namespace
}  // namespace faultline::replay
