// Zstandard, by libzstd. Source: RFC 8878; zstd.h, ZSTD_decompressStream().
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <array>

#include "sim/trace/byte_source.h"
#include "sim/trace/decoder.h"

namespace faultline::trace {
namespace {

class ZstdDecoder final : public Decoder {
 public:
  ZstdDecoder() : context_(ZSTD_createDCtx()) {
    if (context_ != nullptr) {
      ZSTD_DCtx_setParameter(context_, ZSTD_d_windowLogMax, static_cast<int>(kWindowLogMax));
    }
  }
  ~ZstdDecoder() override { ZSTD_freeDCtx(context_); }
  ZstdDecoder(const ZstdDecoder&) = delete;
  ZstdDecoder& operator=(const ZstdDecoder&) = delete;

  void begin_member() override {
    if (context_ != nullptr) ZSTD_DCtx_reset(context_, ZSTD_reset_session_only);
    wanted_ = kFirstBytes;
    header_size_ = 0;
  }

  // The next header or block: libzstd does not say where in its input an error is, and so it is at
  // the beginning of this piece.
  std::size_t wanted_bytes() const override { return std::min(wanted_, kReadBytes); }

  Step decode(std::string_view in, std::span<char> out) override {
    if (context_ == nullptr) return {.error = "not enough memory to decompress (zstd)"};
    remember_header(in);
    ZSTD_inBuffer input{in.data(), in.size(), 0};
    ZSTD_outBuffer output{out.data(), out.size(), 0};
    const std::size_t status = ZSTD_decompressStream(context_, &output, &input);
    if (ZSTD_isError(status) != 0) return {.error = error_of(status)};
    wanted_ = status;
    return {.consumed = input.pos, .produced = output.pos, .member_done = status == 0};
  }

 private:
  static constexpr std::size_t kFirstBytes = 5;  // ZSTD_FRAMEHEADERSIZE_PREFIX
  static constexpr std::size_t kHeaderBytes = 18;

  void remember_header(std::string_view in) {
    for (const char byte : in.substr(0, kHeaderBytes - header_size_)) {
      header_.at(header_size_++) = static_cast<unsigned char>(byte);
    }
  }

  std::string error_of(std::size_t status) const {
    switch (ZSTD_getErrorCode(status)) {
      case ZSTD_error_frameParameter_windowTooLarge:
        return window_error(window_bytes(), "zstd");
      case ZSTD_error_memory_allocation:
        return "not enough memory to decompress (zstd)";
      case ZSTD_error_dictionary_wrong:
        return "compressed data needs a dictionary (zstd)";
      default:
        return std::string("compressed data is corrupt (zstd: ") + ZSTD_getErrorName(status) + ")";
    }
  }

  // Source: RFC 8878, 3.1.1.1.1 and 3.1.1.1.2.
  std::uint64_t window_bytes() const {
    const unsigned descriptor = header_[4];
    const bool single_segment = (descriptor & 0x20) != 0;
    if (!single_segment) {
      const std::uint64_t base = std::uint64_t{1} << (10 + (header_[5] >> 3));
      return base + base / 8 * (header_[5] & 7);
    }
    // The window is the content, whose size stands behind the dictionary's number.
    const std::size_t dictionary_bytes = (std::size_t{1} << (descriptor & 3)) >> 1;
    const std::size_t size_bytes = std::size_t{1} << (descriptor >> 6);
    std::uint64_t size = 0;
    for (std::size_t i = size_bytes; i-- > 0;) {
      size = size << 8 | header_[5 + dictionary_bytes + i];
    }
    return size_bytes == 2 ? size + 256 : size;
  }

  ZSTD_DCtx* const context_;
  std::size_t wanted_ = kFirstBytes;
  std::array<unsigned char, kHeaderBytes> header_{};  // the first bytes of the member
  std::size_t header_size_ = 0;
};

}  // namespace

std::unique_ptr<Decoder> make_zstd_decoder() { return std::make_unique<ZstdDecoder>(); }

}  // namespace faultline::trace
