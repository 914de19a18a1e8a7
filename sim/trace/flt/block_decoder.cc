#include "sim/trace/flt/block_decoder.h"

#include <zstd.h>

#include <algorithm>

#include "sim/base/check.h"
#include "sim/base/run_summary.h"
#include "sim/trace/flt/access_codec.h"
#include "sim/trace/flt/bytes.h"
#include "sim/trace/flt/call_codec.h"
#include "sim/trace/run_builder.h"

namespace faultline::trace {
namespace {

constexpr uint64_t kPageMax = ~uint64_t{0} >> kPageRunShift;

}  // namespace

BlockDecoder::BlockDecoder() : context_(ZSTD_createDCtx()) {}
BlockDecoder::~BlockDecoder() = default;
void BlockDecoder::Free::operator()(ZSTD_DCtx_s* context) const { ZSTD_freeDCtx(context); }

std::string_view BlockDecoder::begin(const BlockHeader& header, std::string_view stored) {
  FL_CHECK(done());
  header_ = header;
  position_ = 0;
  segments_ = SegmentReader();
  if (context_ == nullptr) return "there is not enough memory to decompress it";
  if (!decompress(stored)) return "its data cannot be decompressed";
  ByteCursor content({reinterpret_cast<const char*>(content_.data()), header.content_bytes});
  bool good = true;
  if (header.kind.filter == TraceFilter::kRuns) {
    content.take_bytes(uint64_t{header.records} * sizeof(PageRun));
    pages_.resize(header.pages);
    uint64_t page = 0;
    for (uint64_t& each : pages_) {
      each = page += unzigzag(content.take_varint());
      good = good && page <= kPageMax;
    }
    good = good && !content.failed() && check_runs();
  } else {
    if (accesses_.size() < header.records) accesses_.resize(header.records);
    good = decode_accesses(content, header, accesses_.data());
  }
  if (!good || !SegmentReader::check(content.rest(), header)) return "its data is malformed";
  segments_ = SegmentReader(content.rest());
  return {};
}

bool BlockDecoder::decompress(std::string_view stored) {
  const std::size_t words = (header_.content_bytes + sizeof(PageRun) - 1) / sizeof(PageRun);
  if (content_.size() < words) content_.resize(words);
  const std::size_t size = ZSTD_decompressDCtx(context_.get(), content_.data(),
                                               header_.content_bytes, stored.data(), stored.size());
  return ZSTD_isError(size) == 0 && size == header_.content_bytes;
}

bool BlockDecoder::check_runs() const {
  const std::span runs(content_.data(), header_.records);
  const base::RunSummary summary = base::summarize(runs);
  if (!runs.empty() && summary.page_max >= header_.pages) return false;
  if (summary.counts != header_.counts) return false;
  return summary.further == 0 || check_further_pages();
}

// Runs of no access are the pages behind that of the run before, in order.
bool BlockDecoder::check_further_pages() const {
  const std::span runs(content_.data(), header_.records);
  std::size_t first = 0;  // of those behind one access
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (runs[i].count() != 0) [[likely]]
      continue;
    if (i == 0 || runs[i - 1].count() != 0) first = i;
    if (i == 0 || i - first + 1 >= kAccessPagesMax || runs[i].kind() != runs[i - 1].kind() ||
        pages_[runs[i].page()] != pages_[runs[i - 1].page()] + 1)
      return false;
  }
  return true;
}

// Whether there is a segment to hand out, and its call is well-formed.
bool BlockDecoder::begin_segment() {
  if (in_segment_) return true;
  FL_CHECK(!segments_.done());
  segment_ = segments_.next();
  const bool good = !segment_.call || decode_call(*segment_.call, call_);
  // A segment does not begin with the further pages of an access.
  const bool begins = header_.kind.filter == TraceFilter::kOff || segment_.records == 0 ||
                      content_[position_].count() > 0;
  in_segment_ = good && begins;
  if (!in_segment_) segments_ = SegmentReader();
  return in_segment_;
}

void BlockDecoder::end_segment() {
  position_ += segment_.records;
  in_segment_ = false;
}

std::optional<PageRunBlock> BlockDecoder::next_runs() {
  if (!begin_segment()) return std::nullopt;
  const PageRunBlock block{.pages = pages_,
                           .runs = {content_.data() + position_, segment_.records},
                           .task = segment_.task,
                           .call = segment_.call ? &call_ : nullptr};
  end_segment();
  return block;
}

std::optional<TraceBlock> BlockDecoder::next_accesses() {
  const bool begins = !in_segment_;
  if (!begin_segment()) return std::nullopt;
  TraceBlock block{.task = segment_.task};
  if (header_.kind.filter == TraceFilter::kOff) {
    block.accesses = {accesses_.data() + position_, segment_.records};
  } else {
    if (begins) expander_.begin(pages_, {content_.data() + position_, segment_.records});
    block.accesses = expander_.next();
    if (!expander_.done()) return block;
  }
  if (segment_.call) block.call = &call_;
  end_segment();
  return block;
}

}  // namespace faultline::trace
