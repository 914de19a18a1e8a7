// MappingChecker: takes a recorded trace and counts the accesses that lie outside the mappings
// which its own calls make, or against their rights. A model of its own, by ranges: it knows
// nothing of the machine.
//
// Units: bytes. Threads: one.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sim/record/trace_sink.h"

namespace faultline::record::testing {

// How many there were of each AccessKind, and how many by the kernel.
struct AccessCounts {
  std::array<uint64_t, 4> by_kind{};
  uint64_t by_kernel = 0;
  uint64_t total() const { return by_kind[0] + by_kind[1] + by_kind[2] + by_kind[3]; }
  uint64_t of(AccessKind kind) const { return by_kind[size_t(kind)]; }
};

class MappingChecker : public TraceSink {
 public:
  bool take(const TraceBlock& block) override;

  const AccessCounts& counts() const { return counts_; }
  // Accesses outside; and the first of them, in words.
  uint64_t outside() const { return outside_; }
  const std::string& first_outside() const { return first_outside_; }
  const std::vector<TraceCall>& calls() const { return calls_; }
  size_t count_calls(TraceCallKind kind) const;

 private:
  // Rights as in PROT_READ, PROT_WRITE and PROT_EXEC.
  struct Range {
    uint64_t end = 0;
    uint64_t prot = 0;
    bool grows_down = false;
  };
  using Ranges = std::map<uint64_t, Range>;  // by start; disjoint
  struct ProcessRanges {
    Ranges ranges{};
    uint64_t brk = 0;
    // Of each page asked for lately: the page's address | its rights.
    std::array<uint64_t, 1024> recent{};
  };

  void check(ProcessRanges& process, TraceTask task, const Access& access);
  bool allows(ProcessRanges& process, uint64_t page, uint64_t prot);
  void make(const TraceCall& call);
  void remap(Ranges& ranges, const TraceCall& call);
  void move_brk(ProcessRanges& process, const TraceCall& call);
  static void cut(Ranges& ranges, uint64_t start, uint64_t end);
  static void split(Ranges& ranges, uint64_t at);

  std::map<uint32_t, ProcessRanges> processes_{};
  AccessCounts counts_{};
  uint64_t outside_ = 0;
  std::string first_outside_{};
  std::vector<TraceCall> calls_{};
};

}  // namespace faultline::record::testing
