// Tracee: a process of the running kernel whose address space is what docs/scenario.md says a
// scenario starts in, and which does one system call or one row of accesses at a time for us.
//
// Its program is two pages of an ELF file written here, started by ptrace(2) with
// ADDR_NO_RANDOMIZE, without transparent huge pages, as uid 65534, with [vdso] and [vvar] unmapped.
// It is stopped except while it does what it is told; its signals are taken from it.
//
// Units: addresses are the tracee's. Threads: one, as ptrace demands.
#pragma once

#include <sys/types.h>
#include <sys/user.h>

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "faultline/siginfo.h"

namespace faultline::probes {

// What the tracee can be told to do; each is a piece of machine code.
enum class Routine : uint8_t { kSystemCall, kLoad, kStore, kFetch, kXadd1, kXadd2, kXadd4, kXadd8 };

struct Outcome {
  user_regs_struct registers{};
  std::optional<SigInfo> signal{};
};

class Tracee {
 public:
  // Memory of the tracee for what passes through it; touched, so that it never faults.
  static constexpr uint64_t kScratch = 0x5e0000;
  static constexpr uint64_t kScratchBytes = 0x20000;
  static constexpr uint64_t kText = 0x400000;

  Tracee();
  ~Tracee();
  Tracee(const Tracee&) = delete;
  Tracee& operator=(const Tracee&) = delete;

  pid_t pid() const { return pid_; }
  bool alive() const { return alive_; }
  // The raw result: -errno on failure.
  int64_t system_call(long number, std::array<uint64_t, 6> arguments);
  // Runs `routine` with rdi, rsi, rdx.
  Outcome run(Routine routine, uint64_t rdi, uint64_t rsi, uint64_t rdx);
  // Copies bytes from and to the tracee, as a debugger does.
  void read_memory(uint64_t address, std::span<std::byte> out) const;
  void write_memory(uint64_t address, std::span<const std::byte> bytes) const;

 private:
  void unmap_vdso();

  pid_t pid_ = 0;
  bool alive_ = true;
  user_regs_struct start_{};
};

}  // namespace faultline::probes
