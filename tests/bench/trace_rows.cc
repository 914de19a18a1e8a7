// Reading traces: text to accesses, with nobody to use them.

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "faultline/trace.h"
#include "sim/base/check.h"
#include "sim/base/prng.h"
#include "sim/trace/lackey_block.h"
#include "tests/bench/rows.h"

namespace faultline::bench {
namespace {

constexpr std::string_view kReadBound = "read() of 256 KiB and sum of bytes, per access";
constexpr std::size_t kReadBytes = 256 << 10;
constexpr int kFileAccesses = 4'000'000;

// As Lackey's traces are: two thirds fetches, of 8 digits; data of 10; 14.6 bytes an access.
std::string lackey_text(int accesses) {
  base::Prng prng(1);
  std::string text;
  for (int i = 0; i < accesses; ++i) {
    const std::uint64_t bits = prng.next();
    const std::uint64_t size = bits % 100 < 2 ? 16 : 1 + (bits >> 16) % 8;
    const std::uint64_t offset = bits >> 40;
    if (prng.below(3) != 0) {
      text += fmt::format("I  {:08x},{}\n", 0x4000000 + offset, size);
    } else {
      text += fmt::format(" {} {:08x},{}\n", "LLSM"[prng.below(4)], 0x1ffe000000 + offset, size);
    }
  }
  return text;
}

// That text in a file, read once so that it lies in the kernel's page cache.
class TraceFile {
 public:
  TraceFile() {
    const char* folder = std::getenv("TMPDIR");
    path_ = std::string(folder == nullptr ? "/tmp" : folder) + "/faultline_bench.XXXXXX";
    const int fd = mkstemp(path_.data());
    const std::string text = lackey_text(kFileAccesses);
    FL_CHECK(write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    close(fd);
  }
  ~TraceFile() { unlink(path_.c_str()); }
  TraceFile(const TraceFile&) = delete;
  TraceFile& operator=(const TraceFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

void sum_bytes(benchmark::State& state) {
  const TraceFile file;
  std::vector<unsigned char> buffer(kReadBytes);
  for (auto _ : state) {
    const int fd = open(file.path().c_str(), O_RDONLY | O_CLOEXEC);
    std::uint64_t sum = 0;
    for (ssize_t size; (size = read(fd, buffer.data(), buffer.size())) > 0;)
      for (ssize_t i = 0; i < size; ++i) sum += buffer[static_cast<std::size_t>(i)];
    close(fd);
    benchmark::DoNotOptimize(sum);
  }
  state.SetItemsProcessed(state.iterations() * kFileAccesses);
}

void read_file(benchmark::State& state) {
  const TraceFile file;
  for (auto _ : state) {
    const auto reader = open_trace({file.path()}, {});
    FL_CHECK(reader.ok());
    std::size_t accesses = 0;
    for (;;) {
      const auto block = (*reader)->next_block();
      FL_CHECK(block.ok());
      if (block->empty()) break;
      benchmark::DoNotOptimize(block->data());
      accesses += block->size();
    }
    FL_CHECK(accesses == kFileAccesses);
  }
  state.SetItemsProcessed(state.iterations() * kFileAccesses);
}

// One block, in the processor's cache.
void parse(benchmark::State& state, trace::BlockParser parser) {
  constexpr int kAccesses = 16 << 10;
  std::string text = lackey_text(kAccesses);
  const std::size_t size = text.size();
  text.append(trace::kBlockPadding, '\0');
  const std::string_view lines = std::string_view(text).substr(0, size);
  std::vector<Access> accesses(kAccesses);
  for (auto _ : state) {
    const trace::ParsedBlock block = parser(lines, accesses.data());
    FL_CHECK(block.accesses == kAccesses);
    benchmark::DoNotOptimize(accesses.data());
  }
  state.SetItemsProcessed(state.iterations() * kAccesses);
}

void parse_portable(benchmark::State& state) { parse(state, trace::parse_lackey_portable); }
void parse_chosen(benchmark::State& state) { parse(state, trace::choose_lackey_parser()); }

constexpr Row kRows[] = {
    {.what = kReadBound, .body = sum_bytes, .iterations = 3},
    {.what = "Lackey text, file to accesses",
     .body = read_file,
     .iterations = 3,
     .bound = kReadBound,
     .target_rate = 150e6},
    {.what = "Lackey text, a block in the cache",
     .body = parse_chosen,
     .iterations = 500,
     .bound = kReadBound},
    {.what = "Lackey text, the strict parser alone",
     .body = parse_portable,
     .iterations = 100,
     .bound = kReadBound},
};

}  // namespace

std::span<const Row> trace_rows() { return kRows; }

}  // namespace faultline::bench
