// BlockEncoder: collects the records of a block (runs or accesses, as the trace's filter says) and
// writes them as a block's content. What the decoders read, see docs/flt.md.
//
// Threads: one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "faultline/access.h"
#include "faultline/page_run.h"
#include "faultline/trace.h"
#include "sim/trace/flt/layout.h"

namespace faultline::trace {

class BlockEncoder {
 public:
  virtual ~BlockEncoder() = default;
  // Takes accesses from the front while there is room for them; how many. 0: the block is full.
  virtual std::size_t add(std::span<const Access> accesses) = 0;
  // Takes runs in the same way. REQUIRES: the filter is kRuns.
  virtual std::size_t add_runs(std::span<const uint64_t> pages, std::span<const PageRun> runs) = 0;
  // A call or another task comes next: no record goes on behind it.
  virtual void end_record() = 0;
  virtual uint32_t records() const = 0;
  // Appends the content without its segments, and puts records, pages and counts into the header.
  virtual void encode(std::string& content, BlockHeader& header) = 0;
  // Begins a new block.
  virtual void clear() = 0;
};

std::unique_ptr<BlockEncoder> make_block_encoder(TraceFilter filter);

}  // namespace faultline::trace
