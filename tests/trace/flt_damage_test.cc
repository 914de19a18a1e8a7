// Damage of an flt file: every changed byte is found and named, every cut too; salvage reads all
// else.
#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "sim/trace/flt/layout.h"
#include "tests/support/sanitized.h"
#include "tests/trace/flt_support.h"
#include "tests/trace/trace_support.h"

namespace faultline::testing {
namespace {

// Several small blocks.
std::vector<Stream> many_blocks(uint64_t seed, int blocks) {
  std::vector<Stream> streams;
  for (int i = 0; i < blocks; ++i)
    streams.push_back(random_stream({.seed = seed + static_cast<uint64_t>(i),
                                     .accesses = 40,
                                     .calls_in_1000 = 30,
                                     .tasks_in_1000 = 50,
                                     .straddles_in_1000 = 50}));
  return streams;
}

struct File {
  std::string bytes{};
  std::vector<trace::IndexEntry> index{};
};

template <typename T>
T number_at(const std::string& bytes, std::size_t at) {
  T value{};
  for (std::size_t i = sizeof(T); i-- > 0;)
    value = static_cast<T>(value << 8 | static_cast<unsigned char>(bytes[at + i]));
  return value;
}

// The index as the trailer says where it is: read here by hand.
File make_file(const std::vector<Stream>& streams, TraceFilter filter) {
  File file{.bytes = write_flt_blocks(streams, {.filter = filter, .producer = "a test"})};
  const std::size_t trailer = file.bytes.size() - trace::kTrailerBytes;
  auto at = number_at<uint64_t>(file.bytes, trailer + 4);
  const auto blocks = number_at<uint64_t>(file.bytes, trailer + 12);
  at += trace::kIndexHeaderBytes;
  for (uint64_t i = 0; i < blocks; ++i, at += trace::kIndexEntryBytes)
    file.index.push_back(
        {number_at<uint64_t>(file.bytes, at), number_at<uint64_t>(file.bytes, at + 8)});
  return file;
}

ReadStream read_all(const std::string& bytes, bool salvage = false) {
  return read_stream(*open_flt(bytes, salvage));
}

// The lines of the blocks, each for itself.
std::vector<std::vector<std::string>> lines_of_blocks(const File& file) {
  std::vector<std::vector<std::string>> blocks;
  const std::vector<std::string> all = to_lines(read_all(file.bytes).stream);
  std::size_t done = 0;
  for (std::size_t i = 0; i < file.index.size(); ++i) {
    // Cut behind block i, the file yields the blocks up to it, and an error.
    const std::size_t end = i + 1 < file.index.size()
                                ? file.index[i + 1].byte_offset
                                : number_at<uint64_t>(file.bytes, file.bytes.size() - 28);
    const ReadStream read = read_all(file.bytes.substr(0, end));
    CHECK(read.error);
    const std::size_t count = to_lines(read.stream).size();
    blocks.emplace_back(all.begin() + static_cast<long>(done),
                        all.begin() + static_cast<long>(count));
    done = count;
  }
  CHECK(done == all.size());
  return blocks;
}

bool is_prefix(const std::vector<std::string>& part, const std::vector<std::string>& whole) {
  return part.size() <= whole.size() && std::equal(part.begin(), part.end(), whole.begin());
}

constexpr TraceFilter kFilters[] = {TraceFilter::kOff, TraceFilter::kRuns};

TEST_CASE("flt: every bit of a small file, turned over, is found, at its part, and named") {
  for (const TraceFilter filter : kFilters) {
    const Stream stream = random_stream({.seed = 1, .accesses = 60, .calls_in_1000 = 40});
    const File file = make_file({stream}, filter);
    REQUIRE(file.bytes.size() < 4000);
    const auto whole = to_lines(read_all(file.bytes).stream);
    for (std::size_t at = 0; at < file.bytes.size(); ++at) {
      for (int bit = 0; bit < 8; ++bit) {
        CAPTURE(at);
        CAPTURE(bit);
        std::string bytes = file.bytes;
        bytes[at] = static_cast<char>(bytes[at] ^ 1 << bit);
        const ReadStream read = read_all(bytes);
        REQUIRE(read.error);
        CHECK(is_prefix(to_lines(read.stream), whole));
        REQUIRE(read.error->byte_offset);
        // The place is the part that is damaged, or what should stand behind it.
        CHECK(*read.error->byte_offset <= bytes.size());
        const std::string_view message = read.error->message;
        CHECK(
            (message.find("damaged") != message.npos || message.find("cut short") != message.npos));
        const ReadStream salvaged = read_all(bytes, true);
        CHECK_FALSE(salvaged.error);
        CHECK_FALSE(salvaged.damage.empty());
        const bool in_block = at >= file.index[0].byte_offset &&
                              at < number_at<uint64_t>(file.bytes, file.bytes.size() - 28);
        CHECK(to_lines(salvaged.stream) == (in_block ? std::vector<std::string>() : whole));
      }
    }
  }
}

TEST_CASE("flt: every byte of a small file, replaced by each other, is found") {
  const File file = make_file({random_stream({.seed = 2, .accesses = 10, .calls_in_1000 = 0})},
                              TraceFilter::kOff);
  for (std::size_t at = 0; at < file.bytes.size(); ++at) {
    for (int change = 1; change < 256; change += kSanitized ? 12 : 1) {
      std::string bytes = file.bytes;
      bytes[at] = static_cast<char>(bytes[at] ^ change);
      CHECK(read_all(bytes).error);
    }
  }
}

TEST_CASE("flt: a file cut anywhere is an error, and its whole blocks are read") {
  for (const TraceFilter filter : kFilters) {
    const File file = make_file(many_blocks(1, 3), filter);
    REQUIRE(file.index.size() == 3);
    const auto blocks = lines_of_blocks(file);
    for (std::size_t size = 1; size < file.bytes.size(); ++size) {
      CAPTURE(size);
      std::vector<std::string> expected;
      for (std::size_t i = 0; i < blocks.size(); ++i) {
        const std::size_t end = i + 1 < blocks.size()
                                    ? file.index[i + 1].byte_offset
                                    : number_at<uint64_t>(file.bytes, file.bytes.size() - 28);
        if (size >= end) expected.insert(expected.end(), blocks[i].begin(), blocks[i].end());
      }
      const ReadStream read = read_all(file.bytes.substr(0, size));
      REQUIRE(read.error);
      CHECK(read.error->message.find("cut short") != std::string::npos);
      CHECK(read.error->byte_offset == size);
      CHECK(to_lines(read.stream) == expected);
      const ReadStream salvaged = read_all(file.bytes.substr(0, size), true);
      CHECK_FALSE(salvaged.error);
      CHECK_FALSE(salvaged.damage.empty());
      CHECK(to_lines(salvaged.stream) == expected);
    }
  }
}

TEST_CASE("flt: salvage yields exactly the other blocks") {
  for (const TraceFilter filter : kFilters) {
    const File file = make_file(many_blocks(10, 5), filter);
    REQUIRE(file.index.size() == 5);
    const auto blocks = lines_of_blocks(file);
    const auto without = [&](const std::set<std::size_t>& lost) {
      std::vector<std::string> lines;
      for (std::size_t i = 0; i < blocks.size(); ++i)
        if (lost.count(i) == 0) lines.insert(lines.end(), blocks[i].begin(), blocks[i].end());
      return lines;
    };
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      CAPTURE(i);
      const std::size_t begin = file.index[i].byte_offset;
      const std::size_t second = file.index[(i + 2) % 5].byte_offset;
      // In the magic, the header, the data; bytes taken out of the data, and put in.
      for (const std::size_t at : {0U, 3U, 20U, 70U, 100U}) {
        CAPTURE(at);
        std::string changed = file.bytes;
        changed[begin + at] = static_cast<char>(changed[begin + at] + 1);
        const ReadStream read = read_all(changed, true);
        CHECK_FALSE(read.error);
        CHECK(read.damage.size() == 1);
        CHECK(to_lines(read.stream) == without({i}));
        changed[second + at] = static_cast<char>(changed[second + at] + 1);
        CHECK(to_lines(read_all(changed, true).stream) == without({i, (i + 2) % 5}));
        std::string shorter = file.bytes;
        shorter.erase(begin + at, 7);
        CHECK(to_lines(read_all(shorter, true).stream) == without({i}));
        std::string longer = file.bytes;
        longer.insert(begin + at, "something else");
        // At the beginning it lies between two good blocks.
        CHECK(to_lines(read_all(longer, true).stream) == (at == 0 ? without({}) : without({i})));
      }
    }
  }
}

TEST_CASE("flt: salvage of a file whose header or index or trailer is gone reads all blocks") {
  const File file = make_file(many_blocks(20, 2), TraceFilter::kRuns);
  const auto whole = to_lines(read_all(file.bytes).stream);
  const auto index = number_at<uint64_t>(file.bytes, file.bytes.size() - 28);
  for (const std::string& bytes :
       {file.bytes.substr(file.index[0].byte_offset), file.bytes.substr(0, index),
        file.bytes.substr(0, file.bytes.size() - 1), file.bytes + "x"}) {
    CHECK(read_all(bytes).error);
    const ReadStream read = read_all(bytes, true);
    CHECK(to_lines(read.stream) == whole);
    CHECK(read.damage.size() == 1);
  }
  CHECK(open_flt(file.bytes.substr(20), true)->filter() == TraceFilter::kRuns);
}

TEST_CASE("flt: a damage says what is lost") {
  const File file = make_file(many_blocks(30, 3), TraceFilter::kOff);
  std::string bytes = file.bytes;
  bytes[file.index[1].byte_offset + 80] ^= 1;
  const std::string place = "t: byte " + std::to_string(file.index[1].byte_offset + 68);
  const std::string accesses = std::to_string(file.index[1].first_access) + " to " +
                               std::to_string(file.index[2].first_access - 1);
  CHECK(to_text(read_all(bytes).error) == place + ": block 1 (accesses " + accesses +
                                              ") is damaged: its data does not match its CRC-32");
  const ReadStream read = read_all(bytes, true);
  REQUIRE(read.damage.size() == 1);
  CHECK(read.damage[0].to_string() ==
        place + ": block 1 (accesses " + accesses +
            ") is damaged: its data does not match its CRC-32; accesses " + accesses + " are lost");
}

TEST_CASE("flt: blocks in another order, or from another file, are refused") {
  const File file = make_file(many_blocks(40, 3), TraceFilter::kOff);
  const auto block = [&](std::size_t i) {
    const std::size_t end = i + 1 < 3 ? file.index[i + 1].byte_offset
                                      : number_at<uint64_t>(file.bytes, file.bytes.size() - 28);
    return file.bytes.substr(file.index[i].byte_offset, end - file.index[i].byte_offset);
  };
  const std::string header = file.bytes.substr(0, file.index[0].byte_offset);
  const std::string tail =
      file.bytes.substr(number_at<uint64_t>(file.bytes, file.bytes.size() - 28));
  CHECK_FALSE(read_all(header + block(0) + block(1) + block(2) + tail).error);
  CHECK(read_all(header + block(0) + block(2) + block(1) + tail).error);
  CHECK(read_all(header + block(0) + block(2) + tail).error);
  CHECK(read_all(header + block(0) + block(1) + block(1) + block(2) + tail).error);
  const std::string runs = write_flt_blocks(many_blocks(40, 3), {.filter = TraceFilter::kRuns});
  CHECK(read_all(runs.substr(0, 20) + block(0)).error);
}

}  // namespace
}  // namespace faultline::testing
