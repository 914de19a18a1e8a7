// What a replay takes of the host's memory at most: 64 MB, and 64 bytes a page touched, 4 KiB a
// page-table page and 200 bytes a VMA, however long the trace is. VMAs are those at the end; where
// a row says how many there are on the way, those.
//
// Each case runs in a process of its own, whose peak the kernel tells.
#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "faultline/machine.h"
#include "faultline/trace.h"
#include "sim/replay/replayer.h"
#include "tests/support/sanitized.h"

namespace faultline::replay {
namespace {

// Its shadow memory would be measured too.
using testing::kSanitized;

constexpr uint64_t kPage = 4096;
constexpr uint64_t kMillion = 1'000'000;
constexpr VirtAddr kStart{0x10'0000'0000};

// A trace that is made as it is read: access `i` is a store to page `page(i)`.
class MadeTrace final : public TraceReader {
 public:
  using PageOf = uint64_t (*)(uint64_t index);
  MadeTrace(uint64_t accesses, PageOf page_of) : left_(accesses), page_of_(page_of) {}

  std::string_view format() const override { return "made"; }
  Result<TraceBlock, InputError> next_block() override {
    block_.resize(std::min<uint64_t>(left_, 4096));
    for (Access& access : block_)
      access = {kStart + page_of_(done_++) * kPage, 8, AccessKind::kStore};
    left_ -= block_.size();
    return TraceBlock{.accesses = block_};
  }

 private:
  uint64_t left_;
  uint64_t done_ = 0;
  PageOf page_of_;
  std::vector<Access> block_;
};

uint64_t in_order(uint64_t i) { return i; }
// 611,953 has no factor in common with a million, so every page comes once in a million accesses.
uint64_t scattered(uint64_t i) { return i * 611'953 % kMillion; }
// Half a million VMAs on the way, of which one is left.
uint64_t even_then_odd(uint64_t i) {
  return 2 * (i * 611'953 % (kMillion / 2)) + (i < kMillion / 2 ? 0 : 1);
}
uint64_t one_in_2_mib(uint64_t i) { return i * 512; }
uint64_t few(uint64_t i) { return i / 64 % 1000; }

// What the formula and the kernel say of one replay.
struct Footprint {
  uint64_t pages = 0;
  uint64_t table_pages = 0;
  uint64_t vmas = 0;
  uint64_t peak_bytes = 0;

  uint64_t allowed_bytes() const {
    return 64 * kMillion + 64 * pages + kPage * table_pages + 200 * vmas;
  }
};

Footprint replay_and_measure(TraceReader& trace, std::optional<uint64_t> frames) {
  auto machine =
      make_machine({.frames = frames, .contents = Contents::kNone, .unmapped = Unmapped::kMap});
  Process& process = (*machine)->start_empty_process();
  const auto outcome = replay(trace, **machine, process, {});
  if (!outcome.ok() || outcome->end != ReplayEnd::kDone) return {};
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const Stats& stats = (*machine)->stats();
  return {.pages = stats.pages_touched,
          .table_pages = stats.memory.page_table_pages,
          .vmas = process.maps().size(),
          .peak_bytes = uint64_t(usage.ru_maxrss) * 1024};
}

// Runs it in a process of its own, which ends without tidying up.
Footprint in_child(const std::function<Footprint()>& run) {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const Footprint footprint = run();
    const bool written = ::write(ends[1], &footprint, sizeof footprint) == sizeof footprint;
    ::_exit(written ? 0 : 1);
  }
  ::close(ends[1]);
  Footprint footprint;
  const ssize_t got = ::read(ends[0], &footprint, sizeof footprint);
  ::close(ends[0]);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(status == 0);
  REQUIRE(got == ssize_t(sizeof footprint));
  return footprint;
}

void check(const char* what, const Footprint& f) {
  std::printf("%s: %llu pages, %llu page-table pages, %llu VMAs: %.1f MB of %.1f MB\n", what,
              static_cast<unsigned long long>(f.pages),
              static_cast<unsigned long long>(f.table_pages),
              static_cast<unsigned long long>(f.vmas), double(f.peak_bytes) / 1e6,
              double(f.allowed_bytes()) / 1e6);
  CHECK(f.peak_bytes > 0);
  CHECK(f.peak_bytes <= f.allowed_bytes());
}

// What is unfit to run here says so, and why.
bool skipped(uint64_t bytes_needed) {
  if (kSanitized) {
    std::puts("SKIPPED: the sanitizer's memory would be measured too");
    return true;
  }
  std::ifstream meminfo("/proc/meminfo");
  std::string key;
  uint64_t kib = 0;
  std::string unit;
  while (meminfo >> key >> kib >> unit && key != "MemAvailable:") continue;
  if (kib * 1024 >= bytes_needed) return false;
  std::printf("SKIPPED: needs %.1f GB of memory, %.1f are available\n", double(bytes_needed) / 1e9,
              double(kib) * 1024 / 1e9);
  return true;
}

struct Row {
  const char* what;
  uint64_t accesses;
  MadeTrace::PageOf page_of;
  std::optional<uint64_t> frames;
  uint64_t pages;  // that it must have touched
  uint64_t vmas_on_the_way = 0;
};

void check_row(const Row& row) {
  Footprint footprint = in_child([&] {
    MadeTrace trace(row.accesses, row.page_of);
    return replay_and_measure(trace, row.frames);
  });
  footprint.vmas = std::max(footprint.vmas, row.vmas_on_the_way);
  check(row.what, footprint);
  CHECK(footprint.pages == row.pages);
}

TEST_CASE("replay: the peak of memory, 10^6 pages that lie together") {
  if (skipped(uint64_t{1} << 30)) return;
  const Row rows[] = {
      {"in order", kMillion, in_order, {}, kMillion},
      {"scattered", kMillion, scattered, {}, kMillion},
      {"even, then odd", kMillion, even_then_odd, {}, kMillion, kMillion / 2},
      {"scattered twice, 10^6 frames", 2 * kMillion, scattered, kMillion, kMillion},
      {"scattered twice, 750,000 frames", 2 * kMillion, scattered, 750'000, kMillion},
      {"scattered, 4,096 frames", kMillion, scattered, 4096, kMillion},
      {"in order, 4,096 frames", kMillion, in_order, 4096, kMillion},
  };
  for (const Row& row : rows) check_row(row);
}

TEST_CASE("replay: the peak of memory, a long trace of few pages") {
  if (skipped(uint64_t{1} << 30)) return;
  check_row({"50 million accesses", 50 * kMillion, few, {}, 1000});
  check_row({"20 million accesses, 500 frames", 20 * kMillion, few, 500, 1000});
}

TEST_CASE("replay: the peak of memory, 10^6 pages, one in each 2 MiB") {
  if (skipped(uint64_t{8} << 30)) return;
  check_row({"one in each 2 MiB", kMillion, one_in_2_mib, {}, kMillion});
}

TEST_CASE("replay: the peak of memory, 10^6 pages from Lackey's text") {
  if (skipped(uint64_t{1} << 30)) return;
  const auto path = std::filesystem::temp_directory_path() /
                    ("faultline-memory-test-" + std::to_string(::getpid()));
  {
    std::ofstream text(path);
    for (uint64_t i = 0; i < kMillion; ++i)
      text << " S " << std::hex << (kStart + i * kPage).value << std::dec << ",8\n";
  }
  const Footprint footprint = in_child([&] {
    auto trace = open_trace({path.string()}, {});
    return trace.ok() ? replay_and_measure(**trace, {}) : Footprint{};
  });
  std::filesystem::remove(path);
  check("Lackey's text, in order", footprint);
  CHECK(footprint.pages == kMillion);
}

}  // namespace
}  // namespace faultline::replay
