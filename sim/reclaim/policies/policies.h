// The factories of the replacement policies, one a .cc of this folder; policy_table.cc lists them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "sim/reclaim/policy_table.h"

namespace faultline::reclaim {

MadePolicy make_lru(const PolicyRequest& request);
MadePolicy make_fifo(const PolicyRequest& request);
MadePolicy make_clock(const PolicyRequest& request);

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

inline MadePolicy made(std::unique_ptr<ReplacementPolicy> policy) { return policy; }

// `percent` of `frames`, rounded down; one at least.
constexpr uint64_t share_of(uint64_t frames, uint64_t percent) {
  const uint64_t share = frames / 100 * percent + frames % 100 * percent / 100;
  return share == 0 ? 1 : share;
}

}  // namespace faultline::reclaim
