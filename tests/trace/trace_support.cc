#include "tests/trace/trace_support.h"

#include <doctest/doctest.h>
#include <fmt/core.h>
#include <lz4frame.h>
#include <lzma.h>
#include <snappy-c.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "sim/base/prng.h"
#include "sim/trace/format.h"

namespace faultline::testing {
namespace {

class MemorySource final : public trace::ByteSource {
 public:
  MemorySource(std::string bytes, std::size_t step, std::optional<InputError> failure)
      : bytes_(std::move(bytes)), step_(step), failure_(std::move(failure)) {}

  Result<std::size_t, InputError> read(std::span<char> into) override {
    const std::size_t size = std::min({into.size(), step_, bytes_.size() - position_});
    if (size == 0 && failure_) return *failure_;
    std::memcpy(into.data(), bytes_.data() + position_, size);
    position_ += size;
    return size;
  }

 private:
  const std::string bytes_;
  const std::size_t step_;
  const std::optional<InputError> failure_;
  std::size_t position_ = 0;
};

}  // namespace

std::unique_ptr<trace::ByteSource> make_memory_source(std::string bytes, std::size_t step,
                                                      std::optional<InputError> failure) {
  return std::make_unique<MemorySource>(std::move(bytes), step, std::move(failure));
}

std::string gzip(std::string_view text) {
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string xz(std::string_view text, unsigned window_log) {
  lzma_options_lzma options;
  REQUIRE(!lzma_lzma_preset(&options, 0));
  options.dict_size = std::uint32_t{1} << window_log;
  const lzma_filter filters[] = {{LZMA_FILTER_LZMA2, &options}, {LZMA_VLI_UNKNOWN, nullptr}};
  std::string out(lzma_stream_buffer_bound(text.size()), '\0');
  std::size_t size = 0;
  REQUIRE(lzma_stream_buffer_encode(const_cast<lzma_filter*>(filters), LZMA_CHECK_CRC64, nullptr,
                                    reinterpret_cast<const std::uint8_t*>(text.data()), text.size(),
                                    reinterpret_cast<std::uint8_t*>(out.data()), &size,
                                    out.size()) == LZMA_OK);
  out.resize(size);
  return out;
}

std::string zstd(std::string_view text, unsigned window_log) {
  ZSTD_CCtx* context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, static_cast<int>(window_log));
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
  std::string out(ZSTD_compressBound(text.size()), '\0');
  ZSTD_inBuffer input{text.data(), text.size(), 0};
  ZSTD_outBuffer output{out.data(), out.size(), 0};
  // In two calls, so that the size is not known at the beginning and the window is as it was asked.
  ZSTD_compressStream2(context, &output, &input, ZSTD_e_flush);
  REQUIRE(ZSTD_compressStream2(context, &output, &input, ZSTD_e_end) == 0);
  out.resize(output.pos);
  ZSTD_freeCCtx(context);
  return out;
}

std::string lz4(std::string_view text) {
  LZ4F_preferences_t preferences{};
  preferences.frameInfo.blockSizeID = LZ4F_max64KB;
  preferences.frameInfo.blockChecksumFlag = LZ4F_blockChecksumEnabled;
  preferences.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled;
  std::string out(LZ4F_compressFrameBound(text.size(), &preferences), '\0');
  const std::size_t size =
      LZ4F_compressFrame(out.data(), out.size(), text.data(), text.size(), &preferences);
  REQUIRE(LZ4F_isError(size) == 0);
  out.resize(size);
  return out;
}

std::string snappy_chunk(unsigned char type, std::string_view data) {
  return static_cast<char>(type) + little_endian(data.size(), 3) + std::string(data);
}

// Bit by bit, unlike the reader.
std::string snappy_sum(std::string_view text) {
  std::uint32_t sum = ~std::uint32_t{0};
  for (const char byte : text) {
    sum ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) sum = sum >> 1 ^ ((sum & 1) != 0 ? 0x82f63b78 : 0);
  }
  sum = ~sum;
  return little_endian(std::uint32_t{(sum >> 15 | sum << 17) + 0xa282ead8}, 4);
}

std::string snappy(std::string_view text) {
  constexpr std::size_t kChunkBytes = 65536;
  std::string out = snappy_chunk(0xff, "sNaPpY");
  for (; !text.empty(); text.remove_prefix(std::min(kChunkBytes, text.size()))) {
    const std::string_view content = text.substr(0, kChunkBytes);
    std::string packed(snappy_max_compressed_length(content.size()), '\0');
    std::size_t size = packed.size();
    REQUIRE(snappy_compress(content.data(), content.size(), packed.data(), &size) == SNAPPY_OK);
    packed.resize(size);
    out += snappy_chunk(0, snappy_sum(content) + packed);
  }
  return out;
}

std::string little_endian(std::uint64_t value, std::size_t bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes; ++i) text += static_cast<char>(value >> 8 * i & 0xff);
  return text;
}

namespace {

// Deflate without gzip's header and trailer, of 10 and 8 bytes.
std::string deflate_raw(std::string_view text) {
  const std::string packed = gzip(text);
  return packed.substr(10, packed.size() - 18);
}

std::uint32_t checksum_of(std::string_view text) {
  return static_cast<std::uint32_t>(
      crc32(0, reinterpret_cast<const Bytef*>(text.data()), static_cast<uInt>(text.size())));
}

// What a member's header and its entry in the directory have in common; and the sizes of 64 bits.
struct ZipFields {
  std::string common;
  std::string zip64;
};

ZipFields zip_fields(std::string_view text, std::size_t packed_bytes, const ZipOptions& options,
                     bool in_directory) {
  const bool known = in_directory || !options.descriptor;
  const auto sizes = [&](std::size_t bytes) {
    return little_endian(known ? packed_bytes : 0, bytes) +
           little_endian(known ? text.size() : 0, bytes);
  };
  ZipFields fields;
  fields.common = little_endian(20, 2) + little_endian(options.descriptor ? 8 : 0, 2) +
                  little_endian(options.stored ? 0 : 8, 2) + std::string(4, '\0') +
                  little_endian(known ? checksum_of(text) : 0, 4) +
                  (options.zip64 ? std::string(8, '\xff') : sizes(4));
  if (options.zip64)
    fields.zip64 = little_endian(1, 2) + little_endian(16, 2) +
                   little_endian(known ? text.size() : 0, 8) +
                   little_endian(known ? packed_bytes : 0, 8);
  return fields;
}

}  // namespace

std::string zip(const std::vector<std::string>& texts, const ZipOptions& options) {
  std::string archive;
  std::string directory;
  for (const std::string& text : texts) {
    const std::string name = "chunk.0000";
    const std::string packed = options.stored ? text : deflate_raw(text);
    const std::size_t offset = archive.size();
    const ZipFields local = zip_fields(text, packed.size(), options, false);
    archive += "PK\3\4" + local.common + little_endian(name.size(), 2) +
               little_endian(local.zip64.size(), 2) + name + local.zip64 + packed;
    if (options.descriptor) {
      const std::size_t bytes = options.zip64 ? 8 : 4;
      if (options.descriptor_signature) archive += "PK\7\10";
      archive += little_endian(checksum_of(text), 4) + little_endian(packed.size(), bytes) +
                 little_endian(text.size(), bytes);
    }
    const ZipFields listed = zip_fields(text, packed.size(), options, true);
    directory += "PK\1\2" + little_endian(20, 2) + listed.common + little_endian(name.size(), 2) +
                 little_endian(listed.zip64.size(), 2) + std::string(10, '\0') +
                 little_endian(offset, 4) + name + listed.zip64;
  }
  const std::string counts = little_endian(texts.size(), 2) + little_endian(texts.size(), 2);
  const std::size_t begin = archive.size();
  archive += directory;
  if (options.zip64) {
    archive += "PK\6\6" + little_endian(44, 8) + std::string(44, '\0');
    archive += "PK\6\7" + std::string(16, '\0');
  }
  return archive + "PK\5\6" + std::string(4, '\0') + counts + little_endian(directory.size(), 4) +
         little_endian(begin, 4) + std::string(2, '\0');
}

ReadTrace read_trace(TraceReader& reader) {
  ReadTrace read;
  for (;;) {
    const auto block = reader.next_block();
    if (!block.ok()) {
      read.error = block.error();
      const auto again = reader.next_block();
      CHECK(!again.ok());
      if (!again.ok()) CHECK(again.error().to_string() == read.error->to_string());
      return read;
    }
    if (block->end()) return read;
    read.accesses.insert(read.accesses.end(), block->accesses.begin(), block->accesses.end());
    read.tasks.resize(read.accesses.size(), block->task);
  }
}

ReadTrace read_lackey(const std::string& bytes, std::size_t step) {
  auto content = trace::make_content("t", make_memory_source(bytes, step));
  if (!content.ok()) return {.error = content.error()};
  return read_trace(*trace::make_lackey_reader(std::move(content).value()));
}

std::string to_text(const std::vector<Access>& accesses) {
  constexpr const char* kKinds[] = {"I ", " L", " S", " M"};
  std::string text;
  for (const Access& access : accesses) {
    text += fmt::format("{} {:08x},{}\n", kKinds[static_cast<int>(access.kind)],
                        access.address.value, access.size_bytes);
  }
  return text;
}

std::string to_text(const std::optional<InputError>& error) {
  return error ? error->to_string() : "";
}

TemporaryFile::TemporaryFile(std::string_view bytes) {
  const char* folder = std::getenv("TEST_TMPDIR");
  path_ = std::string(folder == nullptr ? "/tmp" : folder) + "/trace.XXXXXX";
  const int fd = mkstemp(path_.data());
  REQUIRE(fd >= 0);
  REQUIRE(write(fd, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  close(fd);
}

TemporaryFile::~TemporaryFile() { unlink(path_.c_str()); }

std::string random_lackey(std::uint64_t seed, std::size_t size_bytes) {
  constexpr const char* kKinds[] = {"I ", " L", " S", " M"};
  base::Prng prng(seed);
  std::string text;
  for (;;) {
    const std::uint64_t address = prng.next() >> (16 + prng.below(32));
    const std::string line =
        fmt::format("{} {:08x},{}\n", kKinds[prng.below(4)], address, 1 + prng.below(40));
    if (text.size() + line.size() > size_bytes) return text;
    text += line;
  }
}

}  // namespace faultline::testing
