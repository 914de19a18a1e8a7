// Traces written in other programs' formats are read again; what a format cannot hold is refused,
// or left out where that is asked for.
#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "faultline/trace.h"
#include "faultline/trace_writer.h"
#include "tests/trace/flt_support.h"
#include "tests/trace/samples.h"
#include "tests/trace/trace_support.h"

namespace faultline::testing {
namespace {

std::string folder() {
  const char* const folder = std::getenv("TEST_TMPDIR");
  return folder == nullptr ? "/tmp" : folder;
}

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

bool exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

// The accesses, which Lackey's form writes, as a trace in the form that the name of the file says;
// what went wrong.
std::string write(const std::string& lackey, const std::string& path, bool lossy = false) {
  const ReadTrace read = read_lackey(lackey);
  REQUIRE_FALSE(read.error);
  const TraceFileName name = parse_trace_file_name(path);
  auto writer =
      create_trace(path, {.format = name.format, .compression = name.compression, .lossy = lossy});
  REQUIRE(writer.ok());
  auto written = (*writer)->write({.accesses = read.accesses});
  if (written) written = (*writer)->finish();
  return written ? "" : written.error().error.to_string();
}

std::string read_back(const std::string& path) {
  auto reader = open_trace({path}, {});
  REQUIRE(reader.ok());
  const ReadTrace read = read_trace(**reader);
  CHECK(to_text(read.error) == "");
  return to_text(read.accesses);
}

TEST_CASE("writers: the sample of every format that can be written comes back") {
  for (const Sample& sample : samples()) {
    CAPTURE(sample.format);
    if (sample.format == "perf") continue;  // page faults, which are not written
    const auto formats = writable_formats();
    if (std::find(formats.begin(), formats.end(), sample.format) == formats.end()) continue;
    for (const std::string packing : {"", ".gz", ".xz", ".zst"}) {
      const std::string path = folder() + "/sample." + sample.format + packing;
      CHECK(write(sample.accesses, path) == "");
      CHECK(read_back(path) == sample.accesses);
      auto reader = open_trace({path}, {});
      REQUIRE(reader.ok());
      CHECK((*reader)->format() == sample.format);
    }
  }
}

TEST_CASE("writers: a long trace comes back, compressed too") {
  const std::string text = random_lackey(1, 1'000'000);
  for (const std::string name :
       {"lackey", "lackey.gz", "lackey.xz", "lackey.zst", "flt", "flt.gz"}) {
    const std::string path = folder() + "/long." + name;
    CHECK(write(text, path) == "");
    CHECK(read_back(path) == text);
  }
  CHECK(bytes_of(folder() + "/long.lackey") == text);
}

TEST_CASE("writers: what a format cannot hold is refused by name, and no file is left") {
  struct Case {
    std::string accesses;
    std::string format;
    std::string lost;
    std::string lossy;  // what is read again then
  };
  const std::vector<Case> cases = {
      {"I  00001000,1\n L 00002000,1\n", "hexrw", "fetches", " L 00002000,1\n"},
      {" M 00001000,1\n", "din", "modifies", " S 00001000,1\n"},
      {" L 00001000,4\n", "pinatrace", "sizes", " L 00001000,1\n"},
      {" S 00001000,1\n", "ostep", "stores", " L 00001000,1\n"},
      {" L 00001234,1\n", "ostep", "addresses within pages", " L 00001000,1\n"},
      {" L 00001000,1\n L 00000000,1\n", "csv", "page numbers", " L 00000000,1\n L 00001000,1\n"},
      {" L 00000000,1\n L 00002000,1\n", "oraclegeneral", "page numbers",
       " L 00000000,1\n L 00001000,1\n"},
      {" L 00001000,65536\n", "drmemtrace", "sizes", " L 00001000,65535\n"},
      {"I  00001000,1\n L 00002000,1\n", "perf", "fetches", " L 00002000,1\n"},
      {" L 00000000,1\n S 00000001,1\n", "perf", "address 0", " S 00000001,1\n"},
      {" L 8000000000000000,1\n L 7fffffffffffffff,1\n", "perf", "addresses in the upper half",
       " L 7fffffffffffffff,1\n"},
      {"I  00001000,4\n", "champsim", "sizes", "I  00001000,1\n"},
      {"I  00001000,1\n M 00002000,1\n", "champsim", "modifies", "I  00001000,1\n S 00002000,1\n"},
      {"I  00001000,1\nI  00000000,1\n", "champsim", "address 0", "I  00001000,1\n"},
      {"I  00001000,1\n L 100000000000000,1\n", "champsim", "addresses beyond 57 bits",
       "I  00001000,1\n"},
      {" L 00001000,1\n S 00002000,1\nI  00003000,1\n", "champsim",
       "loads and stores before any fetch",
       "I  00001000,1\n L 00001000,1\nI  00002000,1\n S 00002000,1\nI  00003000,1\n"},
      {"I  00001000,1\n S 00000001,1\n L 00000002,1\n", "champsim",
       "instructions of more than four loads and then two stores",
       "I  00001000,1\n S 00000001,1\nI  00001000,1\n L 00000002,1\n"},
      {"I  00001000,1\n S 00000001,1\n S 00000002,1\n S 00000003,1\n", "champsim",
       "instructions of more than four loads and then two stores",
       "I  00001000,1\n S 00000001,1\n S 00000002,1\nI  00001000,1\n S 00000003,1\n"},
  };
  for (const Case& each : cases) {
    CAPTURE(each.format);
    CAPTURE(each.accesses);
    const std::string path = folder() + "/refused." + each.format;
    unlink(path.c_str());
    const std::string error = write(each.accesses, path);
    CHECK(error.find(each.format + " cannot hold the " + each.lost + " of this trace") !=
          std::string::npos);
    CHECK_FALSE(exists(path));
    CHECK_FALSE(exists(path + ".part0"));
    CHECK(write(each.accesses, path, true) == "");
    CHECK(read_back(path) == each.lossy);
  }
}

TEST_CASE("writers: champsim holds all that instructions of its own have") {
  const std::string accesses =
      "I  00401000,1\n L 00000001,1\n L 00000001,1\n L 00000002,1\n L 00000003,1\n"
      " S 00000001,1\n S ff00000000000000,1\nI  ffffffffffffffff,1\nI  00401000,1\n"
      " S 00ffffffffffffff,1\n";
  const std::string path = folder() + "/instructions.champsimtrace.xz";
  CHECK(write(accesses, path) == "");
  CHECK(read_back(path) ==
        "I  00401000,1\n L 00000001,1\n L 00000001,1\n L 00000002,1\n L 00000003,1\n"
        " S 00000001,1\n S ff00000000000000,1\nI  ffffffffffffffff,1\nI  00401000,1\n"
        " S ffffffffffffff,1\n");
  CHECK(write("I  00401000,1\n L 1,1\n L 2,1\n L 3,1\n L 4,1\n L 5,1\n", path)
            .find("more than four loads and then two stores of this trace (access 6)") !=
        std::string::npos);
}

TEST_CASE("writers: perf's memory samples name the instruction that was fetched last") {
  const std::string path = folder() + "/samples.perf";
  CHECK(write(" S 7ffdf1391b0c,1\nI  00401136,1\n L 00000010,1\n", path, true) == "");
  CHECK(bytes_of(path) ==
        "trace -1 0.000000: mem-stores:     7ffdf1391b0c                0\n"
        "trace -1 0.000001: mem-loads:               10           401136\n");
  CHECK(read_back(path) == " S 7ffdf1391b0c,1\n L 00000010,1\n");
}

TEST_CASE("writers: plain has sizes where they are not 1, and is no trace of din") {
  const std::string path = folder() + "/letters.plain";
  const std::string accesses =
      "I  00000010,1\n L 00000010,65536\n S ffffffffffffffff,1\n M 00000000,8\n";
  CHECK(write(accesses, path) == "");
  CHECK(bytes_of(path) == "I 10\nR 10 65536\nW ffffffffffffffff\nM 0 8\n");
  CHECK(read_back(path) == accesses);
}

// Of single bytes at addresses that every format takes.
Stream stream_of_tasks(AccessKind kind, bool with_threads) {
  Stream stream;
  for (uint32_t i = 0; i < 10; ++i)
    stream.push_back({.accesses = {{.address = {i + 1}, .kind = kind}},
                      .task = {i / 4, with_threads ? 100 + i / 2 : 0}});
  // Two blocks of one task come back as one.
  Stream joined;
  for (const OwnedBlock& block : stream) {
    if (joined.empty() || !(joined.back().task == block.task))
      joined.push_back(block);
    else
      joined.back().accesses.push_back(block.accesses.front());
  }
  return joined;
}

TEST_CASE("writers: drmemtrace and perf hold the tasks of their accesses, plain processes") {
  struct Case {
    std::string format;
    AccessKind kind;
    bool with_threads;
  };
  for (const Case& each :
       {Case{"drmemtrace", AccessKind::kFetch, true}, Case{"perf", AccessKind::kStore, true},
        Case{"perf", AccessKind::kLoad, false}, Case{"plain", AccessKind::kModify, false}}) {
    CAPTURE(each.format);
    const Stream stream = stream_of_tasks(each.kind, each.with_threads);
    const std::string path = folder() + "/tasks." + each.format;
    auto writer = create_trace(path, {.format = each.format});
    REQUIRE(writer.ok());
    for (const OwnedBlock& block : stream) CHECK((*writer)->write(block.view()).ok());
    CHECK((*writer)->finish().ok());
    auto reader = open_trace({path}, {});
    REQUIRE(reader.ok());
    CHECK((*reader)->format() == each.format);
    CHECK(to_lines(read_stream(**reader).stream) == to_lines(stream));
  }
}

TEST_CASE("writers: plain refuses threads, and leaves them out where that is asked for") {
  const std::vector<Access> accesses = {{.address = {0x1000}}};
  const std::string path = folder() + "/threads.plain";
  for (const bool lossy : {false, true}) {
    auto writer = create_trace(path, {.format = "plain", .lossy = lossy});
    REQUIRE(writer.ok());
    const auto written = (*writer)->write({.accesses = accesses, .task = {7, 8}});
    CHECK(written.ok() == lossy);
    if (!written) {
      CHECK(written.error().error.message ==
            "plain cannot hold the threads of this trace (access 1); --lossy leaves them out");
      continue;
    }
    CHECK((*writer)->finish().ok());
    CHECK(bytes_of(path) == "7 R 1000\n");
  }
}

TEST_CASE("writers: calls and the kernel's marks are for flt alone, tasks for few") {
  const std::vector<Access> accesses = {{.address = {0x1000}, .by = AccessBy::kKernel}};
  const TraceCall call{.kind = TraceCallKind::kBrk};
  const std::vector<Access> plain = {{.address = {0x1000}}};
  const std::pair<TraceBlock, std::string> blocks[] = {
      {{.accesses = plain, .task = {1, 0}}, "processes and threads"},
      {{.accesses = plain, .call = &call}, "mapping calls"},
      {{.accesses = accesses}, "marks of the kernel's accesses"}};
  for (const std::string_view format : writable_formats()) {
    for (const auto& [block, lost] : blocks) {
      const std::string path = folder() + "/tasks";
      auto writer = create_trace(path, {.format = std::string(format)});
      REQUIRE(writer.ok());
      const auto written = (*writer)->write(block);
      const bool tasks = format == "drmemtrace" || format == "perf" || format == "plain";
      CHECK(written.ok() == (format == "flt" || (tasks && block.task.pid != 0)));
      if (written) continue;
      CHECK(written.error().cause == TraceWriteError::Cause::kContent);
      CHECK(written.error().error.message.find(lost) != std::string::npos);
    }
  }
}

TEST_CASE("writers: page runs are written as the accesses that stand for them") {
  const Stream stream =
      random_stream({.seed = 1, .accesses = 500, .calls_in_1000 = 0, .tasks_in_1000 = 0});
  const auto reader = open_flt(write_flt(stream, {.filter = TraceFilter::kRuns}));
  const auto by_access = open_flt(write_flt(stream, {.filter = TraceFilter::kRuns}));
  const std::string path = folder() + "/runs.lackey";
  auto writer = create_trace(path, {.format = "lackey"});
  REQUIRE(writer.ok());
  const auto block = reader->page_runs()->next_page_runs();
  REQUIRE(block.ok());
  CHECK((*writer)->write_runs(*block).ok());
  CHECK((*writer)->finish().ok());
  CHECK(read_back(path) == to_text(read_trace(*by_access).accesses));
}

TEST_CASE("parse_trace_file_name: formats and compressions by their extensions") {
  const auto is = [](std::string_view file, std::string_view format, Compression compression) {
    const TraceFileName name = parse_trace_file_name(file);
    return name.format == format && name.compression == compression;
  };
  CHECK(is("a.flt", "flt", Compression::kNone));
  CHECK(is("a.din", "din", Compression::kNone));
  CHECK(is("a.din.gz", "din", Compression::kGzip));
  CHECK(is("a.lackey.xz", "lackey", Compression::kXz));
  CHECK(is("/b.csv/a.hexrw.zst", "hexrw", Compression::kZstd));
  CHECK(is("600.perlbench_s-210B.champsimtrace.xz", "champsim", Compression::kXz));
  CHECK(is("a.perf", "perf", Compression::kNone));
  CHECK(is("champsimtrace", "flt", Compression::kNone));
  CHECK(is("-", "flt", Compression::kNone));
  CHECK(is("din", "flt", Compression::kNone));
  CHECK(is("a.txt", "flt", Compression::kNone));
  CHECK(is("a.zst", "flt", Compression::kZstd));
}

TEST_CASE("create_trace: a file has its name when it is complete, and keeps what it was before") {
  const std::string path = folder() + "/named.flt";
  std::ofstream(path) << "old";
  {
    auto writer = create_trace(path, {});
    REQUIRE(writer.ok());
    CHECK((*writer)->write({}).ok());
    CHECK(bytes_of(path) == "old");
  }
  CHECK_FALSE(exists(path + ".part0"));
  CHECK(bytes_of(path) == "old");
  auto writer = create_trace(path, {});
  REQUIRE(writer.ok());
  CHECK((*writer)->finish().ok());
  CHECK_FALSE(exists(path + ".part0"));
  CHECK(bytes_of(path).substr(1, 3) == "FLT");
}

TEST_CASE("create_trace: refuses what it cannot do, a full disk is told") {
  const auto cause_of = [](const std::string& file, const TraceWriterOptions& options) {
    auto writer = create_trace(file, options);
    REQUIRE_FALSE(writer.ok());
    return writer.error().cause;
  };
  using Cause = TraceWriteError::Cause;
  CHECK(cause_of(folder() + "/a", {.format = "drmemtrace-view"}) == Cause::kUsage);
  CHECK(cause_of("/nowhere/a", {}) == Cause::kUsage);
  CHECK(cause_of(folder(), {}) == Cause::kUsage);
  CHECK(cause_of(folder() + "/a", {.producer = std::string(1025, 'p')}) == Cause::kUsage);
  auto writer = create_trace("/dev/full", {});
  REQUIRE(writer.ok());
  const auto finished = (*writer)->finish();
  REQUIRE_FALSE(finished.ok());
  CHECK(finished.error().cause == Cause::kOutput);
  CHECK(finished.error().error.to_string() ==
        "/dev/full: cannot be written: No space left on device");
}

}  // namespace
}  // namespace faultline::testing
