#include "sim/reclaim/policy_table.h"

#include <array>
#include <string>
#include <vector>

#include "sim/reclaim/policies/policies.h"

namespace faultline::reclaim {
namespace {

constexpr auto kRows = std::to_array<PolicyRow>({
    {"lru", "the page whose last reference is longest ago; sees every access", make_lru},
    {"fifo", "the page that came first; sees no access", make_fifo},
    {"clock",
     "second chance: the hand clears accessed bits until it meets a clear one; sees accessed bits; "
     "enter=0: pages enter with a clear bit (default enter=1)",
     make_clock},
});

InputError error(std::string message) { return {.message = std::move(message)}; }

// "a=1,b=2", not empty.
Result<std::vector<PolicyOption>, InputError> parse_options(std::string_view text) {
  std::vector<PolicyOption> options;
  while (true) {
    const size_t comma = text.find(',');
    const std::string_view item = text.substr(0, comma);
    const size_t equals = item.find('=');
    if (equals == 0 || equals == std::string_view::npos)
      return error("policy option '" + std::string(item) + "' is not of the form key=value");
    options.push_back({item.substr(0, equals), item.substr(equals + 1)});
    if (comma == std::string_view::npos) return options;
    text.remove_prefix(comma + 1);
  }
}

InputError unknown_policy(std::string_view name) {
  std::string message = "no policy is named '" + std::string(name) + "'; there are";
  for (const PolicyRow& row : kRows) {
    message += &row == &kRows.front() ? " " : ", ";
    message += row.name;
  }
  return error(std::move(message));
}

}  // namespace

std::span<const PolicyRow> policy_rows() { return kRows; }

MadePolicy make_policy(std::string_view name, const PolicySetting& setting) {
  const size_t colon = name.find(':');
  const std::string_view base = name.substr(0, colon);
  for (const PolicyRow& row : kRows) {
    if (row.name != base) continue;
    if (colon == std::string_view::npos) return row.make({{}, setting});
    auto options = parse_options(name.substr(colon + 1));
    if (!options) return options.error();
    return row.make({*options, setting});
  }
  return unknown_policy(base);
}

}  // namespace faultline::reclaim
