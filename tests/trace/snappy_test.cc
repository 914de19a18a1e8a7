// Snappy's frames as a container: the kinds of chunks, what is wrong with them, and where.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "sim/trace/content.h"
#include "tests/trace/trace_support.h"

namespace faultline::testing {
namespace {

using namespace std::literals;

struct Unpacked {
  std::string text;
  std::string error;
};

Unpacked unpack(const std::string& bytes, std::size_t step = trace::kReadBytes,
                std::size_t room = 5'000) {
  auto content = trace::make_content("f", make_memory_source(bytes, step));
  if (!content.ok()) return {"", content.error().to_string()};
  Unpacked unpacked;
  std::vector<char> buffer(room);
  for (;;) {
    const auto got = content->bytes->read(buffer);
    if (!got.ok()) unpacked.error = got.error().to_string();
    if (!got.ok() || *got == 0) return unpacked;
    unpacked.text.append(buffer.data(), *got);
  }
}

const std::string kBegin = snappy_chunk(0xff, "sNaPpY");

std::string plain_chunk(const std::string& text) {
  return snappy_chunk(1, snappy_sum(text) + text);
}

// The compressed chunks of `text`, without the identifier.
std::string packed_chunks(const std::string& text) { return snappy(text).substr(kBegin.size()); }

TEST_CASE("snappy: every kind of chunk, whatever the sizes of reads") {
  const std::string text = random_lackey(1, 200'000);
  const std::string packed = packed_chunks("abc").substr(8);  // without header and sum
  const std::string bytes = kBegin + packed_chunks(text) + plain_chunk("one") +
                            snappy_chunk(0xfe, std::string(70'000, '\1')) +
                            snappy_chunk(0x80, "whatever") + snappy_chunk(0xfd, "") + kBegin +
                            plain_chunk("") + snappy_chunk(2, packed) + snappy_chunk(3, "two") +
                            snappy_chunk(3, "") + packed_chunks("three");
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}, trace::kReadBytes}) {
    for (const std::size_t room : {std::size_t{13}, std::size_t{100'000}}) {
      const Unpacked unpacked = unpack(bytes, step, room);
      CHECK(unpacked.error == "");
      CHECK((unpacked.text == text + "oneabctwothree"));
    }
  }
}

TEST_CASE("snappy: chunks of 65536 bytes are taken, larger ones are not") {
  const std::string most(65536, 'x');
  CHECK((unpack(kBegin + plain_chunk(most) + packed_chunks(most)).text == most + most));
  const std::string too_much = most + "x";
  CHECK(unpack(kBegin + plain_chunk(too_much)).error ==
        "f: byte 10: compressed data is corrupt (snappy: a chunk holds more than 65536 bytes)");
  // A block that says that it is of 65537 bytes; how long it is says nothing.
  CHECK(unpack(kBegin + snappy_chunk(2, "\x81\x80\x04\0a"sv)).error ==
        "f: byte 14: compressed data is corrupt (snappy)");
  CHECK(unpack(kBegin + snappy_chunk(0, std::string(80'000, 'x'))).error ==
        "f: byte 10: compressed data is corrupt (snappy: a chunk holds more than 65536 bytes)");
}

TEST_CASE("snappy: what is malformed, and where") {
  const std::pair<std::string, std::string> cases[] = {
      {"\xff\6\0\0sNaPpX"s,
       "f: byte 4: compressed data is corrupt (snappy: no stream's identifier)"},
      {kBegin + snappy_chunk(0xff, "sNaPpYY"),
       "f: byte 10: compressed data is corrupt (snappy: a stream's identifier of another length)"},
      {kBegin + snappy_chunk(4, "x"),
       "f: byte 10: compressed data has a chunk of unknown type 4 (snappy)"},
      {kBegin + snappy_chunk(0x7f, ""),
       "f: byte 10: compressed data has a chunk of unknown type 127 (snappy)"},
      {kBegin + snappy_chunk(0, "1234"),
       "f: byte 10: compressed data is corrupt (snappy: a chunk is too short)"},
      {kBegin + snappy_chunk(1, "123"),
       "f: byte 10: compressed data is corrupt (snappy: a chunk is too short)"},
      {kBegin + snappy_chunk(1, "1234text"),
       "f: byte 14: compressed data is corrupt (snappy: it does not match its checksum)"},
      {kBegin + snappy_chunk(2, "\x03\x10"), "f: byte 14: compressed data is corrupt (snappy)"},
  };
  for (const auto& [bytes, error] : cases) CHECK(unpack(bytes).error == error);
}

// The format has no end: a file that was cut behind a chunk looks whole.
TEST_CASE("snappy: every truncation gives a prefix, and but for those behind chunks an error") {
  const std::string text = random_lackey(2, 300);
  const std::string first = kBegin + packed_chunks(text);
  const std::string second = first + plain_chunk(text);
  const std::string third = second + snappy_chunk(0x90, "skipped");
  for (std::size_t size = 6; size < third.size(); ++size) {
    const Unpacked unpacked = unpack(third.substr(0, size));
    CHECK((text + text).starts_with(unpacked.text));
    if (size == kBegin.size())
      CHECK(unpacked.error == "f: is empty");
    else if (size == first.size() || size == second.size())
      CHECK(unpacked.error == "");
    else
      CHECK(unpacked.error ==
            "f: byte " + std::to_string(size) + ": compressed data ends too early (snappy)");
  }
}

TEST_CASE("snappy: no changed byte of a chunk's data changes the content unnoticed") {
  const std::string text = random_lackey(3, 2'000);
  const std::string bytes = snappy(text);
  for (std::size_t at = kBegin.size() + 4; at < bytes.size(); ++at) {
    std::string changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ (1 << at % 8));
    const Unpacked unpacked = unpack(changed);
    // The same text can be copied from elsewhere.
    if (unpacked.error.empty()) {
      CHECK(unpacked.text == text);
      continue;
    }
    CHECK(unpacked.error.starts_with("f: byte 14: compressed data is corrupt (snappy"));
    CHECK(unpacked.text.empty());
  }
}

}  // namespace
}  // namespace faultline::testing
