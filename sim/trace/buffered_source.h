// BufferedSource: a source whose next bytes can be looked at before they are taken, which is how
// compression and formats are told by content, from pipes too.
//
// Once the bytes that were looked at are taken, read() goes straight to the source beneath.
//
// Units: bytes. Ownership: owns the source beneath. Threads: one.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "sim/trace/byte_source.h"

namespace faultline::trace {

class BufferedSource final : public ByteSource, public SeekableBytes {
 public:
  explicit BufferedSource(std::unique_ptr<ByteSource> inner);

  // The bytes that come next, at least `count` of them unless the source ends or fails before.
  // Takes none. Valid until the next call.
  // REQUIRES: count <= kReadBytes.
  std::string_view peek(std::size_t count);
  // Whether peek() has seen all there is: the source ended or failed.
  bool exhausted() const { return ended_ || failure_.has_value(); }
  // Why it failed, if it did.
  const std::optional<InputError>& failure() const { return failure_; }

  // Takes the next `count` bytes.
  // REQUIRES: peek() has shown them.
  void consume(std::size_t count);
  // How many bytes have been taken.
  std::uint64_t offset() const { return offset_; }

  Result<std::size_t, InputError> read(std::span<char> into) override;

  // As the source beneath.
  SeekableBytes* seekable() override { return inner_->seekable() != nullptr ? this : nullptr; }
  std::uint64_t size_bytes() const override { return inner_->seekable()->size_bytes(); }
  bool read_at(std::uint64_t offset, std::span<char> into) const override {
    return inner_->seekable()->read_at(offset, into);
  }
  bool seek(std::uint64_t offset) override;

 private:
  void fill(std::size_t count);

  const std::unique_ptr<ByteSource> inner_;
  const std::unique_ptr<char[]> buffer_;  // of kReadBytes
  std::size_t begin_ = 0;                 // the bytes not taken: [begin_, end_) of buffer_
  std::size_t end_ = 0;
  std::uint64_t offset_ = 0;
  bool ended_ = false;
  std::optional<InputError> failure_{};
};

}  // namespace faultline::trace
