#include "sim/cli/quantities.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <string_view>

namespace faultline::cli {
namespace {

TEST_CASE("sizes: K, M and G are powers of 1024, p is pages, and bytes round down to pages") {
  struct Row {
    std::string_view text;
    uint64_t pages;
  };
  const Row rows[] = {
      {"4096", 1},
      {"8191", 1},
      {"8192", 2},
      {"4K", 1},
      {"5K", 1},
      {"64K", 16},
      {"1M", 256},
      {"256M", 65'536},
      {"1G", 262'144},
      {"1p", 1},
      {"64p", 64},
      {"0000000000000000000001p", 1},
      {"4503599627370495p", 4'503'599'627'370'495},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto pages = parse_size_in_pages("--memory", row.text, 4096);
    REQUIRE(pages.ok());
    CHECK(*pages == row.pages);
  }
  CHECK(*parse_size_in_pages("--memory", "64K", 16384) == 4);
  CHECK(*parse_size_in_pages("--memory", "2p", 16384) == 2);
}

TEST_CASE("sizes: what is none is refused, and the option named") {
  constexpr std::string_view kForm =
      " is not a size: a number, with K, M, G or p (pages) behind it or not";
  for (const std::string_view text : {"", "p", "K", "x", "10x", "1k", "1KB", "1 K", " 1K", "-1p",
                                      "+1p", "0x10", "1.5M", "1e3", "18446744073709551616"}) {
    CAPTURE(text);
    const auto pages = parse_size_in_pages("--memory", text, 4096);
    REQUIRE(!pages.ok());
    CHECK(pages.error().to_string() ==
          "--memory: '" + std::string(text) + "'" + std::string(kForm));
  }
  const auto error = [](std::string_view text) {
    return parse_size_in_pages("--memory", text, 4096).error().to_string();
  };
  CHECK(error("18446744073709551615K") ==
        "--memory: '18446744073709551615K' is not a size of 64 bits");
  CHECK(error("4503599627370496p") == "--memory: '4503599627370496p' is not a size of 64 bits");
  for (const std::string_view text : {"0", "0p", "1", "4095", "3K"})
    CHECK(error(text) == "--memory: '" + std::string(text) + "' is below one page (4096 bytes)");
}

TEST_CASE("counts: decimal numbers of 64 bits and nothing else") {
  CHECK(*parse_count("--skip", "0") == 0);
  CHECK(*parse_count("--skip", "18446744073709551615") == ~uint64_t{0});
  for (const std::string_view text : {"", "-1", "+1", "1K", "0x1", " 1", "18446744073709551616"}) {
    CAPTURE(text);
    const auto count = parse_count("--skip", text);
    REQUIRE(!count.ok());
    CHECK(count.error().to_string() == "--skip: '" + std::string(text) + "' is not a count");
  }
}

TEST_CASE("TLBs: levels that are not named are as by default") {
  CHECK(*parse_tlb("--tlb", "l1d=64x4,l1i=64x8,l2=1536x12") == TlbOptions{});
  CHECK(*parse_tlb("--tlb", "l2=8x2") == TlbOptions{.l2 = {8, 2}});
  CHECK(*parse_tlb("--tlb", "l1i=1x1,l1d=16x16") == TlbOptions{.l1d = {16, 16}, .l1i = {1, 1}});
  CHECK(*parse_tlb("--tlb", "none") == TlbOptions{.enabled = false});
}

TEST_CASE("TLBs: what is none is refused, and the part that is wrong named") {
  struct Row {
    std::string_view text;
    std::string_view error;
  };
  const Row rows[] = {
      {"", "--tlb: '' is not l1d=…, l1i=… or l2=…"},
      {"None", "--tlb: 'None' is not l1d=…, l1i=… or l2=…"},
      {"l1=64x4", "--tlb: 'l1=64x4' is not l1d=…, l1i=… or l2=…"},
      {"l2=8x2,", "--tlb: '' is not l1d=…, l1i=… or l2=…"},
      {"l2", "--tlb: 'l2' is not l1d=…, l1i=… or l2=…"},
      {"l2=8", "--tlb: 'l2=8' is not of the form LEVEL=ENTRIESxWAYS"},
      {"l2=8x", "--tlb: 'l2=8x' is not of the form LEVEL=ENTRIESxWAYS"},
      {"l2=x8", "--tlb: 'l2=x8' is not of the form LEVEL=ENTRIESxWAYS"},
      {"l1d=64x4,l2=8x2x1", "--tlb: 'l2=8x2x1' is not of the form LEVEL=ENTRIESxWAYS"},
      {"l2=-8x2", "--tlb: 'l2=-8x2' is not of the form LEVEL=ENTRIESxWAYS"},
      {"l2=4294967296x1", "--tlb: 'l2=4294967296x1' is not of the form LEVEL=ENTRIESxWAYS"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto tlb = parse_tlb("--tlb", row.text);
    REQUIRE(!tlb.ok());
    CHECK(tlb.error().to_string() == row.error);
  }
}

}  // namespace
}  // namespace faultline::cli
