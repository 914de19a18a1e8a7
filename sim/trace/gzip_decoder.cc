// gzip, by zlib. Source: RFC 1952; zlib.h, inflateInit2() and inflate().
#include <zlib.h>

#include "sim/trace/decoder.h"

namespace faultline::trace {
namespace {

constexpr int kGzipOnly = 16 + MAX_WBITS;

class GzipDecoder final : public Decoder {
 public:
  GzipDecoder() : ready_(inflateInit2(&stream_, kGzipOnly) == Z_OK) {}
  ~GzipDecoder() override {
    if (ready_) inflateEnd(&stream_);
  }
  GzipDecoder(const GzipDecoder&) = delete;
  GzipDecoder& operator=(const GzipDecoder&) = delete;

  void begin_member() override {
    if (ready_) inflateReset(&stream_);
  }

  Step decode(std::string_view in, std::span<char> out) override {
    if (!ready_) return {.error = "not enough memory to decompress (gzip)"};
    // zlib only reads through next_in, but is older than const.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
    stream_.avail_in = static_cast<uInt>(in.size());
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = static_cast<uInt>(out.size());
    const int status = inflate(&stream_, Z_NO_FLUSH);
    Step step{.consumed = in.size() - stream_.avail_in,
              .produced = out.size() - stream_.avail_out,
              .member_done = status == Z_STREAM_END};
    if (status == Z_MEM_ERROR) {
      step.error = "not enough memory to decompress (gzip)";
    } else if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR) {
      step.error = "compressed data is corrupt (gzip";
      if (stream_.msg != nullptr) step.error += std::string(": ") + stream_.msg;
      step.error += ")";
    }
    return step;
  }

 private:
  z_stream stream_{};
  const bool ready_;
};

}  // namespace

std::unique_ptr<Decoder> make_gzip_decoder() { return std::make_unique<GzipDecoder>(); }

}  // namespace faultline::trace
