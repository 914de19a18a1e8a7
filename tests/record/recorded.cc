#include "tests/record/recorded.h"

#include <doctest/doctest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <sstream>

namespace faultline::record::testing {
namespace {

// Standard output goes to a file without a name, from here to the end of the scope.
class CapturedOutput {
 public:
  CapturedOutput() : file_(memfd_create("output", MFD_CLOEXEC)), former_(dup(STDOUT_FILENO)) {
    std::fflush(stdout);
    dup2(file_, STDOUT_FILENO);
  }
  ~CapturedOutput() {
    dup2(former_, STDOUT_FILENO);
    close(former_);
    close(file_);
  }
  CapturedOutput(const CapturedOutput&) = delete;
  CapturedOutput& operator=(const CapturedOutput&) = delete;

  std::string text() const {
    std::string text(size_t(lseek(file_, 0, SEEK_END)), '\0');
    const ssize_t bytes = pread(file_, text.data(), text.size(), 0);
    text.resize(bytes > 0 ? size_t(bytes) : 0);
    return text;
  }

 private:
  const int file_;
  const int former_;
};

}  // namespace

bool Recorded::take(const TraceBlock& block) {
  if (keep) {
    accesses.insert(accesses.end(), block.accesses.begin(), block.accesses.end());
    tasks.resize(accesses.size(), block.task);
  }
  return checker.take(block);
}

AccessCounts Recorded::in(uint64_t start, uint64_t end) const {
  AccessCounts counts;
  for (const Access& access : accesses) {
    if (access.address.value < start || access.address.value >= end) continue;
    ++counts.by_kind[size_t(access.kind)];
    if (access.by == AccessBy::kKernel) ++counts.by_kernel;
  }
  return counts;
}

bool installed(Backend backend) {
  if (const auto chosen = choose_backend(backend); !chosen) {
    std::printf("SKIPPED: %s\n", chosen.error().to_string().c_str());
    return false;
  }
  return true;
}

Recorded run(const std::vector<std::string>& command, const RunOptions& options) {
  Recorded recorded;
  recorded.keep = options.keep;
  const CapturedOutput output;
  auto recording = record(
      {.command = command, .backend = options.backend, .fetches = options.fetches}, recorded);
  recorded.output = output.text();
  REQUIRE_MESSAGE(recording.ok(), recording.error().to_string());
  recorded.recording = *recording;
  return recorded;
}

std::string own_program(const std::string& name) { return "tests/record/" + name + "_program"; }

std::vector<uint64_t> numbers_of(const std::string& output) {
  std::vector<uint64_t> numbers;
  std::istringstream in(output);
  for (std::string word; in >> word;) numbers.push_back(std::stoull(word, nullptr, 0));
  return numbers;
}

}  // namespace faultline::record::testing
