// Several files as one trace: formats of their own, and what holds of the whole.
#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "faultline/trace.h"
#include "tests/trace/flt_support.h"
#include "tests/trace/samples.h"
#include "tests/trace/trace_support.h"

namespace faultline::testing {
namespace {

const std::string& sample_of(const std::string& format) {
  for (const Sample& sample : samples())
    if (sample.format == format) return sample.bytes;
  FAIL(format);
  return samples().front().bytes;
}

std::string flt_of_one_access(const TraceWriterOptions& options) {
  OwnedBlock block{.accesses = {{.address = {0x1000}}}, .task = {1, 1}};
  if (options.has_calls) block.call = TraceCall{.kind = TraceCallKind::kBrk};
  return write_flt({block}, options);
}

TEST_CASE("File sequence: each file is read in its own format") {
  std::vector<std::string> paths;
  std::vector<std::unique_ptr<TemporaryFile>> files;
  std::string accesses;
  std::string formats;
  for (const Sample& sample : samples()) {
    files.push_back(std::make_unique<TemporaryFile>(gzip(sample.bytes)));
    paths.push_back(files.back()->path());
    accesses += sample.accesses;
    if (formats.find(sample.format + ", ") == std::string::npos || sample.format == "drmemtrace")
      formats += sample.format + ", ";
  }
  auto reader = open_trace(paths, {});
  REQUIRE(reader.ok());
  CHECK((*reader)->format() == formats.substr(0, formats.size() - 2));
  const ReadTrace read = read_trace(**reader);
  CHECK(to_text(read.error) == "");
  CHECK(to_text(read.accesses) == accesses);
}

TEST_CASE("File sequence: with --format every file is in that") {
  const TemporaryFile lackey(sample_of("lackey"));
  const TemporaryFile din(sample_of("din"));
  auto reader = open_trace({lackey.path(), din.path()}, {.format = "lackey"});
  REQUIRE(reader.ok());
  CHECK((*reader)->format() == "lackey");
  CHECK(to_text(read_trace(**reader).error) ==
        din.path() + ":1:1: expected I, or a space and L, S or M");
}

TEST_CASE("File sequence: what may be of several formats is of the one before") {
  const TemporaryFile din("2 10\n");
  const TemporaryFile either("2 f 10\n");
  const TemporaryFile nothing("\n");
  auto reader = open_trace({din.path(), either.path(), nothing.path()}, {});
  REQUIRE(reader.ok());
  const ReadTrace read = read_trace(**reader);
  CHECK(to_text(read.error) == "");
  CHECK(to_text(read.accesses) == "I  00000010,1\nI  0000000f,1\n");
  CHECK((*reader)->format() == "din");
}

TEST_CASE("File sequence: a file in no format is an error in its turn") {
  const TemporaryFile good("I  04000000,4\n");
  const TemporaryFile bad("hello\n");
  auto reader = open_trace({good.path(), bad.path()}, {});
  REQUIRE(reader.ok());
  const ReadTrace read = read_trace(**reader);
  CHECK(to_text(read.accesses) == "I  04000000,4\n");
  CHECK(to_text(read.error).starts_with(bad.path() + ":1:1: is not a trace in a known format"));
  auto salvager = open_trace({good.path(), bad.path()}, {.salvage = true});
  REQUIRE(salvager.ok());
  CHECK(to_text(read_trace(**salvager).error) == "");
  CHECK((*salvager)->damage().size() == 1);
}

TEST_CASE("File sequence: --salvage searches a file whose beginning is gone as the one before") {
  const std::string flt = flt_of_one_access({});
  const TemporaryFile whole(flt);
  const TemporaryFile rest(flt.substr(20));
  auto reader = open_trace({whole.path(), rest.path()}, {.salvage = true});
  REQUIRE(reader.ok());
  CHECK(read_trace(**reader).accesses.size() == 2);
  CHECK((*reader)->damage().size() == 1);
}

TEST_CASE("File sequence: it has calls if any of its files has") {
  const TemporaryFile without(flt_of_one_access({}));
  const TemporaryFile with(flt_of_one_access({.has_calls = true}));
  const TemporaryFile text(sample_of("lackey"));
  using Files = std::vector<std::string>;
  for (const Files& files : {Files{without.path(), with.path()}, Files{with.path(), without.path()},
                             Files{text.path(), without.path(), with.path()}}) {
    auto reader = open_trace(files, {});
    REQUIRE(reader.ok());
    CHECK((*reader)->has_calls());
    const ReadStream read = read_stream(**reader);
    CHECK(to_text(read.error) == "");
  }
  auto reader = open_trace({without.path(), text.path()}, {});
  REQUIRE(reader.ok());
  CHECK_FALSE((*reader)->has_calls());
}

// A pipe with a name, into which `bytes` are written once somebody reads.
class NamedPipe {
 public:
  NamedPipe(std::string path, std::string bytes) : path_(std::move(path)) {
    REQUIRE(mkfifo(path_.c_str(), 0600) == 0);
    writer_ = std::thread([this, bytes] { std::ofstream(path_, std::ios::binary) << bytes; });
  }
  ~NamedPipe() {
    writer_.join();
    unlink(path_.c_str());
  }
  NamedPipe(const NamedPipe&) = delete;
  NamedPipe& operator=(const NamedPipe&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  std::thread writer_{};
};

TEST_CASE("File sequence: a pipe is not looked at before its turn, and calls in it are refused") {
  const TemporaryFile without(flt_of_one_access({}));
  const TemporaryFile with(flt_of_one_access({.has_calls = true}));
  const auto error_of = [](const std::vector<std::string>& files) {
    auto reader = open_trace(files, {});
    REQUIRE(reader.ok());
    return to_text(read_stream(**reader).error);
  };
  const std::string calls = flt_of_one_access({.has_calls = true});
  {
    const NamedPipe pipe(without.path() + ".pipe", calls);
    CHECK(error_of({without.path(), pipe.path()}) ==
          pipe.path() +
              ": holds mapping calls, which has to be known before its turn; name a file in its "
              "place, not a pipe or standard input");
  }
  {
    const NamedPipe pipe(without.path() + ".pipe", calls);
    CHECK(error_of({without.path(), pipe.path(), with.path()}) == "");
  }
  const NamedPipe first(without.path() + ".pipe", calls);
  CHECK(error_of({first.path(), without.path()}) == "");
}

TEST_CASE("File sequence: a pipe's format is told in its turn, after that of the file before it") {
  const TemporaryFile din("2 10\n");
  const TemporaryFile text(sample_of("lackey"));
  const NamedPipe pipe(text.path() + ".pipe", "2 f 10\n");
  auto reader = open_trace({din.path(), pipe.path(), text.path()}, {});
  REQUIRE(reader.ok());
  const ReadTrace read = read_trace(**reader);
  CHECK(to_text(read.error) == "");
  CHECK(to_text(read.accesses).starts_with("I  00000010,1\nI  0000000f,1\n"));
  CHECK((*reader)->format() == "din, lackey");
}

TEST_CASE("File sequence: fetches of two kinds are refused where that is asked for") {
  const TemporaryFile blocks(flt_of_one_access({.fetch_unit = FetchUnit::kBasicBlock}));
  const TemporaryFile text(sample_of("lackey"));
  CHECK(open_trace({blocks.path(), text.path()}, {}).ok());
  auto refused = open_trace({blocks.path(), text.path()}, {.one_fetch_unit = true});
  REQUIRE_FALSE(refused.ok());
  CHECK(to_text(refused.error()) == text.path() +
                                        ": its fetches stand for instructions, those of " +
                                        blocks.path() + " for basic blocks");
  auto reader = open_trace({blocks.path(), blocks.path()}, {.one_fetch_unit = true});
  REQUIRE(reader.ok());
  CHECK((*reader)->fetch_unit() == FetchUnit::kBasicBlock);
  const NamedPipe pipe(text.path() + ".pipe", sample_of("lackey"));
  auto late = open_trace({blocks.path(), pipe.path()}, {.one_fetch_unit = true});
  REQUIRE(late.ok());
  CHECK(to_text(read_trace(**late).error).starts_with(pipe.path() + ": its fetches stand for"));
}

TEST_CASE("File sequence: runs come whole of files in other formats too") {
  const TemporaryFile runs(flt_of_one_access({.filter = TraceFilter::kRuns}));
  const TemporaryFile text(sample_of("lackey"));
  auto reader = open_trace({runs.path(), text.path(), runs.path()}, {});
  REQUIRE(reader.ok());
  uint64_t accesses = 0;
  for (;;) {
    REQUIRE((*reader)->page_runs() != nullptr);
    const auto block = (*reader)->page_runs()->next_page_runs();
    REQUIRE(block.ok());
    if (block->end()) break;
    for (const PageRun run : block->runs) accesses += run.count();
  }
  CHECK(accesses == 5);
}

}  // namespace
}  // namespace faultline::testing
