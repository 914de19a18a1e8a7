#include "sim/trace/decoded_source.h"

#include <utility>

#include "sim/base/check.h"

namespace faultline::trace {

DecodedSource::DecodedSource(std::string file, const Codec& codec,
                             std::unique_ptr<BufferedSource> compressed)
    : file_(std::move(file)),
      codec_(codec),
      compressed_(std::move(compressed)),
      decoder_(codec.make()) {}

Result<std::size_t, InputError> DecodedSource::read(std::span<char> into) {
  FL_CHECK(!into.empty());
  std::size_t size = 0;
  while (size < into.size() && !failure_) {
    if (!in_member_ && !begin_next_member()) break;
    size += decode_some(into.subspan(size));
  }
  // What came before a failure is handed out first.
  if (size == 0 && failure_) return *failure_;
  return size;
}

// False at the end of the file, and on failure.
bool DecodedSource::begin_next_member() {
  const bool first = compressed_->offset() == 0;
  if (!first) skip_padding();
  const std::string_view head = compressed_->peek(kMagicBytes);
  if (head.empty()) {
    failure_ = compressed_->failure();
    return false;
  }
  if (!codec_.starts_member(head)) {
    fail("something else follows the compressed data");
    return false;
  }
  decoder_->begin_member();
  in_member_ = true;
  return true;
}

std::size_t DecodedSource::decode_some(std::span<char> into) {
  const std::size_t wanted = decoder_->wanted_bytes();
  const std::string_view in = compressed_->peek(wanted).substr(0, wanted);
  const Decoder::Step step = decoder_->decode(in, into);
  compressed_->consume(step.consumed);
  in_member_ = !step.member_done;
  if (!step.error.empty()) {
    failure_ = {.file = file_, .message = step.error, .byte_offset = compressed_->offset()};
  } else if (in_member_ && step.consumed == 0 && step.produced == 0) {
    if (!in.empty()) {
      fail("compressed data is corrupt");
    } else if (compressed_->failure()) {
      failure_ = compressed_->failure();
    } else {
      fail("compressed data ends too early");
    }
  }
  return step.produced;
}

// Source: The .xz File Format 1.2.1, 2.2 (stream padding).
void DecodedSource::skip_padding() {
  if (codec_.padding_bytes == 0) return;
  const std::string zeros(codec_.padding_bytes, '\0');
  while (compressed_->peek(zeros.size()).starts_with(zeros)) compressed_->consume(zeros.size());
}

void DecodedSource::fail(std::string message) {
  failure_ = {.file = file_,
              .message = std::move(message) + " (" + std::string(codec_.name) + ")",
              .byte_offset = compressed_->offset()};
}

}  // namespace faultline::trace
