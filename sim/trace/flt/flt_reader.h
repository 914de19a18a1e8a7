// FltReader: the TraceReader of our own format. See docs/flt.md.
//
// Every byte of the file is verified before it is used, those of blocks that are passed over too,
// but where the file can be sought in and the index says where to go on.
// Memory is bounded: one block, compressed and not.
//
// Ownership: owns the content. Threads: one.
#pragma once

#include <optional>
#include <string_view>

#include "faultline/trace.h"
#include "sim/trace/flt/block_decoder.h"
#include "sim/trace/flt/block_stream.h"

namespace faultline::trace {

class FltReader final : public TraceReader, public PageRunReader {
 public:
  FltReader(Content content, bool salvage) : blocks_(std::move(content), salvage) {}

  std::string_view format() const override { return "flt"; }
  TraceFilter filter() const override { return blocks_.kind().filter; }
  FetchUnit fetch_unit() const override { return blocks_.kind().fetch_unit; }
  bool has_calls() const override { return blocks_.kind().has_calls; }
  Result<TraceBlock, InputError> next_block() override;
  PageRunReader* page_runs() override { return filter() == TraceFilter::kRuns ? this : nullptr; }
  Result<PageRunBlock, InputError> next_page_runs() override;
  Result<uint64_t, InputError> pass_over(uint64_t accesses) override;
  std::span<const InputError> damage() const override { return blocks_.damage(); }

 private:
  template <typename Block>
  Result<Block, InputError> next_as(std::optional<Block> (BlockDecoder::*next)());
  Result<bool, InputError> begin_block();

  BlockStream blocks_;
  BlockDecoder decoder_{};
  std::optional<StoredBlock> pending_{};  // verified, and not decoded yet
  bool sought_ = false;                   // by the index, or in vain; once is enough
};

}  // namespace faultline::trace
