// The accesses of an flt block whose filter is off: control bytes, and the addresses of fetches and
// of data, each in a stream of its own, as differences to what was to be expected.
//
// Threads: one thread each.
#pragma once

#include <string_view>
#include <vector>

#include "sim/trace/flt/block_encoder.h"
#include "sim/trace/flt/bytes.h"

namespace faultline::trace {

class AccessEncoder final : public BlockEncoder {
 public:
  std::size_t add(std::span<const Access> accesses) override;
  std::size_t add_runs(std::span<const uint64_t> pages, std::span<const PageRun> runs) override;
  void end_record() override {}
  uint32_t records() const override { return static_cast<uint32_t>(accesses_.size()); }
  void encode(std::string& content, BlockHeader& header) override;
  void clear() override { accesses_.clear(); }

 private:
  std::vector<Access> accesses_{};
  std::string controls_{};
  std::string fetches_{};
  std::string data_{};
  std::string sizes_{};
};

// Decodes what AccessEncoder::encode() wrote, from the front of `content`, into `accesses`, which
// has room for header.records; leaves the segments in `content`. False: it is malformed.
bool decode_accesses(ByteCursor& content, const BlockHeader& header, Access* accesses);

}  // namespace faultline::trace
