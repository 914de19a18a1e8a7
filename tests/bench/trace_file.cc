#include "tests/bench/trace_file.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>

#include "faultline/trace.h"
#include "sim/base/check.h"

namespace faultline::bench {
namespace {

constexpr const char* kTrace =
    "traces/sort.lackey.zst";  // below the runfiles, where `bazel run` starts

std::string lines_of(std::span<const Access> accesses) {
  constexpr const char* kKinds[] = {"I ", " L", " S", " M"};
  std::string lines;
  for (const Access& access : accesses)
    lines += fmt::format("{} {:08x},{}\n", kKinds[static_cast<std::size_t>(access.kind)],
                         access.address.value, access.size_bytes);
  return lines;
}

void write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t size = write(fd, text.data(), text.size());
    FL_CHECK(size > 0);
    text.remove_prefix(static_cast<std::size_t>(size));
  }
}

}  // namespace

const TraceFile& TraceFile::get() {
  static const TraceFile file;
  return file;
}

TraceFile::TraceFile() {
  const char* folder = std::getenv("TMPDIR");
  path_ = std::string(folder == nullptr ? "/tmp" : folder) + "/faultline_bench.XXXXXX";
  const int fd = mkstemp(path_.data());
  const auto reader = open_trace({kTrace}, {});
  FL_CHECK_MSG(reader.ok(), "no {}: start the table with bazel run", kTrace);
  for (;;) {
    const auto block = (*reader)->next_block();
    FL_CHECK(block.ok());
    if (block->end()) break;
    accesses_ += block->accesses.size();
    write_all(fd, lines_of(block->accesses));
  }
  close(fd);
}

TraceFile::~TraceFile() { unlink(path_.c_str()); }

}  // namespace faultline::bench
