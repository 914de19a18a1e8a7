// What is wrong with a scenario, and where: every message of the parser, with its column.
#include <doctest/doctest.h>

#include <string>

#include "tests/scenario/support.h"

namespace faultline::scenario::testing {
namespace {

struct Row {
  const char* text;
  const char* verdict;  // behind "t.scn:"
};

TEST_CASE("malformed: words that are none") {
  const Row rows[] = {
      {"fsync(3);", "1:9: ';' is not used here: a statement ends with its line"},
      {"; fsync(3)", "1:1: ';' is not used here: a statement ends with its line"},
      {"fsync(08)", "1:7: not a number: 08 (a leading 0 makes it octal)"},
      {"fsync(0189)", "1:7: not a number: 0189 (a leading 0 makes it octal)"},
      {"fsync(0x)", "1:7: not a number: 0x"},
      {"fsync(0xg)", "1:7: not a number: 0xg"},
      {"fsync(12ab)", "1:7: not a number: 12ab"},
      {"fsync(4k)", "1:7: not a number: 4k"},
      {"fsync(4KB)", "1:7: not a number: 4KB"},
      {"fsync(1T)", "1:7: not a number: 1T"},
      {"fsync(1UL)", "1:7: not a number: 1UL"},
      {"fsync(0b1)", "1:7: not a number: 0b1"},
      {"fsync(1_000)", "1:7: not a number: 1_000"},
      {"fsync(08K)", "1:7: not a number: 08K (a leading 0 makes it octal)"},
      {"fsync(18446744073709551616)", "1:7: number does not fit in 64 bits: 18446744073709551616"},
      {"fsync(0x10000000000000000)", "1:7: number does not fit in 64 bits: 0x10000000000000000"},
      {"fsync(17179869184G)", "1:7: number does not fit in 64 bits: 17179869184G"},
      {"unlink(\"a)", "1:8: string without its closing \""},
      {"unlink(\"a\\\")", "1:8: string without its closing \""},
      {"unlink(\"a\\", "1:8: string without its closing \""},
      {"unlink(\"ab\\qc\")", "1:11: not an escape of C, or not one byte"},
      {"unlink(\"\\x\")", "1:9: not an escape of C, or not one byte"},
      {"unlink(\"\\x100\")", "1:9: not an escape of C, or not one byte"},
      {"unlink(\"\\400\")", "1:9: not an escape of C, or not one byte"},
      {"fsync(1 ^ 2)", "1:9: unexpected '^'"},
      {"fsync(1 < 2)", "1:9: unexpected '<'"},
      {"fsync(!1)", "1:7: unexpected '!'"},
      {"fsync('a')", "1:7: unexpected '''"},
      {"fsync(1.5)", "1:8: unexpected '.'"},
      {"\xef\xbb\xbf"
       "fsync(3)",
       "1:1: unexpected byte 0xef"},
      {"fsync(3) \r fsync(4)", "1:10: unexpected byte 0x0d"},
      {"fsync(3)\x0c", "1:9: unexpected byte 0x0c"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(parse_verdict(row.text) == std::string("t.scn:") + row.verdict);
  }
}

TEST_CASE("malformed: statements") {
  const Row rows[] = {
      {"fsync", "1:6: expected ( or =, the line ends here"},
      {"fsync 3", "1:7: expected ( or =, got 3"},
      {"fsync(3", "1:8: expected a comma or ), the line ends here"},
      {"fsync(3 4)", "1:9: expected a comma or ), got 4"},
      {"fsync(3) fsync(4)", "1:10: expected the end of the line, got fsync"},
      {"fsync(3) 4", "1:10: expected the end of the line, got 4"},
      {"fsync()", "1:7: fsync takes 1 argument, here are 0"},
      {"fsync(3, 4)", "1:10: fsync takes 1 argument"},
      {"fsync(3,)", "1:9: fsync takes 1 argument"},
      {"munmap(4K,)", "1:11: expected a number, got )"},
      {"munmap(,4K)", "1:8: expected a number, got ,"},
      {"maps(1)", "1:6: maps takes 0 arguments"},
      {"mmap(NULL, 4K, 3)", "1:17: mmap takes 6 arguments, here are 3"},
      {"open(\"/f\")", "1:10: open takes 2 or 3 arguments, here are 1"},
      {"open(\"/f\", 0, 0, 0)", "1:18: open takes 2 or 3 arguments"},
      {"store(4K, \"a\", 1)", "1:16: store takes 2 or 3 arguments"},
      {"store(4K, 8)", "1:12: store takes 2 or 3 arguments, here are 2"},
      {"(3)", "1:1: expected a call, got ("},
      {"= 3", "1:1: expected a call, got ="},
      {"3 = fsync(3)", "1:1: expected a call, got 3"},
      {"a = 3", "1:5: expected a call, got 3"},
      {"a = b = fsync(3)", "1:7: expected (, got ="},
      {"a = ", "1:5: expected a call, the line ends here"},
      {"fsink(3)", "1:1: unknown call: fsink"},
      {"  a = fsink(3)", "1:7: unknown call: fsink"},
      {"execve(4K, 4K, 8K, 0)", "1:1: call not simulated yet: execve"},
      {"pid = execve()", "1:7: call not simulated yet: execve"},
      {"PROT_READ = fsync(3)", "1:1: a constant cannot be bound: PROT_READ"},
      {"SIGBUS = fsync(3)", "1:1: a constant cannot be bound: SIGBUS"},
      {"EINVAL = fsync(3)", "1:1: a constant cannot be bound: EINVAL"},
      {"mmap = fsync(3)", "1:1: a call cannot be bound: mmap"},
      {"madvise = fsync(3)", "1:1: a call cannot be bound: madvise"},
      {"_ = fsync(3)", "1:1: _ cannot be bound, it is a buffer"},
      {"[3] fsync(3)", "1:2: expected pid, got 3"},
      {"[pid x] fsync(3)", "1:6: expected the number of a process, got x"},
      {"[pid 1 fsync(3)", "1:8: expected ], got fsync"},
      {"[pid 1]", "1:8: expected a call, the line ends here"},
      {"[pid 1] repeat 2 as i {", "1:1: a pid belongs to a call, not to a repeat"},
      {"\tfsync(x)", "1:8: no line above binds this name: x"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(parse_verdict(row.text) == std::string("t.scn:") + row.verdict);
  }
}

TEST_CASE("malformed: arguments and expressions") {
  const Row rows[] = {
      {"fsync(x)", "1:7: no line above binds this name: x"},
      {"a = open(a, 0)", "1:10: expected a string, got a"},
      {"a = dup(a)", "1:9: no line above binds this name: a"},
      {"mmap(NULL, 4K, PROT_RAED, 0, 0, 0)", "1:16: unknown constant: PROT_RAED"},
      {"fsync(SIGSEGV)", "1:7: unknown constant: SIGSEGV"},
      {"fsync(maps)", "1:7: a call cannot stand here: maps"},
      {"fsync(_)", "1:7: _ cannot stand here: not a buffer"},
      {"read(3, _ + 1, 4)", "1:11: expected a comma or ), got +"},
      {"fsync(1 + _)", "1:11: _ is a buffer, not a number"},
      {"fsync(\"a\")", "1:7: fsync takes a number here, not a string"},
      {"read(3, \"a\", 1)", "1:9: read takes a number here, not a string"},
      {"load(\"a\", 1)", "1:6: load takes a number here, not a string"},
      {"unlink(3)", "1:8: expected a string, got 3"},
      {"unlink(_)", "1:8: expected a string, got _"},
      {"unlink(\"a\\0b\")", "1:8: a path ends at a zero byte: it cannot hold one"},
      {"fsync(1 +)", "1:10: expected a number, got )"},
      {"fsync(* 1)", "1:7: expected a number, got *"},
      {"fsync(1 + * 2)", "1:11: expected a number, got *"},
      {"fsync(+1)", "1:7: expected a number, got +"},
      {"fsync((1)", "1:10: expected a comma or ), the line ends here"},
      {"fsync((1", "1:9: expected an operator or ), the line ends here"},
      {"fsync((1 2))", "1:10: expected an operator or ), got 2"},
      {"fsync(())", "1:8: expected a number, got )"},
      {"fsync(-)", "1:8: expected a number, got )"},
      {"fsync(1 << )", "1:12: expected a number, got )"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(parse_verdict(row.text) == std::string("t.scn:") + row.verdict);
  }
}

TEST_CASE("malformed: what is expected") {
  const Row rows[] = {
      {"fsync(3) =", "1:11: expected a number, the line ends here"},
      {"fsync(3) = # nothing", "1:12: expected a number, the line ends here"},
      {"fsync(3) = 0 0", "1:14: expected the end of the line, got 0"},
      {"fsync(3) = ? 0", "1:14: expected the end of the line, got 0"},
      {"fsync(3) = x", "1:12: no line above binds this name: x"},
      {"a = fsync(3) = a", "1:16: no line above binds this name: a"},
      {"fsync(3) = EINVAL", "1:12: unknown constant: EINVAL"},
      {"fsync(3) = 0 EINVAL", "1:14: an errno follows -1 only"},
      {"fsync(3) = -2 EINVAL", "1:15: an errno follows -1 only"},
      {"fsync(3) = -1 EWHAT", "1:15: unknown errno: EWHAT"},
      {"fsync(3) = -1 EIO (no end", "1:19: ( without its )"},
      {"fsync(3) = -1 EIO (no # end)", "1:19: ( without its )"},
      {"fsync(3) = -1 EIO (text) 3", "1:26: expected the end of the line, got 3"},
      {"load(0, 1) = SIGSEGV",
       "1:21: expected SEGV_MAPERR, SEGV_ACCERR, BUS_ADRERR or SI_KERNEL, the line ends here"},
      {"load(0, 1) = SIGSEGV 5",
       "1:22: expected SEGV_MAPERR, SEGV_ACCERR, BUS_ADRERR or SI_KERNEL, got 5"},
      {"load(0, 1) = SIGSEGV BUS_ADRERR", "1:22: BUS_ADRERR is not a code of SIGSEGV"},
      {"load(0, 1) = SIGBUS SEGV_MAPERR", "1:21: SEGV_MAPERR is not a code of SIGBUS"},
      {"load(0, 1) = SIGILL ILL_ILLOPC", "1:14: unknown constant: SIGILL"},
      {"load(0, 1) = SIGSEGV SEGV_MAPERR 0 0", "1:36: expected the end of the line, got 0"},
      {"load(0, 1) = SIGSEGV SEGV_MAPERR addr", "1:34: no line above binds this name: addr"},
      {"--- SIGSEGV {si_signo=SIGSEGV, si_code=SEGV_MAPERR, si_addr=0} ---",
       "1:1: no access stands before this signal"},
      {"fsync(3)\n--- SIGBUS {si_signo=SIGBUS, si_code=BUS_ADRERR, si_addr=0} ---",
       "2:1: no access stands before this signal"},
      {"load(0, 1)\n--- SIGSEGV {si_signo=SIGBUS, si_code=SEGV_MAPERR, si_addr=0} ---",
       "2:23: expected SIGSEGV, got SIGBUS"},
      {"load(0, 1)\n--- SIGSEGV {si_signo=SIGSEGV, si_addr=0} ---",
       "2:32: expected si_code, got si_addr"},
      {"load(0, 1)\n--- SIGSEGV {si_signo=SIGSEGV, si_code=SEGV_MAPERR} ---",
       "2:51: expected a comma, got }"},
      {"load(0, 1)\n--- SIGSEGV {si_signo=SIGSEGV, si_code=SEGV_MAPERR, si_addr=0} --",
       "2:66: expected ---, the line ends here"},
      {"load(0, 1)\n-- SIGSEGV {", "2:4: expected ---, got SIGSEGV"},
      {"load(0, 1)\n--- SIGCHLD {", "2:5: expected SIGSEGV or SIGBUS, got SIGCHLD"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(parse_verdict(row.text) == std::string("t.scn:") + row.verdict);
  }
}

TEST_CASE("malformed: repeats") {
  const Row rows[] = {
      {"repeat", "1:7: expected a number, the line ends here"},
      {"repeat 3", "1:9: expected as, the line ends here"},
      {"repeat 3 {", "1:10: expected as, got {"},
      {"repeat 3 as {", "1:13: expected the name of a variable, got {"},
      {"repeat 3 as i", "1:14: expected {, the line ends here"},
      {"repeat 3 as i\n{", "1:14: expected {, the line ends here"},
      {"repeat 3 as PROT_READ {", "1:13: a constant cannot be bound: PROT_READ"},
      {"repeat 3 as load {", "1:13: a call cannot be bound: load"},
      {"repeat 3 as _ {", "1:13: _ cannot be bound, it is a buffer"},
      {"repeat n as i {", "1:8: no line above binds this name: n"},
      {"fsync(3)\n  repeat 3 as i {\nfsync(i)\n", "2:3: repeat without its }"},
      {"repeat 3 as i { repeat 3 as j { }", "1:1: repeat without its }"},
      {"fsync(3)\n}", "2:1: } without its repeat"},
      {"repeat 3 as i { } }", "1:19: } without its repeat"},
      {"repeat 3 as i { } fsync(3)", "1:19: expected the end of the line, got fsync"},
      {"repeat 3 as i { fsync(i) fsync(i) }", "1:26: expected the end of the line, got fsync"},
      {"repeat 3 as i { i = fsync(3) }", "1:17: the variable of a repeat cannot be bound: i"},
      {"repeat 3 as i { fsync(i) }\nfsync(i)", "2:7: no line above binds this name: i"},
      {"load(0, 1)\nrepeat 1 as i {\n--- SIGBUS {si_signo=SIGBUS, si_code=BUS_ADRERR, "
       "si_addr=0} ---\n}",
       "3:1: no access stands before this signal"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(parse_verdict(row.text) == std::string("t.scn:") + row.verdict);
  }
}

TEST_CASE("malformed: a zero byte is named") {
  const std::string text("fsync(3)\0", 9);
  CHECK(parse_verdict(text) == "t.scn:1:9: unexpected byte 0x00");
}

TEST_CASE("malformed: the leftmost error of the first wrong line is the one that is told") {
  CHECK(parse_verdict("fsync(3)\nfsink(1) ; 08\nfsync(") == "t.scn:2:1: unknown call: fsink");
}

TEST_CASE("malformed: a long word is told by its beginning") {
  const std::string name(500, 'a');
  CHECK(parse_verdict(name + "()") == "t.scn:1:1: unknown call: " + std::string(80, 'a') + "...");
}

TEST_CASE("malformed: nothing runs when the last line is wrong") {
  Run run;
  CHECK(run("fsync(3)\nfsync(x)\n").empty());
  CHECK(run.error == "t.scn:2:7: no line above binds this name: x");
  CHECK(run.machine.state().calls.empty());
}

}  // namespace
}  // namespace faultline::scenario::testing
