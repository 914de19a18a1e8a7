#include "sim/hw/paging_description.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "sim/base/check.h"

namespace faultline::hw {
namespace {

using nlohmann::json;

constexpr std::size_t kTextBytesMax = 64 << 10;
constexpr uint64_t kIndexBitsMax = 16;      // of a level: half a megabyte of the host's memory
constexpr uint64_t kFlatIndexBitsMax = 20;  // where there is one alone, and so one table
constexpr uint64_t kNumberBitsMax = 44;     // of a page; the TLB's tags have room for 48
constexpr uint64_t kPageBitsMin = 4;
constexpr uint64_t kPageBitsMax = 24;
constexpr uint64_t kAddressBitsMax = 63;
constexpr uint64_t kEntryBytesMax = 8;
constexpr uint64_t kFrameBitsMax = 32;

InputError wrong(std::string message) { return {.message = std::move(message)}; }

struct Bounds {
  uint64_t least;
  uint64_t most;
  bool contain(uint64_t value) const { return least <= value && value <= most; }
};

InputError out_of_bounds(const std::string& key, Bounds bounds) {
  return wrong('"' + key + "\": must be " + std::to_string(bounds.least) + " to " +
               std::to_string(bounds.most));
}

// A number, or one in a string behind "0x"; nothing where it is something else.
std::optional<uint64_t> number_of(const json& value) {
  if (value.is_number_unsigned()) return value.get<uint64_t>();
  if (!value.is_string()) return std::nullopt;
  const std::string text = value.get<std::string>();
  uint64_t number = 0;
  const char* const end = text.data() + text.size();
  if (!text.starts_with("0x") || text.size() < 3) return std::nullopt;
  const auto [stop, error] = std::from_chars(text.data() + 2, end, number, 16);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return number;
}

// The number under a key, or `without` where there is none. Errors: no number; out of bounds.
Result<uint64_t, InputError> number_at(const json& document, const std::string& key, Bounds bounds,
                                       std::optional<uint64_t> without = std::nullopt) {
  const auto found = document.find(key);
  if (found == document.end()) {
    if (without) return *without;
    return wrong('"' + key + "\" is missing");
  }
  const auto number = number_of(*found);
  if (!number || !bounds.contain(*number)) return out_of_bounds(key, bounds);
  return *number;
}

Result<void, InputError> set_levels(const json& document, PagingFormat& format) {
  const auto found = document.find("levels");
  if (found == document.end()) return wrong("\"levels\" is missing");
  if (!found->is_array() || found->empty() || found->size() > kLevelsMax) {
    return wrong("\"levels\": must be a list of 1 to " + std::to_string(kLevelsMax) +
                 " numbers of bits, the root's first");
  }
  format.levels = static_cast<uint8_t>(found->size());
  const Bounds bounds{1, found->size() == 1 ? kFlatIndexBitsMax : kIndexBitsMax};
  uint64_t sum = 0;
  std::size_t level = found->size();
  for (const json& one : *found) {
    const auto bits = number_of(one);
    if (!bits || !bounds.contain(*bits)) return out_of_bounds("levels", bounds);
    format.index_bits[--level] = static_cast<uint8_t>(*bits);
    sum += *bits;
  }
  if (sum > kNumberBitsMax)
    return wrong("\"levels\": more than " + std::to_string(kNumberBitsMax) + " bits together");
  return {};
}

Result<void, InputError> set_entries(const json& document, PagingFormat& format) {
  const auto bytes = number_at(document, "entry_bytes", {1, kEntryBytesMax}, 8);
  if (!bytes) return bytes.error();
  format.entry_bytes = static_cast<uint8_t>(*bytes);
  const auto bits = number_at(document, "frame_bits", {1, kFrameBitsMax}, kFrameBitsMax);
  if (!bits) return bits.error();
  format.frames_limit = (uint64_t{1} << *bits) - 1;  // number 0 is the zero page's
  format.pte = find_paging_format("x86-64")->pte;
  const auto execute = document.find("no_execute");
  if (execute != document.end()) {
    if (!execute->is_boolean()) return wrong("\"no_execute\": must be true or false");
    if (!execute->get<bool>()) format.pte.no_execute = 0;
  }
  return {};
}

Result<void, InputError> set_addresses(const json& document, PagingFormat& format) {
  const auto page_bits = number_at(document, "page_bits", {kPageBitsMin, kPageBitsMax});
  if (!page_bits) return page_bits.error();
  format.offset_bits = static_cast<uint8_t>(*page_bits);
  const uint64_t address_bits = *page_bits + format.page_number_bits();
  if (address_bits > kAddressBitsMax)
    return wrong("\"page_bits\" and \"levels\" are more than " + std::to_string(kAddressBitsMax) +
                 " bits together");
  const uint64_t all = uint64_t{1} << address_bits;
  const auto end = number_at(document, "user_end", {format.page_size().bytes(), all}, all);
  if (!end) return end.error();
  if (!format.page_size().aligned(*end))
    return wrong("\"user_end\": must be a multiple of the page");
  format.task_size = {*end};
  return {};
}

Result<PagingFormat, InputError> format_of(const json& document) {
  if (!document.is_object()) return wrong("must be a JSON object");
  constexpr std::string_view kKeys[] = {"description", "levels",     "page_bits", "entry_bytes",
                                        "user_end",    "frame_bits", "no_execute"};
  for (const auto& [key, value] : document.items())
    if (std::ranges::find(kKeys, key) == std::end(kKeys))
      return wrong('"' + key + "\" is no key of a paging format");
  PagingFormat format{.name = "described", .description = "described by a text"};
  if (const auto set = set_levels(document, format); !set) return set.error();
  if (const auto set = set_addresses(document, format); !set) return set.error();
  if (const auto set = set_entries(document, format); !set) return set.error();
  return format;
}

}  // namespace

Result<PagingFormat, InputError> parse_paging_format(std::string_view text) {
  if (text.size() > kTextBytesMax)
    return wrong("is longer than " + std::to_string(kTextBytesMax) + " bytes");
  try {
    return format_of(json::parse(text));
  } catch (const json::parse_error& error) {
    return InputError{.message = "is not JSON", .byte_offset = error.byte - (error.byte > 0)};
  } catch (const json::exception&) {
    return wrong("is not JSON: a number is too large");
  }
}

Result<PagingFormat, InputError> make_paging_format(std::string_view name,
                                                    std::string_view description) {
  if (!description.empty()) return parse_paging_format(description);
  const PagingFormat* const format = find_paging_format(name);
  if (format == nullptr) return wrong("paging format '" + std::string(name) + "' is not known");
  return *format;
}

PagingFormat get_paging_format(std::string_view name, std::string_view description) {
  const auto format = make_paging_format(name, description);
  FL_CHECK(format.ok());
  return *format;
}

}  // namespace faultline::hw
