#include "sim/base/growing_memory.h"

#include <sys/mman.h>

#include <cstdint>
#include <new>

#include "sim/base/align.h"
#include "sim/base/check.h"

namespace faultline::base {
namespace {

// Of x86-64's and most of arm64's; elsewhere what is large is aligned to no purpose.
constexpr std::size_t kHugePageBytes = std::size_t{2} << 20;

void* map(std::size_t bytes) {
  void* const start = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (start == MAP_FAILED) throw std::bad_alloc();
  return start;
}

void unmap(void* start, std::size_t bytes) {
  if (bytes > 0) FL_CHECK(munmap(start, bytes) == 0);
}

// The same, where a huge page begins.
char* map_aligned(std::size_t bytes) {
  char* const start = static_cast<char*>(map(bytes + kHugePageBytes));
  const std::size_t before = -reinterpret_cast<std::uintptr_t>(start) % kHugePageBytes;
  unmap(start, before);
  unmap(start + before + bytes, kHugePageBytes - before);
  return start + before;
}

}  // namespace

GrowingMemory::~GrowingMemory() { unmap(start_, bytes_); }

void* GrowingMemory::grow(std::size_t bytes) {
  FL_CHECK(bytes > bytes_);
  if (bytes > PTRDIFF_MAX - 2 * kHugePageBytes) throw std::bad_alloc();
  const bool large = bytes >= kHugePageBytes;
  const std::size_t whole = align_up(bytes, large ? kHugePageBytes : kAlignment);
  char* const start = large ? map_aligned(whole) : static_cast<char*>(map(whole));
  if (bytes_ > 0) {
    // What there is comes to the front of it.
    if (mremap(start_, bytes_, bytes_, MREMAP_MAYMOVE | MREMAP_FIXED, start) == MAP_FAILED) {
      unmap(start, whole);
      throw std::bad_alloc();
    }
  }
  // A host without huge pages refuses, and nothing is lost by that.
  if (large) static_cast<void>(madvise(start, whole, MADV_HUGEPAGE));
  start_ = start;
  bytes_ = whole;
  return start;
}

}  // namespace faultline::base
