// Snappy's frames, as .sz files hold them; the blocks within by libsnappy. A file is chunks one
// after another, and has no end of its own: where the file ends behind a chunk, the content does.
//
// Source: google/snappy framing_format.txt, of 2022-05-23; snappy-c.h.
#include <fmt/core.h>
#include <snappy-c.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "sim/trace/crc32c.h"
#include "sim/trace/decoder.h"

namespace faultline::trace {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kHeaderBytes = 4;          // a type, and a length of three bytes
constexpr std::size_t kSumBytes = 4;             // of the content, before it
constexpr std::size_t kContentBytesMax = 65536;  // of a chunk, decompressed
constexpr std::size_t kPackedBytesMax =
    76490;  // what such a content can take: a sixth more, and 32
constexpr std::size_t kSkippedBytes = 64 << 10;  // at once
constexpr std::string_view kIdentifier = "sNaPpY"sv;

// The types of chunks. Those from kSkippable on may be passed over, the other ones may not.
enum Type : unsigned {
  kCompressed = 0,
  kPlain = 1,
  kCompressedUnchecked = 2,
  kPlainUnchecked = 3,
  kSkippable = 0x80,
  kStream = 0xff,
};

class SnappyDecoder final : public Decoder {
 public:
  void begin_member() override {
    at_ = At::kHeader;
    cut_ = false;
    content_bytes_ = given_ = 0;
  }

  std::size_t wanted_bytes() const override {
    if (at_ == At::kHeader) return kHeaderBytes;
    return at_ == At::kSkipped ? std::min(chunk_bytes_, kSkippedBytes) : chunk_bytes_;
  }

  Step decode(std::string_view in, std::span<char> out) override {
    if (given_ < content_bytes_) return give(out);
    if (cut_) return {};
    if (in.empty() && at_ == At::kHeader) return {.member_done = true};
    if (in.size() < wanted_bytes()) {
      cut_ = true;
      return {.consumed = in.size()};
    }
    if (at_ == At::kHeader) return begin_chunk(in);
    if (at_ == At::kSkipped) {
      chunk_bytes_ -= in.size();
      if (chunk_bytes_ == 0) at_ = At::kHeader;
      return {.consumed = in.size()};
    }
    return end_chunk(in, out);
  }

 private:
  enum class At : std::uint8_t { kHeader, kSkipped, kData };

  Step give(std::span<char> out) {
    const std::size_t size = std::min(out.size(), content_bytes_ - given_);
    std::memcpy(out.data(), content_.data() + given_, size);
    given_ += size;
    return {.produced = size};
  }

  // With its header.
  Step begin_chunk(std::string_view in) {
    type_ = static_cast<unsigned char>(in[0]);
    chunk_bytes_ = 0;
    for (std::size_t i = kHeaderBytes; i-- > 1;)
      chunk_bytes_ = chunk_bytes_ << 8 | static_cast<unsigned char>(in[i]);
    if (std::string error = check_header(); !error.empty()) return {.error = std::move(error)};
    const bool skipped = type_ >= kSkippable && type_ != kStream;
    if (chunk_bytes_ > 0) at_ = skipped ? At::kSkipped : At::kData;
    return {.consumed = kHeaderBytes};
  }

  bool is_checked() const { return type_ == kCompressed || type_ == kPlain; }
  bool is_compressed() const { return type_ == kCompressed || type_ == kCompressedUnchecked; }

  std::string check_header() const {
    if (type_ == kStream) {
      if (chunk_bytes_ == kIdentifier.size()) return {};
      return "compressed data is corrupt (snappy: a stream's identifier of another length)";
    }
    if (type_ >= kSkippable) return {};
    if (type_ > kPlainUnchecked)
      return fmt::format("compressed data has a chunk of unknown type {} (snappy)", type_);
    const std::size_t sum_bytes = is_checked() ? kSumBytes : 0;
    const std::size_t max = is_compressed() ? kPackedBytesMax : kContentBytesMax;
    // A compressed chunk tells the length of its content, in a byte at least.
    if (chunk_bytes_ < sum_bytes + (is_compressed() ? 1 : 0))
      return "compressed data is corrupt (snappy: a chunk is too short)";
    if (chunk_bytes_ > sum_bytes + max)
      return "compressed data is corrupt (snappy: a chunk holds more than 65536 bytes)";
    return {};
  }

  // With all of its data.
  Step end_chunk(std::string_view in, std::span<char> out) {
    if (type_ == kStream) {
      if (in != kIdentifier)
        return {.error = "compressed data is corrupt (snappy: no stream's identifier)"};
    } else if (std::string error = read_content(in); !error.empty()) {
      return {.error = std::move(error)};
    }
    at_ = At::kHeader;
    Step step = give(out);
    step.consumed = in.size();
    return step;
  }

  std::string read_content(std::string_view in) {
    std::uint32_t sum = 0;
    if (is_checked()) {
      static_assert(std::endian::native == std::endian::little);
      std::memcpy(&sum, in.data(), kSumBytes);
      in.remove_prefix(kSumBytes);
    }
    std::size_t size = in.size();
    if (!is_compressed()) {
      std::memcpy(content_.data(), in.data(), size);
    } else {
      size = content_.size();
      if (snappy_uncompress(in.data(), in.size(), content_.data(), &size) != SNAPPY_OK)
        return "compressed data is corrupt (snappy)";
    }
    if (is_checked() && sum != mask(crc32c({content_.data(), size})))
      return "compressed data is corrupt (snappy: it does not match its checksum)";
    content_bytes_ = size;
    given_ = 0;
    return {};
  }

  static std::uint32_t mask(std::uint32_t sum) { return std::rotr(sum, 15) + 0xa282ead8; }

  At at_ = At::kHeader;
  unsigned type_ = 0;
  std::size_t chunk_bytes_ = 0;  // of the chunk, what is still to come
  bool cut_ = false;             // the file ends within a chunk
  std::array<char, kContentBytesMax> content_{};
  std::size_t content_bytes_ = 0;  // of the chunk, in content_,
  std::size_t given_ = 0;          // and of these, handed out
};

}  // namespace

std::unique_ptr<Decoder> make_snappy_decoder() { return std::make_unique<SnappyDecoder>(); }

}  // namespace faultline::trace
