#include "sim/base/growing_memory.h"

#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#include "sim/base/align.h"
#include "sim/base/check.h"

namespace faultline::base {
namespace {

// Of x86-64's and most of arm64's; elsewhere what is large is aligned to no purpose.
constexpr std::size_t kHugePageBytes = std::size_t{2} << 20;

void unmap(void* start, std::size_t bytes) {
  if (bytes > 0) FL_CHECK(munmap(start, bytes) == 0);
}

// Where there is no memory: what operator new does then, as for every container. It may find some.
void find_memory(std::size_t bytes) { ::operator delete(::operator new(bytes)); }

// A mapping that begins where a huge page does.
char* map(std::size_t bytes) {
  const auto try_to = [bytes] {
    return mmap(nullptr, bytes + kHugePageBytes, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  };
  void* mapped = try_to();
  // There may be so much for operator new and not for a mapping: more and more is asked for, so
  // that it ends.
  for (std::size_t wanted = bytes; mapped == MAP_FAILED; wanted *= 2) {
    find_memory(wanted);
    mapped = try_to();
  }
  char* const start = static_cast<char*>(mapped);
  const std::size_t before = -reinterpret_cast<std::uintptr_t>(start) % kHugePageBytes;
  unmap(start, before);
  unmap(start + before + bytes, kHugePageBytes - before);
  // A host without huge pages refuses, and nothing is lost by that.
  static_cast<void>(madvise(start + before, bytes, MADV_HUGEPAGE));
  return start + before;
}

}  // namespace

bool GrowingMemory::large() const { return bytes_ >= kHugePageBytes; }

GrowingMemory::~GrowingMemory() {
  if (large())
    unmap(start_, bytes_);
  else
    std::free(start_);
}

void GrowingMemory::swap(GrowingMemory& other) noexcept {
  std::swap(start_, other.start_);
  std::swap(bytes_, other.bytes_);
}

void GrowingMemory::grow(std::size_t bytes) {
  FL_CHECK(bytes > bytes_);
  if (bytes < kHugePageBytes) {
    void* start = std::realloc(start_, bytes);
    while (start == nullptr) {
      find_memory(bytes);
      start = std::realloc(start_, bytes);
    }
    start_ = start;
    bytes_ = bytes;
    return;
  }
  if (bytes > PTRDIFF_MAX - 2 * kHugePageBytes) find_memory(bytes);
  bytes = align_up(bytes, kHugePageBytes);
  char* const start = map(bytes);
  if (!large()) {
    if (bytes_ > 0) std::memcpy(start, start_, bytes_);
    std::free(start_);
  } else {
    // Page tables alone: what they need was there before.
    FL_CHECK(mremap(start_, bytes_, bytes_, MREMAP_MAYMOVE | MREMAP_FIXED, start) == start);
  }
  start_ = start;
  bytes_ = bytes;
}

}  // namespace faultline::base
