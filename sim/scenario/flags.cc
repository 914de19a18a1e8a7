#include "sim/scenario/flags.h"

#include <fmt/core.h>

#include <array>
#include <span>
#include <string_view>

#include "faultline/linux.h"

namespace faultline::scenario {
namespace {

using linux_abi::find_constant;

// Which names to print, and in what order; their values are linux_abi's. A name of several bits
// stands before the names of its parts.
constexpr std::string_view kProtNames[] = {"PROT_READ", "PROT_WRITE",     "PROT_EXEC",
                                           "PROT_SEM",  "PROT_GROWSDOWN", "PROT_GROWSUP"};
constexpr std::string_view kMapTypes[] = {"MAP_SHARED", "MAP_PRIVATE", "MAP_SHARED_VALIDATE",
                                          "MAP_DROPPABLE"};
constexpr std::string_view kMapNames[] = {
    "MAP_FIXED",      "MAP_ANONYMOUS", "MAP_32BIT",     "MAP_GROWSDOWN",      "MAP_DENYWRITE",
    "MAP_EXECUTABLE", "MAP_LOCKED",    "MAP_NORESERVE", "MAP_POPULATE",       "MAP_NONBLOCK",
    "MAP_STACK",      "MAP_HUGETLB",   "MAP_SYNC",      "MAP_FIXED_NOREPLACE"};
constexpr std::string_view kSyncNames[] = {"MS_ASYNC", "MS_INVALIDATE", "MS_SYNC"};
constexpr std::string_view kOpenModes[] = {"O_RDONLY", "O_WRONLY", "O_RDWR"};
constexpr std::string_view kOpenNames[] = {
    "O_CREAT",  "O_EXCL",      "O_TRUNC",    "O_APPEND",  "O_NONBLOCK", "O_SYNC", "O_DSYNC",
    "O_DIRECT", "O_DIRECTORY", "O_NOFOLLOW", "O_NOATIME", "O_CLOEXEC",  "O_PATH"};
constexpr std::string_view kWhences[] = {"SEEK_SET", "SEEK_CUR", "SEEK_END", "SEEK_DATA",
                                         "SEEK_HOLE"};
constexpr std::string_view kResources[] = {"RLIMIT_FSIZE",  "RLIMIT_DATA",    "RLIMIT_STACK",
                                           "RLIMIT_NOFILE", "RLIMIT_MEMLOCK", "RLIMIT_AS"};

constexpr std::string_view kRemapNames[] = {"MREMAP_MAYMOVE", "MREMAP_FIXED", "MREMAP_DONTUNMAP"};
constexpr std::string_view kAdvices[] = {
    "MADV_NORMAL",          "MADV_RANDOM",        "MADV_SEQUENTIAL",
    "MADV_WILLNEED",        "MADV_DONTNEED",      "MADV_FREE",
    "MADV_REMOVE",          "MADV_DONTFORK",      "MADV_DOFORK",
    "MADV_MERGEABLE",       "MADV_UNMERGEABLE",   "MADV_HUGEPAGE",
    "MADV_NOHUGEPAGE",      "MADV_DONTDUMP",      "MADV_DODUMP",
    "MADV_WIPEONFORK",      "MADV_KEEPONFORK",    "MADV_COLD",
    "MADV_PAGEOUT",         "MADV_POPULATE_READ", "MADV_POPULATE_WRITE",
    "MADV_DONTNEED_LOCKED", "MADV_COLLAPSE",      "MADV_HWPOISON",
    "MADV_SOFT_OFFLINE",    "MADV_GUARD_INSTALL", "MADV_GUARD_REMOVE"};
constexpr std::string_view kLockNames[] = {"MLOCK_ONFAULT"};
constexpr std::string_view kLockAllNames[] = {"MCL_CURRENT", "MCL_FUTURE", "MCL_ONFAULT"};
constexpr std::string_view kAllocateNames[] = {
    "FALLOC_FL_KEEP_SIZE",  "FALLOC_FL_PUNCH_HOLE",   "FALLOC_FL_COLLAPSE_RANGE",
    "FALLOC_FL_ZERO_RANGE", "FALLOC_FL_INSERT_RANGE", "FALLOC_FL_UNSHARE_RANGE"};
constexpr std::string_view kFileAdvices[] = {"POSIX_FADV_NORMAL",     "POSIX_FADV_RANDOM",
                                             "POSIX_FADV_SEQUENTIAL", "POSIX_FADV_WILLNEED",
                                             "POSIX_FADV_DONTNEED",   "POSIX_FADV_NOREUSE"};
constexpr std::string_view kSyncRangeNames[] = {
    "SYNC_FILE_RANGE_WAIT_BEFORE", "SYNC_FILE_RANGE_WRITE", "SYNC_FILE_RANGE_WAIT_AFTER"};
constexpr std::string_view kPrctlOptions[] = {"PR_SET_THP_DISABLE", "PR_GET_THP_DISABLE",
                                              "PR_SET_MDWE", "PR_GET_MDWE", "PR_SET_VMA"};
constexpr std::string_view kPersonaNames[] = {"ADDR_NO_RANDOMIZE", "ADDR_COMPAT_LAYOUT",
                                              "READ_IMPLIES_EXEC"};
constexpr std::string_view kCloneNames[] = {"CLONE_VM",
                                            "CLONE_FS",
                                            "CLONE_FILES",
                                            "CLONE_SIGHAND",
                                            "CLONE_PIDFD",
                                            "CLONE_PTRACE",
                                            "CLONE_VFORK",
                                            "CLONE_PARENT",
                                            "CLONE_THREAD",
                                            "CLONE_NEWNS",
                                            "CLONE_SYSVSEM",
                                            "CLONE_SETTLS",
                                            "CLONE_PARENT_SETTID",
                                            "CLONE_CHILD_CLEARTID",
                                            "CLONE_DETACHED",
                                            "CLONE_UNTRACED",
                                            "CLONE_CHILD_SETTID",
                                            "CLONE_NEWCGROUP",
                                            "CLONE_NEWUTS",
                                            "CLONE_NEWIPC",
                                            "CLONE_NEWUSER",
                                            "CLONE_NEWPID",
                                            "CLONE_NEWNET",
                                            "CLONE_IO"};
constexpr std::string_view kWaitNames[] = {"WNOHANG",     "WUNTRACED", "WCONTINUED",
                                           "__WNOTHREAD", "__WALL",    "__WCLONE"};
constexpr std::string_view kSignals[] = {"SIGKILL", "SIGTERM", "SIGCHLD"};

uint64_t value_of(std::string_view name) { return find_constant(name).value_or(0); }

void append_flag(std::string& text, std::string_view flag) {
  if (!text.empty()) text += '|';
  text += flag;
}

// Behind `text`, the names of the bits of `value`, and what is left of them.
std::string with_bits(std::string text, std::span<const std::string_view> names, uint64_t value) {
  for (const std::string_view name : names) {
    const uint64_t bits = value_of(name);
    if (bits == 0 || (value & bits) != bits) continue;
    append_flag(text, name);
    value &= ~bits;
  }
  if (value != 0) append_flag(text, fmt::format("0x{:x}", value));
  return text.empty() ? "0" : text;
}

// The one name that stands for `value`, or nothing.
std::string_view name_of(std::span<const std::string_view> names, uint64_t value) {
  for (const std::string_view name : names) {
    if (value_of(name) == value) return name;
  }
  return {};
}

std::string name_or_number(std::span<const std::string_view> names, uint64_t value) {
  const std::string_view name = name_of(names, value);
  return name.empty() ? fmt::format("{}", value) : std::string(name);
}

std::string map_flags_text(uint64_t value) {
  const uint64_t type = value & linux_abi::kMAP_TYPE;
  const std::string_view name = name_of(kMapTypes, type);
  if (name.empty()) return with_bits("", kMapNames, value);
  return with_bits(std::string(name), kMapNames, value & ~linux_abi::kMAP_TYPE);
}

std::string open_flags_text(uint64_t value) {
  const std::string_view mode = name_of(kOpenModes, value & linux_abi::kO_ACCMODE);
  if (mode.empty()) return with_bits("", kOpenNames, value);
  return with_bits(std::string(mode), kOpenNames, value & ~linux_abi::kO_ACCMODE);
}

// The lowest byte is the signal that the child's end sends.
std::string clone_flags_text(uint64_t value) {
  constexpr uint64_t kSignalBits = 0xff;
  const uint64_t signal = value & kSignalBits;
  if (signal == 0) return with_bits("", kCloneNames, value);
  const std::string flags = value == signal ? "" : with_bits("", kCloneNames, value - signal) + "|";
  return flags + name_or_number(kSignals, signal);
}

std::string signed_text(uint64_t value) { return fmt::format("{}", static_cast<int64_t>(value)); }

}  // namespace

std::string argument_text(ArgumentKind kind, uint64_t value) {
  switch (kind) {
    case ArgumentKind::kProt:
      return value == 0 ? "PROT_NONE" : with_bits("", kProtNames, value);
    case ArgumentKind::kMapFlags:
      return map_flags_text(value);
    case ArgumentKind::kSyncFlags:
      return with_bits("", kSyncNames, value);
    case ArgumentKind::kOpenFlags:
      return open_flags_text(value);
    case ArgumentKind::kMode:
      return fmt::format("{:04o}", value);
    case ArgumentKind::kWhence:
      return name_or_number(kWhences, value);
    case ArgumentKind::kRemapFlags:
      return with_bits("", kRemapNames, value);
    case ArgumentKind::kLockFlags:
      return with_bits("", kLockNames, value);
    case ArgumentKind::kLockAllFlags:
      return with_bits("", kLockAllNames, value);
    case ArgumentKind::kAllocateMode:
      return with_bits("", kAllocateNames, value);
    case ArgumentKind::kSyncRangeFlags:
      return with_bits("", kSyncRangeNames, value);
    case ArgumentKind::kPersona:
      return with_bits("", kPersonaNames, value);
    case ArgumentKind::kCloneFlags:
      return clone_flags_text(value);
    case ArgumentKind::kWaitOptions:
      return with_bits("", kWaitNames, value);
    case ArgumentKind::kSignal:
      return name_or_number(kSignals, value);
    case ArgumentKind::kAdvice:
      return name_or_number(kAdvices, value);
    case ArgumentKind::kFileAdvice:
      return name_or_number(kFileAdvices, value);
    case ArgumentKind::kPrctlOption:
      return name_or_number(kPrctlOptions, value);
    case ArgumentKind::kResource:
      return name_or_number(kResources, value);
    case ArgumentKind::kLimit:
      return value == linux_abi::kRLIM_INFINITY ? "RLIM_INFINITY" : fmt::format("{}", value);
    case ArgumentKind::kDirectory:
      return static_cast<int32_t>(value) == linux_abi::kAT_FDCWD ? "AT_FDCWD" : signed_text(value);
    case ArgumentKind::kSigned:
      return signed_text(value);
    case ArgumentKind::kCount:
    case ArgumentKind::kCountOrText:
      return fmt::format("{}", value);
    case ArgumentKind::kOffset:
      return value == 0 ? "0" : fmt::format("0x{:x}", value);
    default:
      return value == 0 ? "NULL" : fmt::format("0x{:x}", value);
  }
}

}  // namespace faultline::scenario
