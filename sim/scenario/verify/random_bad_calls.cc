// Calls with arguments that are wrong in one way or several, so that the order of the errors shows.
#include <fmt/core.h>

#include <array>

#include "sim/scenario/verify/random_writer.h"

namespace faultline::verify {
namespace {

// What stands for each letter of a form below.
constexpr auto kForms = std::to_array<std::string_view>({
    "mmap(A, L, P, M, F, O)",
    "mmap(A, L, P, M, F, O)",
    "mmap(A, L, P, M, F, O)",
    "munmap(A, L)",
    "mprotect(A, L, N)",
    "mremap(A, L, L, R, A)",
    "mremap(A, L, L, R, A)",
    "msync(A, L, N)",
    "madvise(A, L, V)",
    "mincore(A, L, _)",
    "mincore(A, 4096, A)",
    "mlock(A, L)",
    "mlock2(A, L, N)",
    "munlock(A, L)",
    "mlockall(N)",
    "mseal(A, L, N)",
    "remap_file_pages(A, L, N, N, 0)",
    "remap_file_pages(A, L, 0, N, 0)",
    "pread64(F, A, L, O)",
    "pwrite64(F, A, S, O)",
    "read(F, A, L)",
    "write(F, A, S)",
    "readv(F, A, N)",
    "writev(F, A, N)",
    "dup(F)",
    "dup2(F, F)",
    "ftruncate(F, N)",
    "fallocate(F, N, O, G)",
    "lseek(F, O, N)",
    "sync_file_range(F, O, L, N)",
    "fadvise64(F, O, L, N)",
    "brk(A)",
});

constexpr auto kNumbers = std::to_array<std::string_view>(
    {"0", "1", "2", "3", "4", "5", "7", "8", "16", "4095", "4096", "4097", "0x1000003", "-1",
     "-4096", "0x7fffffffffffffff", "0x8000000000000000", "1 << 40"});
constexpr auto kAddresses = std::to_array<std::string_view>(
    {"0", "1", "0x1000", "0x2000", "0x10300000", "0x10300001", "0x10304000", "0x7fffffffe000",
     "0x7ffffffff000", "0x800000000000", "-4096", "0x10308000"});
constexpr auto kLengths =
    std::to_array<std::string_view>({"0", "1", "4096", "4096", "8192", "8193", "0x10000",
                                     "0x7ffffffff000", "0x800000000000", "-1", "-4095", "-4096"});
// Behind a low address none that would reach the worker's own memory, which begins at 4 MiB.
constexpr auto kShortLengths =
    std::to_array<std::string_view>({"0", "1", "4096", "4096", "8192", "8193", "0x10000"});
constexpr uint64_t kLowAddresses = 4;  // the first ones of kAddresses
// Lengths of which a file may take the room: the host would take it from memory.
constexpr auto kRooms = std::to_array<std::string_view>(
    {"0", "1", "4096", "4096", "8192", "8193", "0x10000", "-1", "-4095", "-4096"});
constexpr auto kOffsets = std::to_array<std::string_view>(
    {"0", "0", "4096", "1", "0x10000", "0x7ffffffffffff000", "0x7fffffffffffffff", "-4096", "-1"});
constexpr auto kMapFlags = std::to_array<std::string_view>(
    {"0",      "1",     "2",       "3",       "4",        "8",         "0x21",     "0x22",
     "0x23",   "0x28",  "0x32",    "0x31",    "0x100022", "0x100032",  "0x12",     "0x11",
     "0x122",  "0x121", "0x101",   "0x80003", "0x40022",  "0x4040022", "0x200003", "0x2022",
     "0x8022", "0x62",  "0x44022", "0x44021", "0x44031",  "0x44032"});
constexpr auto kFileNames =
    std::to_array<std::string_view>({"-1", "0", "99", "f0", "f1", "ro", "mem", "f0"});
constexpr auto kBadAdvices = std::to_array<std::string_view>(
    {"0",  "1",  "2",  "4",  "5",  "6",  "7",  "8",  "9",  "10",  "12",
     "14", "18", "20", "22", "23", "24", "25", "26", "99", "102", "103"});

}  // namespace

std::string RandomWriter::bad_number() { return pick(kNumbers); }

void RandomWriter::write_bad_call() {
  const std::string form = pick(kForms);
  const size_t arguments = form.find('(');
  std::string text = form.substr(0, arguments);
  bool low = false;
  for (const char c : form.substr(arguments)) {
    switch (c) {
      case 'A': {
        const uint64_t index = prng_.below(kAddresses.size());
        low = low || index < kLowAddresses;
        text += kAddresses[index];
        break;
      }
      case 'L':
        text += low ? pick(kShortLengths) : pick(kLengths);
        break;
      case 'G':
        text += pick(kRooms);
        break;
      case 'S':  // a length of which nothing large is written
        text += fmt::format("{}", prng_.below(3) * 4096);
        break;
      case 'O':
        text += pick(kOffsets);
        break;
      case 'P':
        text += one_in(3) ? bad_number() : "PROT_READ|PROT_WRITE";
        break;
      case 'M':
        text += pick(kMapFlags);
        break;
      case 'F':
        text += pick(kFileNames);
        break;
      case 'R':
        text += fmt::format("{}", prng_.below(one_in(4) ? 16 : 8));
        break;
      case 'V':
        text += pick(kBadAdvices);
        break;
      case 'N':
        text += bad_number();
        break;
      default:
        text += c;
    }
  }
  line(text);
}

}  // namespace faultline::verify
