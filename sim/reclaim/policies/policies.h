// The factories of the replacement policies, one a .cc of this folder; policy_table.cc lists them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "sim/reclaim/policy_table.h"

namespace faultline::reclaim {

MadePolicy make_aging(const PolicyRequest& request);
MadePolicy make_arc(const PolicyRequest& request);
MadePolicy make_clock(const PolicyRequest& request);
MadePolicy make_clock_pro(const PolicyRequest& request);
MadePolicy make_fifo(const PolicyRequest& request);
MadePolicy make_lfu(const PolicyRequest& request);
MadePolicy make_linux(const PolicyRequest& request);
MadePolicy make_lirs(const PolicyRequest& request);
MadePolicy make_lru(const PolicyRequest& request);
MadePolicy make_mru(const PolicyRequest& request);
MadePolicy make_nbit(const PolicyRequest& request);
MadePolicy make_nru(const PolicyRequest& request);
MadePolicy make_opt(const PolicyRequest& request);
MadePolicy make_pff(const PolicyRequest& request);
MadePolicy make_random(const PolicyRequest& request);
MadePolicy make_s3_fifo(const PolicyRequest& request);
MadePolicy make_second_chance(const PolicyRequest& request);
MadePolicy make_sieve(const PolicyRequest& request);
MadePolicy make_two_queue(const PolicyRequest& request);
MadePolicy make_working_set(const PolicyRequest& request);
MadePolicy make_ws_clock(const PolicyRequest& request);

// An option whose value is a number.
struct NumberOption {
  std::string_view name;
  uint64_t value = 0;  // the default, until read_options() has found another
  uint64_t min = 0;
  uint64_t max = 0;
};

// Puts what `given` says into `known`.
// Errors: an option that is not known; a value that is no number, or not from min to max.
std::optional<InputError> read_options(std::string_view policy, std::span<const PolicyOption> given,
                                       std::span<NumberOption> known);

// Times, in references.
inline constexpr uint64_t kTimeMax = uint64_t{1} << 48;
constexpr NumberOption tick_option() {
  return {.name = "tick", .value = 100'000, .min = 1, .max = kTimeMax};
}
constexpr NumberOption window_option() {
  return {.name = "window", .value = 1'000'000, .min = 1, .max = kTimeMax};
}

inline MadePolicy made(std::unique_ptr<ReplacementPolicy> policy) { return policy; }

// `percent` of `frames`, rounded down; one at least.
constexpr uint64_t share_of(uint64_t frames, uint64_t percent) {
  const uint64_t share = frames / 100 * percent + frames % 100 * percent / 100;
  return share == 0 ? 1 : share;
}

}  // namespace faultline::reclaim
