// DecodedSource: what a compressed source holds: all its members one after another.
//
// Every error carries the byte's place in the compressed file, as it lies on disk.
//
// Units: bytes. Ownership: owns the compressed source. Threads: one.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "sim/trace/buffered_source.h"
#include "sim/trace/decoder.h"

namespace faultline::trace {

class DecodedSource final : public ByteSource {
 public:
  // `file` is for errors.
  // REQUIRES: `compressed` begins with a member of `codec`.
  DecodedSource(std::string file, const Codec& codec, std::unique_ptr<BufferedSource> compressed);

  // Errors besides those of the compressed source: it ends within a member, is corrupt, needs a
  // window above kWindowBytesMax, or something else follows its last member.
  Result<std::size_t, InputError> read(std::span<char> into) override;

 private:
  bool begin_next_member();
  std::size_t decode_some(std::span<char> into);
  void skip_padding();
  void fail(std::string message);

  const std::string file_;
  const Codec& codec_;
  const std::unique_ptr<BufferedSource> compressed_;
  const std::unique_ptr<Decoder> decoder_;
  bool in_member_ = false;
  std::optional<InputError> failure_{};
};

}  // namespace faultline::trace
