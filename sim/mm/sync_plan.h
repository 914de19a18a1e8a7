// SyncPlan: what msync(2) leaves to be done by the page cache: plain data.
//
// Units: pages of a file.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "faultline/errno.h"
#include "sim/cache/backing.h"

namespace faultline::mm {

// What msync(2) has to do: ranges to write back in this order, stopping at the first that fails,
// whose error is then the answer; otherwise `error`, or success.
struct SyncPlan {
  struct Range {
    std::shared_ptr<cache::Backing> backing;
    uint64_t first = 0;  // pgoff
    uint64_t count = 0;
  };
  std::vector<Range> ranges{};
  std::optional<Errno> error{};
};

}  // namespace faultline::mm
