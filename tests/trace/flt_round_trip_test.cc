// What is written as flt is read again, with both filters.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "faultline/trace.h"
#include "sim/trace/flt/layout.h"
#include "tests/trace/flt_support.h"
#include "tests/trace/trace_support.h"

namespace faultline::testing {
namespace {

const TraceWriterOptions kRuns{.filter = TraceFilter::kRuns};

std::vector<StreamShape> shapes() {
  return {{.seed = 1, .accesses = 0, .calls_in_1000 = 0},
          {.seed = 2, .accesses = 1, .calls_in_1000 = 0, .tasks_in_1000 = 0},
          {.seed = 3},
          {.seed = 4, .accesses = 3000, .calls_in_1000 = 500, .tasks_in_1000 = 500},
          {.seed = 5, .accesses = 5000, .straddles_in_1000 = 900},
          {.seed = 6, .accesses = 200'000, .calls_in_1000 = 1, .tasks_in_1000 = 1}};
}

TEST_CASE("FltWriter: with filter off every access, task and call is read again") {
  for (const StreamShape& shape : shapes()) {
    CAPTURE(shape.seed);
    const Stream stream = random_stream(shape);
    const auto reader = open_flt(write_flt(stream, {}));
    CHECK(reader->page_runs() == nullptr);
    const ReadStream read = read_stream(*reader);
    CHECK_FALSE(read.error);
    CHECK(to_lines(read.stream) == to_lines(stream));
  }
}

TEST_CASE("FltWriter: of runs the pages and kinds of every access are read again, both ways") {
  for (const StreamShape& shape : shapes()) {
    CAPTURE(shape.seed);
    const Stream stream = random_stream(shape);
    const std::string bytes = write_flt(stream, kRuns);
    const ReadStream read = read_stream(*open_flt(bytes));
    CHECK_FALSE(read.error);
    CHECK(to_page_lines(read.stream) == to_page_lines(stream));
    const auto reader = open_flt(bytes);
    REQUIRE(reader->page_runs() != nullptr);
    const ReadStream runs = read_runs(*reader->page_runs());
    CHECK_FALSE(runs.error);
    CHECK(to_lines(runs.stream) == to_lines(read.stream));
    // The accesses that stand for the runs give the same file.
    CHECK(write_flt(read.stream, kRuns) == bytes);
  }
}

TEST_CASE("FltWriter: what the header says is read again") {
  for (const bool yes : {false, true}) {
    const FetchUnit unit = yes ? FetchUnit::kBasicBlock : FetchUnit::kInstruction;
    const auto reader = open_flt(
        write_flt({}, {.fetch_unit = unit, .has_calls = yes, .producer = std::string(1024, 'p')}));
    CHECK(reader->fetch_unit() == unit);
    CHECK(reader->has_calls() == yes);
    CHECK(reader->filter() == TraceFilter::kOff);
    CHECK_FALSE(read_stream(*reader).error);
  }
}

TEST_CASE("make_page_run_reader: collapses any trace as a file of runs does") {
  for (const StreamShape& shape : shapes()) {
    CAPTURE(shape.seed);
    const Stream stream = random_stream(shape);
    const auto reader = open_flt(write_flt(stream, {}));
    const auto runs = make_page_run_reader(*reader);
    const ReadStream read = read_runs(*runs);
    CHECK_FALSE(read.error);
    CHECK(to_page_lines(read.stream) == to_page_lines(stream));
  }
}

TEST_CASE("open_trace: page runs of several files, some of which hold accesses") {
  const Stream one = random_stream({.seed = 11, .calls_in_1000 = 0});
  const Stream other = random_stream({.seed = 12, .calls_in_1000 = 0});
  const TemporaryFile runs(write_flt(one, kRuns));
  const TemporaryFile accesses(write_flt(other, {}));
  auto all = to_page_lines(one);
  for (const std::string& line : to_page_lines(other)) all.push_back(line);
  for (const std::string& line : to_page_lines(one)) all.push_back(line);
  const auto reader = open_trace({runs.path(), accesses.path(), runs.path()}, {});
  REQUIRE(reader.ok());
  REQUIRE((*reader)->page_runs() != nullptr);
  const ReadStream read = read_runs(*(*reader)->page_runs());
  CHECK_FALSE(read.error);
  CHECK(to_page_lines(read.stream) == all);
  // Where the first holds accesses, so do all.
  const auto turned = open_trace({accesses.path(), runs.path()}, {});
  REQUIRE(turned.ok());
  CHECK((*turned)->page_runs() == nullptr);
}

TEST_CASE("FltReader: passing over blocks equals reading and dropping them") {
  const Stream stream =
      random_stream({.seed = 7, .accesses = 400'000, .calls_in_1000 = 0, .tasks_in_1000 = 1});
  for (const TraceFilter filter : {TraceFilter::kOff, TraceFilter::kRuns}) {
    const std::string bytes = write_flt(stream, {.filter = filter});
    const auto all = to_lines(read_stream(*open_flt(bytes)).stream);
    for (const uint64_t skip : {0U, 1U, 65'535U, 65'536U, 200'000U, 399'999U, 400'000U, 500'000U}) {
      const auto reader = open_flt(bytes);
      const auto passed = reader->pass_over(skip);
      REQUIRE(passed.ok());
      CHECK(*passed <= skip);
      CHECK((skip < 300'000 || *passed > 100'000));
      const auto rest = to_lines(read_stream(*reader).stream);
      REQUIRE(rest.size() == all.size() - *passed);
      CHECK(std::equal(rest.begin(), rest.end(), all.begin() + static_cast<long>(*passed)));
    }
  }
}

TEST_CASE("FltReader: no call is passed over") {
  const Stream stream = random_stream({.seed = 8, .accesses = 400'000, .calls_in_1000 = 0});
  const auto reader = open_flt(write_flt(stream, {}));
  const auto passed = reader->pass_over(1'000'000);
  REQUIRE(passed.ok());
  Stream with_call = stream;
  with_call.front().call = random_call(1);
  const auto other = open_flt(write_flt(with_call, {}));
  const auto none = other->pass_over(1'000'000);
  REQUIRE(none.ok());
  CHECK(*passed == 400'000);
  CHECK(*none == 0);
}

}  // namespace
}  // namespace faultline::testing
