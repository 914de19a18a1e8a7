// libCacheSim's oracleGeneral: its row. See docs/formats/oraclegeneral.md.
#include <unordered_map>
#include <utility>

#include "sim/trace/format.h"
#include "sim/trace/record_reader.h"

namespace faultline::trace {
namespace {

// Where the fields of a record lie. Source: libCacheSim
// libCacheSim/bin/traceUtils/traceConvOracleGeneral.cpp.
constexpr std::size_t kObject = 4;
constexpr std::size_t kNextAccess = 16;
constexpr std::size_t kRecordBytes = 24;

// A next access is the number of a record, from 1, or this.
constexpr std::int64_t kNever = -1;
constexpr std::int64_t kRecordsMax = std::int64_t{1} << 48;  // no trace is longer; text would be

constexpr unsigned kPageShift = 12;  // each object stands for one page of 4 KiB

std::string_view check(std::string_view record) {
  const auto next = load_number<std::int64_t>(record, kNextAccess);
  if ((next < 1 && next != kNever) || next > kRecordsMax)
    return "its next access is neither -1 nor the number of a record";
  return {};
}

constexpr RecordFormat kFormat{
    .name = "oraclegeneral", .record_bytes = kRecordBytes, .accesses_max = 1, .check = check};

// Objects are numbered as they come: their own numbers are hashes, most of them no address.
class Parser final : public RecordParser {
 public:
  std::size_t parse(std::string_view record, Access* out) override {
    const auto object = load_number<std::uint64_t>(record, kObject);
    const std::uint64_t page = pages_.try_emplace(object, pages_.size()).first->second;
    *out = {.address = VirtAddr{page << kPageShift}};
    return 1;
  }

 private:
  std::unordered_map<std::uint64_t, std::uint64_t> pages_{};
};

// Every next access that is in sight has to be one to the same object: real traces hold to that,
// and other binary files do not.
Detection detect(const Head& head) {
  Detection found = detect_records(head, kFormat);
  if (!found.fits) return found;
  const std::size_t records = head.bytes.size() / kRecordBytes;
  const auto record = [&](std::size_t i) {
    return head.bytes.substr(i * kRecordBytes, kRecordBytes);
  };
  const auto object = [&](std::size_t i) { return load_number<std::uint64_t>(record(i), kObject); };
  for (std::size_t i = 0; i < found.records; ++i) {
    const auto next = load_number<std::int64_t>(record(i), kNextAccess);
    if (next == kNever || static_cast<std::uint64_t>(next) > records) continue;
    const auto at = static_cast<std::size_t>(next) - 1;
    if (at > i && object(at) == object(i)) continue;
    found.fits = false;
    found.misfit = {
        .record = i + 1,
        .message = message_of_record(kFormat, i, "its next access is one to another object")};
    return found;
  }
  return found;
}

}  // namespace

Detection detect_oraclegeneral(const Head& head) { return detect(head); }

std::unique_ptr<TraceReader> make_oraclegeneral_reader(Content content) {
  return std::make_unique<RecordReader>(kFormat, std::make_unique<Parser>(), std::move(content));
}

}  // namespace faultline::trace
