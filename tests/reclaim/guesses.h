// Guesses: a future for policies that must know one, where it does not matter which.
#pragma once

#include <cstdint>

#include "faultline/policy.h"

namespace faultline::testing {

// Every page comes again, soon after.
class Guesses final : public NextUses {
 public:
  uint64_t next_use(uint64_t position) override { return position + 1 + position * 7 % 13; }
};

}  // namespace faultline::testing
