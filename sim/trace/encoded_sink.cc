#include "sim/trace/encoded_sink.h"

#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include <utility>

#include "sim/base/check.h"

namespace faultline::trace {
namespace {

constexpr std::size_t kOutBytes = 128 << 10;

// What the three libraries have in common: `encode` takes from the front of `in` and writes to the
// front of `out`.
struct Step {
  std::size_t consumed = 0;
  std::size_t produced = 0;
  bool done = false;    // of the end: nothing is held back any more
  bool failed = false;  // not enough memory
};
enum class Flush : bool { kNo, kEnd };

class GzipEncoder {
 public:
  GzipEncoder() {
    constexpr int kGzipWindow = 16 + MAX_WBITS;
    made_ = deflateInit2(&stream_, 6, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) == Z_OK;
  }
  ~GzipEncoder() {
    if (made_) deflateEnd(&stream_);
  }
  GzipEncoder(const GzipEncoder&) = delete;
  GzipEncoder& operator=(const GzipEncoder&) = delete;

  Step encode(std::string_view in, std::span<char> out, Flush flush) {
    if (!made_) return {.failed = true};
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
    stream_.avail_in = static_cast<uInt>(in.size());
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = static_cast<uInt>(out.size());
    const int status = deflate(&stream_, flush == Flush::kEnd ? Z_FINISH : Z_NO_FLUSH);
    return {.consumed = in.size() - stream_.avail_in,
            .produced = out.size() - stream_.avail_out,
            .done = status == Z_STREAM_END,
            .failed = status == Z_STREAM_ERROR};
  }

 private:
  z_stream stream_{};
  bool made_ = false;
};

class XzEncoder {
 public:
  XzEncoder() { made_ = lzma_easy_encoder(&stream_, 6, LZMA_CHECK_CRC64) == LZMA_OK; }
  ~XzEncoder() { lzma_end(&stream_); }
  XzEncoder(const XzEncoder&) = delete;
  XzEncoder& operator=(const XzEncoder&) = delete;

  Step encode(std::string_view in, std::span<char> out, Flush flush) {
    if (!made_) return {.failed = true};
    stream_.next_in = reinterpret_cast<const uint8_t*>(in.data());
    stream_.avail_in = in.size();
    stream_.next_out = reinterpret_cast<uint8_t*>(out.data());
    stream_.avail_out = out.size();
    const lzma_ret status = lzma_code(&stream_, flush == Flush::kEnd ? LZMA_FINISH : LZMA_RUN);
    return {.consumed = in.size() - stream_.avail_in,
            .produced = out.size() - stream_.avail_out,
            .done = status == LZMA_STREAM_END,
            .failed = status != LZMA_OK && status != LZMA_STREAM_END};
  }

 private:
  lzma_stream stream_ = LZMA_STREAM_INIT;
  bool made_ = false;
};

class ZstdEncoder {
 public:
  ZstdEncoder() : context_(ZSTD_createCCtx()) {
    if (context_ != nullptr) ZSTD_CCtx_setParameter(context_, ZSTD_c_checksumFlag, 1);
  }
  ~ZstdEncoder() { ZSTD_freeCCtx(context_); }
  ZstdEncoder(const ZstdEncoder&) = delete;
  ZstdEncoder& operator=(const ZstdEncoder&) = delete;

  Step encode(std::string_view in, std::span<char> out, Flush flush) {
    if (context_ == nullptr) return {.failed = true};
    ZSTD_inBuffer input{in.data(), in.size(), 0};
    ZSTD_outBuffer output{out.data(), out.size(), 0};
    const std::size_t status = ZSTD_compressStream2(
        context_, &output, &input, flush == Flush::kEnd ? ZSTD_e_end : ZSTD_e_continue);
    return {.consumed = input.pos,
            .produced = output.pos,
            .done = flush == Flush::kEnd && status == 0,
            .failed = ZSTD_isError(status) != 0};
  }

 private:
  ZSTD_CCtx* const context_;
};

template <typename Encoder>
class EncodedSink final : public ByteSink {
 public:
  EncodedSink(std::string file, std::unique_ptr<ByteSink> inner)
      : file_(std::move(file)), inner_(std::move(inner)), out_(kOutBytes) {}

  Written write(std::string_view bytes) override {
    while (!bytes.empty()) {
      const Step step = encoder_.encode(bytes, out_, Flush::kNo);
      if (auto written = hand_on(step); !written) return written;
      bytes.remove_prefix(step.consumed);
    }
    return {};
  }

  Written finish() override {
    for (bool done = false; !done;) {
      const Step step = encoder_.encode({}, out_, Flush::kEnd);
      if (auto written = hand_on(step); !written) return written;
      done = step.done;
    }
    return inner_->finish();
  }

 private:
  Written hand_on(const Step& step) {
    if (!step.failed) return inner_->write({out_.data(), step.produced});
    return TraceWriteError{TraceWriteError::Cause::kOutput,
                           {.file = file_, .message = "there is not enough memory to compress it"}};
  }

  const std::string file_;
  const std::unique_ptr<ByteSink> inner_;
  Encoder encoder_{};
  std::vector<char> out_;
};

}  // namespace

std::unique_ptr<ByteSink> make_encoded_sink(std::string file, Compression compression,
                                            std::unique_ptr<ByteSink> inner) {
  FL_CHECK(compression != Compression::kNone);
  if (compression == Compression::kGzip)
    return std::make_unique<EncodedSink<GzipEncoder>>(std::move(file), std::move(inner));
  if (compression == Compression::kXz)
    return std::make_unique<EncodedSink<XzEncoder>>(std::move(file), std::move(inner));
  return std::make_unique<EncodedSink<ZstdEncoder>>(std::move(file), std::move(inner));
}

}  // namespace faultline::trace
