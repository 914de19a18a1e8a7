// A real trace as plain text in a temporary file, for the rows that read one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace faultline::bench {

// The bound of everything that reads that file.
inline constexpr std::string_view kReadBound = "read() of a trace by 256 KiB and sum of bytes";

// The text that traces/sort.lackey.zst was made from. The file lies in the kernel's page cache, is
// written once, and goes with the process.
class TraceFile {
 public:
  static const TraceFile& get();
  ~TraceFile();
  TraceFile(const TraceFile&) = delete;
  TraceFile& operator=(const TraceFile&) = delete;

  const std::string& path() const { return path_; }
  uint64_t accesses() const { return accesses_; }

 private:
  TraceFile();

  std::string path_;
  uint64_t accesses_ = 0;
};

}  // namespace faultline::bench
