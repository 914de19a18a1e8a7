// The page faults of one program in two runs: on the running kernel, as perf tells of them, and
// simulated from a recording. The recording's mappings are at other addresses; it is moved to the
// kernel's, so that faults can be compared address by address.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace faultline::differential {

// In which page, and whether by a store.
struct ProgramFault {
  uint64_t page = 0;
  bool store = false;
  friend auto operator<=>(const ProgramFault&, const ProgramFault&) = default;
};

// Where the kernel put what the program mapped.
struct NativeLayout {
  std::map<std::string, uint64_t> files;  // of the image: where each begins
  uint64_t stack_end = 0;
  std::vector<uint64_t> results;  // of each mmap, brk and mremap, in order
};

struct NativeRun {
  std::vector<ProgramFault> faults{};  // of the program itself, from its first instruction on
  uint64_t by_kernel = 0;              // of the kernel for it, which are not compared
  NativeLayout layout{};
};

// What `perf script --show-mmap-events` tells of the first process.
NativeRun read_native_run(std::string_view perf_script);

struct SimulatedRun {
  std::vector<ProgramFault> faults{};
  std::set<uint64_t> touched{};  // pages that were accessed
  std::string error{};           // empty: none
};

// Replays the first process of a recorded trace, at the addresses of `layout`, with its files in
// the page cache.
SimulatedRun simulate_run(const std::string& trace_file, const NativeLayout& layout);

}  // namespace faultline::differential
