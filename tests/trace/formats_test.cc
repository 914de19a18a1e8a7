// Every format: a sample and what it means, places of errors, detection, truncation, compression.
#include <doctest/doctest.h>

#include <set>
#include <string>
#include <vector>

#include "faultline/trace.h"
#include "sim/trace/format.h"
#include "tests/trace/samples.h"
#include "tests/trace/trace_support.h"

namespace faultline::testing {
namespace {

ReadTrace read_as(const std::string& format, const std::string& bytes,
                  std::size_t step = trace::kReadBytes) {
  auto content = trace::make_content("t", make_memory_source(bytes, step));
  if (!content.ok()) return {.error = content.error()};
  return read_trace(*trace::find_format(format)->make_reader(std::move(content).value()));
}

std::string error_of(const std::string& format, const std::string& bytes) {
  return to_text(read_as(format, bytes).error);
}

TEST_CASE("Formats: there is a sample of each") {
  std::set<std::string_view> sampled;
  for (const Sample& sample : samples()) sampled.insert(sample.format);
  for (const TraceFormat& format : trace_formats()) {
    CAPTURE(format.name);
    CHECK(sampled.count(format.name) == 1);
    CHECK(!format.description.empty());
  }
}

TEST_CASE("Formats: the samples, compressed or not, and whatever the sizes of reads") {
  for (const Sample& sample : samples()) {
    CAPTURE(sample.format);
    for (const std::string& bytes :
         {sample.bytes, gzip(sample.bytes), xz(sample.bytes), zstd(sample.bytes), lz4(sample.bytes),
          snappy(sample.bytes), zip({sample.bytes.substr(0, 5), sample.bytes.substr(5)})}) {
      for (const std::size_t step : {std::size_t{1}, std::size_t{7}, trace::kReadBytes}) {
        const ReadTrace read = read_as(sample.format, bytes, step);
        CHECK(to_text(read.error) == "");
        CHECK(to_text(read.accesses) == sample.accesses);
      }
    }
  }
}

TEST_CASE("Formats: each sample is taken for what it is, and for nothing else") {
  for (const Sample& sample : samples()) {
    CAPTURE(sample.format);
    const TemporaryFile file(sample.bytes);
    const auto reader = open_trace({file.path()}, {});
    CHECK(to_text(reader.ok() ? std::nullopt : std::optional(reader.error())) == "");
    if (reader.ok()) CHECK((*reader)->format() == sample.format);
  }
}

TEST_CASE("Formats: a trace of many blocks comes whole") {
  for (const Sample& sample : samples()) {
    if (sample.format == "flt") continue;  // nothing follows its trailer
    CAPTURE(sample.format);
    std::string bytes;
    std::size_t copies = 0;
    for (; bytes.size() < 700'000; ++copies) bytes += sample.bytes;
    const ReadTrace once = read_as(sample.format, sample.bytes);
    for (const std::size_t step : {std::size_t{65'537}, trace::kReadBytes}) {
      const ReadTrace read = read_as(sample.format, bytes, step);
      CHECK(to_text(read.error) == "");
      CHECK(read.accesses.size() == copies * once.accesses.size());
    }
  }
}

TEST_CASE("Formats: every truncation gives a prefix or an error") {
  for (const Sample& sample : samples()) {
    CAPTURE(sample.format);
    for (std::size_t size = 1; size < sample.bytes.size(); ++size) {
      CAPTURE(size);
      const ReadTrace read = read_as(sample.format, sample.bytes.substr(0, size));
      const std::string text = to_text(read.accesses);
      // The last number of a text may be cut without a trace.
      const std::size_t whole = text.empty() ? 0 : text.rfind('\n', text.size() - 2) + 1;
      CHECK(sample.accesses.starts_with(text.substr(0, whole)));
    }
    for (const std::string& bytes :
         {gzip(sample.bytes), xz(sample.bytes), zstd(sample.bytes), lz4(sample.bytes),
          snappy(sample.bytes), zip({sample.bytes})}) {
      for (std::size_t size = 6; size < bytes.size(); ++size)
        CHECK(read_as(sample.format, bytes.substr(0, size)).error.has_value());
    }
  }
}

TEST_CASE("Formats: blank lines and carriage returns change nothing") {
  for (const Sample& sample : samples()) {
    if (sample.bytes.find('\n') == std::string::npos || sample.bytes.find('\0') < 1000) continue;
    CAPTURE(sample.format);
    std::string text = "\n \t\n";
    for (const char c : sample.bytes) text += c == '\n' ? std::string("\r\n\r\n") : std::string{c};
    const ReadTrace read = read_as(sample.format, text);
    CHECK(to_text(read.error) == "");
    CHECK(to_text(read.accesses) == sample.accesses);
  }
}

struct Malformed {
  const char* format;
  std::string bytes;
  const char* error;
};

void check_errors(const std::vector<Malformed>& rows) {
  for (const Malformed& row : rows) {
    CAPTURE(row.format);
    CHECK(error_of(row.format, row.bytes) == row.error);
  }
}

TEST_CASE("Formats: what is malformed, and where") {
  check_errors({
      {"hexrw", "0041f7a0 R\nx R\n", "t:2:1: expected a hexadecimal address"},
      {"hexrw", "0x R\n", "t:1:3: expected a hexadecimal address"},
      {"hexrw", "10000000000000000 R\n", "t:1:1: the address does not fit in 64 bits"},
      {"hexrw", "1R\n", "t:1:2: expected a space after the address"},
      {"hexrw", "1 X\n", "t:1:3: expected R or W after the address"},
      {"hexrw", "1 R 1\n", "t:1:5: unexpected text at the end of the record"},
      {"ostep", "1,\n", "t:1:3: expected a page number"},
      {"ostep", "1 2\n", "t:1:3: expected a comma"},
      {"ostep", "-1\n", "t:1:1: expected a page number"},
      {"ostep", "4503599627370496\n", "t:1:1: the page number is above 2^52 - 1"},
      {"pinatrace", "401000: R 0x1\n", "t:1:1: expected 0x and a hexadecimal address"},
      {"pinatrace", "0x401000 R 0x1\n", "t:1:9: expected a colon and a space"},
      {"pinatrace", "0x401000: X 0x1\n", "t:1:11: expected R or W and a space"},
      {"pinatrace", "0x401000: R 0x1,\n", "t:1:16: unexpected text at the end of the record"},
      {"din", "5 0\n", "t:1:1: expected a label from 0 to 4"},
      {"din", "0\n", "t:1:2: expected a space after the label"},
      {"din", "0 x\n", "t:1:3: expected a hexadecimal address"},
      {"din", "0 1x\n", "t:1:4: expected a space after the address"},
      {"champsim", champsim_record(0, {}, {}),
       "t: record 1 (byte 0 of the trace): its ip is no address"},
      {"champsim", champsim_record(1, {}, {}) + champsim_record(2, {}, {1ull << 60}),
       "t: record 2 (byte 64 of the trace): an operand of it is no address"},
      {"champsim", champsim_record(1, {}, {}) + "abc",
       "t: record 2 (byte 64 of the trace): it is cut short: 3 of 64 bytes"},
      {"drmemtrace", drmemtrace_entry(25, 0, 4) + drmemtrace_entry(50, 0, 4),
       "t: record 2 (byte 12 of the trace): its type is not known"},
      {"drmemtrace", drmemtrace_entry(10, 0, 4),
       "t: record 1 (byte 0 of the trace): its size is 0"},
      {"drmemtrace", drmemtrace_entry(17, 9, 4),
       "t: record 1 (byte 0 of the trace): it is a bundle of more than 8 instructions"},
      {"drmemtrace-view", "1 1: T1 read 8 bytes @ 0x1\n", "t:1:15: expected ' byte(s) @ '"},
      {"drmemtrace-view", "1 1: T1 ifetch 0 byte(s) @ 0x1\n", "t:1:16: the size is 0"},
      {"drmemtrace-view", "1 1: T1 write 8 byte(s) @ 1\n",
       "t:1:27: expected 0x and a hexadecimal address"},
      {"drmemtrace-view", "1 1: hello\n",
       "t:1:1: expected the numbers of a record, and T and a thread's"},
      {"csv", "time,id,op\n1,2,get\n1,,get\n", "t:3:3: expected an object"},
      {"csv", "time,id,op\n1\n", "t:2:2: expected an object"},
      {"csv", "time,id,op\n1,2,del\n", "t:2:5: expected an operation that is known"},
      {"csv", "time,id,op\n1,2\n", "t:2:4: expected an operation that is known"},
      {"csv", "version,time,op,size,lbn\n1,1,2a,512\n", "t:2:11: expected an object"},
      {"csv", "version,time,op,size,lbn\n1,1,2b,512,9\n",
       "t:2:5: expected an operation that is known"},
      {"csv", "lbn|op\n1| 2a,\n", "t:2:4: expected an operation that is known"},
      {"oraclegeneral", oracle_general_record(1, 0),
       "t: record 1 (byte 0 of the trace): its next access is neither -1 nor the number of a "
       "record"},
  });
}

TEST_CASE("Formats: what is malformed in plain, and where") {
  check_errors({
      {"plain", "1 2 10\n", "t:1:3: expected one of the letters R, L, W, S, M, I and F"},
      {"plain", "X 10\n", "t:1:1: expected one of the letters R, L, W, S, M, I and F"},
      {"plain", "4294967296 R 10\n", "t:1:1: the process is above 4294967295"},
      {"plain", "1 R 10\n0 R 10\n", "t:2:1: the process is 0"},
      {"plain", "1R 10\n", "t:1:2: expected a space after the process"},
      {"plain", "R10\n", "t:1:2: expected a space after the letter"},
      {"plain", "1 R\n", "t:1:4: expected a space after the letter"},
      {"plain", "1 R x\n", "t:1:5: expected a hexadecimal address"},
      {"plain", "R 0x\n", "t:1:5: expected a hexadecimal address"},
      {"plain", "R 10000000000000000\n", "t:1:3: the address does not fit in 64 bits"},
      {"plain", "R 10,4\n", "t:1:5: expected a space after the address"},
      {"plain", "R 10 x\n", "t:1:6: expected a size in bytes"},
      {"plain", "R 10 0\n", "t:1:6: the size is 0"},
      {"plain", "R 10 65537\n", "t:1:6: the size is above 65536 bytes"},
      {"plain", "R 10 4x\n", "t:1:7: unexpected text at the end of the record"},
      {"plain", "R 10 4 x\n", "t:1:8: unexpected text at the end of the record"},
  });
}

TEST_CASE("Formats: the accesses before an error come first") {
  CHECK(to_text(read_as("ostep", "1,2,x\n").accesses) == " L 00001000,1\n L 00002000,1\n");
  CHECK(to_text(read_as("champsim", champsim_record(1, {}, {}) + "x").accesses) ==
        "I  00000001,1\n");
}

TEST_CASE("Formats: detection") {
  // The object of the next access is another's: some other binary file.
  const std::string wrong = oracle_general_record(1, 2) + oracle_general_record(2, -1);
  const auto reader = open_trace({TemporaryFile(wrong).path()}, {});
  REQUIRE(!reader.ok());
  CHECK(reader.error().message.find("as oraclegeneral: record 1 (byte 0 of the trace): its "
                                    "next access is one to another object") != std::string::npos);
  // Null pointers, as pinatrace prints them.
  CHECK(to_text(read_as("pinatrace", "0x1: R (nil)\n").accesses) == " L 00000000,1\n");
}

TEST_CASE("Formats: what may be either asks to be named") {
  // A label, an address and a comment; or a process, a fetch and an address.
  const auto reader = open_trace({TemporaryFile("2 f 10\n1 f 20\n").path()}, {});
  REQUIRE(!reader.ok());
  CHECK(reader.error().message ==
        "is a trace in several formats: din, plain; name one with --format");
  // One line that is only one of them decides.
  const auto decided = open_trace({TemporaryFile("2 f 10\n1 w 20\n").path()}, {});
  REQUIRE(decided.ok());
  CHECK((*decided)->format() == "plain");
}

TEST_CASE("Formats: csv of blocks, as libCacheSim's example names its columns") {
  const std::string blocks =
      "version,time,op,size,lbn\n1,33898,2a,512,42932745\n1,33898,28,512,42932746\n"
      "1,33899,8A,6144,42932745\n1,33899,88,4096,6238199\n";
  const char* const accesses = " S 00000000,1\n L 00001000,1\n S 00000000,1\n L 00002000,1\n";
  CHECK(to_text(read_as("csv", blocks).accesses) == accesses);
  const TemporaryFile file(blocks);
  const auto reader = open_trace({file.path()}, {});
  REQUIRE(reader.ok());
  CHECK((*reader)->format() == "csv");
  for (const char* const named : {"lbn", "LBA", "block", "object-id"}) {
    const std::string text = std::string("op,") + named + "\nread,7\nupdate,8\nr,7\n";
    CHECK(to_text(read_as("csv", text).accesses) ==
          " L 00000000,1\n S 00001000,1\n L 00000000,1\n");
  }
}

TEST_CASE("Formats: csv with other bytes between its fields, which the first line tells") {
  for (const std::string delimiter : {",", "\t", "|", ":"}) {
    std::string text = "# time;object;op\n1;a b;get\n2; c ;set\n3;a b;get\n";
    for (std::size_t at; (at = text.find(';')) != std::string::npos;)
      text.replace(at, 1, delimiter);
    const TemporaryFile file(text);
    const auto reader = open_trace({file.path()}, {});
    REQUIRE(reader.ok());
    CHECK((*reader)->format() == "csv");
    CHECK(to_text(read_trace(**reader).accesses) ==
          " L 00000000,1\n S 00001000,1\n L 00000000,1\n");
  }
  // Other lines with the same bytes between.
  CHECK(error_of("csv", "time|lbn|op\n1|2|get\n1,2,get\n") == "t:3:8: expected an object");
}

TEST_CASE("Formats: csv without a head is time, object, size, if it is named") {
  CHECK(to_text(read_as("csv", "1,2,3\n1,9,3\n1,2,3\n").accesses) ==
        " L 00000000,1\n L 00001000,1\n L 00000000,1\n");
  const auto reader = open_trace({TemporaryFile("1,2,3\n").path()}, {});
  REQUIRE(reader.ok());
  CHECK((*reader)->format() == "ostep");
}

}  // namespace
}  // namespace faultline::testing
