#include "sim/trace/formats/lackey_line.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace faultline::trace {
namespace {

struct GoodLine {
  std::string_view line;
  Access access;
};

constexpr AccessKind F = AccessKind::kFetch;
constexpr AccessKind L = AccessKind::kLoad;
constexpr AccessKind S = AccessKind::kStore;
constexpr AccessKind M = AccessKind::kModify;

TEST_CASE("Lackey's line: kind, address and size of every record") {
  const GoodLine rows[] = {
      {"I  0401ab70,3", {{0x401ab70}, 3, F}},
      {" L 1fff000708,8", {{0x1fff000708}, 8, L}},
      {" S 1fff000708,8", {{0x1fff000708}, 8, S}},
      {" M 04032ba0,4", {{0x4032ba0}, 4, M}},
      {"I  0,1", {{0}, 1, F}},
      {" L f,9", {{0xf}, 9, L}},
      {" L ABCDEF,10", {{0xabcdef}, 10, L}},
      {" S abCdeF,99", {{0xabcdef}, 99, S}},
      {" S 12345678,512", {{0x12345678}, 512, S}},
      {" S 12345678,65536", {{0x12345678}, 65536, S}},
      {" S 12345678,0000000000000000000008", {{0x12345678}, 8, S}},
      {" M ffffffffffffffff,1", {{~std::uint64_t{0}}, 1, M}},
      {" M 00000000000000000000ffffffffffffffff,1", {{~std::uint64_t{0}}, 1, M}},
      {" L 000123456789abcdef0,3", {{0x123456789abcdef0}, 3, L}},
      {" L 123456789abcd,12", {{0x123456789abcd}, 12, L}},
      {" L 123456789abcde,12", {{0x123456789abcde}, 12, L}},
      {" L 123456789abcdef,12", {{0x123456789abcdef}, 12, L}},
      {"I  0401ab70,3\r", {{0x401ab70}, 3, F}},
      // As the handout of CS:APP's Cache Lab has it: one space behind I, or one behind the size.
      {"I 0400d7d4,8", {{0x400d7d4}, 8, F}},
      {" L 10,4 ", {{0x10}, 4, L}},
      {" L 10,4 \r", {{0x10}, 4, L}},
      {"I  0401ab70,3 \t", {{0x401ab70}, 3, F}},
  };
  for (const GoodLine& row : rows) {
    CAPTURE(row.line);
    const ParsedLine parsed = parse_lackey_line(row.line);
    CHECK(parsed.kind == LineKind::kAccess);
    CHECK(parsed.access.address == row.access.address);
    CHECK(parsed.access.size_bytes == row.access.size_bytes);
    CHECK(parsed.access.kind == row.access.kind);
  }
}

TEST_CASE("Lackey's line: what Valgrind says between the records is skipped") {
  // As Valgrind 3.19 wrote them, with --trace-syscalls=yes, --trace-sched=yes, --trace-signals=yes.
  const std::string_view rows[] = {
      "",
      "\r",
      "  \t",
      "==2405== Lackey, an example Valgrind tool",
      "==2405== ",
      "--2405-- REDIR: 0x402 (ld-linux-x86-64.so.2:strlen) redirected to 0x58",
      "--23414--   SCHED[1]:  acquired lock (thread_wrapper(starting new thread))",
      "**2405** a client's own message",
      "SYSCALL[2405,1](9) sys_mmap ( 0x0, 262144, 3, 34, 4294967295, 0 ) --> [pre-success] "
      "Success(0x4a2e000)",
      "SYSCALL[2405,1](257) ... [async] --> Success(0x4) ",
      " --> [pre-fail] Failure(0x26) ",
      "SCHEDSETJMP(line 1211) tid 1, jumped=1476724588",
      "SCHED[1]: TRC: YIELD",
      "   fork: process 23414 created child 23450",
      "   clone(fork): process 2405 created child 2425",
  };
  for (const std::string_view row : rows) {
    CAPTURE(row);
    CHECK(parse_lackey_line(row).kind == LineKind::kSkipped);
  }
}

struct BadLine {
  std::string_view line;
  std::size_t column;
  std::string_view message;
};

using std::string_view_literals::operator""sv;

constexpr std::string_view kKind = "expected I, or a space and L, S or M";
constexpr std::string_view kLetter = "expected L, S or M after the space";
constexpr std::string_view kFetchSpaces = "expected two spaces after I";
constexpr std::string_view kDataSpace = "expected a space after L, S or M";
constexpr std::string_view kAddress = "expected a hexadecimal address";
constexpr std::string_view kWide = "the address does not fit in 64 bits";
constexpr std::string_view kComma = "expected a comma after the address";
constexpr std::string_view kSize = "expected a size in bytes";
constexpr std::string_view kLarge = "the size is above 65536 bytes";
constexpr std::string_view kZero = "the size is 0";
constexpr std::string_view kRest = "unexpected text after the size";
constexpr BadLine kBadLines[] = {
    {"X  0401ab70,3", 1, kKind},
    {"0041f7a0 R", 1, kKind},
    {"=2405= one sign is not two", 1, kKind},
    {"\t L 0401ab70,3", 1, kKind},
    {"L 0401ab70,3", 1, kKind},
    {"i  0401ab70,3", 1, kKind},
    {"\0"sv, 1, kKind},
    {"\xff\xfe", 1, kKind},
    {" X 0401ab70,3", 2, kLetter},
    {"   0401ab70,3", 2, kLetter},
    {" I 0401ab70,3", 2, kLetter},
    {" l 0401ab70,3", 2, kLetter},
    {"I", 2, kFetchSpaces},
    {"I0401ab70,3", 2, kFetchSpaces},
    {"I\t 0401ab70,3", 2, kFetchSpaces},
    {"I ", 3, kAddress},
    {"I \t0401ab70,3", 3, kAddress},
    {" L", 3, kDataSpace},
    {" L0401ab70,3", 3, kDataSpace},
    {" S\t0401ab70,3", 3, kDataSpace},
    {"I  ", 4, kAddress},
    {"I  ,3", 4, kAddress},
    {"I   401ab70,3", 4, kAddress},
    {" L -1,3", 4, kAddress},
    {" L g,3", 4, kAddress},
    {" L \x80,3", 4, kAddress},
    {" L 10000000000000000,3", 4, kWide},
    {" L fffffffffffffffff,3", 4, kWide},
    {" L 0012345678123456789,3", 4, kWide},
    {"I  0401ab70", 12, kComma},
    {"I  0401ab70 3", 12, kComma},
    {"I  0401ab7g,3", 11, kComma},
    {"I  0x401ab70,3", 5, kComma},
    {"I  0401ab70;3", 12, kComma},
    {"I  0401ab70\0,3"sv, 12, kComma},
    {"I  0401ab70,", 13, kSize},
    {"I  0401ab70,,3", 13, kSize},
    {"I  0401ab70,a", 13, kSize},
    {"I  0401ab70,-3", 13, kSize},
    {"I  0401ab70, 3", 13, kSize},
    {"I  0401ab70,0", 13, kZero},
    {"I  0401ab70,00", 13, kZero},
    {"I  0401ab70,65537", 13, kLarge},
    {"I  0401ab70,99999999999999999999999", 13, kLarge},
    {"I  0401ab70,18446744073709551617", 13, kLarge},
    {"I  0401ab70,3 4", 15, kRest},
    {"I  0401ab70,3 \r ", 15, kRest},
    {"I  0401ab70,3\r\r", 14, kRest},
    {"I  0401ab70,3,4", 14, kRest},
    {"I  0401ab70,3a", 14, kRest},
    {"I  0401ab70,12a", 15, kRest},
    {"I  0401ab70,3I  0401ab73,5", 14, kRest},
    {" S 1fff000708,8\0"sv, 16, kRest},
};

TEST_CASE("Lackey's line: every other line is malformed, at an exact column") {
  for (const BadLine& row : kBadLines) {
    CAPTURE(row.line);
    const ParsedLine parsed = parse_lackey_line(row.line);
    CHECK(parsed.kind == LineKind::kMalformed);
    CHECK(parsed.error.column == row.column);
    CHECK(parsed.error.message == row.message);
  }
}

}  // namespace
}  // namespace faultline::trace
