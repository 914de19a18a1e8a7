// Formats that tell whose the accesses are: perf, plain, drmemtrace and its view.
#include <doctest/doctest.h>
#include <fmt/core.h>

#include <string>

#include "faultline/trace.h"
#include "sim/trace/format.h"
#include "tests/trace/samples.h"
#include "tests/trace/trace_support.h"

namespace faultline::testing {
namespace {

// A line for each access: the task, who touched the memory, and the access.
std::string tasks_of(const std::string& format, const std::string& bytes,
                     std::size_t step = trace::kReadBytes) {
  auto content = trace::make_content("t", make_memory_source(bytes, step));
  REQUIRE(content.ok());
  const ReadTrace read =
      read_trace(*trace::find_format(format)->make_reader(std::move(content).value()));
  std::string text = to_text(read.error);
  for (std::size_t i = 0; i < read.accesses.size(); ++i)
    text += fmt::format("{}/{}{} {}", read.tasks[i].pid, read.tasks[i].tid,
                        read.accesses[i].by == AccessBy::kKernel ? " kernel" : "",
                        to_text(std::vector{read.accesses[i]}));
  return text;
}

TEST_CASE("Tasks: plain names processes") {
  const std::string text = "1 R 10\n1 W 20\n2 R 10\n# note\n\nR 30\n4294967295 R 40\n1 R 50\n";
  for (const std::size_t step : {std::size_t{1}, std::size_t{9}, trace::kReadBytes})
    CHECK(tasks_of("plain", text, step) ==
          "1/0  L 00000010,1\n1/0  S 00000020,1\n2/0  L 00000010,1\n0/0  L 00000030,1\n"
          "4294967295/0  L 00000040,1\n1/0  L 00000050,1\n");
}

TEST_CASE("Tasks: an error behind a change of task has its line") {
  CHECK(tasks_of("plain", "1 R 10\n2 R 10\n\n3 X 10\n") ==
        "t:4:3: expected one of the letters R, L, W, S, M, I and F1/0  L 00000010,1\n"
        "2/0  L 00000010,1\n");
}

TEST_CASE("Tasks: perf names processes and threads, as far as they were printed") {
  const Sample* sample = nullptr;
  for (const Sample& each : samples())
    if (each.format == "perf") sample = &each;
  REQUIRE(sample != nullptr);
  CHECK(tasks_of("perf", sample->bytes) ==
        "16304/16304 kernel  S 5633a7009058,1\n"
        "16304/16304 I  7f85014fab70,1\n"
        "16304/16304  L 7f85014e0d40,1\n"
        "16304/16306  S 7f85012de000,1\n"
        "0/16364 kernel  L 55be96f44058,1\n"
        "16364/16364 I  7f24299c0b70,1\n"
        "0/17303  S 7faa271f7000,1\n"
        "0/16364  L 7ffdf1391b0c,1\n");
}

TEST_CASE("Tasks: drmemtrace names threads and processes") {
  const auto entry = drmemtrace_entry;
  const std::string bytes =
      entry(25, 0, 4) + entry(0, 1, 16) + entry(22, 4, 11) + entry(24, 4, 10) + entry(0, 1, 32) +
      entry(0, 1, 48) + entry(22, 4, 11) + entry(1, 1, 64) + entry(22, 4, 12) + entry(10, 1, 80) +
      entry(22, 4, 13) + entry(24, 4, 13) + entry(10, 1, 96) + entry(26, 0, 0);
  for (const std::size_t step : {std::size_t{1}, std::size_t{30}, trace::kReadBytes})
    CHECK(tasks_of("drmemtrace", bytes, step) ==
          "0/0  L 00000010,1\n10/11  L 00000020,1\n10/11  L 00000030,1\n10/11  S 00000040,1\n"
          "10/12 I  00000050,1\n13/13 I  00000060,1\n");
  CHECK(tasks_of("drmemtrace-view",
                 "1 1: W0.T7 read 8 byte(s) @ 0x10\n1 1: W0.T8 read 8 byte(s) @ 0x20\n") ==
        "0/7  L 00000010,8\n0/8  L 00000020,8\n");
}

TEST_CASE("Tasks: drmemtrace-view's numbers may be missing, and so may the T where a colon is") {
  CHECK(tasks_of("drmemtrace-view",
                 "Output format:\n<record#>: T<tid> <record details>\n-----\n"
                 "   173370: T1774669 read         8 byte(s) @ 0x00007f8881e37c70 by PC "
                 "0x0000000000402680\n"
                 "7: T5 read 1 byte(s) @ 0x10\n7 8 T5 read 1 byte(s) @ 0x11\n"
                 "7 T5 read 1 byte(s) @ 0x12\nW1.T5 read 1 byte(s) @ 0x13\n"
                 "801397 601855: 1159769 read 8 byte(s) @ 0x14\n9: W0.6 <marker: version 3>\n"
                 "9: W0.6 write 8 byte(s) @ 0x15\n") ==
        "0/1774669  L 7f8881e37c70,8\n0/5  L 00000010,1\n0/5  L 00000011,1\n"
        "0/5  L 00000012,1\n0/5  L 00000013,1\n0/1159769  L 00000014,8\n"
        "0/6  S 00000015,8\n");
  // Without a colon a number is no thread's.
  CHECK(tasks_of("drmemtrace-view", "801397 601855 1159769 read 8 byte(s) @ 0x14\n") ==
        "t:1:1: expected the numbers of a record, and T and a thread's");
}

TEST_CASE("Tasks: an error behind a change of task has its record") {
  CHECK(tasks_of("drmemtrace", drmemtrace_entry(25, 0, 4) + drmemtrace_entry(0, 1, 16) +
                                   drmemtrace_entry(22, 4, 11) + drmemtrace_entry(10, 0, 16)) ==
        "t: record 4 (byte 36 of the trace): its size is 00/0  L 00000010,1\n");
}

}  // namespace
}  // namespace faultline::testing
