#include "sim/trace/flt/segments.h"

#include "sim/base/check.h"

namespace faultline::trace {
namespace {

// Of a segment: what stands behind the number of its records.
constexpr uint8_t kTask = 1;  // pid and tid; without them the segment is of the task before
constexpr uint8_t kCall = 2;  // a call, its length before it

}  // namespace

void SegmentBuilder::set_task(TraceTask task, uint32_t records) {
  if (records > ended_) end_segment(records, std::nullopt);
  task_ = task;
}

void SegmentBuilder::add_call(std::string_view call, uint32_t records) {
  end_segment(records, call);
  ++calls_;
}

void SegmentBuilder::end_segment(uint32_t records, std::optional<std::string_view> call) {
  FL_CHECK(records >= ended_);
  put_varint(bytes_, records - ended_);
  const bool tells_task = !told_ || !(*told_ == task_);
  bytes_ += static_cast<char>((tells_task ? kTask : 0) | (call ? kCall : 0));
  if (tells_task) {
    put_varint(bytes_, task_.pid);
    put_varint(bytes_, task_.tid);
    told_ = task_;
  }
  if (call) {
    put_varint(bytes_, call->size());
    bytes_ += *call;
  }
  ended_ = records;
  ++segments_;
}

const std::string& SegmentBuilder::finish(uint32_t records) {
  if (records > ended_) end_segment(records, std::nullopt);
  return bytes_;
}

void SegmentBuilder::clear() {
  told_.reset();
  ended_ = segments_ = calls_ = 0;
  bytes_.clear();
}

Segment SegmentReader::next() {
  Segment segment;
  const uint64_t records = cursor_.take_varint();
  const auto flags = cursor_.take_number<uint8_t>();
  if (records > kBlockRecordsMax || flags > (kTask | kCall)) cursor_.fail();
  segment.records = static_cast<uint32_t>(records);
  if ((flags & kTask) != 0) {
    const uint64_t pid = cursor_.take_varint();
    const uint64_t tid = cursor_.take_varint();
    task_ = {static_cast<uint32_t>(pid), static_cast<uint32_t>(tid)};
    if (task_.pid != pid || task_.tid != tid) cursor_.fail();
  }
  segment.task = task_;
  if ((flags & kCall) != 0) segment.call = cursor_.take_bytes(cursor_.take_varint());
  if (records == 0 && !segment.call) cursor_.fail();
  return segment;
}

bool SegmentReader::check(std::string_view bytes, const BlockHeader& header) {
  SegmentReader reader(bytes);
  uint64_t records = 0;
  uint64_t segments = 0;
  uint64_t calls = 0;
  while (!reader.done() && !reader.failed()) {
    const Segment segment = reader.next();
    records += segment.records;
    ++segments;
    if (segment.call) ++calls;
  }
  return !reader.failed() && records == header.records && segments == header.segments &&
         calls == header.calls;
}

}  // namespace faultline::trace
