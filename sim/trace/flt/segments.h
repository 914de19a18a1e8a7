// Segments: how the records of an flt block (runs or accesses) are cut by changes of the task and
// by calls. A segment is some records of one task, and the call that was made after them, if any.
//
// Units: records. Threads: one thread each.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "faultline/trace_call.h"
#include "sim/trace/flt/bytes.h"
#include "sim/trace/flt/layout.h"

namespace faultline::trace {

// Builds the segments of a block while its records come.
class SegmentBuilder {
 public:
  // Whether what is written now must be a segment of its own.
  bool changes_task(TraceTask task) const { return !(task == task_); }
  // The records up to `records` (of the block) are of the task before, those behind it of `task`.
  void set_task(TraceTask task, uint32_t records);
  // The call, encoded by encode_call(), comes after the records up to `records`.
  void add_call(std::string_view call, uint32_t records);

  // The bytes of all, for a block of that many records; nothing can be added before clear().
  const std::string& finish(uint32_t records);
  uint32_t segments() const { return segments_; }
  uint32_t calls() const { return calls_; }
  // How large they are so far, not counting records behind the last segment.
  std::size_t bytes() const { return bytes_.size(); }
  // Begins a new block; the task stays.
  void clear();

 private:
  void end_segment(uint32_t records, std::optional<std::string_view> call);

  TraceTask task_{};
  std::optional<TraceTask> told_{};  // the task of the block's last segment
  uint32_t ended_ = 0;               // records in segments that are complete
  uint32_t segments_ = 0;
  uint32_t calls_ = 0;
  std::string bytes_{};
};

struct Segment {
  uint32_t records = 0;
  TraceTask task{};
  std::optional<std::string_view> call{};  // encoded
};

// Reads them back one by one. No memory besides.
class SegmentReader {
 public:
  // REQUIRES: check() takes them.
  explicit SegmentReader(std::string_view bytes = {}) : cursor_(bytes) {}
  bool done() const { return cursor_.rest().empty(); }
  Segment next();

  // Whether these are the segments that the header counts, none of them empty.
  static bool check(std::string_view bytes, const BlockHeader& header);

 private:
  bool failed() const { return cursor_.failed(); }

  ByteCursor cursor_;
  TraceTask task_{};
};

}  // namespace faultline::trace
