// BlockDecoder: the records of one flt block, segment by segment, as runs or as accesses.
//
// Memory is bounded by what a block may be (layout.h), whatever its bytes.
//
// Threads: one.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "faultline/page_run.h"
#include "faultline/trace.h"
#include "sim/trace/flt/layout.h"
#include "sim/trace/flt/segments.h"
#include "sim/trace/run_expander.h"

struct ZSTD_DCtx_s;

namespace faultline::trace {

class BlockDecoder {
 public:
  BlockDecoder();
  ~BlockDecoder();
  BlockDecoder(const BlockDecoder&) = delete;
  BlockDecoder& operator=(const BlockDecoder&) = delete;

  // Decodes a block. What is wrong with it; empty: nothing.
  // REQUIRES: done().
  std::string_view begin(const BlockHeader& header, std::string_view stored);
  // Whether all of the block was handed out.
  bool done() const { return in_segment_ == false && segments_.done(); }

  // What comes next; of an expanded segment, some accesses. What is handed out is valid until the
  // next call. Nothing: a call is malformed; no more of the block can be read.
  // REQUIRES: !done(); one of the two for all of a block, the second with filter kRuns.
  std::optional<TraceBlock> next_accesses();
  std::optional<PageRunBlock> next_runs();

 private:
  bool decompress(std::string_view stored);
  bool decode_runs();
  bool check_runs() const;
  bool check_further_pages() const;
  bool begin_segment();
  void end_segment();

  struct Free {
    void operator()(ZSTD_DCtx_s* context) const;
  };
  const std::unique_ptr<ZSTD_DCtx_s, Free> context_;
  BlockHeader header_{};
  std::vector<PageRun> content_{};  // of words, so that runs lie in it as they are used
  std::vector<uint64_t> pages_{};
  std::vector<Access> accesses_{};
  SegmentReader segments_{};
  uint32_t position_ = 0;  // records handed out
  bool in_segment_ = false;
  Segment segment_{};
  TraceCall call_{};
  RunExpander expander_{};
};

}  // namespace faultline::trace
