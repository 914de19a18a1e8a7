// xz, by liblzma. Source: The .xz File Format 1.2.1; lzma/base.h, lzma/container.h.
#include <lzma.h>

#include "sim/trace/decoder.h"

namespace faultline::trace {
namespace {

// What liblzma needs beside the window: some 100 KiB. Windows are 2^n or 3 * 2^n bytes, so the next
// after the limit is half as large again and cannot slip through.
constexpr std::uint64_t kOverheadBytes = 1 << 20;

class XzDecoder final : public Decoder {
 public:
  XzDecoder() = default;
  ~XzDecoder() override { lzma_end(&stream_); }
  XzDecoder(const XzDecoder&) = delete;
  XzDecoder& operator=(const XzDecoder&) = delete;

  void begin_member() override {
    ready_ = lzma_stream_decoder(&stream_, kWindowBytesMax + kOverheadBytes, 0) == LZMA_OK;
  }

  Step decode(std::string_view in, std::span<char> out) override {
    if (!ready_) return {.error = "not enough memory to decompress (xz)"};
    stream_.next_in = reinterpret_cast<const std::uint8_t*>(in.data());
    stream_.avail_in = in.size();
    stream_.next_out = reinterpret_cast<std::uint8_t*>(out.data());
    stream_.avail_out = out.size();
    const lzma_ret status = lzma_code(&stream_, LZMA_RUN);
    return {.consumed = in.size() - stream_.avail_in,
            .produced = out.size() - stream_.avail_out,
            .member_done = status == LZMA_STREAM_END,
            .error = error_of(status)};
  }

 private:
  std::string error_of(lzma_ret status) const {
    switch (status) {
      case LZMA_OK:
      case LZMA_STREAM_END:
      case LZMA_BUF_ERROR:  // no progress: wants more input
        return {};
      case LZMA_MEM_ERROR:
        return "not enough memory to decompress (xz)";
      case LZMA_MEMLIMIT_ERROR:
        return window_error(lzma_memusage(&stream_) - kSmallBytes, "xz");
      case LZMA_OPTIONS_ERROR:
        return "compressed data uses a filter or check that is not supported (xz)";
      default:
        return "compressed data is corrupt (xz)";
    }
  }

  // Of the memory that liblzma reports, what is surely not the window; the rest rounds up to it.
  static constexpr std::uint64_t kSmallBytes = 256 << 10;

  lzma_stream stream_ = LZMA_STREAM_INIT;
  bool ready_ = false;
};

}  // namespace

std::unique_ptr<Decoder> make_xz_decoder() { return std::make_unique<XzDecoder>(); }

}  // namespace faultline::trace
