// Archives of zip as a container: the ways in which they are written, and what is wrong with them.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "sim/trace/content.h"
#include "tests/trace/trace_support.h"

namespace faultline::testing {
namespace {

struct Unpacked {
  std::string text;
  std::string error;
};

Unpacked unpack(const std::string& bytes, std::size_t step = trace::kReadBytes) {
  auto content = trace::make_content("f", make_memory_source(bytes, step));
  if (!content.ok()) return {"", content.error().to_string()};
  Unpacked unpacked;
  std::vector<char> buffer(5'000);
  for (;;) {
    const auto got = content->bytes->read(buffer);
    if (!got.ok()) unpacked.error = got.error().to_string();
    if (!got.ok() || *got == 0) return unpacked;
    unpacked.text.append(buffer.data(), *got);
  }
}

std::vector<ZipOptions> all_options() {
  std::vector<ZipOptions> all;
  for (const bool stored : {false, true})
    for (const bool descriptor : {false, true})
      for (const bool signature : {false, true})
        for (const bool zip64 : {false, true}) {
          // Stored contents have to tell their size beforehand.
          if (stored && descriptor) continue;
          all.push_back({.stored = stored,
                         .descriptor = descriptor,
                         .descriptor_signature = signature,
                         .zip64 = zip64});
        }
  return all;
}

TEST_CASE("zip: members are one content, however they are written") {
  const std::string text = random_lackey(1, 20'000);
  const std::vector<std::string> parts = {text.substr(0, 7'001), "", text.substr(7'001)};
  for (const ZipOptions& options : all_options()) {
    const std::string bytes = zip(parts, options);
    for (const std::size_t step : {std::size_t{1}, std::size_t{13}, trace::kReadBytes}) {
      const Unpacked unpacked = unpack(bytes, step);
      CHECK(unpacked.error == "");
      CHECK((unpacked.text == text));
    }
  }
}

TEST_CASE("zip: every truncation is an error at its last byte") {
  const std::string text = random_lackey(2, 600);
  for (const ZipOptions& options : all_options()) {
    const std::string bytes = zip({text.substr(0, 300), text.substr(300)}, options);
    for (std::size_t size = 6; size < bytes.size(); ++size) {
      const Unpacked unpacked = unpack(bytes.substr(0, size));
      CHECK(text.starts_with(unpacked.text));
      CHECK(unpacked.error ==
            "f: byte " + std::to_string(size) + ": compressed data ends too early (zip)");
    }
  }
}

TEST_CASE("zip: an archive may have a comment, and none may have members") {
  std::string bytes = zip({"I  04000000,4\n"});
  bytes[bytes.size() - 2] = 3;
  CHECK(unpack(bytes + "abc").text == "I  04000000,4\n");
  CHECK(unpack(bytes + "abc").error == "");
  CHECK(unpack(bytes + "ab").error.ends_with(": compressed data ends too early (zip)"));
  CHECK(unpack(zip({})).error == "f: is empty");
}

TEST_CASE("zip: a member that has no contents may be stored without a size") {
  CHECK(unpack(zip({""}, {.stored = true, .descriptor = true})).error == "f: is empty");
}

// `bytes` with other ones at `at`.
std::string with(std::string bytes, std::size_t at, const std::string& others) {
  return bytes.replace(at, others.size(), others);
}

TEST_CASE("zip: what cannot be read says why") {
  const std::string text = random_lackey(3, 400);
  const std::string bytes = zip({text});
  const auto error = [](const std::string& archive) { return unpack(archive).error; };
  for (const unsigned flag : {1u, 1u << 6, 1u << 13})
    CHECK(error(with(bytes, 6, little_endian(flag, 2))) ==
          "f: byte 30: a member is encrypted (zip)");
  CHECK(error(with(bytes, 8, little_endian(93, 2))) ==
        "f: byte 30: a member is compressed by method 93; 0 (stored) and 8 (deflated) are read "
        "(zip)");
  CHECK(error(zip({text}, {.stored = true, .descriptor = true}))
            .ends_with(": a member is stored and does not tell its size beforehand (zip)"));
  const std::string other =
      ": compressed data is corrupt: a member's size or checksum is another (zip)";
  CHECK(error(with(bytes, 14, little_endian(7, 4))).ends_with(other));
  CHECK(error(with(bytes, 22, little_endian(text.size() + 1, 4))).ends_with(other));
  // The header has 30 bytes, the name 10.
  const std::size_t packed_bytes = bytes.find("PK\1\2") - 40;
  CHECK(error(with(bytes, 18, little_endian(packed_bytes + 1, 4))).ends_with(other));
  CHECK(error(with(bytes, 18, little_endian(packed_bytes - 1, 4)))
            .ends_with(": compressed data is corrupt: a member goes on behind its size (zip)"));
  CHECK(error(with(bytes, 18, std::string(8, '\xff')))
            .ends_with(": compressed data is corrupt: a member's sizes are missing (zip)"));
  // The directory: its first signature, and the count at its end.
  CHECK(
      error(with(bytes, bytes.find("PK\1\2"), "PX"))
          .ends_with(": compressed data is corrupt: neither a member nor the directory begins here "
                     "(zip)"));
  CHECK(error(with(bytes, bytes.size() - 12, little_endian(2, 2)))
            .ends_with(": compressed data is corrupt: the directory does not list what the archive "
                       "holds (zip)"));
  const std::string described = zip({text}, {.descriptor = true});
  CHECK(error(with(described, described.find("PK\7\10") + 4, "abcd")).ends_with(other));
}

}  // namespace
}  // namespace faultline::testing
