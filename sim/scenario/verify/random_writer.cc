#include "sim/scenario/verify/random_writer.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

namespace faultline::verify {
namespace {

// Where a page table of the second level ends, so that mappings there have all tables to make.
constexpr uint64_t k512Gib = uint64_t{512} << 30;
// The page before what is no address.
constexpr uint64_t kLastOfUser = 0x7ffffffff000;

// Names that stand twice come twice as often.
constexpr auto kProts = std::to_array<std::string_view>(
    {"PROT_READ|PROT_WRITE", "PROT_READ|PROT_WRITE", "PROT_READ|PROT_WRITE", "PROT_READ",
     "PROT_READ", "PROT_NONE", "PROT_READ|PROT_WRITE|PROT_EXEC", "PROT_READ|PROT_EXEC",
     "PROT_WRITE"});
constexpr auto kAnonFlags = std::to_array<std::string_view>(
    {"MAP_PRIVATE", "MAP_PRIVATE", "MAP_PRIVATE", "MAP_PRIVATE", "MAP_PRIVATE|MAP_NORESERVE",
     "MAP_PRIVATE|MAP_POPULATE", "MAP_PRIVATE|MAP_STACK", "MAP_PRIVATE|MAP_32BIT", "MAP_SHARED",
     "MAP_SHARED", "MAP_SHARED|MAP_POPULATE", "MAP_SHARED|MAP_NORESERVE"});
constexpr auto kFileFlags = std::to_array<std::string_view>(
    {"MAP_SHARED", "MAP_SHARED", "MAP_PRIVATE", "MAP_PRIVATE", "MAP_SHARED|MAP_POPULATE",
     "MAP_PRIVATE|MAP_POPULATE", "MAP_SHARED_VALIDATE"});
constexpr auto kPlaces = std::to_array<std::string_view>(
    {"|MAP_FIXED", "|MAP_FIXED", "|MAP_FIXED", "", "|MAP_FIXED_NOREPLACE"});
constexpr auto kSyncs =
    std::to_array<std::string_view>({"MS_SYNC", "MS_SYNC", "MS_ASYNC", "0", "MS_INVALIDATE"});
constexpr auto kAdvices = std::to_array<std::string_view>(
    {"MADV_DONTNEED", "MADV_DONTNEED", "MADV_DONTNEED", "MADV_FREE", "MADV_REMOVE", "MADV_WILLNEED",
     "MADV_COLD", "MADV_PAGEOUT", "MADV_POPULATE_READ", "MADV_POPULATE_WRITE",
     "MADV_DONTNEED_LOCKED", "MADV_GUARD_INSTALL", "MADV_GUARD_REMOVE", "MADV_COLLAPSE"});
constexpr auto kFlagAdvices = std::to_array<std::string_view>(
    {"MADV_NORMAL", "MADV_RANDOM", "MADV_SEQUENTIAL", "MADV_DONTFORK", "MADV_DOFORK",
     "MADV_WIPEONFORK", "MADV_KEEPONFORK", "MADV_DONTDUMP", "MADV_DODUMP", "MADV_HUGEPAGE",
     "MADV_NOHUGEPAGE"});
constexpr auto kRemapFlags = std::to_array<std::string_view>(
    {"MREMAP_MAYMOVE", "MREMAP_MAYMOVE", "0", "MREMAP_MAYMOVE|MREMAP_FIXED",
     "MREMAP_MAYMOVE|MREMAP_FIXED", "MREMAP_MAYMOVE|MREMAP_DONTUNMAP",
     "MREMAP_MAYMOVE|MREMAP_FIXED|MREMAP_DONTUNMAP"});
constexpr auto kLockCalls = std::to_array<std::string_view>({"mlock", "mlock", "munlock"});

uint64_t seed_of(ScenarioSeed seed) {
  // Neighbouring indices must not give neighbouring generators. Knuth's multiplier.
  return (seed.seed ^ 0x9e3779b97f4a7c15) + seed.index * 6364136223846793005;
}

}  // namespace

RandomWriter::RandomWriter(ScenarioSeed seed, FileHome home) : home_(home), prng_(seed_of(seed)) {
  open_files();
}

void RandomWriter::line(const std::string& text) { lines_.push_back(by(speaker(), text)); }

uint64_t RandomWriter::address() {
  if (one_in(40)) return k512Gib + prng_.below(16) * kPage - 8 * kPage;
  return near_address();
}

// Most hit a few pages on both sides of the end of a window.
uint64_t RandomWriter::near_address() {
  switch (prng_.below(12)) {
    case 0:
      return 0x600000 + prng_.below(8) * kPage;
    case 1:
      return 0x7ffff7fef000 + prng_.below(16) * kPage;
    case 2:
      return 0x10200000 + prng_.below(0x110) * kPage;
    case 3:
    case 4:
    case 5:
      return kHome + prng_.below(kHomePages) * kPage;
    default:
      return kHome + (4 + prng_.below(12)) * kPage;
  }
}

uint64_t RandomWriter::length_bytes() {
  const uint64_t pages_max = one_in(12) ? kHomePages : one_in(3) ? 16 : 4;
  return (1 + prng_.below(pages_max)) * kPage;
}

std::string RandomWriter::range() {
  const uint64_t start = address();
  return fmt::format("{:#x}, {:#x}", start, length_bytes());
}

// The range is drawn last. (Two draws in one argument list would come in an order that is the
// compiler's choice.)
void RandomWriter::line_on_range(std::string_view call, const std::string& what) {
  line(fmt::format("{}({}, {})", call, range(), what));
}

void RandomWriter::write(Kind kind) {
  switch (kind) {
    case Kind::kMapAnon:
      return write_map_anon();
    case Kind::kMapFile:
      return files_.empty() ? write_map_anon() : write_map_file();
    case Kind::kUnmap:
      return line(fmt::format("munmap({})", range()));
    case Kind::kProtect:
      return line_on_range("mprotect", std::string(pick(kProts)));
    case Kind::kRemap:
      return write_remap();
    case Kind::kBrk:
      return write_brk();
    case Kind::kSync:
      return line_on_range("msync", std::string(pick(kSyncs)));
    case Kind::kSeal:
      return one_in(8) ? line(fmt::format("mseal({}, 0)", range())) : write_map_anon();
    case Kind::kLoad:
    case Kind::kStore:
      return write_access(kind == Kind::kLoad ? "load" : "store");
    case Kind::kFetch:
    case Kind::kOneAccess:
      return kind == Kind::kFetch ? write_fetch() : write_one_access();
    case Kind::kMaps:
    case Kind::kSmaps:
    case Kind::kPagemap:
    case Kind::kMincore:
      return write_question(kind);
    case Kind::kLock:
    case Kind::kUnlock:
    case Kind::kLockAll:
      return write_lock();
    case Kind::kAdvise:
      return line_on_range("madvise", pick(kAdvices));
    case Kind::kAdviseFlags:
      return line_on_range("madvise", std::string(pick(kFlagAdvices)));
    case Kind::kRead:
    case Kind::kWrite:
      return write_transfer(kind);
    case Kind::kTruncate:
    case Kind::kAllocate:
    case Kind::kFileSync:
    case Kind::kFileAdvice:
    case Kind::kSeek:
    case Kind::kDescriptor:
    case Kind::kPath:
      return files_.empty() ? write_map_anon() : write_file_call(kind);
    case Kind::kBadCall:
      return write_bad_call();
    case Kind::kGrowDown:
      return write_grow_down();
    case Kind::kLimit:
    case Kind::kAttribute:
      return kind == Kind::kLimit ? write_limit() : write_attribute();
    case Kind::kFork:
    case Kind::kExit:
      return kind == Kind::kFork ? write_fork() : write_exit();
  }
}

void RandomWriter::write_question(Kind kind) {
  if (kind == Kind::kMaps) return line(one_in(3) ? "status()" : "maps()");
  if (kind == Kind::kSmaps) return line("smaps()");
  line(kind == Kind::kPagemap ? fmt::format("pagemap({})", range())
                              : fmt::format("mincore({}, _)", range()));
}

void RandomWriter::write_map_anon() {
  const std::string prot = pick(kProts);
  const std::string flags = pick(kAnonFlags);
  const std::string place = pick(kPlaces);
  const bool anywhere = place.empty() && one_in(2);
  const uint64_t size = one_in(40) ? 0x200000 : length_bytes();
  line(fmt::format("mmap({:#x}, {:#x}, {}, {}|MAP_ANONYMOUS{}, -1, 0)", anywhere ? 0 : address(),
                   size, prot, flags, place));
}

// Most map the page of the file that lies at their place in its row, so that neighbours merge.
void RandomWriter::write_map_file() {
  const std::string prot = pick(kProts);
  const std::string flags = pick(kFileFlags);
  const std::string place = pick(kPlaces);
  const uint64_t where = place.empty() && one_in(2) ? 0 : address();
  const uint64_t offset =
      one_in(3) ? prng_.below(8) * kPage : (where - kHome) % (file_pages() * kPage);
  const uint64_t size = length_bytes();
  line(fmt::format("mmap({:#x}, {:#x}, {}, {}{}, {}, {:#x})", where, size, prot, flags, place,
                   file(), offset));
}

void RandomWriter::write_remap() {
  if (one_in(10)) {
    const std::string where = range();
    const std::string_view flags = one_in(3) ? "MAP_NONBLOCK" : "0";
    return line(
        fmt::format("remap_file_pages({}, 0, {}, {})", where, prng_.below(file_pages()), flags));
  }
  const std::string flags = pick(kRemapFlags);
  const uint64_t from = address();
  const uint64_t old_size = one_in(20) ? 0 : length_bytes();
  const uint64_t new_size = one_in(3) ? old_size : length_bytes();
  // Not far away, where mremap makes upper tables because the worker has some down here.
  const uint64_t to = near_address();
  line(fmt::format("mremap({:#x}, {:#x}, {:#x}, {}, {:#x})", from, old_size, new_size, flags, to));
}

void RandomWriter::write_brk() {
  line(fmt::format("brk({:#x})", 0x600000 + prng_.below(24) * kPage / 2));
}

// A few bytes, up to two pages or up to many, not always from a page's start.
void RandomWriter::write_access(std::string_view call) {
  const uint64_t page = address();
  const uint64_t start = page + (one_in(3) ? prng_.below(kPage) : 0);
  const uint64_t size_max = one_in(10) ? 24 * kPage : one_in(3) ? 2 * kPage : 8;
  const uint64_t size = 1 + prng_.below(size_max);
  const std::string byte = call == "store" ? fmt::format(", {}", prng_.below(256)) : "";
  line(fmt::format("{}({:#x}, {}{})", call, start, size, byte));
}

void RandomWriter::write_one_access() {
  const uint64_t size = uint64_t{1} << prng_.below(4);
  const uint64_t near_end = one_in(3) ? kPage - prng_.below(8) : prng_.below(kPage - 8);
  const uint64_t at = (one_in(60) ? kLastOfUser : address()) + near_end;
  switch (prng_.below(3)) {
    case 0:
      return line(fmt::format("peek({:#x}, {})", at, size));
    case 1:
      return line(fmt::format("poke({:#x}, {}, {})", at, size, prng_.below(1000)));
    default:
      return line(fmt::format("xadd({:#x}, {}, {})", at, size, prng_.below(10)));
  }
}

// In memory of its own, above what grows down, that holds the return instruction alone, as the host
// really executes it.
void RandomWriter::write_fetch() {
  const uint64_t page = 0x10700000 + prng_.below(4) * kPage;
  const uint64_t pid = speaker();
  lines_.push_back(by(pid, fmt::format("mmap({:#x}, {}, PROT_READ|PROT_WRITE|PROT_EXEC, "
                                       "MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0)",
                                       page, kPage)));
  lines_.push_back(by(pid, fmt::format("store({:#x}, {}, 0xc3)", page, kPage)));
  lines_.push_back(by(pid, fmt::format("mprotect({:#x}, {}, {})", page, kPage, pick(kProts))));
  lines_.push_back(by(pid, fmt::format("fetch({:#x}, {})", page, 1 + prng_.below(4))));
}

void RandomWriter::write_lock() {
  switch (prng_.below(16)) {
    case 0:
      return line("munlockall()");
    case 1:
      return line(fmt::format("mlockall({})", prng_.below(8)));
    case 2:
    case 3:
      return line(fmt::format("mlock2({}, MLOCK_ONFAULT)", range()));
    case 4:
      return line(fmt::format("setrlimit(RLIMIT_MEMLOCK, {})", prng_.below(48) * kPage + 1));
    case 5:
    case 6:
      return write_map_locked();
    default: {
      const std::string where = range();
      return line(fmt::format("{}({})", pick(kLockCalls), where));
    }
  }
}

void RandomWriter::write_grow_down() {
  constexpr uint64_t kGuardPages = 256;
  if (one_in(3)) {
    const std::string prot = pick(kProts);
    const uint64_t size = length_bytes();
    return line(fmt::format(
        "mmap({:#x}, {:#x}, {}, MAP_PRIVATE|MAP_ANONYMOUS|MAP_GROWSDOWN|MAP_FIXED, -1, 0)",
        0x10500000 + prng_.below(4) * kPage, size, prot));
  }
  const uint64_t below = prng_.below(one_in(3) ? 2 * kGuardPages : 8) * kPage;
  const uint64_t top = one_in(2) ? 0x7ffffffde000 : 0x10500000;
  line(fmt::format("store({:#x}, 1, 7)", top - below));
}

// Locked from the start, or what cannot be locked.
void RandomWriter::write_map_locked() {
  const std::string where = range();
  const std::string prot = pick(kProts);
  line(fmt::format("mmap({}, {}, {}|MAP_ANONYMOUS|MAP_FIXED, -1, 0)", where, prot,
                   one_in(2) ? "MAP_PRIVATE|MAP_LOCKED" : "MAP_DROPPABLE"));
}

// What a process sets about itself, mostly for a while: PR_SET_MDWE cannot be undone.
void RandomWriter::write_attribute() {
  if (one_in(6)) return line("prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0)");
  line(one_in(3) ? "personality(ADDR_NO_RANDOMIZE|READ_IMPLIES_EXEC)"
                 : "personality(ADDR_NO_RANDOMIZE)");
}

void RandomWriter::write_limit() {
  static constexpr auto kLimits = std::to_array<std::string_view>(
      {"RLIMIT_AS, 1M", "RLIMIT_AS, RLIM_INFINITY", "RLIMIT_DATA, 256K",
       "RLIMIT_DATA, RLIM_INFINITY", "RLIMIT_STACK, 256K", "RLIMIT_STACK, 8M",
       "RLIMIT_MEMLOCK, 64K", "RLIMIT_MEMLOCK, 8M", "RLIMIT_MEMLOCK, 0", "RLIMIT_NOFILE, 6",
       "RLIMIT_NOFILE, 1K"});
  line(fmt::format("setrlimit({})", pick(kLimits)));
}

}  // namespace faultline::verify
