// LineReader: the TraceReader of every format that holds one record a line.
//
// A block of accesses is what the complete lines of one read hold. Memory is bounded whatever the
// bytes: kLineBytesMax and two reads.
//
// Ownership: owns the content. Threads: one.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "faultline/trace.h"
#include "sim/trace/content.h"
#include "sim/trace/line.h"

namespace faultline::trace {

// The longest line, its newline not counted.
inline constexpr std::size_t kLineBytesMax = 1 << 20;

struct LineFormat {
  std::string_view name;
  // A BlockParser, or one that remembers what came before.
  std::function<ParsedBlock(std::string_view lines, Access* out)> parse;
  // The length of the shortest record, with its newline or what else ends it: bounds the accesses
  // of a block.
  std::size_t record_bytes_min;
};

class LineReader final : public TraceReader {
 public:
  LineReader(const LineFormat& format, Content content);

  std::string_view format() const override { return format_.name; }
  // Errors besides those of the content: a malformed line, or one above kLineBytesMax.
  Result<TraceBlock, InputError> next_block() override;

 private:
  std::string_view next_lines();
  std::string_view read_lines();
  std::string_view end_last_line();
  bool too_long() const;
  void fail(const LineError& error);

  const LineFormat format_;
  const Content content_;
  const std::unique_ptr<char[]> buffer_;  // never touched beyond what lines need
  std::size_t parsed_ = 0;                // buffer_[0, parsed_) are the lines of the last block,
  std::size_t end_ = 0;                   // buffer_[parsed_, end_) the beginning of the next line
  bool ended_ = false;
  std::uint64_t lines_ = 0;  // parsed so far
  std::string_view rest_{};  // of the lines in the buffer, those not parsed yet
  std::vector<Access> accesses_{};
  std::optional<InputError> failure_{};
};

}  // namespace faultline::trace
