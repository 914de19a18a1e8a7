// Skipping by the index of a file equals skipping block by block, and reads nothing in between.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "faultline/trace.h"
#include "sim/trace/flt/layout.h"
#include "tests/trace/flt_support.h"
#include "tests/trace/trace_support.h"

namespace faultline::testing {
namespace {

struct Rest {
  std::string accesses{};  // behind those skipped
  std::string error{};     // without the file's name
  friend bool operator==(const Rest&, const Rest&) = default;
};

// As every command skips.
Rest read_behind(TraceReader& reader, uint64_t skip) {
  Rest rest;
  std::vector<Access> accesses;
  for (;;) {
    if (skip > 0) {
      const auto passed = reader.pass_over(skip);
      if (passed) skip -= *passed;
    }
    const auto block = reader.next_block();
    if (!block) {
      InputError error = block.error();
      error.file = "f";
      rest.error = error.to_string();
    }
    if (!block || block->end()) break;
    const uint64_t dropped = std::min<uint64_t>(skip, block->accesses.size());
    skip -= dropped;
    const auto kept = block->accesses.subspan(dropped);
    accesses.insert(accesses.end(), kept.begin(), kept.end());
  }
  rest.accesses = to_text(accesses);
  return rest;
}

// Of a file, which can be sought in.
Rest seek(const std::string& bytes, uint64_t skip, bool salvage = false) {
  const TemporaryFile file(bytes);
  const auto reader = open_trace({file.path()}, {.format = "flt", .salvage = salvage});
  REQUIRE(reader.ok());
  return read_behind(**reader, skip);
}

// Of bytes that come in order.
Rest pass(const std::string& bytes, uint64_t skip) { return read_behind(*open_flt(bytes), skip); }

Stream long_stream(std::size_t accesses) {
  return random_stream({.seed = 7, .accesses = accesses, .calls_in_1000 = 0, .tasks_in_1000 = 1});
}

// Where block `number` begins.
std::size_t find_block(const std::string& bytes, unsigned number) {
  std::size_t at = bytes.find(trace::kBlockMagic);
  for (; number > 0; --number) at = bytes.find(trace::kBlockMagic, at + 1);
  REQUIRE(at != std::string::npos);
  return at;
}

TEST_CASE("flt: what is skipped by the index is what is skipped block by block") {
  const Stream stream = long_stream(140'000);
  for (const TraceFilter filter : {TraceFilter::kOff, TraceFilter::kRuns}) {
    const std::string bytes = write_flt(stream, {.filter = filter});
    for (const uint64_t skip : {0U, 1U, 65'536U, 131'073U, 139'999U, 140'000U, 300'000U}) {
      CAPTURE(skip);
      const Rest rest = seek(bytes, skip);
      CHECK(rest.error == "");
      CHECK((rest == pass(bytes, skip)));
      CHECK((skip < 140'000) == !rest.accesses.empty());
    }
  }
}

TEST_CASE("flt: an empty trace, and one of a block, are skipped too") {
  for (const std::size_t accesses : {0U, 10U}) {
    const std::string bytes = write_flt(accesses == 0 ? Stream{} : long_stream(accesses), {});
    for (const uint64_t skip : {0U, 5U, 10U, 11U}) {
      const Rest rest = seek(bytes, skip);
      CHECK(rest.error == "");
      CHECK((rest == pass(bytes, skip)));
    }
  }
}

TEST_CASE("flt: blocks that the index passes over are not read") {
  const std::string bytes = write_flt(long_stream(140'000), {});
  std::string damaged = bytes;
  damaged[find_block(bytes, 0) + 8] ^= 1;    // a header
  damaged[find_block(bytes, 1) + 100] ^= 1;  // data
  CHECK(pass(damaged, 135'000).error.find("block 0") != std::string::npos);
  CHECK((seek(damaged, 135'000) == pass(bytes, 135'000)));
  // What is not passed over is.
  CHECK((seek(damaged, 60'000) == pass(damaged, 60'000)));
  damaged = bytes;
  damaged[find_block(bytes, 2) + 100] ^= 1;
  CHECK(seek(damaged, 135'000).error.find("block 2") != std::string::npos);
  CHECK((seek(damaged, 135'000) == pass(damaged, 135'000)));
}

TEST_CASE("flt: calls, and what is left out with --salvage, are passed over block by block") {
  const Stream stream = long_stream(140'000);
  Stream with_call = stream;
  with_call.front().call = random_call(1);
  const std::string bytes = write_flt(with_call, {.has_calls = true});
  CHECK((seek(bytes, 135'000) == pass(bytes, 135'000)));
  const TemporaryFile file(bytes);
  const auto reader = open_trace({file.path()}, {});
  REQUIRE(reader.ok());
  const auto passed = (*reader)->pass_over(135'000);
  REQUIRE(passed.ok());
  CHECK(*passed == 0);

  std::string damaged = write_flt(stream, {});
  damaged[find_block(damaged, 1) + 100] ^= 1;
  const Rest all = seek(damaged, 0, true);
  const Rest rest = seek(damaged, 70'000, true);
  CHECK(rest.error == "");
  CHECK(all.accesses.ends_with(rest.accesses));
  CHECK(std::count(rest.accesses.begin(), rest.accesses.end(), '\n') == 140'000 - 65'536 - 70'000);
}

TEST_CASE("flt: damage is told as in order, or lies in what was passed over") {
  const std::string bytes = write_flt(long_stream(140'000), {});
  constexpr uint64_t kSkip = 135'000;
  const std::size_t from = find_block(bytes, 2);
  const std::size_t tail = bytes.find(trace::kIndexMagic);
  REQUIRE(tail != std::string::npos);
  const Rest good = pass(bytes, kSkip);
  for (std::size_t at = 20; at < bytes.size(); at += at < tail ? 4'001 : 1) {
    CAPTURE(at);
    std::string damaged = bytes;
    damaged[at] ^= 4;
    const Rest sought = seek(damaged, kSkip);
    const bool passed_over = at >= find_block(bytes, 0) && at < from;
    CHECK((sought == (passed_over ? good : pass(damaged, kSkip))));
  }
  for (std::size_t size = 40; size < bytes.size(); size += size < tail ? 4'001 : 1) {
    CAPTURE(size);
    const std::string cut = bytes.substr(0, size);
    CHECK((seek(cut, kSkip) == pass(cut, kSkip)));
  }
  CHECK((seek(bytes + "x", kSkip) == pass(bytes + "x", kSkip)));
}

}  // namespace
}  // namespace faultline::testing
