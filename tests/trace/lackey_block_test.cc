#include "sim/trace/formats/lackey_block.h"

#include <doctest/doctest.h>

#include <iterator>
#include <string>
#include <vector>

#include "sim/base/prng.h"
#include "sim/trace/formats/lackey_line.h"
#include "tests/trace/trace_support.h"

namespace faultline::trace {
namespace {

using testing::random_lackey;
using testing::to_text;

struct Answer {
  std::string accesses;
  std::size_t lines = 0;
  std::string error;
};

Answer ask(BlockParser parser, const std::string& lines) {
  std::vector<Access> out(lines.size() / kLackeyRecordBytesMin + 1);
  // What is behind the lines must not matter: digits and commas are the worst.
  const std::string text =
      lines + std::string(kBlockPadding / 2, '1') + std::string(kBlockPadding / 2, ',');
  const ParsedBlock block = parser(std::string_view(text).substr(0, lines.size()), out.data());
  out.resize(block.accesses);
  Answer answer{to_text(out), block.lines, ""};
  if (block.error) {
    answer.error = std::to_string(block.error->column) + ": " + std::string(block.error->message);
  }
  return answer;
}

void check_same(const std::string& lines) {
  const Answer expected = ask(parse_lackey_portable, lines);
  const Answer got = ask(parse_lackey_avx2, lines);
  // doctest is slow: only a difference is worth its text.
  if (got.accesses == expected.accesses && got.lines == expected.lines &&
      got.error == expected.error) {
    return;
  }
  CAPTURE(lines);
  CHECK(got.accesses == expected.accesses);
  CHECK(got.lines == expected.lines);
  CHECK(got.error == expected.error);
}

TEST_CASE("Lackey's blocks: the portable parser gives back what was written") {
  const std::string lines = random_lackey(1, 100'000);
  const Answer answer = ask(parse_lackey_portable, lines);
  CHECK(answer.accesses == lines);
  CHECK(answer.error.empty());
}

TEST_CASE("Lackey's blocks: the fast parser gives back what was written, at every block size") {
  if (!has_lackey_avx2()) return;
  const std::string lines = random_lackey(2, 60'000);
  for (std::size_t size = 0; size < lines.size(); size += 1 + size / 16) {
    const std::size_t end = lines.rfind('\n', size) + 1;
    const std::string part = lines.substr(0, end);
    const Answer answer = ask(parse_lackey_avx2, part);
    CHECK(answer.accesses == part);
    CHECK(answer.error.empty());
  }
}

TEST_CASE("Lackey's blocks: fast and strict agree on every line of one changed byte") {
  if (!has_lackey_avx2()) return;
  const std::string lines[] = {"I  0401ab70,3\n", " S 1fff000708,16\n", " M 0,1\n",
                               " L 123456789abcde,12\n", "I  fffffffffffff,9\n"};
  for (const std::string& line : lines) {
    for (std::size_t at = 0; at + 1 < line.size(); ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string changed = line;
        changed[at] = static_cast<char>(byte);
        check_same(changed);
        check_same("I  04000000,4\n" + changed + "I  04000004,4\n");
      }
    }
  }
}

TEST_CASE("Lackey's blocks: fast and strict agree on every count of digits") {
  if (!has_lackey_avx2()) return;
  for (const char* kind : {"I  ", " L ", " S ", " M ", "", " ", "I "}) {
    for (std::size_t address = 0; address <= 24; ++address) {
      for (std::size_t size = 0; size <= 6; ++size) {
        for (const char digit : {'0', '1', '9', 'a', 'F'}) {
          for (const char size_digit : {'0', '1', '9', 'a'}) {
            const std::string field = std::string(kind) + std::string(address, digit);
            check_same(field + "," + std::string(size, size_digit) + "\n");
            check_same(field + std::string(size, size_digit) + "\n");
          }
        }
      }
    }
  }
}

// One line with up to three bytes changed, put in or taken out; mostly by bytes that mean
// something.
std::string mutate(std::string line, base::Prng& prng) {
  constexpr std::string_view kBytes = "ILSM  ,,0123456789abcdefAFx\r\n=-\t:/@`gG";
  for (std::uint64_t changes = 1 + prng.below(3); changes-- > 0;) {
    const char byte =
        prng.below(8) == 0 ? static_cast<char>(prng.below(256)) : kBytes[prng.below(kBytes.size())];
    const std::size_t at = prng.below(line.size());
    switch (prng.below(3)) {
      case 0:
        line[at] = byte;
        break;
      case 1:
        line.insert(at, 1, byte);
        break;
      default:
        if (line.size() > 1) line.erase(at, 1);
    }
  }
  if (!line.ends_with('\n')) line += '\n';
  return line;
}

TEST_CASE("Lackey's blocks: fast and strict agree on 400,000 mutated lines") {
  if (!has_lackey_avx2()) return;
  base::Prng prng(3);
  const std::string lines = random_lackey(4, 1'600'000);
  std::size_t start = 0;
  for (int i = 0; i < 400'000; ++i) {
    std::size_t end = lines.find('\n', start) + 1;
    if (end == 0) {
      start = 0;
      end = lines.find('\n') + 1;
    }
    check_same(mutate(lines.substr(start, end - start), prng));
    start = end;
  }
}

TEST_CASE("Lackey's blocks: fast and strict agree on long blocks with a few strange lines") {
  if (!has_lackey_avx2()) return;
  constexpr const char* kStrange[] = {"\n",
                                      "==1== message\n",
                                      "\r\n",
                                      "I  04000000,512\n",
                                      "I  04000000,3\r\n",
                                      "I 04000000,3\n",
                                      " L 10,4 \n",
                                      " L FFFFFFFFFFFFFFFF,8\n"};
  base::Prng prng(5);
  for (int i = 0; i < 300; ++i) {
    std::string lines = random_lackey(prng.next(), prng.below(40'000));
    for (std::uint64_t strange = prng.below(30); strange-- > 0;) {
      const std::size_t at = lines.find('\n', prng.below(lines.size() + 1));
      if (at != std::string::npos) lines.insert(at + 1, kStrange[prng.below(std::size(kStrange))]);
    }
    if (i % 3 == 0 && !lines.empty()) lines[prng.below(lines.size() - 1)] = '?';
    check_same(lines);
  }
}

}  // namespace
}  // namespace faultline::trace
