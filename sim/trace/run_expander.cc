#include "sim/trace/run_expander.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "sim/base/check.h"

namespace faultline::trace {
namespace {

constexpr std::size_t kAccessesAtOnce = 4096;
constexpr std::size_t kUnasked = 4;

// An access as it lies in memory: written at once, where its fields would be one by one.
using Packed [[gnu::vector_size(16)]] = uint64_t;
static_assert(sizeof(Packed) == sizeof(Access));

constexpr auto kPackedKinds = [] {
  std::array<uint64_t, 4> words{};
  for (std::size_t kind = 0; kind < words.size(); ++kind) {
    const Access access{.kind = static_cast<AccessKind>(kind)};
    words[kind] = std::bit_cast<std::array<uint64_t, 2>>(access)[1];
  }
  return words;
}();

Packed pack(uint64_t address, AccessKind kind) {
  return Packed{address, kPackedKinds[static_cast<std::size_t>(kind)]};
}

void put(Access* to, Packed access) { std::memcpy(static_cast<void*>(to), &access, sizeof access); }

// From the last byte of its page to the first byte of the last of the further ones.
void make_straddling(Access& access, std::size_t further) {
  access.address = access.address + (kPageRunBytes - 1);
  access.size_bytes = static_cast<uint32_t>(2 + (further - 1) * kPageRunBytes);
}

}  // namespace

void RunExpander::begin(std::span<const uint64_t> pages, std::span<const PageRun> runs) {
  FL_CHECK(done());
  pages_ = pages;
  runs_ = runs;
}

std::span<const Access> RunExpander::next() {
  if (accesses_.empty()) accesses_.resize(kAccessesAtOnce + kUnasked);
  Access* const accesses = accesses_.data();
  std::size_t size = 0;
  std::size_t i = 0;
  uint32_t done = done_of_run_;
  while (i < runs_.size() && size < kAccessesAtOnce) {
    const PageRun run = runs_[i];
    const Packed access = pack(pages_[run.page()] << kPageRunShift, run.kind());
    const std::size_t count = std::min<std::size_t>(run.count() - done, kAccessesAtOnce - size);
    // Most runs are short: these cost no branch.
    for (std::size_t k = 0; k < kUnasked; ++k) put(accesses + size + k, access);
    for (std::size_t k = kUnasked; k < count; ++k) put(accesses + size + k, access);
    size += count;
    done += static_cast<uint32_t>(count);
    if (done < run.count()) break;
    done = 0;
    ++i;
    std::size_t further = 0;
    while (i < runs_.size() && runs_[i].count() == 0) ++i, ++further;
    if (further > 0) make_straddling(accesses[size - 1], further);
  }
  done_of_run_ = done;
  runs_ = runs_.subspan(i);
  return {accesses, size};
}

}  // namespace faultline::trace
