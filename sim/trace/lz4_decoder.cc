// LZ4 frames, by liblz4. Source: LZ4's doc/lz4_Frame_format.md; lz4frame.h, LZ4F_decompress().
#include <lz4frame.h>

#include <algorithm>

#include "sim/trace/byte_source.h"
#include "sim/trace/decoder.h"

namespace faultline::trace {
namespace {

class Lz4Decoder final : public Decoder {
 public:
  Lz4Decoder() {
    if (LZ4F_isError(LZ4F_createDecompressionContext(&context_, LZ4F_VERSION)) != 0)
      context_ = nullptr;
  }
  ~Lz4Decoder() override { LZ4F_freeDecompressionContext(context_); }
  Lz4Decoder(const Lz4Decoder&) = delete;
  Lz4Decoder& operator=(const Lz4Decoder&) = delete;

  void begin_member() override {
    if (context_ != nullptr) LZ4F_resetDecompressionContext(context_);
    wanted_ = kFirstBytes;
    first_ = true;
  }

  // The next header or block: liblz4 does not say where in its input an error is, and so it is at
  // the beginning of this piece.
  std::size_t wanted_bytes() const override { return std::min(wanted_, kReadBytes); }

  Step decode(std::string_view in, std::span<char> out) override {
    if (context_ == nullptr) return {.error = "not enough memory to decompress (lz4)"};
    if (first_ && needs_dictionary(in))
      return {.error = "compressed data needs a dictionary (lz4)"};
    first_ = false;
    std::size_t consumed = in.size();
    std::size_t produced = out.size();
    const std::size_t status =
        LZ4F_decompress(context_, out.data(), &produced, in.data(), &consumed, nullptr);
    if (LZ4F_isError(status) != 0) {
      const std::string_view name = LZ4F_getErrorName(status);
      if (name == "ERROR_allocation_failed")
        return {.error = "not enough memory to decompress (lz4)"};
      return {.error = "compressed data is corrupt (lz4: " + std::string(name) + ")"};
    }
    wanted_ = status;
    return {.consumed = consumed, .produced = produced, .member_done = status == 0};
  }

 private:
  static constexpr std::size_t kFirstBytes = 5;  // LZ4F_MIN_SIZE_TO_KNOW_HEADER_LENGTH

  // Source: lz4_Frame_format.md, FLG byte, bit 0: DictID flag. Skippable frames have no such byte.
  static bool needs_dictionary(std::string_view in) {
    return in.size() == kFirstBytes && in.front() == '\x04' && (in.back() & 1) != 0;
  }

  LZ4F_dctx* context_ = nullptr;
  std::size_t wanted_ = kFirstBytes;
  bool first_ = true;
};

}  // namespace

std::unique_ptr<Decoder> make_lz4_decoder() { return std::make_unique<Lz4Decoder>(); }

}  // namespace faultline::trace
