#include "sim/trace/flt/flt_reader.h"

#include <algorithm>
#include <utility>

#include "sim/trace/format.h"

namespace faultline::trace {

Result<TraceBlock, InputError> FltReader::next_block() {
  return next_as(&BlockDecoder::next_accesses);
}

Result<PageRunBlock, InputError> FltReader::next_page_runs() {
  return next_as(&BlockDecoder::next_runs);
}

template <typename Block>
Result<Block, InputError> FltReader::next_as(std::optional<Block> (BlockDecoder::*next)()) {
  for (;;) {
    if (decoder_.done()) {
      const auto begun = begin_block();
      if (!begun) return begun.error();
      if (!*begun) return Block{};
      continue;
    }
    if (std::optional<Block> block = (decoder_.*next)()) return *block;
    blocks_.refuse("a call in it is malformed");
    if (blocks_.failure()) return *blocks_.failure();
  }
}

// Makes the decoder begin the next block that can be decoded. False: there is none.
Result<bool, InputError> FltReader::begin_block() {
  for (;;) {
    if (!pending_) {
      auto next = blocks_.next();
      if (!next) return next.error();
      pending_ = *next;
    }
    if (!pending_) return false;
    const StoredBlock block = *std::exchange(pending_, std::nullopt);
    const std::string_view wrong = decoder_.begin(block.header, block.stored);
    if (wrong.empty()) return true;
    blocks_.refuse(wrong);
    if (blocks_.failure()) return *blocks_.failure();
  }
}

Result<uint64_t, InputError> FltReader::pass_over(uint64_t accesses) {
  uint64_t passed = 0;
  if (decoder_.done() && !pending_ && !std::exchange(sought_, true))
    passed = blocks_.seek(accesses);
  while (decoder_.done()) {
    if (!pending_) {
      auto next = blocks_.next();
      if (!next) return next.error();
      pending_ = *next;
    }
    if (!pending_ || pending_->header.calls > 0 || pending_->header.accesses() > accesses - passed)
      break;
    passed += pending_->header.accesses();
    pending_.reset();
  }
  return passed;
}

// By its magic, whatever follows; of which some may be damaged: the reader says so better.
Detection detect_flt(const Head& head) {
  constexpr std::size_t kGoodBytes = 6;
  std::size_t good = 0;
  for (std::size_t i = 0; i < std::min(kFltMagic.size(), head.bytes.size()); ++i)
    good += head.bytes[i] == kFltMagic[i] ? 1 : 0;
  if (good < kGoodBytes) return {.misfit = {.message = "it does not begin with flt's magic"}};
  return {.fits = true, .certain = true, .records = kDetectRecords};
}

std::unique_ptr<TraceReader> make_flt_reader(Content content) {
  return std::make_unique<FltReader>(std::move(content), false);
}

std::unique_ptr<TraceReader> make_flt_salvager(Content content) {
  return std::make_unique<FltReader>(std::move(content), true);
}

}  // namespace faultline::trace
