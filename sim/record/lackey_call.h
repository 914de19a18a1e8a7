// LackeyCall: a system call as Valgrind's --trace-syscalls=yes writes it.
//
//   SYSCALL[2405,1](9) sys_mmap ( 0x0, 8192, 3, 34, 4294967295, 0 ) --> [pre-success]
//   Success(0x4835000) SYSCALL[2405,1](257) sys_openat ( 4294967196, 0x4835540(/etc/a), 524288 )
//   --> [async] ... SYSCALL[2405,1](257) ... [async] --> Success(0x4)
//
// Plain values. Threads: any.
// Source: Valgrind 3.19 coregrind/m_syswrap/syswrap-main.c, PRE() of syswrap-generic.c and
// syswrap-linux.c.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace faultline::record {

struct LackeyCall {
  unsigned thread = 0;  // as Valgrind numbers them, from 1
  int64_t number = 0;   // x86-64's
  // Nothing of it is known but the result: the call was begun before.
  bool continued = false;
  std::vector<uint64_t> arguments{};
  std::string path{};               // the first string among the arguments
  std::optional<int64_t> result{};  // -errno on failure; none: not known yet

  uint64_t argument(size_t index) const { return index < arguments.size() ? arguments[index] : 0; }
};

// Parses a line. None: it is not of that form, or a call that Valgrind does not know.
std::optional<LackeyCall> parse_lackey_call(std::string_view line);

// The result in the rest of a line, behind `-->`. None: there is none.
std::optional<int64_t> parse_lackey_result(std::string_view text);

}  // namespace faultline::record
