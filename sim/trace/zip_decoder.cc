// zip, read from front to back: the members' contents one after another, then the directory, which
// tells nothing that the members have not told. An archive is one member of a file here.
// Source: PKWARE's APPNOTE.TXT 6.3.10, 4.3 (layout), 4.4 (fields), 4.5.3 (zip64); zlib.h.
#include <fmt/core.h>
#include <zlib.h>

#include <algorithm>

#include "sim/trace/decoder.h"

namespace faultline::trace {
namespace {

enum Signature : std::uint32_t {
  kLocalHeader = 0x04034b50,
  kDescriptor = 0x08074b50,
  kDirectoryHeader = 0x02014b50,
  kZip64End = 0x06064b50,
  kZip64Locator = 0x07064b50,
  kEnd = 0x06054b50,
};

constexpr std::size_t kSignatureBytes = 4;
// With the signature, without what is of no fixed length.
constexpr std::size_t kLocalHeaderBytes = 30;
constexpr std::size_t kDirectoryHeaderBytes = 46;
constexpr std::size_t kZip64EndBytes = 12;
constexpr std::size_t kZip64LocatorBytes = 20;
constexpr std::size_t kEndBytes = 22;

// Of a member's flags.
constexpr unsigned kEncrypted = 1 << 0;
constexpr unsigned kHasDescriptor = 1 << 3;
constexpr unsigned kStronglyEncrypted = 1 << 6;
constexpr unsigned kMasked = 1 << 13;

constexpr unsigned kStored = 0;
constexpr unsigned kDeflated = 8;

// In a header: the size is in the field of zip64. In the end: the count is in that of zip64.
constexpr std::uint32_t kElsewhere = 0xffffffff;
constexpr std::uint32_t kCountElsewhere = 0xffff;
constexpr unsigned kZip64Field = 1;

std::uint64_t number_at(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = size; i-- > 0;)
    value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}
std::uint32_t number32(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint32_t>(number_at(bytes, at, 4));
}
unsigned number16(std::string_view bytes, std::size_t at) {
  return static_cast<unsigned>(number_at(bytes, at, 2));
}

struct Member {
  unsigned flags = 0;
  unsigned method = 0;
  std::uint32_t checksum = 0;
  std::uint64_t packed_bytes = 0;
  std::uint64_t bytes = 0;
  // False: a descriptor behind the contents tells them, and the checksum.
  bool sizes_known = true;
  bool zip64 = false;
};

class ZipDecoder final : public Decoder {
 public:
  ZipDecoder() : ready_(inflateInit2(&stream_, -MAX_WBITS) == Z_OK) {}
  ~ZipDecoder() override {
    if (ready_) inflateEnd(&stream_);
  }
  ZipDecoder(const ZipDecoder&) = delete;
  ZipDecoder& operator=(const ZipDecoder&) = delete;

  void begin_member() override {
    members_ = 0;
    listed_ = 0;
    expect(Part::kSignature, kSignatureBytes);
  }

  Step decode(std::string_view in, std::span<char> out) override {
    if (!ready_) return {.error = "not enough memory to decompress (zip)"};
    Step step;
    while (step.error.empty() && !step.member_done) {
      const Step part = decode_part(in.substr(step.consumed), out.subspan(step.produced));
      step.consumed += part.consumed;
      step.produced += part.produced;
      step.member_done = part.member_done;
      step.error = part.error;
      const bool wants_input = step.consumed == in.size() && part_ != Part::kInflate;
      if (wants_input || step.produced == out.size()) break;
      if (part.consumed == 0 && part.produced == 0 && part_ == Part::kInflate) break;
    }
    return step;
  }

 private:
  // What the next bytes are.
  enum class Part {
    kSignature,
    kLocalHeader,
    kLocalNames,  // name and further fields
    kCopy,
    kInflate,
    kDescriptor,
    kDirectoryHeader,
    kZip64End,
    kZip64Locator,
    kEnd,
    kSkip,      // bytes that tell nothing, before another signature
    kSkipLast,  // the same, at the end
  };

  void expect(Part part, std::uint64_t bytes) {
    part_ = part;
    wanted_ = bytes;
    seen_.clear();
  }

  Step decode_part(std::string_view in, std::span<char> out) {
    if (part_ == Part::kCopy) return copy(in, out);
    if (part_ == Part::kInflate) return inflate_some(in, out);
    const bool skips = part_ == Part::kSkip || part_ == Part::kSkipLast;
    const std::size_t had = skips ? 0 : seen_.size();
    Step step{.consumed =
                  static_cast<std::size_t>(std::min<std::uint64_t>(in.size(), wanted_ - had))};
    if (skips) {
      wanted_ -= step.consumed;
      if (wanted_ > 0) return step;
    } else {
      seen_.append(in.substr(0, step.consumed));
      if (seen_.size() < wanted_) return step;
    }
    step.error = end_part(step.member_done);
    if (!step.error.empty()) step.error += " (zip)";
    return step;
  }

  // All of the part has been seen. Returns what is wrong with it.
  std::string end_part(bool& done) {
    switch (part_) {
      case Part::kSignature:
        return take_signature();
      case Part::kLocalHeader:
        return take_local_header();
      case Part::kLocalNames:
        return take_local_names();
      case Part::kDescriptor:
        return take_descriptor();
      case Part::kDirectoryHeader:
        ++listed_;
        skip(number16(seen_, 28) + number16(seen_, 30) + number16(seen_, 32));
        return {};
      case Part::kZip64End:
        skip(number_at(seen_, 4, 8));
        return {};
      case Part::kZip64Locator:
        expect(Part::kSignature, kSignatureBytes);
        return {};
      case Part::kEnd:
        return take_end(done);
      case Part::kSkip:
        expect(Part::kSignature, kSignatureBytes);
        return {};
      case Part::kSkipLast:
        done = true;
        return {};
      case Part::kCopy:
      case Part::kInflate:
        break;
    }
    return {};
  }

  void skip(std::uint64_t bytes) { expect(Part::kSkip, bytes); }

  // Goes on behind a signature, which stays the beginning of what has been seen.
  void go_on(Part part, std::size_t bytes) {
    part_ = part;
    wanted_ = bytes;
  }

  std::string take_signature() {
    switch (number32(seen_, 0)) {
      case kLocalHeader:
        if (listed_ > 0) break;
        go_on(Part::kLocalHeader, kLocalHeaderBytes);
        return {};
      case kDirectoryHeader:
        go_on(Part::kDirectoryHeader, kDirectoryHeaderBytes);
        return {};
      case kZip64End:
        go_on(Part::kZip64End, kZip64EndBytes);
        return {};
      case kZip64Locator:
        go_on(Part::kZip64Locator, kZip64LocatorBytes);
        return {};
      case kEnd:
        go_on(Part::kEnd, kEndBytes);
        return {};
    }
    return "compressed data is corrupt: neither a member nor the directory begins here";
  }

  std::string take_local_header() {
    member_ = {.flags = number16(seen_, 6),
               .method = number16(seen_, 8),
               .checksum = number32(seen_, 14),
               .packed_bytes = number32(seen_, 18),
               .bytes = number32(seen_, 22)};
    if (member_.flags & (kEncrypted | kStronglyEncrypted | kMasked)) return "a member is encrypted";
    if (member_.method != kStored && member_.method != kDeflated)
      return fmt::format(
          "a member is compressed by method {}; 0 (stored) and 8 (deflated) are read",
          member_.method);
    const std::size_t name_bytes = number16(seen_, 26);
    const std::size_t field_bytes = number16(seen_, 28);
    name_bytes_ = name_bytes;
    expect(Part::kLocalNames, name_bytes + field_bytes);
    return {};
  }

  std::string take_local_names() {
    ++members_;
    std::string error = take_zip64_field(std::string_view(seen_).substr(name_bytes_));
    if (!error.empty()) return error;
    // Some give the sizes all the same. Stored contents whose size comes behind them can only be
    // read if there are none.
    member_.sizes_known = (member_.flags & kHasDescriptor) == 0 || member_.packed_bytes > 0 ||
                          member_.method == kStored;
    packed_bytes_ = bytes_ = 0;
    checksum_ = static_cast<std::uint32_t>(crc32(0, nullptr, 0));
    part_ = member_.method == kStored ? Part::kCopy : Part::kInflate;
    if (part_ == Part::kInflate) inflateReset(&stream_);
    return {};
  }

  std::string take_zip64_field(std::string_view fields) {
    if (member_.packed_bytes != kElsewhere && member_.bytes != kElsewhere) return {};
    while (fields.size() >= 4) {
      const std::size_t size = std::min<std::size_t>(number16(fields, 2), fields.size() - 4);
      if (number16(fields, 0) == kZip64Field && size >= 16) {
        member_.zip64 = true;
        member_.bytes = number_at(fields, 4, 8);
        member_.packed_bytes = number_at(fields, 12, 8);
        return {};
      }
      fields.remove_prefix(4 + size);
    }
    if ((member_.flags & kHasDescriptor) == 0)
      return "compressed data is corrupt: a member's sizes are missing";
    member_.bytes = member_.packed_bytes = 0;
    return {};
  }

  Step copy(std::string_view in, std::span<char> out) {
    const std::uint64_t left = member_.packed_bytes - packed_bytes_;
    const auto size = static_cast<std::size_t>(
        std::min<std::uint64_t>({std::uint64_t{in.size()}, std::uint64_t{out.size()}, left}));
    in.copy(out.data(), size);
    count(size, out.first(size));
    Step step{.consumed = size, .produced = size};
    if (size == left) step.error = end_contents();
    return step;
  }

  Step inflate_some(std::string_view in, std::span<char> out) {
    if (member_.sizes_known)
      in = in.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(
                            in.size(), member_.packed_bytes - packed_bytes_)));
    // zlib only reads through next_in, but is older than const.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
    stream_.avail_in = static_cast<uInt>(in.size());
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = static_cast<uInt>(out.size());
    const int status = inflate(&stream_, Z_NO_FLUSH);
    Step step{.consumed = in.size() - stream_.avail_in, .produced = out.size() - stream_.avail_out};
    count(step.consumed, out.first(step.produced));
    const bool all_seen = member_.sizes_known && packed_bytes_ == member_.packed_bytes;
    if (status == Z_STREAM_END) {
      step.error = end_contents();
    } else if (status == Z_MEM_ERROR) {
      step.error = "not enough memory to decompress (zip)";
    } else if (status != Z_OK && status != Z_BUF_ERROR) {
      step.error = "compressed data is corrupt (zip";
      if (stream_.msg != nullptr) step.error += std::string(": ") + stream_.msg;
      step.error += ")";
    } else if (all_seen && step.consumed == 0 && step.produced == 0) {
      step.error = "compressed data is corrupt: a member goes on behind its size (zip)";
    }
    return step;
  }

  void count(std::size_t packed, std::span<const char> contents) {
    packed_bytes_ += packed;
    bytes_ += contents.size();
    checksum_ =
        static_cast<std::uint32_t>(crc32(checksum_, reinterpret_cast<const Bytef*>(contents.data()),
                                         static_cast<uInt>(contents.size())));
  }

  // The contents of a member have been read. Returns what is wrong with them.
  std::string end_contents() {
    if (member_.flags & kHasDescriptor) {
      expect(Part::kDescriptor, kShortestDescriptor);
      return {};
    }
    expect(Part::kSignature, kSignatureBytes);
    if (packed_bytes_ == member_.packed_bytes && bytes_ == member_.bytes &&
        checksum_ == member_.checksum)
      return {};
    return "compressed data is corrupt: a member's size or checksum is another (zip)";
  }

  // A descriptor is the checksum and the two sizes, of eight bytes if the member has a field of
  // zip64 and of four or eight if not; before it may be a signature. What was read tells which.
  std::string take_descriptor() {
    const std::string_view fields = seen_;
    for (const std::size_t signature_bytes : {std::size_t{0}, kSignatureBytes})
      for (const std::size_t size_bytes : {std::size_t{4}, std::size_t{8}})
        if ((size_bytes == 8 || !member_.zip64) &&
            is_descriptor(fields, signature_bytes, size_bytes)) {
          expect(Part::kSignature, kSignatureBytes);
          return {};
        }
    if (fields.size() < kLongestDescriptor) {
      wanted_ = fields.size() + 4;
      return {};
    }
    if (member_.method == kStored && member_.packed_bytes == 0)
      return "a member is stored and does not tell its size beforehand";
    return "compressed data is corrupt: a member's size or checksum is another";
  }

  bool is_descriptor(std::string_view fields, std::size_t signature_bytes,
                     std::size_t size_bytes) const {
    if (fields.size() != signature_bytes + 4 + 2 * size_bytes) return false;
    if (signature_bytes > 0 && number32(fields, 0) != kDescriptor) return false;
    fields.remove_prefix(signature_bytes);
    return number32(fields, 0) == checksum_ && number_at(fields, 4, size_bytes) == packed_bytes_ &&
           number_at(fields, 4 + size_bytes, size_bytes) == bytes_;
  }

  std::string take_end(bool& done) {
    const std::uint32_t listed = number16(seen_, 10);
    if (listed_ != members_ || (listed != kCountElsewhere && listed != (members_ & 0xffff)))
      return "compressed data is corrupt: the directory does not list what the archive holds";
    const std::size_t comment_bytes = number16(seen_, 20);
    expect(Part::kSkipLast, comment_bytes);
    done = comment_bytes == 0;
    return {};
  }

  // By fours, all that a descriptor may have.
  static constexpr std::size_t kShortestDescriptor = 12;
  static constexpr std::size_t kLongestDescriptor = 24;

  z_stream stream_{};
  const bool ready_;
  Part part_ = Part::kSignature;
  std::uint64_t wanted_ = 0;  // of the part, or of what is left to skip
  std::string seen_{};        // of the part so far
  std::size_t name_bytes_ = 0;
  Member member_{};
  // Of the member so far.
  std::uint64_t packed_bytes_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint32_t checksum_ = 0;
  // Of the archive so far.
  std::uint64_t members_ = 0;
  std::uint64_t listed_ = 0;
};

}  // namespace

std::unique_ptr<Decoder> make_zip_decoder() { return std::make_unique<ZipDecoder>(); }

}  // namespace faultline::trace
