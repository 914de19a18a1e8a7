// What every compression has in common, and what is its own.
#include "sim/trace/decoded_source.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "sim/base/prng.h"
#include "sim/trace/content.h"
#include "tests/support/sanitized.h"
#include "tests/trace/trace_support.h"

namespace faultline::trace {
namespace {

using namespace std::literals;
using testing::gzip;
using testing::lz4;
using testing::make_memory_source;
using testing::random_lackey;
using testing::snappy;
using testing::xz;
using testing::zip;
using testing::zstd;

struct Decoded {
  std::string text;
  std::string error;
  friend bool operator==(const Decoded&, const Decoded&) = default;
};

Decoded decode_one_way(const std::string& bytes, std::size_t step, std::size_t room,
                       Decompress decompress) {
  auto content = make_content("f", make_memory_source(bytes, step), decompress);
  if (!content.ok()) return {"", content.error().to_string()};
  Decoded decoded;
  std::vector<char> buffer(room);
  for (;;) {
    const auto got = content->bytes->read(buffer);
    if (!got.ok()) {
      decoded.error = got.error().to_string();
      return decoded;
    }
    if (*got == 0) return decoded;
    decoded.text.append(buffer.data(), *got);
  }
}

// By a thread ahead as well, which must say the same.
Decoded decode(const std::string& bytes, std::size_t step = kReadBytes,
               std::size_t room = 100'000) {
  const Decoded decoded = decode_one_way(bytes, step, room, Decompress::kWhenRead);
  CHECK(decode_one_way(bytes, step, room, Decompress::kAhead) == decoded);
  return decoded;
}

struct Compression {
  std::string name;
  std::string (*compress)(std::string_view);
  // Bytes whose change changes nothing: names, times, who wrote it, bits that only fill a byte.
  std::size_t idle_bytes_max = 12;
  // Whether a member tells where it ends, and no byte of it stands unchecked; snappy_test.cc tests
  // the one that does not.
  bool whole = true;
};
const Compression kCompressions[] = {
    {"gzip", gzip},
    {"xz", [](std::string_view text) { return xz(text); }},
    {"zstd", [](std::string_view text) { return zstd(text); }},
    {"zip", [](std::string_view text) { return zip({std::string(text)}); }, 90},
    {"lz4", lz4},
    {.name = "snappy", .compress = snappy, .whole = false},
};

TEST_CASE("Compression: told by content, decoded whatever the sizes of reads") {
  const std::string text = random_lackey(1, 300'000);
  for (const Compression& row : kCompressions) {
    CAPTURE(row.name);
    const std::string bytes = row.compress(text);
    for (const std::size_t step : {std::size_t{1}, std::size_t{7}, std::size_t{4096}, kReadBytes}) {
      for (const std::size_t room : {std::size_t{13}, std::size_t{100'000}}) {
        const Decoded decoded = decode(bytes, step, room);
        CHECK(decoded.error == "");
        CHECK((decoded.text == text));
      }
    }
  }
}

TEST_CASE("Compression: many members are one content, empty ones too") {
  for (const Compression& row : kCompressions) {
    CAPTURE(row.name);
    std::string bytes;
    std::string text;
    for (int i = 0; i < 40; ++i) {
      const std::string part = i % 5 == 0 ? "" : random_lackey(static_cast<unsigned>(i), 700);
      bytes += row.compress(part);
      text += part;
    }
    for (const std::size_t step : {std::size_t{1}, kReadBytes}) {
      const Decoded decoded = decode(bytes, step);
      CHECK(decoded.error == "");
      CHECK((decoded.text == text));
    }
  }
}

TEST_CASE("Compression: a file that ends too early gives its beginning, then its last byte") {
  const std::string text = random_lackey(2, 3'000);
  for (const Compression& row : kCompressions) {
    if (!row.whole) continue;
    CAPTURE(row.name);
    const std::string bytes = row.compress(text);
    for (std::size_t size = kMagicBytes; size < bytes.size(); ++size) {
      const Decoded decoded = decode(bytes.substr(0, size));
      CHECK(text.starts_with(decoded.text));
      CHECK(decoded.error == "f: byte " + std::to_string(size) +
                                 ": compressed data ends too early (" + row.name + ")");
    }
  }
}

TEST_CASE("Compression: something behind the last member is an error at its first byte") {
  const std::string text = random_lackey(3, 3'000);
  for (const Compression& row : kCompressions) {
    if (!row.whole) continue;
    const std::string bytes = row.compress(text);
    for (const std::string_view rest : {"x"sv, "\0"sv, "I  04000000,4\n"sv, "\x1f"sv}) {
      CAPTURE(row.name);
      const Decoded decoded = decode(bytes + std::string(rest));
      CHECK((decoded.text == text));
      CHECK(decoded.error == "f: byte " + std::to_string(bytes.size()) +
                                 ": something else follows the compressed data (" + row.name + ")");
    }
  }
}

TEST_CASE("Compression: no changed byte changes the content unnoticed") {
  const std::string text = random_lackey(4, testing::kSanitized ? 500 : 2'000);
  base::Prng prng(5);
  for (const Compression& row : kCompressions) {
    if (!row.whole) continue;
    CAPTURE(row.name);
    const std::string bytes = row.compress(text);
    std::size_t unnoticed = 0;
    for (std::size_t at = kMagicBytes; at < bytes.size(); ++at) {
      std::string changed = bytes;
      changed[at] = static_cast<char>(changed[at] ^ (1 << prng.below(8)));
      const Decoded decoded = decode(changed);
      if (decoded.error.empty()) {
        ++unnoticed;
        CHECK((decoded.text == text));
      } else {
        CHECK(decoded.error.starts_with("f: byte "));
      }
    }
    CHECK(unnoticed <= row.idle_bytes_max);
  }
}

TEST_CASE("Compression: a reader that goes away early ends the thread that decompresses") {
  const std::string text = random_lackey(8, 300'000);
  for (const std::size_t reads : {0U, 1U, 3U, 40U}) {
    auto content = make_content("f", make_memory_source(zstd(text), 100), Decompress::kAhead);
    REQUIRE(content.ok());
    std::vector<char> buffer(50'000);
    for (std::size_t i = 0; i < reads; ++i) REQUIRE(content->bytes->read(buffer).ok());
  }
}

TEST_CASE("Compression: the error of the file beneath is handed through, after what came before") {
  const std::string text = random_lackey(6, 100'000);
  const InputError failure{.file = "f", .message = "cannot be read: EIO", .byte_offset = 9};
  for (const Compression& row : kCompressions) {
    const std::string bytes = row.compress(text);
    for (const std::size_t size : {bytes.size(), bytes.size() - 1}) {
      CAPTURE(row.name);
      auto content =
          make_content("f", make_memory_source(bytes.substr(0, size), kReadBytes, failure));
      REQUIRE(content.ok());
      std::string got;
      char buffer[1000];
      auto read = content->bytes->read(buffer);
      for (; read.ok() && *read > 0; read = content->bytes->read(buffer)) {
        got.append(buffer, *read);
      }
      CHECK(text.starts_with(got));
      CHECK((size != bytes.size() || got == text));
      REQUIRE(!read.ok());
      CHECK(read.error().to_string() == failure.to_string());
    }
  }
}

TEST_CASE("zstd: skippable frames are skipped, before, between and behind the others") {
  const std::string skip = std::string("\x5a\x2a\x4d\x18\x03\0\0\0abc"sv);
  const std::string text = random_lackey(7, 500);
  const Decoded decoded = decode(skip + zstd(text) + skip + zstd(text) + skip);
  CHECK(decoded.error == "");
  CHECK(decoded.text == text + text);
}

TEST_CASE("lz4: skippable frames are skipped between and behind the others") {
  const std::string skip = std::string("\x5a\x2a\x4d\x18\x03\0\0\0abc"sv);
  const std::string text = random_lackey(7, 500);
  const Decoded decoded = decode(lz4(text) + skip + lz4(text) + skip);
  CHECK(decoded.error == "");
  CHECK(decoded.text == text + text);
}

TEST_CASE("lz4: a frame that needs a dictionary says so") {
  std::string frame = lz4(random_lackey(7, 500));
  frame[4] = static_cast<char>(frame[4] | 1);
  CHECK(decode(frame).error == "f: byte 0: compressed data needs a dictionary (lz4)");
}

TEST_CASE("xz: streams may be padded by zeros in groups of four") {
  const std::string text = random_lackey(8, 500);
  const std::string padding(8, '\0');
  const Decoded decoded = decode(xz(text) + padding + xz(text) + padding);
  CHECK(decoded.error == "");
  CHECK(decoded.text == text + text);
  CHECK(decode(xz(text) + "\0\0\0"s)
            .error.ends_with("something else follows the compressed data (xz)"));
}

TEST_CASE("Windows: 128 MiB is taken, more is an error that names it") {
  const std::string text = "I  04000000,4\n";
  CHECK(decode(zstd(text, 27)).error == "");
  CHECK(decode(xz(text, 27)).error == "");
  CHECK(decode(zstd(text, 28)).error ==
        "f: byte 5: needs a window of 256 MiB to decompress, and 128 MiB is the limit (zstd)");
  const std::string error = decode(xz(text, 28)).error;
  CHECK(error.starts_with("f: byte "));
  CHECK(
      error.ends_with(": needs a window of 256 MiB to decompress, and 128 MiB is the limit (xz)"));
}

TEST_CASE("Windows: a zstd frame of one segment has its whole content as window") {
  // Magic, descriptor (single segment, content size in 8 bytes), content size 3 GiB.
  const std::string frame(
      "\x28\xb5\x2f\xfd\xe0\x00\x00\x00\xc0\x00\x00\x00\x00rest of the frame"sv);
  CHECK(decode(frame).error.ends_with(
      "needs a window of 3072 MiB to decompress, and 128 MiB is the limit (zstd)"));
}

TEST_CASE("Content: an empty file is an error, compressed or not") {
  CHECK(decode("").error == "f: is empty");
  for (const Compression& row : kCompressions)
    CHECK(decode(row.compress("")).error == "f: is empty");
}

TEST_CASE("Content: plain bytes stay as they are, also those that only begin like a magic number") {
  for (const std::string_view text : {"\x1f"sv, "\xfd\x37zXY\0"sv, "I  04000000,4\n"sv, "\0\0"sv}) {
    for (const std::size_t step : {std::size_t{1}, kReadBytes}) {
      const Decoded decoded = decode(std::string(text), step);
      CHECK(decoded.error == "");
      CHECK(decoded.text == text);
    }
  }
}

}  // namespace
}  // namespace faultline::trace
