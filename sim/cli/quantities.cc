#include "sim/cli/quantities.h"

#include <fmt/core.h>

#include <charconv>
#include <limits>
#include <optional>
#include <set>

namespace faultline::cli {
namespace {

// Digits alone, no sign or space; nothing where `text` is something else or does not fit.
template <class T>
std::optional<T> number(std::string_view text) {
  T value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.starts_with('-'))
    return std::nullopt;
  return value;
}

InputError bad(std::string_view option, std::string_view text, std::string_view wanted) {
  return {.message = fmt::format("{}: '{}' is not {}", option, text, wanted)};
}

std::optional<TlbLevelOptions> parse_level(std::string_view text) {
  const size_t x = text.find('x');
  if (x == std::string_view::npos) return std::nullopt;
  const auto entries = number<uint32_t>(text.substr(0, x));
  const auto ways = number<uint32_t>(text.substr(x + 1));
  if (!entries || !ways) return std::nullopt;
  return TlbLevelOptions{.entries = *entries, .ways = *ways};
}

TlbLevelOptions* level_of(TlbOptions& tlb, std::string_view name) {
  if (name == "l1d") return &tlb.l1d;
  if (name == "l1i") return &tlb.l1i;
  if (name == "l2") return &tlb.l2;
  return nullptr;
}

// "NAME=ENTRIESxWAYS,…": sets what `level_named` has for each name, which is null for one that is
// none of those that are `wanted`.
template <class LevelNamed>
Result<void, InputError> parse_levels(std::string_view option, std::string_view text,
                                      std::string_view wanted, LevelNamed level_named) {
  std::set<const TlbLevelOptions*> there;
  bool more = true;
  for (std::string_view rest = text; more;) {
    const size_t comma = rest.find(',');
    const std::string_view item = rest.substr(0, comma);
    more = comma != std::string_view::npos;
    if (more) rest.remove_prefix(comma + 1);
    const size_t equals = item.find('=');
    TlbLevelOptions* const level = level_named(item.substr(0, equals));
    if (equals == std::string_view::npos || level == nullptr) return bad(option, item, wanted);
    const auto shape = parse_level(item.substr(equals + 1));
    if (!shape) return bad(option, item, "of the form LEVEL=ENTRIESxWAYS");
    if (!there.insert(level).second)
      return InputError{.message =
                            fmt::format("{}: {} is there twice", option, item.substr(0, equals))};
    *level = *shape;
  }
  return {};
}

}  // namespace

Result<uint64_t, InputError> parse_count(std::string_view option, std::string_view text) {
  const auto value = number<uint64_t>(text);
  if (!value) return bad(option, text, "a count");
  return *value;
}

Result<uint64_t, InputError> parse_size_in_pages(std::string_view option, std::string_view text,
                                                 uint64_t page_size_bytes) {
  std::string_view digits = text;
  uint64_t unit = 1;
  if (!digits.empty()) {
    const char suffix = digits.back();
    unit = suffix == 'K'   ? uint64_t{1} << 10
           : suffix == 'M' ? uint64_t{1} << 20
           : suffix == 'G' ? uint64_t{1} << 30
           : suffix == 'p' ? page_size_bytes
                           : 1;
    if (suffix < '0' || suffix > '9') digits.remove_suffix(1);
  }
  const bool known_suffix = digits.size() == text.size() || unit != 1;
  const auto value = number<uint64_t>(digits);
  if (!value || !known_suffix)
    return bad(option, text, "a size: a number, with K, M, G or p (pages) behind it or not");
  if (*value > std::numeric_limits<uint64_t>::max() / unit)
    return bad(option, text, "a size of 64 bits");
  const uint64_t pages = *value * unit / page_size_bytes;
  if (pages == 0)
    return InputError{.message = fmt::format("{}: '{}' is below one page ({} bytes)", option, text,
                                             page_size_bytes)};
  return pages;
}

Result<TlbOptions, InputError> parse_tlb(std::string_view option, std::string_view text) {
  TlbOptions tlb;
  if (text == "none") {
    tlb.enabled = false;
    return tlb;
  }
  const auto set = parse_levels(option, text, "l1d=…, l1i=… or l2=…",
                                [&](std::string_view name) { return level_of(tlb, name); });
  if (!set) return set.error();
  return tlb;
}

Result<WalkCacheOptions, InputError> parse_walk_cache(std::string_view option,
                                                      std::string_view text) {
  if (text == "none") return WalkCacheOptions{};
  constexpr TlbLevelOptions kUnnamed{.entries = ~0U, .ways = ~0U};
  WalkCacheOptions walk_cache;
  walk_cache.levels.fill(kUnnamed);
  const auto level = [&](std::string_view name) -> TlbLevelOptions* {
    for (size_t i = 0; i < walk_cache.levels.size(); ++i)
      if (name == kWalkCacheLevelNames[i]) return &walk_cache.levels[i];
    return nullptr;
  };
  const auto set = parse_levels(option, text, "pde=…, pdpte=…, pml4e=… or pml5e=…", level);
  if (!set) return set.error();
  for (TlbLevelOptions& one : walk_cache.levels) {
    if (one.entries == 0 || one.ways == 0)
      return bad(option, text, "of caches with an entry and a way at least");
    if (one == kUnnamed) one = {};
  }
  return walk_cache;
}

}  // namespace faultline::cli
