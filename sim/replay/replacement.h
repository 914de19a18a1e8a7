// Replacement: one policy in memory of one size, and nothing else: no TLB, no page tables, no
// faults. It is told of page runs and counts what RunMachine counts under `replacement`, the
// same numbers, in a fraction of the time.
//
// LRU, FIFO, CLOCK and OPT have code of their own (flat_replacement.h), where a hit costs a load
// and a store or two and no call; all other policies are told of what happens by their own
// interface.
//
// Units: frames of one page. Memory: 4 to 12 bytes a page, and what the policy takes. Not
// thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "faultline/input_error.h"
#include "faultline/policy.h"
#include "faultline/result.h"
#include "faultline/stats.h"
#include "sim/replay/run_pages.h"

namespace faultline::replay {

class Replacement {
 public:
  // Of all numbers of pages; it leaves room for marks beside them.
  static constexpr uint64_t kPagesMax = uint64_t{1} << 28;

  virtual ~Replacement() = default;
  // REQUIRES: runs.pages <= kPagesMax.
  virtual void add(const NumberedRuns& runs) = 0;
  virtual ReplacementStats stats() const = 0;
  // O(pages).
  virtual void validate() const = 0;
};

struct ReplacementOptions {
  std::string policy{"lru"};  // NAME or NAME:OPTION=VALUE,…
  uint64_t frames = 1;        // REQUIRES: 1 at least
  uint64_t seed = 0;
};

// Errors: those of make_policy().
Result<std::unique_ptr<Replacement>, InputError> make_replacement(
    const ReplacementOptions& options);

// The policy by its own interface, also where there is code of its own for it.
std::unique_ptr<Replacement> make_policy_replacement(std::unique_ptr<ReplacementPolicy> policy,
                                                     uint64_t frames);

}  // namespace faultline::replay
