// RecordReader: the TraceReader of every binary format whose records are all of one length.
//
// A block of accesses is what the complete records of one read hold, or as many of them as are of
// one task. Memory is bounded: one read and its accesses.
//
// Units: bytes. Ownership: owns the content. Threads: one.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "faultline/trace.h"
#include "sim/trace/content.h"
#include "sim/trace/format.h"

namespace faultline::trace {

// One format of records, and what it remembers from one to the next.
class RecordParser {
 public:
  virtual ~RecordParser() = default;
  // Writes the accesses of `record` to `out`; how many.
  // REQUIRES: record_bytes of the format; check() finds nothing; room for accesses_max.
  virtual std::size_t parse(std::string_view record, Access* out) = 0;
  // Whose the accesses of the next record are. A record that changes it has none.
  const TraceTask& task() const { return task_; }

 protected:
  TraceTask task_{};
};

struct RecordFormat {
  std::string_view name;
  std::size_t record_bytes;
  std::size_t accesses_max;  // of one record
  // What is wrong with a record, whatever comes before and after it; empty: nothing.
  std::string_view (*check)(std::string_view record);
};

class RecordReader final : public TraceReader {
 public:
  RecordReader(const RecordFormat& format, std::unique_ptr<RecordParser> parser, Content content);

  std::string_view format() const override { return format_.name; }
  // Errors besides those of the content: a record that check() refuses; one that is cut short.
  Result<TraceBlock, InputError> next_block() override;

 private:
  std::size_t parse_records();
  void read_records();
  void fail(std::string_view message);

  const RecordFormat format_;
  const std::unique_ptr<RecordParser> parser_;
  const Content content_;
  const std::unique_ptr<char[]> buffer_;  // never touched beyond what was read
  std::size_t parsed_ = 0;                // buffer_[0, parsed_) are records of blocks handed out,
  std::size_t whole_ = 0;                 // buffer_[parsed_, whole_) whole records to come,
  std::size_t end_ = 0;                   // buffer_[whole_, end_) the beginning of another
  bool ended_ = false;
  std::uint64_t records_ = 0;  // parsed so far
  std::vector<Access> accesses_{};
  std::optional<InputError> failure_{};
};

// An error's message, with the place of the record that it is about, counted from 0.
std::string message_of_record(const RecordFormat& format, std::uint64_t record,
                              std::string_view message);

// Whether check() finds nothing in the first kDetectRecords records of `head`.
Detection detect_records(const Head& head, const RecordFormat& format);

// A little-endian number at `at` of the record.
template <typename T>
T load_number(std::string_view record, std::size_t at) {
  T value{};
  for (std::size_t i = sizeof(T); i-- > 0;)
    value = static_cast<T>(value << 8 | static_cast<unsigned char>(record[at + i]));
  return value;
}

}  // namespace faultline::trace
