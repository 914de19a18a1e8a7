#include "sim/trace/flt/flt_writer.h"

#include <zstd.h>

#include <utility>

#include "sim/base/check.h"
#include "sim/trace/flt/bytes.h"
#include "sim/trace/flt/call_codec.h"

namespace faultline::trace {
namespace {

// Of zstd: half of what level 3 leaves, written as fast as text can be read. Measured in
// docs/flt.md.
constexpr int kCompressionLevel = 6;
// A block with that many bytes of segments is written though records would have room in it.
constexpr std::size_t kSegmentsBytes = 1 << 20;

}  // namespace

void FltWriter::Free::operator()(ZSTD_CCtx_s* context) const { ZSTD_freeCCtx(context); }

FltWriter::FltWriter(std::string file, const FltHeader& header, std::unique_ptr<ByteSink> sink)
    : file_(std::move(file)),
      kind_(header.kind),
      sink_(std::move(sink)),
      context_(ZSTD_createCCtx()),
      encoder_(make_block_encoder(header.kind.filter)),
      header_(encode_header(header)) {}

FltWriter::~FltWriter() = default;

Written FltWriter::write(const TraceBlock& block) {
  if (auto begun = begin_segment(block.task); !begun) return begun;
  std::span<const Access> rest = block.accesses;
  while (!rest.empty()) {
    rest = rest.subspan(encoder_->add(rest));
    if (rest.empty()) break;
    if (auto ended = end_block(); !ended) return ended;
  }
  return add_call(block.call);
}

Written FltWriter::write_runs(const PageRunBlock& block) {
  if (kind_.filter != TraceFilter::kRuns) return TraceWriter::write_runs(block);
  if (auto begun = begin_segment(block.task); !begun) return begun;
  std::span<const PageRun> rest = block.runs;
  while (!rest.empty()) {
    rest = rest.subspan(encoder_->add_runs(block.pages, rest));
    if (rest.empty()) break;
    if (auto ended = end_block(); !ended) return ended;
  }
  return add_call(block.call);
}

Written FltWriter::begin_segment(TraceTask task) {
  if (!segments_.changes_task(task)) return {};
  encoder_->end_record();
  segments_.set_task(task, encoder_->records());
  return segments_.bytes() > kSegmentsBytes ? end_block() : Written();
}

Written FltWriter::add_call(const TraceCall* call) {
  if (call == nullptr) return {};
  std::string bytes;
  if (!encode_call(bytes, *call)) {
    return fail(std::string("a call is larger than an flt file can hold: ") +
                trace_call_name(call->kind));
  }
  encoder_->end_record();
  segments_.add_call(bytes, encoder_->records());
  return segments_.bytes() > kSegmentsBytes ? end_block() : Written();
}

Written FltWriter::end_block() {
  if (encoder_->records() == 0 && segments_.bytes() == 0) return {};
  BlockHeader header{
      .kind = kind_, .number = static_cast<uint32_t>(index_.size()), .first_access = accesses_};
  content_.clear();
  encoder_->encode(content_, header);
  content_ += segments_.finish(header.records);
  header.segments = segments_.segments();
  header.calls = segments_.calls();
  FL_CHECK(content_.size() <= kBlockContentBytesMax);
  header.content_bytes = static_cast<uint32_t>(content_.size());
  if (!compress()) return fail("there is not enough memory to compress it");
  header.stored_bytes = static_cast<uint32_t>(stored_.size());
  header.stored_crc = crc32_of(stored_);
  encoder_->clear();
  segments_.clear();

  if (auto written = write_part(std::exchange(header_, {})); !written) return written;
  index_.push_back({offset_, accesses_});
  accesses_ += header.accesses();
  if (auto written = write_part(encode_block_header(header)); !written) return written;
  return write_part(stored_);
}

bool FltWriter::compress() {
  if (context_ == nullptr) return false;
  stored_.resize(ZSTD_compressBound(content_.size()));
  const std::size_t size = ZSTD_compressCCtx(context_.get(), stored_.data(), stored_.size(),
                                             content_.data(), content_.size(), kCompressionLevel);
  if (ZSTD_isError(size) != 0) return false;
  stored_.resize(size);
  return true;
}

Written FltWriter::finish() {
  if (auto ended = end_block(); !ended) return ended;
  if (auto written = write_part(std::exchange(header_, {})); !written) return written;
  const Trailer trailer{offset_, index_.size(), accesses_};
  std::string entries;
  for (const IndexEntry& entry : index_) entries += encode_index_entry(entry);
  put_number(entries, crc32_of(entries));
  for (const std::string& part :
       {encode_index_header(index_.size()), entries, encode_trailer(trailer)}) {
    if (auto written = write_part(part); !written) return written;
  }
  return sink_->finish();
}

Written FltWriter::write_part(std::string_view part) {
  offset_ += part.size();
  return sink_->write(part);
}

Written FltWriter::fail(std::string message) {
  return TraceWriteError{TraceWriteError::Cause::kContent,
                         {.file = file_, .message = std::move(message)}};
}

}  // namespace faultline::trace
