// The text of perf and ftrace: the ways in which an event is printed, and what is passed over.
#include <doctest/doctest.h>

#include <string>

#include "faultline/trace.h"
#include "sim/trace/format.h"
#include "tests/trace/trace_support.h"

namespace faultline::testing {
namespace {

ReadTrace read_perf(const std::string& text) {
  auto content = trace::make_content("t", make_memory_source(text));
  REQUIRE(content.ok());
  return read_trace(*trace::find_format("perf")->make_reader(std::move(content).value()));
}

// The accesses of one line, or what is wrong with it.
std::string read_line(const std::string& line) {
  const ReadTrace read = read_perf(line + "\n");
  return read.error ? to_text(read.error) : to_text(read.accesses);
}

TraceTask task_of(const std::string& who) {
  const ReadTrace read = read_perf(who + " page_fault_user: address=0x10 ip=0x20 error_code=0x4\n");
  REQUIRE(read.tasks.size() == 1);
  return read.tasks.front();
}

TEST_CASE("perf: who faulted, whatever the program is called") {
  CHECK(task_of("demo 7 1.0:") == TraceTask{0, 7});
  CHECK(task_of("7 1.0:") == TraceTask{0, 7});
  CHECK(task_of("   7/8   1.000001:") == TraceTask{7, 8});
  CHECK(task_of("demo     7 [000]  1.039:          1") == TraceTask{0, 7});
  CHECK(task_of("worker 7  9/10 [001]  1.0:") == TraceTask{9, 10});
  CHECK(task_of("a-1 [b] 2  9/10 [001]  1.0:") == TraceTask{9, 10});
  CHECK(task_of("12 13 14 1.0:") == TraceTask{0, 14});
  CHECK(task_of(":-1    -1 [000]  1.0:") == TraceTask{0, 0});
  CHECK(task_of("demo     0/0 [000]  1.0:") == TraceTask{0, 0});
  CHECK(task_of("demo-7   [001] d....  1.0:") == TraceTask{0, 7});
  CHECK(task_of("my demo 3-7   [001]  1.0:") == TraceTask{0, 7});
  CHECK(task_of("demo-8   (      7) [001] d..1.  1.0:") == TraceTask{7, 8});
  CHECK(task_of("demo-8   (-------) [001] d..1.  1.0:") == TraceTask{0, 8});
}

TEST_CASE("perf: the bits of the error code") {
  const auto fault = [](const std::string& code) {
    return read_line("x 1 1.0: exceptions:page_fault_user: address=0x10 ip=main error_code=" +
                     code);
  };
  CHECK(fault("0x4") == " L 00000010,1\n");
  CHECK(fault("0x5") == " L 00000010,1\n");
  CHECK(fault("0x6") == " S 00000010,1\n");
  CHECK(fault("0x7") == " S 00000010,1\n");
  CHECK(fault("0x14") == "I  00000010,1\n");
  CHECK(fault("0x15 7fad7c47425d main") == "I  00000010,1\n");
  CHECK(fault("6") == "t:1:70: expected 0x and a hexadecimal error code");
  CHECK(fault("0x") == "t:1:70: expected 0x and a hexadecimal error code");
  CHECK(fault("0x6,") == "t:1:70: expected 0x and a hexadecimal error code");
}

TEST_CASE("perf: faults of the kernel count where they are at the program's addresses") {
  const auto fault = [](const std::string& address) {
    return read_line("x 1 1.0: exceptions:page_fault_kernel: address=" + address +
                     " ip=_copy_to_user error_code=0x2");
  };
  CHECK(fault("0x7ffeaaa6d769") == " S 7ffeaaa6d769,1\n");
  CHECK(fault("0xffffc90000000000") == "");
  CHECK(fault("init_task") == "");
  // The idle task touches nothing else.
  CHECK(read_line("swapper 0/0 [001] 1.0: page_fault_kernel: address=0xffffc90000000000 ip=0x20 "
                  "error_code=0x2") == "");
  // A program may try to touch the kernel's memory.
  CHECK(read_line("x 1 1.0: page_fault_user: address=0xffffc90000000000 ip=main error_code=0x5") ==
        " L ffffc90000000000,1\n");
}

TEST_CASE("perf: samples of page faults") {
  // Fields addr; addr and ip; with symbols; without the columns that perf keeps.
  CHECK(read_line("x 1 1.0: page-faults:     5625c0d53058") == " L 5625c0d53058,1\n");
  CHECK(read_line("x 1 1.0: page-faults:     5625c0d53058 operator new") == " L 5625c0d53058,1\n");
  CHECK(read_line("x 1 1.0: page-faults:u:     5625c0d53058     7f8177539a10") ==
        " L 5625c0d53058,1\n");
  CHECK(read_line("x 1 1.0: minor-faults:     5625c0d53058     5625c0d53058") ==
        "I  5625c0d53058,1\n");
  CHECK(read_line("x 1 1.0: major-faults:                0     7f8177539a10") == " L 00000000,1\n");
  CHECK(read_line("x 1 1.0: page-faults: 7fbda6a57b70 _start 7fbda6a57b70 _start") ==
        "I  7fbda6a57b70,1\n");
  // The kernel's own.
  CHECK(read_line("x 1 1.0: page-faults: ffffc90000000000 ffffffff8177539a") == "");
}

TEST_CASE("perf: a sample without an address is an error, not a fault of the instruction") {
  const std::string error =
      ": expected an address; perf script has to print the fields tid, time, event, addr and ip";
  // What perf script prints without -F: the instruction's address.
  CHECK(read_line("x 1 1.0:     1 page-faults:      7f24299c0b70 add (libc.so.6)") ==
        "t:1:34" + error);
  CHECK(read_line("x 1 1.0:     1 page-faults:  ffffffff8177539a elf_load+0x28a "
                  "([kernel.kallsyms])") == "t:1:30" + error);
  CHECK(read_line("x 1 1.0: page-faults:") == "t:1:22" + error);
  CHECK(read_line("x 1 1.0: l1d-access:         88000182 |OP LOAD|LVL L1 miss") ==
        "t:1:30" + error);
}

TEST_CASE("perf: the format is told by the content, and by what it lacks") {
  const TemporaryFile file("  x 1 1.0:     1 page-faults:      7f24299c0b70 add (libc.so.6)\n");
  const auto reader = open_trace({file.path()}, {});
  REQUIRE(!reader.ok());
  CHECK(reader.error().column == 36);
  CHECK(reader.error().message.starts_with(
      "is not a trace in a known format (as perf: expected an address; perf script has to print"));
}

TEST_CASE("perf: samples of memory accesses") {
  CHECK(read_line(
            "x 1 [011]  1.0:  1 cpu/mem-stores/P:     7ffdf1391b0c        5080021 |OP STORE|LVL "
            "L1 hit|SNP N/A  0  401136 main") == " S 7ffdf1391b0c,1\n");
  CHECK(read_line("x 1 1.0: ibs_op//:     7ffdf1391b0c        5080022 |OP LOAD|LVL L3 hit") ==
        " L 7ffdf1391b0c,1\n");
  CHECK(read_line("x 1 1.0: cpu/mem-loads,ldlat=30/P:     7ffdf1391b0c     7f8177539a10") ==
        " L 7ffdf1391b0c,1\n");
  CHECK(read_line("x 1 1.0: cpu/mem-stores/P:     7ffdf1391b0c") == " S 7ffdf1391b0c,1\n");
  // A prefetch; no access; an address that is not known; the kernel's memory.
  for (const char* line : {"ibs_op//:     7ffdf1391b0c        5080022 |OP PFETCH|LVL L3 hit",
                           "ibs_op//:                0              1 |OP N/A|LVL N/A",
                           "cpu/mem-loads/:                0        5080022 |OP LOAD|LVL L3 hit",
                           "cpu/mem-loads/: ffff888012345678        5080022 |OP LOAD|LVL L3 hit"})
    CHECK(read_line(std::string("x 1 1.0: ") + line) == "");
}

TEST_CASE("perf: what is passed over") {
  for (const char* line : {
           "# captured on    : Fri Nov 27 09:34:47 2026",
           "#              | |         |   |||||     |         |",
           "",
           "\t    7f7b174f2ad7 [unknown]",
           "            7f7b174f2ad7 _start+0x0 (ld.so)",
           "CPU:1 [LOST 34 EVENTS]",
           "     swapper     0     0.000000: PERF_RECORD_MMAP -1/0: [0xf00(0x1) @ 0xf00]: x "
           "[kernel]",
           "        demo 1 [000]  1.0: PERF_RECORD_MMAP2 1/1: [0x5(0x1) @ 0x1 fe:00 1 4]: r-xp "
           "demo",
           "        demo 1 [000]  1.0: PERF_RECORD_EXIT(1:1):(1:1)",
           "        demo 1 [000]  1.0: syscalls:sys_enter_mremap: addr: 0x7ff210fc6000, old_len: 1",
           "        demo 1 [000]  1.0:     250000 cpu-clock:pppH:      7f24299c0b70 main (demo)",
       })
    CHECK(read_line(line) == "");
}

TEST_CASE("perf: what is malformed, and where") {
  const std::string who =
      "t:1:1: expected a thread, a time and an event, as perf script prints them";
  CHECK(read_line("hello") == who);
  CHECK(read_line("demo 16304 exceptions:page_fault_user: address=0x1 ip=0x1 error_code=0x4") ==
        who);
  CHECK(read_line("demo 99999999999 1.0: page_fault_user: address=0x1 ip=0x1 error_code=0x4") ==
        who);
  CHECK(read_line("x 1 1.0: page_fault_user: addr=1") == "t:1:27: expected address=");
  CHECK(read_line("x 1 1.0: page_fault_user: address=1 ip=1 error_code=0x4") ==
        "t:1:35: expected 0x and a hexadecimal address");
  CHECK(read_line("x 1 1.0: page_fault_user: address=0x1 error_code=0x4") ==
        "t:1:38: expected ip= after the address");
  CHECK(read_line("x 1 1.0: page_fault_user: address=0x1 ip=0x1") ==
        "t:1:45: expected error_code=");
}

}  // namespace
}  // namespace faultline::testing
