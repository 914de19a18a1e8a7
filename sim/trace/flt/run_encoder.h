// RunEncoder: the BlockEncoder of page runs.
//
// Threads: one.
#pragma once

#include "sim/trace/flt/block_encoder.h"
#include "sim/trace/run_builder.h"

namespace faultline::trace {

class RunEncoder final : public BlockEncoder {
 public:
  std::size_t add(std::span<const Access> accesses) override { return builder_.add(accesses); }
  std::size_t add_runs(std::span<const uint64_t> pages, std::span<const PageRun> runs) override {
    return builder_.add_runs(pages, runs);
  }
  void end_record() override { builder_.end_run(); }
  uint32_t records() const override { return static_cast<uint32_t>(builder_.runs().size()); }
  void encode(std::string& content, BlockHeader& header) override;
  void clear() override { builder_.clear(); }

 private:
  RunBuilder builder_{kBlockRecordsMax};
};

}  // namespace faultline::trace
