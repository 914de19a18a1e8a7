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
