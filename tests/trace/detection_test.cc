// How the format of a trace is told where its content is ambiguous, cut, or wrong near the
// beginning, and what --salvage makes of that.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "faultline/trace.h"
#include "tests/trace/samples.h"
#include "tests/trace/trace_support.h"

namespace faultline::testing {
namespace {

struct Told {
  std::string format{};
  std::string accesses{};
  std::string error{};   // the file as F
  std::string damage{};  // the first, the same way
};

Told tell(const std::string& bytes, const TraceOptions& options = {}) {
  const TemporaryFile file(bytes);
  const auto named = [&file](std::optional<InputError> error) {
    if (error && error->file == file.path()) error->file = "F";
    return to_text(error);
  };
  auto reader = open_trace({file.path()}, options);
  if (!reader) return {.error = named(reader.error())};
  const ReadTrace read = read_trace(**reader);
  Told told{.format = std::string((*reader)->format()),
            .accesses = to_text(read.accesses),
            .error = named(read.error)};
  if (!(*reader)->damage().empty()) told.damage = named((*reader)->damage().front());
  return told;
}

std::string lackey_loads(int count) {
  std::string text;
  for (int i = 1; i <= count; ++i) text += " L 0000" + std::to_string(1000 + 7 * i) + ",8\n";
  return text;
}

TEST_CASE("Detection: a header is drmemtrace's, whatever the addresses behind it look like") {
  // Each second entry is a load, whose address might be the number of a record.
  std::string bytes = drmemtrace_entry(25, 0, 4);
  for (uint64_t i = 0; i < 200; ++i) bytes += drmemtrace_entry(0, 8, 0x7fff'0000'1000 + 16 * i);
  const Told told = tell(bytes);
  CHECK(told.error == "");
  CHECK(told.format == "drmemtrace");
  // Cut within an entry, under compression.
  const std::string packed = gzip(bytes);
  CHECK(tell(packed.substr(0, packed.size() / 2)).error ==
        "F: byte " + std::to_string(packed.size() / 2) + ": compressed data ends too early (gzip)");
}

TEST_CASE("Detection: a time of 25 alone makes no header") {
  const auto record = [](uint32_t time, uint64_t object, int64_t next) {
    return little_endian(time, 4) + oracle_general_record(object, next).substr(4);
  };
  CHECK(tell(record(25, 0xfeed'0000'0000'0001, 3) + record(25, 7, -1) +
             record(26, 0xfeed'0000'0000'0001, -1))
            .format == "oraclegeneral");
  CHECK(tell(record(25, 4, -1) + record(25, 7, -1)).format == "oraclegeneral");
}

TEST_CASE("Detection: where a short trace was cut, that is what is wrong") {
  const std::string texts[] = {lackey_loads(40), [] {
                                 std::string text;
                                 for (uint64_t i = 1; i < 40; ++i)
                                   text += champsim_record(0x401000 + 977 * i * i, {i}, {});
                                 return text;
                               }()};
  for (const std::string& text : texts) {
    const std::pair<std::string, std::string> packed[] = {
        {gzip(text), "gzip"}, {xz(text), "xz"}, {zstd(text), "zstd"}, {zip({text}), "zip"}};
    for (const auto& each : packed) {
      const std::string& bytes = each.first;
      const std::string& codec = each.second;
      CAPTURE(codec);
      for (std::size_t size = bytes.size() / 3; size < bytes.size() - 50; ++size) {
        CAPTURE(size);
        const std::string error = tell(bytes.substr(0, size)).error;
        CHECK(error.starts_with("F: byte "));
        CHECK(error.find(": compressed data ends too early (" + codec + ")") != std::string::npos);
      }
    }
  }
}

TEST_CASE("Detection: --salvage takes the format that most of the beginning is in") {
  const Told lackey = tell(" L 10,8\n S 20,4\nxx\n", {.salvage = true});
  CHECK(lackey.format == "lackey");
  CHECK(lackey.accesses == " L 00000010,8\n S 00000020,4\n");
  CHECK(lackey.error == "");
  CHECK(lackey.damage == "F:3:1: expected I, or a space and L, S or M");
  const Told champsim = tell(champsim_record(1, {}, {}) + "abc", {.salvage = true});
  CHECK(champsim.format == "champsim");
  CHECK(champsim.damage == "F: record 2 (byte 64 of the trace): it is cut short: 3 of 64 bytes");
  const std::string packed = gzip(lackey_loads(40));
  const Told cut = tell(packed.substr(0, packed.size() / 2), {.salvage = true});
  CHECK(cut.format == "lackey");
  CHECK(cut.accesses != "");
  CHECK(cut.damage ==
        "F: byte " + std::to_string(packed.size() / 2) + ": compressed data ends too early (gzip)");
}

TEST_CASE("Detection: --salvage takes no format that nothing is in, and none of several") {
  CHECK(
      tell("xx\n", {.salvage = true}).error.starts_with("F:1:1: is not a trace in a known format"));
  // One record of din and of plain, and nothing that tells which it is.
  CHECK(tell("2 f 10\nx\n", {.salvage = true}).error ==
        "F: is a trace in several formats: din, plain; name one with --format");
  CHECK(tell("2 f 10\nx\n").error.find("is not a trace in a known format") != std::string::npos);
}

TEST_CASE("Detection: of a binary trace that fits nothing, the record is told") {
  std::string bytes;
  for (uint64_t i = 1; i <= 6; ++i) bytes += champsim_record(0x401000 + i, {}, {});
  bytes[5 * 64 + 8] = 7;
  CHECK(tell(bytes).error.find("F: is not a trace in a known format (as champsim: record 6 (byte "
                               "320 of the trace): its is_branch is neither 0 nor 1); ") == 0);
  CHECK(tell(champsim_record(1, {}, {}) + "abc")
            .error.find("(as champsim: record 2 (byte 64 of the trace): it is cut short: 3 of 64 "
                        "bytes); ") != std::string::npos);
}

TEST_CASE("Detection: plain with a process 0 is plain, and the reader refuses it") {
  CHECK(tell("0 R 10\nR 10\n").error == "F:1:1: the process is 0");
  CHECK(tell("  00 R 10\n").error == "F:1:3: the process is 0");
}

TEST_CASE("Detection: csv's last line may lack its newline") {
  for (const std::string text : {"id\n5", "id\n5\n6", "time,id,op\r\n1,5,get\r"}) {
    CAPTURE(text);
    const Told told = tell(text);
    CHECK(told.error == "");
    CHECK(told.format == "csv");
    CHECK(told.accesses.starts_with(" L 00000000,1\n"));
  }
  CHECK(tell("id").error.find("(as csv: no records)") != std::string::npos);
}

}  // namespace
}  // namespace faultline::testing
