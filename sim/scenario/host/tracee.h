// Tracee: a process of the running kernel whose address space is what docs/scenario.md says a
// scenario starts in, and which does one system call or one row of accesses at a time for us.
//
// Its program is two pages of an ELF file written here, started by ptrace(2) with
// ADDR_NO_RANDOMIZE, without transparent huge pages, as uid 65534, with [vdso] and [vvar] unmapped.
// It may use a bounded time of the processor, and is the first to go when memory runs out.
// It is stopped except while it does what it is told; its signals are taken from it. A child that
// it forks is a Tracee too; while a vfork keeps it waiting it must be told nothing.
//
// Units: addresses are the tracee's. Threads: one, as ptrace demands.
#pragma once

#include <sys/types.h>
#include <sys/user.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "faultline/process.h"
#include "faultline/siginfo.h"

namespace faultline::host {

inline constexpr uint64_t kPageBytes = 4096;

// A signed argument, as a register has it.
constexpr uint64_t u(int64_t value) { return static_cast<uint64_t>(value); }

// What the tracee can be told to do; each is a piece of machine code.
// The sized ones stand in a row for 1, 2, 4 and 8 bytes; rdx is their value.
enum class Routine : uint8_t {
  kSystemCall,
  kLoad,
  kStore,
  kFetch,
  kXadd,
  kPeek = kXadd + 4,
  kPoke = kPeek + 4,
};
Routine sized(Routine first, uint32_t size_bytes);

struct Outcome {
  user_regs_struct registers{};
  std::optional<SigInfo> signal{};
};

// What the host lets a tracee use, so that no scenario harms the host.
struct TraceeLimits {
  uint64_t cpu_seconds = 20;
};

class Tracee {
 public:
  // The tracee's own memory: its code, and behind it a place for what passes through it; touched,
  // so that it never faults.
  static constexpr uint64_t kText = 0x400000;
  static constexpr uint64_t kScratch = kText + 4096;
  static constexpr uint64_t kScratchBytes = 0x20000;
  static constexpr uint64_t kOwnBytes = kScratchBytes + 4096;
  static constexpr uint64_t kOwnMappings = 2;
  static constexpr uint64_t kBreak = 0x600000;  // where the break starts
  static constexpr uint64_t kStackTop = 0x7ffffffff000;

  explicit Tracee(const TraceeLimits& limits);
  ~Tracee();
  Tracee(const Tracee&) = delete;
  Tracee& operator=(const Tracee&) = delete;

  pid_t pid() const { return pid_; }
  bool alive() const { return alive_; }
  // It died unasked: it used more than its limits, or the kernel had no memory for it.
  bool lost() const { return lost_; }
  // The raw result: -errno on failure.
  int64_t system_call(long number, std::array<uint64_t, 6> arguments);
  // The same for a call that makes a child. Null: it failed, and `result` says why.
  std::unique_ptr<Tracee> fork(long number, std::array<uint64_t, 6> arguments, int64_t* result);
  // Makes a system call that it does not outlive.
  void end_by(long number, std::array<uint64_t, 6> arguments);
  // Collects it after another has killed it.
  void killed();
  // Runs `routine` with rdi, rsi, rdx.
  Outcome run(Routine routine, uint64_t rdi, uint64_t rsi, uint64_t rdx);
  // ru_minflt and ru_majflt of the tracee, which does nothing for the answer; without own_faults().
  FaultCounts faults() const;
  // Those that its own pages took after forks.
  FaultCounts own_faults() const { return own_faults_; }
  // Copies bytes from and to the tracee, as a debugger does.
  void read_memory(uint64_t address, std::span<std::byte> out) const;
  void write_memory(uint64_t address, std::span<const std::byte> bytes) const;

 private:
  Tracee(pid_t pid, const user_regs_struct& start);
  void open_stat();
  FaultCounts all_faults() const;
  void unmap_vdso();
  void take_protection_keys();
  // Makes the pages that we use ourselves its own, which they are not after a fork.
  void touch_own_pages();
  user_regs_struct call_registers(long number, const std::array<uint64_t, 6>& arguments) const;
  // Lets it run from these registers until it stops; false: it is dead.
  bool resume(user_regs_struct& registers);

  pid_t pid_ = 0;
  int stat_ = -1;  // /proc/PID/stat
  bool alive_ = true;
  bool lost_ = false;
  bool in_vfork_ = false;  // runs, or waits in the kernel, since its vfork
  FaultCounts own_faults_{};
  user_regs_struct start_{};
};

}  // namespace faultline::host
