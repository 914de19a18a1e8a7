#include "sim/hw/paging_description.h"

#include <doctest/doctest.h>

#include <string>

#include "sim/base/prng.h"
#include "sim/hw/page_table.h"

namespace faultline::hw {
namespace {

std::string error_of(const std::string& text) {
  const auto format = parse_paging_format(text);
  return format ? "" : format.error().to_string();
}

TEST_CASE("a description: what is left out has its default") {
  const auto format = parse_paging_format(R"({"levels": [4, 5], "page_bits": 6})");
  REQUIRE(format.ok());
  CHECK(format->levels == 2);
  CHECK(format->index_bits[0] == 5);
  CHECK(format->index_bits[1] == 4);
  CHECK(format->page_size().bytes() == 64);
  CHECK(format->user_end() == VirtAddr{1 << 15});
  CHECK(format->entry_bytes == 8);
  CHECK(format->frames_max() == 0xffff'fffe);
  CHECK(format->pte.checks_execution());
}

TEST_CASE("a description: every key is taken") {
  const auto format = parse_paging_format(R"({"description": "a course's 14 bits",
      "levels": [8], "page_bits": 6, "entry_bytes": 4, "user_end": "0x3000", "frame_bits": 6,
      "no_execute": false})");
  REQUIRE(format.ok());
  CHECK(format->user_end() == VirtAddr{0x3000});
  CHECK(format->frames_max() == 63);
  CHECK_FALSE(format->pte.checks_execution());
  PageTable table(*format);
  CHECK(table.table_pages() == 16);  // 256 entries of 4 bytes, in pages of 64
  table.set({255}, Pte::make(format->pte, {3}, true, false));
  const WalkResult walk = table.walk({255}, AccessKind::kFetch);
  CHECK(walk.permitted);
  CHECK(walk.entries_read == 1);
  table.validate();
}

TEST_CASE("a description: what is wrong is named") {
  CHECK(error_of("") == "byte 0: is not JSON");
  CHECK(error_of("{\"levels\": [9,}") == "byte 14: is not JSON");
  CHECK(error_of("[1]") == "must be a JSON object");
  CHECK(error_of("{}") == "\"levels\" is missing");
  CHECK(error_of(R"({"levels": 4})") ==
        "\"levels\": must be a list of 1 to 5 numbers of bits, the root's first");
  CHECK(error_of(R"({"levels": []})").starts_with("\"levels\": must be a list"));
  CHECK(error_of(R"({"levels": [1,1,1,1,1,1]})").starts_with("\"levels\": must be a list"));
  CHECK(error_of(R"({"levels": [21]})") == "\"levels\": must be 1 to 20");
  CHECK(error_of(R"({"levels": [17, 9]})") == "\"levels\": must be 1 to 16");
  CHECK(error_of(R"({"levels": [0]})") == "\"levels\": must be 1 to 20");
  CHECK(error_of(R"({"levels": [-3]})") == "\"levels\": must be 1 to 20");
  CHECK(error_of(R"({"levels": [9.5]})") == "\"levels\": must be 1 to 20");
  CHECK(error_of(R"({"levels": [16,16,13]})") == "\"levels\": more than 44 bits together");
  CHECK(error_of(R"({"levels": [9]})") == "\"page_bits\" is missing");
  CHECK(error_of(R"({"levels": [9], "page_bits": 3})") == "\"page_bits\": must be 4 to 24");
  CHECK(error_of(R"({"levels": [9], "page_bits": "12"})") == "\"page_bits\": must be 4 to 24");
  CHECK(error_of(R"({"levels": [16,16,12], "page_bits": 20})") ==
        "\"page_bits\" and \"levels\" are more than 63 bits together");
  CHECK(error_of(R"({"levels": [9], "page_bits": 12, "user_end": 4097})") ==
        "\"user_end\": must be a multiple of the page");
  CHECK(error_of(R"({"levels": [9], "page_bits": 12, "user_end": 0})") ==
        "\"user_end\": must be 4096 to 2097152");
  CHECK(error_of(R"({"levels": [9], "page_bits": 12, "user_end": "0x1ffffffffffffffff"})") ==
        "\"user_end\": must be 4096 to 2097152");
  CHECK(error_of(R"({"levels": [9], "page_bits": 12, "entry_bytes": 16})") ==
        "\"entry_bytes\": must be 1 to 8");
  CHECK(error_of(R"({"levels": [9], "page_bits": 12, "frame_bits": 0})") ==
        "\"frame_bits\": must be 1 to 32");
  CHECK(error_of(R"({"levels": [9], "page_bits": 12, "no_execute": 1})") ==
        "\"no_execute\": must be true or false");
  CHECK(error_of(R"({"levels": [9], "page_bits": 12, "nx": true})") ==
        "\"nx\" is no key of a paging format");
  CHECK(error_of(R"({"levels": [1e999]})") == "is not JSON: a number is too large");
  CHECK(error_of(std::string(70'000, ' ')) == "is longer than 65536 bytes");
  CHECK(error_of(std::string(60'000, '[')).ends_with("is not JSON"));
}

}  // namespace
}  // namespace faultline::hw
