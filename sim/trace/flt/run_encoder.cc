#include "sim/trace/flt/run_encoder.h"

#include <bit>

#include "sim/trace/flt/bytes.h"

namespace faultline::trace {

// A file holds the words of runs as memory does.
static_assert(std::endian::native == std::endian::little);

std::array<uint32_t, 4> count_accesses(std::span<const PageRun> runs) {
  std::array<uint32_t, 4> counts{};
  // Four sums without a branch: compilers make vectors of it.
  for (const PageRun run : runs)
    for (uint32_t kind = 0; kind < 4; ++kind)
      counts[kind] += static_cast<uint32_t>(run.kind()) == kind ? run.count() : 0;
  return counts;
}

void RunEncoder::encode(std::string& content, BlockHeader& header) {
  const std::span<const PageRun> runs = builder_.runs();
  header.records = records();
  header.pages = static_cast<uint32_t>(builder_.pages().size());
  header.counts = count_accesses(runs);
  content.append(reinterpret_cast<const char*>(runs.data()), runs.size_bytes());
  uint64_t before = 0;
  for (const uint64_t page : builder_.pages()) {
    put_varint(content, zigzag(page - before));
    before = page;
  }
}

}  // namespace faultline::trace
