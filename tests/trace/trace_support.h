// What the tests of sim/trace share: sources in memory, compressed samples, and a trace read whole.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "faultline/trace.h"
#include "sim/trace/byte_source.h"

namespace faultline::testing {

// A source that gives `bytes`, at most `step` at once, and then fails with `failure` if there is
// one.
std::unique_ptr<trace::ByteSource> make_memory_source(
    std::string bytes, std::size_t step = trace::kReadBytes,
    std::optional<InputError> failure = std::nullopt);

// One member each. The window is 2^`window_log` bytes.
std::string gzip(std::string_view text);
std::string xz(std::string_view text, unsigned window_log = 20);
std::string zstd(std::string_view text, unsigned window_log = 20);
std::string lz4(std::string_view text);
std::string snappy(std::string_view text);
// A chunk of Snappy's frames: the type, the length, `data`.
std::string snappy_chunk(unsigned char type, std::string_view data);
// The masked CRC-32C of `text`, as such a chunk has it before its data.
std::string snappy_sum(std::string_view text);

struct ZipOptions {
  bool stored = false;  // else deflated
  // Checksum and sizes come behind the contents; with a signature or without.
  bool descriptor = false;
  bool descriptor_signature = true;
  bool zip64 = false;  // sizes of 64 bits, and zip64's end
};
// An archive, one member for each text.
std::string zip(const std::vector<std::string>& texts, const ZipOptions& options = {});
// `value` in `bytes` bytes, the lowest first.
std::string little_endian(std::uint64_t value, std::size_t bytes);

struct ReadTrace {
  std::vector<Access> accesses{};
  std::vector<TraceTask> tasks{};  // of each access
  std::optional<InputError> error{};
};

// Reads to the end, or to the first error; checks that the error comes again.
ReadTrace read_trace(TraceReader& reader);
// Reads `bytes` as a Lackey trace named "t", `step` bytes at once.
ReadTrace read_lackey(const std::string& bytes, std::size_t step = trace::kReadBytes);

// Accesses as Lackey writes them, one a line.
std::string to_text(const std::vector<Access>& accesses);
// The error as the program prints it; empty if there is none.
std::string to_text(const std::optional<InputError>& error);

// A file of its own in the test's temporary folder, gone with this.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::string_view bytes);
  ~TemporaryFile();
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// As many ordinary records as fit in `size_bytes`, drawn by `seed`.
std::string random_lackey(std::uint64_t seed, std::size_t size_bytes);

}  // namespace faultline::testing
