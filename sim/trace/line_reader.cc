#include "sim/trace/line_reader.h"

#include <cstring>
#include <string>
#include <utility>

#include "sim/base/check.h"

namespace faultline::trace {

LineReader::LineReader(const LineFormat& format, Content content)
    : format_(format),
      content_(std::move(content)),
      buffer_(std::make_unique_for_overwrite<char[]>(kLineBytesMax + kReadBytes + kBlockPadding)) {}

Result<TraceBlock, InputError> LineReader::next_block() {
  while (!failure_) {
    const std::string_view lines = next_lines();
    if (lines.empty()) break;
    const std::size_t accesses_max = lines.size() / format_.record_bytes_min + 1;
    if (accesses_.size() < accesses_max) accesses_.resize(accesses_max);
    const ParsedBlock block = format_.parse(lines, accesses_.data());
    FL_CHECK(block.accesses <= accesses_.size());
    lines_ += block.lines;
    if (block.error) fail(*block.error);
    rest_ = block.rest;
    if (block.accesses > 0)
      return TraceBlock{.accesses = {accesses_.data(), block.accesses}, .task = block.task};
  }
  if (failure_) return *failure_;
  return TraceBlock{};
}

std::string_view LineReader::next_lines() { return rest_.empty() ? read_lines() : rest_; }

// The lines that the next read completes; none at the end, and on failure.
std::string_view LineReader::read_lines() {
  std::memmove(buffer_.get(), buffer_.get() + parsed_, end_ - parsed_);
  end_ -= parsed_;
  parsed_ = 0;
  while (!ended_) {
    char* const fresh = buffer_.get() + end_;
    const Result<std::size_t, InputError> got = content_.bytes->read({fresh, kReadBytes});
    if (!got.ok()) {
      failure_ = got.error();
      return {};
    }
    ended_ = *got == 0;
    end_ += *got;
    if (too_long()) {
      fail({kLineBytesMax + 1, "the line is longer than 1 MiB"});
      return {};
    }
    const void* newline = ended_ ? nullptr : memrchr(fresh, '\n', *got);
    if (newline != nullptr) {
      parsed_ = static_cast<std::size_t>(static_cast<const char*>(newline) - buffer_.get()) + 1;
      return {buffer_.get(), parsed_};
    }
  }
  return end_last_line();
}

// The last line may lack its newline.
std::string_view LineReader::end_last_line() {
  if (end_ == 0) return {};
  buffer_[end_++] = '\n';
  parsed_ = end_;
  return {buffer_.get(), parsed_};
}

// Whether the first line in the buffer is: the others came with one read.
bool LineReader::too_long() const {
  static_assert(kReadBytes < kLineBytesMax);
  return end_ > kLineBytesMax && std::memchr(buffer_.get(), '\n', kLineBytesMax + 1) == nullptr;
}

void LineReader::fail(const LineError& error) {
  failure_ = {.file = content_.file,
              .message = std::string(error.message),
              .line = lines_ + 1,
              .column = error.column};
}

}  // namespace faultline::trace
