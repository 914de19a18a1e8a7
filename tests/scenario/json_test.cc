// What --json prints: every sentence of docs/scenario.md, "What --json prints", and its examples.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "sim/scenario/json_string.h"
#include "tests/scenario/support.h"

namespace faultline::scenario::testing {
namespace {

MapsLine mapping(uint64_t start, uint64_t end, const char* permissions, const std::string& path) {
  MapsLine line{.range = {{start}, {end}}, .path = path};
  std::copy_n(permissions, 5, line.permissions);
  return line;
}

TEST_CASE("json: the examples of the page") {
  Run run;
  run.machine.answer_next({.value = 0x7ffff7fd9000});
  run.machine.answer_next({.value = 5, .faults = {0, 1}});
  run.machine.answer_next({.signal = SigInfo{SignalCode::kSegvMapErr, {0x7ffff7fd8000}}});
  run.machine.answer_next({.error = Errno::kENOMEM});
  run.machine.state().maps = {mapping(0x7ffff7fd9000, 0x7ffff7fff000, "rw-s", "/data/log.mmap2"),
                              mapping(0x7ffffffde000, 0x7ffffffff000, "rw-p", "[stack]")};
  CHECK(
      run("\n\n\n\n\n\n"
          "log = mmap(NULL, 150K, PROT_READ|PROT_WRITE, MAP_SHARED, 3, 0)\n"
          "store(log, \"hello\")\n"
          "load(log - 4K, 8)\n"
          "mprotect(log, 1M, PROT_READ)\n"
          "maps()\n") ==
      Text{
          R"({"line":7,"pid":1,"call":"mmap","ret":"0x7ffff7fd9000"})",
          R"({"line":8,"pid":1,"call":"store","ret":5,"minflt":0,"majflt":1})",
          R"({"line":9,"pid":1,"call":"load","ret":0,"minflt":0,"majflt":0,"data":"",)"
          R"("signal":{"signo":"SIGSEGV","code":"SEGV_MAPERR","addr":"0x7ffff7fd8000"}})",
          R"({"line":10,"pid":1,"call":"mprotect","ret":-1,"errno":"ENOMEM"})",
          R"({"line":11,"pid":1,"call":"maps","maps":[)"
          R"("7ffff7fd9000-7ffff7fff000 rw-s 00000000 /data/log.mmap2","7ffffffde000-7ffffffff000 rw-p 00000000 [stack]"]})",
      });
}

TEST_CASE("json: descriptors are 0, whatever their number, and their NAMEs keep it") {
  Run run;
  CHECK(run("a = open(\"/f\", O_RDWR)\n"
            "b = creat(\"/f\", 0600)\n"
            "c = openat(AT_FDCWD, \"/f\", O_RDWR)\n"
            "d = memfd_create(\"m\", 0)\n"
            "e = dup(d)\n"
            "f = dup2(e, 99)\n"
            "close(f)\n") == Text{R"({"line":1,"pid":1,"call":"open","ret":0})",
                                  R"({"line":2,"pid":1,"call":"creat","ret":0})",
                                  R"({"line":3,"pid":1,"call":"openat","ret":0})",
                                  R"({"line":4,"pid":1,"call":"memfd_create","ret":0})",
                                  R"({"line":5,"pid":1,"call":"dup","ret":0})",
                                  R"({"line":6,"pid":1,"call":"dup2","ret":0})",
                                  R"({"line":7,"pid":1,"call":"close","ret":0})"});
  CHECK(run.machine.state().calls.at(5) == "dup(6)");
  CHECK(run.machine.state().calls.at(6) == "dup2(7, 99)");
  CHECK(run.machine.state().calls.at(7) == "close(99)");
}

TEST_CASE("json: mmap and brk return hex strings, everything else numbers") {
  Run run;
  run.machine.answer_next({.value = 0x601000});
  run.machine.answer_next({.value = 0x600000});
  run.machine.answer_next({.value = 10});
  run.machine.answer_next({.value = 7});
  CHECK(run("brk(0x601000)\nbrk(1)\nlseek(3, 10, SEEK_SET)\nwrite(3, \"seventh\", 7)\n") ==
        Text{R"({"line":1,"pid":1,"call":"brk","ret":"0x601000"})",
             R"({"line":2,"pid":1,"call":"brk","ret":"0x600000"})",
             R"({"line":3,"pid":1,"call":"lseek","ret":10})",
             R"({"line":4,"pid":1,"call":"write","ret":7})"});
}

TEST_CASE("json: a failure is -1 with its errno, for calls of each form") {
  Run run;
  for (int i = 0; i < 4; ++i) run.machine.answer_next({.error = Errno::kEINVAL});
  CHECK(
      run("mmap(NULL, 0, 0, 0, -1, 0)\nopen(\"/f\", 0)\nread(3, _, 1)\nread(3, 4K, 1)\n") ==
      Text{R"({"line":1,"pid":1,"call":"mmap","ret":-1,"errno":"EINVAL"})",
           R"({"line":2,"pid":1,"call":"open","ret":-1,"errno":"EINVAL"})",
           R"({"line":3,"pid":1,"call":"read","ret":-1,"errno":"EINVAL"})",
           R"({"line":4,"pid":1,"call":"read","ret":-1,"errno":"EINVAL","minflt":0,"majflt":0})"});
}

TEST_CASE("json: accesses bear minflt and majflt, and only loads data") {
  Run run;
  for (uint64_t i = 1; i <= 5; ++i) run.machine.answer_next({.value = 1, .faults = {i, 10 * i}});
  CHECK(run("store(4K, 1, 1)\nfetch(4K, 1)\npeek(4K, 1)\npoke(4K, 1, 1)\nxadd(4K, 1, 1)\n") ==
        Text{R"({"line":1,"pid":1,"call":"store","ret":1,"minflt":1,"majflt":10})",
             R"({"line":2,"pid":1,"call":"fetch","ret":1,"minflt":2,"majflt":20})",
             R"({"line":3,"pid":1,"call":"peek","ret":1,"minflt":3,"majflt":30})",
             R"({"line":4,"pid":1,"call":"poke","ret":1,"minflt":4,"majflt":40})",
             R"({"line":5,"pid":1,"call":"xadd","ret":1,"minflt":5,"majflt":50})"});
}

TEST_CASE("json: transfers bear faults when the buffer is the process's, data when they read") {
  Run run;
  CHECK(run("read(3, _, 2)\npread64(3, _, 2, 0)\nwrite(3, _, 2)\nwrite(3, \"ab\", 2)\n"
            "pwrite64(3, \"ab\", 2, 0)\nread(3, 4K, 2)\npread64(3, 4K, 2, 0)\nwrite(3, 4K, 2)\n"
            "pwrite64(3, 4K, 2, 0)\n") ==
        Text{
            R"({"line":1,"pid":1,"call":"read","ret":2,"data":"0000"})",
            R"({"line":2,"pid":1,"call":"pread64","ret":2,"data":"0000"})",
            R"({"line":3,"pid":1,"call":"write","ret":2})",
            R"({"line":4,"pid":1,"call":"write","ret":2})",
            R"({"line":5,"pid":1,"call":"pwrite64","ret":2})",
            R"({"line":6,"pid":1,"call":"read","ret":2,"minflt":0,"majflt":0,"data":"0000"})",
            R"({"line":7,"pid":1,"call":"pread64","ret":2,"minflt":0,"majflt":0,"data":"0000"})",
            R"({"line":8,"pid":1,"call":"write","ret":2,"minflt":0,"majflt":0})",
            R"({"line":9,"pid":1,"call":"pwrite64","ret":2,"minflt":0,"majflt":0})",
        });
}

TEST_CASE("json: an mmap that populates bears the faults it took") {
  Run run;
  run.machine.answer_next({.value = 0x10000, .faults = {16, 0}});
  run.machine.answer_next({.value = 0x20000, .faults = {0, 0}});
  CHECK(run("mmap(NULL, 64K, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_POPULATE, -1, 0)\n"
            "mmap(NULL, 64K, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_POPULATE, -1, 0)\n") ==
        Text{R"({"line":1,"pid":1,"call":"mmap","ret":"0x10000","minflt":16,"majflt":0})",
             R"({"line":2,"pid":1,"call":"mmap","ret":"0x20000","minflt":0,"majflt":0})"});
}

TEST_CASE("json: within repeats i follows line, the outermost first") {
  Run run;
  CHECK(run("repeat 2 as i {\n fsync(i)\n repeat 2 as j { fsync(j) }\n}\nfsync(9)\n") ==
        Text{R"({"line":2,"i":[0],"pid":1,"call":"fsync","ret":0})",
             R"({"line":3,"i":[0,0],"pid":1,"call":"fsync","ret":0})",
             R"({"line":3,"i":[0,1],"pid":1,"call":"fsync","ret":0})",
             R"({"line":2,"i":[1],"pid":1,"call":"fsync","ret":0})",
             R"({"line":3,"i":[1,0],"pid":1,"call":"fsync","ret":0})",
             R"({"line":3,"i":[1,1],"pid":1,"call":"fsync","ret":0})",
             R"({"line":5,"pid":1,"call":"fsync","ret":0})"});
}

TEST_CASE("json: exit has no ret, sigkill has") {
  Run run;
  CHECK(run("exit(1)\nexit_group(2)\nsigkill()\n") ==
        Text{R"({"line":1,"pid":1,"call":"exit"})", R"({"line":2,"pid":1,"call":"exit_group"})",
             R"({"line":3,"pid":1,"call":"sigkill","ret":0})"});
}

TEST_CASE("json: a failed expectation is added by its source text") {
  Run run;
  run.machine.answer_next({.error = Errno::kEINVAL});
  CHECK(run("fsync(3)  =  1 +\t1   # two\n") ==
        Text{R"({"line":1,"pid":1,"call":"fsync","ret":-1,"errno":"EINVAL","expected":"1 +\t1"})"});
  const std::string errno_text = "-1  EIO (Input/output error)";
  CHECK(run("fsync(3) = " + errno_text + "\n") ==
        Text{R"({"line":1,"pid":1,"call":"fsync","ret":0,"expected":")" + errno_text + "\"}"});
  CHECK(run("repeat 1 as i { fsync(3) = 5 }\n") ==
        Text{R"({"line":1,"i":[0],"pid":1,"call":"fsync","ret":0,"expected":"5"})"});
  CHECK(run.report.failed_expectations == 1);
}

TEST_CASE("json: file comes first where it is asked for") {
  Run run;
  run.options.name_file = true;
  CHECK(run("fsync(3)\n") == Text{R"({"file":"t.scn","line":1,"pid":1,"call":"fsync","ret":0})"});
}

TEST_CASE("json: a mapping without a path ends after the offset; a newline is octal") {
  Run run;
  run.machine.state().maps = {mapping(0x400000, 0x401000, "---p", ""),
                              mapping(0x401000, 0x402000, "r-xs", "/a b\nc")};
  run.machine.state().maps[1].offset_bytes = 0x123456000;
  run.machine.state().maps[1].inode = 77;
  CHECK(run("maps()\n") == Text{R"({"line":1,"pid":1,"call":"maps","maps":[)"
                                R"("00400000-00401000 ---p 00000000",)"
                                R"("00401000-00402000 r-xs 123456000 /a b\\012c"]})"});
}

std::string json(std::string_view bytes) {
  std::string out;
  append_json_string(out, bytes);
  return out;
}

TEST_CASE("json: strings escape what JSON must, and bytes that are not UTF-8") {
  using namespace std::string_view_literals;
  CHECK(json("") == R"("")");
  CHECK(json("a\"b\\c/") == R"("a\"b\\c/")");
  CHECK(json("\n\t\r\b\x1f\0"sv) == R"("\n\t\r\u0008\u001f\u0000")");
  CHECK(json("\x7f~") == "\"\x7f~\"");
  CHECK(json("gr\xc3\xbc\xc3\x9f") == "\"gr\xc3\xbc\xc3\x9f\"");
  CHECK(json("\xe2\x82\xac \xf0\x9f\x98\x80") == "\"\xe2\x82\xac \xf0\x9f\x98\x80\"");
  CHECK(json("\xff") == R"("\u00ff")");
  CHECK(json("a\xfc"
             "b") == R"("a\u00fcb")");
  CHECK(json("\xc3") == R"("\u00c3")");              // cut short
  CHECK(json("\xe2\x82") == R"("\u00e2\u0082")");    // cut short
  CHECK(json("\xe2\x82x") == R"("\u00e2\u0082x")");  // broken off
  CHECK(json("\xc0\xaf") == R"("\u00c0\u00af")");    // overlong
  CHECK(json("\xe0\x80\xaf") == R"("\u00e0\u0080\u00af")");
  CHECK(json("\xed\xa0\x80") == R"("\u00ed\u00a0\u0080")");            // a surrogate
  CHECK(json("\xf4\x90\x80\x80") == R"("\u00f4\u0090\u0080\u0080")");  // beyond U+10FFFF
  CHECK(json("\x80\xbf") == R"("\u0080\u00bf")");
}

TEST_CASE("json: a path of the scenario that is not UTF-8 comes out so") {
  Run run;
  run.machine.state().maps = {mapping(0x400000, 0x401000, "rw-s", "/\xff")};
  CHECK(run("maps() = 1 + 0\n") == Text{R"({"line":1,"pid":1,"call":"maps","maps":[)"
                                        R"("00400000-00401000 rw-s 00000000 /\u00ff"],)"
                                        R"("expected":"1 + 0"})"});
}

}  // namespace
}  // namespace faultline::scenario::testing
