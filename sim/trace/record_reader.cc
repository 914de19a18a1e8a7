#include "sim/trace/record_reader.h"

#include <fmt/core.h>

#include <cstring>
#include <utility>

#include "sim/base/check.h"

namespace faultline::trace {
namespace {

std::string cut_short(std::size_t bytes, const RecordFormat& format) {
  return fmt::format("it is cut short: {} of {} bytes", bytes, format.record_bytes);
}

}  // namespace

RecordReader::RecordReader(const RecordFormat& format, std::unique_ptr<RecordParser> parser,
                           Content content)
    : format_(format),
      parser_(std::move(parser)),
      content_(std::move(content)),
      buffer_(std::make_unique_for_overwrite<char[]>(format.record_bytes + kReadBytes)) {}

Result<TraceBlock, InputError> RecordReader::next_block() {
  while (!failure_) {
    if (parsed_ == whole_ && !ended_) read_records();
    const TraceTask task = parser_->task();
    const std::size_t accesses = parse_records();
    if (accesses > 0) return TraceBlock{.accesses = {accesses_.data(), accesses}, .task = task};
    if (ended_ && parsed_ == whole_) break;
  }
  if (failure_) return *failure_;
  return TraceBlock{};
}

// Parses what is in the buffer, to a record that names another task at most. Returns how many
// accesses there are.
std::size_t RecordReader::parse_records() {
  const TraceTask task = parser_->task();
  std::size_t accesses = 0;
  while (parsed_ < whole_ && parser_->task() == task) {
    const std::string_view record(buffer_.get() + parsed_, format_.record_bytes);
    const std::string_view wrong = format_.check(record);
    if (!wrong.empty()) {
      fail(wrong);
      break;
    }
    accesses += parser_->parse(record, accesses_.data() + accesses);
    parsed_ += format_.record_bytes;
    ++records_;
  }
  FL_CHECK(accesses <= accesses_.size());
  return accesses;
}

void RecordReader::read_records() {
  std::memmove(buffer_.get(), buffer_.get() + parsed_, end_ - parsed_);
  end_ -= parsed_;
  parsed_ = whole_ = 0;
  const auto got = content_.bytes->read({buffer_.get() + end_, kReadBytes});
  if (!got.ok()) {
    failure_ = got.error();
    return;
  }
  ended_ = *got == 0;
  end_ += *got;
  const std::size_t records = end_ / format_.record_bytes;
  whole_ = records * format_.record_bytes;
  if (accesses_.size() < records * format_.accesses_max)
    accesses_.resize(records * format_.accesses_max);
  if (ended_ && end_ > 0) fail(cut_short(end_, format_));
}

// Of the next record.
void RecordReader::fail(std::string_view message) {
  failure_ = {.file = content_.file, .message = message_of_record(format_, records_, message)};
}

std::string message_of_record(const RecordFormat& format, std::uint64_t record,
                              std::string_view message) {
  return fmt::format("record {} (byte {} of the trace): {}", record + 1,
                     record * format.record_bytes, message);
}

Detection detect_records(const Head& head, const RecordFormat& format) {
  Detection found;
  std::string_view rest = head.bytes;
  const auto fail = [&](std::string_view wrong) {
    found.misfit = {.record = found.records + 1,
                    .message = message_of_record(format, found.records, wrong)};
    return found;
  };
  while (rest.size() >= format.record_bytes && found.records < kDetectRecords) {
    const std::string_view wrong = format.check(rest.substr(0, format.record_bytes));
    if (!wrong.empty()) return fail(wrong);
    ++found.records;
    rest.remove_prefix(format.record_bytes);
  }
  if (head.whole && found.records < kDetectRecords && !rest.empty())
    return fail(cut_short(rest.size(), format));
  found.fits = found.records > 0;
  return found;
}

}  // namespace faultline::trace
