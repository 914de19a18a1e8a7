// ChampSim's instruction traces: where the fields of a record lie, for who reads and who writes
// them. See docs/formats/champsim.md.
//
// Source: ChampSim inc/trace_instruction.h, input_instr.
#pragma once

#include <cstddef>
#include <cstdint>

namespace faultline::trace::champsim {

inline constexpr std::size_t kIp = 0;
inline constexpr std::size_t kIsBranch = 8;
inline constexpr std::size_t kBranchTaken = 9;
inline constexpr std::size_t kStores = 16;
inline constexpr std::size_t kStoreCount = 2;
inline constexpr std::size_t kLoads = 32;
inline constexpr std::size_t kLoadCount = 4;
inline constexpr std::size_t kRecordBytes = 64;

// In either half of an address space of 57 bits.
constexpr bool canonical(std::uint64_t address) {
  const std::uint64_t top = address >> 56;
  return top == 0 || top == 0xff;
}

}  // namespace faultline::trace::champsim
