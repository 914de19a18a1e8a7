#include "sim/trace/flt/run_encoder.h"

#include <bit>

#include "sim/base/run_summary.h"
#include "sim/trace/flt/bytes.h"

namespace faultline::trace {

// A file holds the words of runs as memory does.
static_assert(std::endian::native == std::endian::little);

void RunEncoder::encode(std::string& content, BlockHeader& header) {
  const std::span<const PageRun> runs = builder_.runs();
  header.records = records();
  header.pages = static_cast<uint32_t>(builder_.pages().size());
  header.counts = base::summarize(runs).counts;
  content.append(reinterpret_cast<const char*>(runs.data()), runs.size_bytes());
  uint64_t before = 0;
  for (const uint64_t page : builder_.pages()) {
    put_varint(content, zigzag(page - before));
    before = page;
  }
}

}  // namespace faultline::trace
