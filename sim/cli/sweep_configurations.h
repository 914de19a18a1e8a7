// The configurations of a sweep, from the lists on the command line.
//
// Threads: pure; any thread may use it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "faultline/input_error.h"
#include "faultline/options.h"
#include "faultline/result.h"

namespace faultline::cli {

// Lists as the user wrote them.
struct SweepLists {
  std::string memory{};  // "64p,1M,64p..1M,64p..1M/10,unlimited"; empty: unlimited
  std::string policy{"lru"};
  std::string tlb{};               // separated by ';'; empty: the default
  std::string walk_cache{"none"};  // separated by ';'
  std::string paging{"x86-64"};
};

// All combinations, the paging format changing from each to the next, then the walk cache, the TLB,
// the policy, the size of memory. Errors: an InputError that begins with the option's name.
Result<std::vector<MachineOptions>, InputError> sweep_configurations(const SweepLists& lists);

// "lru,clock:enter=0": policies, whose own options are separated as they are.
std::vector<std::string> split_policies(std::string_view text);
// Sizes as in SweepLists, in pages of `page_size`; nothing: unlimited. Errors: as above.
Result<std::vector<std::optional<uint64_t>>, InputError> parse_memories(const std::string& text,
                                                                        uint64_t page_size);

// "I/N", from 1. Errors: as above.
struct ShardOf {
  uint64_t number = 1;
  uint64_t of = 1;
};
Result<ShardOf, InputError> parse_shard_of(const std::string& text);

}  // namespace faultline::cli
