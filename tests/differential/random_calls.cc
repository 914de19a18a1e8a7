// Writes cases of random memory calls for probes/calls.c: random_calls SEED CASES CALLS [remap].
// With `remap`, every second call is mremap, mseal, remap_file_pages, a limit, or the
// counters.
//
// Addresses are few, so that mappings meet: two windows of 16 pages, the heap, the stack's end.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "sim/base/prng.h"

namespace {

constexpr uint64_t kPage = 4096;

class Writer {
 public:
  explicit Writer(uint64_t seed) : prng_(seed) {}

  void write_remap_call() {
    switch (prng_.below(16)) {
      case 0:
        return write_remap_file_pages();
      case 1:
        return write_limit();
      case 2:
        if (pick(8) == 0) return write_range("mseal", " 0");
        std::printf("counters\n");
        return;
      default:
        return write_remap();
    }
  }

  void write_call() {
    switch (prng_.below(19)) {
      case 0:
      case 1:
      case 2:
      case 3:
        return write_map();
      case 4:
      case 5:
        return write_range("munmap", "");
      case 6:
      case 7:
      case 8:
        return write_range("mprotect", prng_.below(20) == 0 ? " 0x1000003" : kProts[pick(10)]);
      case 9:
        std::printf("brk 0x%llx\n", 0x600000ull + prng_.below(12) * 0x800);
        return;
      case 10:
        return write_range("msync", kSyncs[prng_.below(4)]);
      case 11:
        std::printf("maps\n");
        return;
      case 12:
        return write_range("mlock", "");
      case 13:
        return write_lock();
      case 14:
        return write_range("munlock", "");
      default:
        std::printf("%s 0x%llx\n", prng_.below(3) == 0 ? "load" : "store", address());
    }
  }

 private:
  static constexpr const char* kProts[] = {" 3", " 3", " 3", " 1", " 1",
                                           " 0", " 7", " 5", " 2", " 3"};
  static constexpr const char* kSyncs[] = {" 4", " 1", " 0", " 2"};
  static constexpr unsigned kFlags[] = {0x32,     0x32,  0x32,    0x32,   0x22, 0x22,    0x31, 0x21,
                                        0x4032,   0x132, 0x20032, 0x2032, 0x12, 0x11,    0x11, 0x12,
                                        0x100022, 0x2,   0x8032,  0x122,  0x62, 0x100012};
  static constexpr const char* kFiles[] = {"disk", "disk", "disk2", "ro", "memfd"};

  uint64_t pick(uint64_t count) { return prng_.below(count); }

  unsigned long long address() {
    switch (prng_.below(12)) {
      case 0:
        return 0x600000 + prng_.below(8) * kPage;
      case 1:
        return 0x7ffffffd8000 + prng_.below(12) * kPage;
      case 2:
        return 0x7ffff7fef000 + prng_.below(16) * kPage;
      case 3:
        return 0x10200000 + prng_.below(0x110) * kPage;
      default:
        return 0x10300000 + prng_.below(16) * kPage;
    }
  }
  unsigned long long length() { return (1 + prng_.below(prng_.below(3) == 0 ? 16 : 4)) * kPage; }

  void write_range(const char* verb, const char* last) {
    std::printf("%s 0x%llx 0x%llx%s\n", verb, address(), length(), last);
  }

  // Tight for a while, mostly wide.
  void write_limit() {
    static constexpr const char* kWide[] = {"as -1", "data -1", "memlock 8M"};
    static constexpr const char* kTight[] = {"as +", "data +", "memlock 0x"};
    const uint64_t which = pick(3);
    if (pick(2) == 0) {
      std::printf("rlimit %s\n", kWide[which]);
    } else {
      std::printf("rlimit %s%llu%s\n", kTight[which], (unsigned long long)pick(10),
                  which == 2 ? "000" : "");
    }
  }

  void write_remap_file_pages() {
    std::string last = " 0 " + std::to_string(pick(12));
    last += pick(6) == 0 ? " 0x10000" : " 0";
    write_range("remap_file_pages", last.c_str());
  }

  void write_remap() {
    static constexpr unsigned kMoves[] = {0, 1, 1, 1, 1, 3, 3, 3, 3, 3, 5, 5, 7, 7, 2, 4, 8};
    const unsigned long long from = address();
    const unsigned long long old_length = pick(16) == 0 ? 0 : length();
    const unsigned long long new_length = pick(16) == 0  ? 0x200000
                                          : pick(2) == 0 ? old_length
                                                         : length();
    const unsigned flags = kMoves[pick(sizeof kMoves / sizeof *kMoves)];
    // At 0 the probe itself would be unmapped by a large one.
    const unsigned long long to = pick(24) == 0 && new_length < 0x100000 ? 0 : address();
    std::printf("mremap 0x%llx 0x%llx 0x%llx %u 0x%llx\n", from, old_length, new_length, flags, to);
  }

  void write_lock() {
    switch (prng_.below(8)) {
      case 0:
        std::printf("mlockall %llu\n", static_cast<unsigned long long>(pick(9)));
        return;
      case 1:
        std::printf("munlockall\n");
        return;
      case 2:
        std::printf("rlimit memlock %llu\n", static_cast<unsigned long long>(pick(40)) * kPage);
        return;
      case 3:
        std::printf("locked\n");
        return;
      default:
        return write_range("mlock2", prng_.below(8) == 0 ? " 2" : " 1");
    }
  }

  void write_map() {
    const unsigned flags = kFlags[prng_.below(sizeof kFlags / sizeof *kFlags)];
    const bool anonymous = (flags & 0x20) != 0;
    const unsigned long long where = (flags & 0x10) != 0 || prng_.below(2) == 0 ? address() : 0;
    const unsigned long long size = anonymous && prng_.below(40) == 0 ? 0x200000 : length();
    const unsigned long long offset = anonymous             ? 0
                                      : prng_.below(3) == 0 ? prng_.below(8) * kPage
                                                            : where % 0x10000;
    std::printf("mmap 0x%llx 0x%llx%s 0x%x %s 0x%llx\n", where, size, kProts[pick(10)], flags,
                anonymous ? "-" : kFiles[prng_.below(5)], offset);
  }

  faultline::base::Prng prng_;
};

}  // namespace

int main(int argc, char** argv) {
  const bool remaps = argc == 5 && std::strcmp(argv[4], "remap") == 0;
  if (argc != 4 && !remaps) {
    std::fprintf(stderr, "usage: random_calls SEED CASES CALLS [remap]\n");
    return 2;
  }
  Writer writer(std::strtoull(argv[1], nullptr, 10));
  const long cases = std::atol(argv[2]);
  const long calls = std::atol(argv[3]);
  for (long number = 0; number < cases; ++number) {
    std::printf("case random %ld of seed %s\n", number, argv[1]);
    for (long call = 0; call < calls; ++call) {
      if (remaps && call % 2 == 1)
        writer.write_remap_call();
      else
        writer.write_call();
    }
    std::printf("maps\n");
  }
  return 0;
}
