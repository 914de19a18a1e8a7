// A replay that ran out of address space went on for ever: where operator new had as much as was
// wanted, and a mapping, which has to be larger to be aligned, had not.
#include <doctest/doctest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstddef>
#include <cstdio>
#include <new>

#include "sim/base/growing_memory.h"
#include "tests/support/sanitized.h"

namespace faultline::testing {
namespace {

constexpr std::size_t kHugePageBytes = std::size_t{2} << 20;

std::size_t address_space_bytes() {
  std::FILE* const file = std::fopen("/proc/self/statm", "r");
  REQUIRE(file != nullptr);
  std::size_t pages = 0;
  CHECK(std::fscanf(file, "%zu", &pages) == 1);
  std::fclose(file);
  return pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

TEST_CASE("no room to grow: an end, where there is some memory and not enough") {
  if (kSanitized) {
    std::puts("SKIPPED: AddressSanitizer has address space of its own");
    return;
  }
  rlimit limit{};
  REQUIRE(getrlimit(RLIMIT_AS, &limit) == 0);
  rlimit low = limit;
  // Enough for what is wanted, and not for its alignment beside it.
  low.rlim_cur = address_space_bytes() + kHugePageBytes + kHugePageBytes / 2;
  base::GrowingMemory memory;
  REQUIRE(setrlimit(RLIMIT_AS, &low) == 0);
  bool ended = false;
  try {
    memory.grow(kHugePageBytes);
  } catch (const std::bad_alloc&) {
    ended = true;
  }
  REQUIRE(setrlimit(RLIMIT_AS, &limit) == 0);
  CHECK(ended);
}

}  // namespace
}  // namespace faultline::testing
