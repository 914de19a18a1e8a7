// Decoder: one kind of compression, as a machine that turns bytes into bytes; and the table of
// those that are known. A file is one or more members (gzip), streams (xz, snappy), frames (zstd,
// lz4) or archives (zip), each with a beginning that can be recognised; all are called members
// here.
//
// Units: bytes. Threads: a decoder belongs to one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace faultline::trace {

// The largest window that a decompressor may ask for: what `xz -9` and `zstd --long` need, doubled
// and as it is.
inline constexpr unsigned kWindowLogMax = 27;
inline constexpr std::size_t kWindowBytesMax = std::size_t{1} << kWindowLogMax;

class Decoder {
 public:
  struct Step {
    std::size_t consumed = 0;
    std::size_t produced = 0;
    bool member_done = false;
    std::string error{};  // what is wrong with the byte after those consumed; empty: nothing
  };

  virtual ~Decoder() = default;
  // Makes ready for a new member.
  virtual void begin_member() = 0;
  // How many bytes the next step wants to see, kReadBytes at most. It gets as many unless the file
  // ends before, and never more: the place of an error does not depend on how the file was read.
  virtual std::size_t wanted_bytes() const { return 64 << 10; }
  // Decodes from `in` to `out`. A step that neither consumes nor produces wants more input.
  // REQUIRES: `out` is not empty; begin_member() was called, and the member is not done.
  virtual Step decode(std::string_view in, std::span<char> out) = 0;
};

struct Codec {
  std::string_view name;
  // Whether a member begins with `head`, which has kMagicBytes bytes or is all there is.
  bool (*starts_member)(std::string_view head);
  std::unique_ptr<Decoder> (*make)();
  // Members may be followed by zero bytes in groups of this many; 0: they may not.
  std::size_t padding_bytes;
};

inline constexpr std::size_t kMagicBytes = 6;

// The codec whose members begin with `head`, or null.
const Codec* find_codec(std::string_view head);

std::unique_ptr<Decoder> make_gzip_decoder();
std::unique_ptr<Decoder> make_xz_decoder();
std::unique_ptr<Decoder> make_zstd_decoder();
std::unique_ptr<Decoder> make_zip_decoder();
std::unique_ptr<Decoder> make_lz4_decoder();
std::unique_ptr<Decoder> make_snappy_decoder();

// The error of a member that wants more than kWindowBytesMax.
std::string window_error(std::uint64_t window_bytes, std::string_view codec);

}  // namespace faultline::trace
