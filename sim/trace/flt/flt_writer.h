// FltWriter: the TraceWriter of our own format. See docs/flt.md.
//
// It holds one block, and 16 bytes for each block that is written: what the index at the end says.
//
// Ownership: owns the sink. Threads: one.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "faultline/trace_writer.h"
#include "sim/trace/byte_sink.h"
#include "sim/trace/flt/block_encoder.h"
#include "sim/trace/flt/layout.h"
#include "sim/trace/flt/segments.h"

struct ZSTD_CCtx_s;

namespace faultline::trace {

class FltWriter final : public TraceWriter {
 public:
  // `file` is for errors. REQUIRES: the producer has kProducerBytesMax bytes at most.
  FltWriter(std::string file, const FltHeader& header, std::unique_ptr<ByteSink> sink);
  ~FltWriter() override;

  Written write(const TraceBlock& block) override;
  Written write_runs(const PageRunBlock& block) override;
  bool holds_runs() const override { return kind_.filter == TraceFilter::kRuns; }
  Written finish() override;
  // Writes what is held as a block of its own.
  Written end_block();

 private:
  Written begin_segment(TraceTask task);
  Written add_call(const TraceCall* call);
  bool compress();
  Written write_part(std::string_view part);
  Written fail(std::string message);

  struct Free {
    void operator()(ZSTD_CCtx_s* context) const;
  };

  const std::string file_;
  const FltKind kind_;
  const std::unique_ptr<ByteSink> sink_;
  const std::unique_ptr<ZSTD_CCtx_s, Free> context_;
  const std::unique_ptr<BlockEncoder> encoder_;
  SegmentBuilder segments_{};
  std::string content_{};
  std::string stored_{};
  uint64_t offset_ = 0;    // in the file
  uint64_t accesses_ = 0;  // in the blocks that are written
  std::vector<IndexEntry> index_{};
  std::string header_;  // not written yet
};

}  // namespace faultline::trace
