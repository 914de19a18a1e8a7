// The factories of the replacement policies, one a .cc of this folder; policy_table.cc lists them.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "sim/reclaim/policy_table.h"

namespace faultline::reclaim {

MadePolicy make_lru(std::span<const PolicyOption> options);
MadePolicy make_fifo(std::span<const PolicyOption> options);
MadePolicy make_clock(std::span<const PolicyOption> options);

// The error for an option that `policy` does not have.
InputError unknown_policy_option(std::string_view policy, const PolicyOption& option);

}  // namespace faultline::reclaim
