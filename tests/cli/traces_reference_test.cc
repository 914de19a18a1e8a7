// Every count of `faultline replay` on the committed traces, against the naive reference: the heads
// of all of them with every policy at several sizes of memory, and each once to its end.
#include <doctest/doctest.h>

#include <cstdint>
#include <cstdio>
#include <ext/stdio_filebuf.h>
#include <istream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/cli/replay_check.h"
#include "tests/naive/naive_reference.h"

namespace faultline::testing {
namespace {

// The sanitizers make the reference some twenty times slower.
constexpr uint64_t kHead = kSanitized ? 60'000 : 1'500'000;
constexpr uint64_t kWhole = kSanitized ? 300'000 : ~uint64_t{0};  // accesses at most

// The accesses of a packed trace, by the reference's own reader.
class Unpacked {
 public:
  explicit Unpacked(const std::string& trace)
      : pipe_(popen(unpack_command(trace).c_str(), "re"), &pclose),
        buffer_(pipe_.get(), std::ios::in, size_t{1} << 16),
        in_(&buffer_) {
    REQUIRE(pipe_ != nullptr);
  }
  std::optional<naive::Access> next() { return naive::read_access(in_); }

 private:
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe_;
  __gnu_cxx::stdio_filebuf<char> buffer_;
  std::istream in_;
};

std::vector<naive::Access> head_of(const std::string& trace) {
  std::vector<naive::Access> head;
  Unpacked unpacked(trace);
  while (head.size() < kHead) {
    const std::optional<naive::Access> access = unpacked.next();
    if (!access) break;
    head.push_back(*access);
  }
  return head;
}

void check_head(const std::string& trace) {
  const std::vector<naive::Access> head = head_of(trace);
  REQUIRE(head.size() == kHead);
  for (const std::string policy : {"lru", "fifo", "clock", "clock:enter=0"}) {
    for (const uint64_t frames : {12u, 40u, 150u}) {
      CAPTURE(policy);
      CAPTURE(frames);
      naive::Replay reference({naive::make_policy(policy), frames});
      for (const naive::Access& access : head) reference.access(access);
      CHECK((frames == 150 || reference.memory.counts.evictions > 0));
      check_equal(replay({trace, "--limit", std::to_string(kHead), "--policy", policy, "--memory",
                          std::to_string(frames) + "p"}),
                  reference);
    }
  }
}

struct Configuration {
  std::string policy;
  uint64_t frames;
};

// A small TLB, so that all of it is at work.
void check_whole(const std::string& trace, const Configuration& configuration) {
  naive::Replay reference({naive::make_policy(configuration.policy), configuration.frames},
                          {.l1d = {16, 2}, .l1i = {8, 8}, .l2 = {128, 4}});
  Unpacked unpacked(trace);
  while (reference.counts.records < kWhole) {
    const std::optional<naive::Access> access = unpacked.next();
    if (!access) break;
    reference.access(*access);
  }
  std::vector<std::string> args = {trace,
                                   "--policy",
                                   configuration.policy,
                                   "--memory",
                                   std::to_string(configuration.frames) + "p",
                                   "--tlb",
                                   "l1d=16x2,l1i=8x8,l2=128x4"};
  if (kSanitized) args.insert(args.end(), {"--limit", std::to_string(kWhole)});
  // The head that a sanitizer build has time for may fit in memory.
  CHECK((kSanitized || reference.memory.counts.evictions > 0));
  CHECK(reference.counts.records >= (kSanitized ? kWhole : 4'000'000));
  check_equal(replay(args), reference);
}

TEST_CASE("cg: the head with every policy and size is as the reference counts") {
  check_head("traces/cg.lackey.gz");
}
TEST_CASE("perl: the head with every policy and size is as the reference counts") {
  check_head("traces/perl.lackey.xz");
}
TEST_CASE("sort: the head with every policy and size is as the reference counts") {
  check_head("traces/sort.lackey.zst");
}
TEST_CASE("sqlite: the head with every policy and size is as the reference counts") {
  check_head("traces/sqlite.lackey.zst");
}
TEST_CASE("xz-head: the head with every policy and size is as the reference counts") {
  check_head("traces/xz-head.lackey.zst");
}

TEST_CASE("every trace to its end is as the reference counts") {
  const Configuration configurations[] = {
      {"lru", 100}, {"fifo", 60}, {"clock", 500}, {"clock:enter=0", 80}, {"lru", 30}};
  const std::vector<std::string>& traces = committed_traces();
  REQUIRE(traces.size() == std::size(configurations));
  for (size_t i = 0; i < traces.size(); ++i) {
    CAPTURE(traces[i]);
    check_whole(traces[i], configurations[i]);
  }
}

}  // namespace
}  // namespace faultline::testing
