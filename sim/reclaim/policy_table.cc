#include "sim/reclaim/policy_table.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "sim/reclaim/policies/policies.h"

namespace faultline::reclaim {
namespace {

constexpr auto kRows = std::to_array<PolicyRow>({
    {"lru", "the page whose last reference is longest ago; sees every access", make_lru},
    {"mru", "the page whose last reference is the latest; sees every access", make_mru},
    {"fifo", "the page that came first; sees no access", make_fifo},
    {"random", "any page, as --seed has it; sees no access", make_random},
    {"clock",
     "second chance: the hand clears accessed bits until it meets a clear one; sees accessed bits; "
     "enter=0: pages enter with a clear bit (default enter=1)",
     make_clock},
    {"nbit",
     "CLOCK whose hand must find a page's bit clear `bits` times in a row; sees accessed bits; "
     "bits=1..64 (default 2)",
     make_nbit},
    {"second-chance", "FIFO, but that a used page goes to the back; sees accessed bits",
     make_second_chance},
    {"nru",
     "a page not used since the last tick, clean ones first; sees accessed bits; tick=N references "
     "(default 100000)",
     make_nru},
    {"aging",
     "8-bit counters that halve at each tick; sees accessed bits; tick=N references (default "
     "100000)",
     make_aging},
    {"lfu", "the page with the fewest references since it came; sees every access", make_lfu},
    {"2q",
     "Johnson, Shasha 1994; sees every access; kin, kout: A1in and A1out in percent of memory "
     "(default 25, 50)",
     make_two_queue},
    {"arc", "Megiddo, Modha 2003; sees every access", make_arc},
    {"lirs",
     "Jiang, Zhang 2002; sees every access; hir, ghosts: HIR pages and pages remembered in percent "
     "of memory (default 1, 200)",
     make_lirs},
    {"clockpro", "CLOCK-Pro, Jiang, Chen, Zhang 2005; sees accessed bits", make_clock_pro},
    {"s3fifo",
     "Yang, Zhang, Qiu, Yue, Rashmi 2023; sees every access; small: the small queue in percent of "
     "memory (default 10)",
     make_s3_fifo},
    {"sieve", "Zhang, Yang, Yue, Vigfusson, Rashmi 2024; sees accessed bits", make_sieve},
    {"ws",
     "working set, Denning 1968: gives up what was not used for `window` references, looking every "
     "`tick`; sees accessed bits; window, tick (default 1000000, 100000)",
     make_working_set},
    {"wsclock", "Carr, Hennessy 1981; sees accessed bits; window=N references (default 1000000)",
     make_ws_clock},
    {"pff",
     "page-fault frequency, Chu, Opderbeck 1976: gives up what was not used where faults are "
     "farther apart than `threshold` references; sees accessed bits; threshold=N (default 10000)",
     make_pff},
    {"linux", "Linux's active and inactive lists with refault distances; sees accessed bits",
     make_linux},
    {"opt", "Belady's optimum: the page whose next use is farthest away; sees the future",
     make_opt},
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
    const auto is_there = [key = item.substr(0, equals)](const PolicyOption& option) {
      return option.key == key;
    };
    if (std::ranges::any_of(options, is_there))
      return error("policy option '" + std::string(item) + "' is there twice");
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
