// The table of compressions, and how each is recognised.
#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "sim/trace/decoder.h"

namespace faultline::trace {
namespace {

using namespace std::string_view_literals;

// Source: RFC 1952, 2.3.1.
bool starts_gzip(std::string_view head) { return head.starts_with("\x1f\x8b"sv); }

// Source: The .xz File Format 1.2.1, 2.1.1.1.
bool starts_xz(std::string_view head) { return head.starts_with("\xfd\x37zXZ\0"sv); }

// Of sixteen magic numbers. Source: RFC 8878, 3.1.2.
bool starts_skippable(std::string_view head) {
  return head.size() >= 4 && (head[0] & '\xf0') == '\x50' && head.substr(1, 3) == "\x2a\x4d\x18"sv;
}

// Source: RFC 8878, 3.1.1.
bool starts_zstd(std::string_view head) {
  return head.starts_with("\x28\xb5\x2f\xfd"sv) || starts_skippable(head);
}

// A file that begins with a skippable frame, which both have, is taken for zstd's.
// Source: LZ4's doc/lz4_Frame_format.md, "Magic Number" and "Skippable Frames".
bool starts_lz4(std::string_view head) {
  return head.starts_with("\x04\x22\x4d\x18"sv) || starts_skippable(head);
}

// The beginning of a stream's identifier. Source: google/snappy framing_format.txt, 4.1.
bool starts_snappy(std::string_view head) { return head.starts_with("\xff\x06\0\0sN"sv); }

// An archive, or an empty one. Source: PKWARE's APPNOTE.TXT 6.3.10, 4.3.7 and 4.3.16.
bool starts_zip(std::string_view head) {
  return head.starts_with("PK\3\4"sv) || head.starts_with("PK\5\6"sv);
}

constexpr std::array kCodecs = {
    Codec{"gzip", starts_gzip, make_gzip_decoder, 0},
    Codec{"xz", starts_xz, make_xz_decoder, 4},
    Codec{"zstd", starts_zstd, make_zstd_decoder, 0},
    Codec{"zip", starts_zip, make_zip_decoder, 0},
    Codec{"lz4", starts_lz4, make_lz4_decoder, 0},
    Codec{"snappy", starts_snappy, make_snappy_decoder, 0},
};

}  // namespace

const Codec* find_codec(std::string_view head) {
  const auto codec = std::find_if(kCodecs.begin(), kCodecs.end(), [head](const Codec& candidate) {
    return candidate.starts_member(head);
  });
  return codec == kCodecs.end() ? nullptr : &*codec;
}

std::string window_error(std::uint64_t window_bytes, std::string_view codec) {
  return fmt::format("needs a window of {} MiB to decompress, and {} MiB is the limit ({})",
                     (window_bytes + (1 << 20) - 1) >> 20, kWindowBytesMax >> 20, codec);
}

}  // namespace faultline::trace
