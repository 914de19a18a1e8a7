// DynamoRIO's memory traces (drmemtrace), as they lie on disk: their row. See
// docs/formats/drmemtrace.md.
#include <algorithm>
#include <utility>

#include "sim/trace/format.h"
#include "sim/trace/record_reader.h"

namespace faultline::trace {
namespace {

// Where the fields of an entry lie, and its types. Source: DynamoRIO
// clients/drcachesim/common/trace_entry.h, trace_entry_t, trace_type_t.
constexpr std::size_t kType = 0;
constexpr std::size_t kSize = 2;
constexpr std::size_t kAddress = 4;
constexpr std::size_t kRecordBytes = 12;

enum Type : std::uint16_t {
  kRead = 0,
  kWrite = 1,
  kInstr = 10,
  kInstrReturn = 16,
  kInstrBundle = 17,
  kThread = 22,
  kProcess = 24,
  kHeader = 25,
  kInstrSysenter = 31,
  kInstrTakenJump = 48,
  kInstrUntakenJump = 49,  // the last that is known
};

// The version in a header: a small number, whatever DynamoRIO's is by now.
constexpr std::uint64_t kVersionMax = 255;

// The lengths of instructions that one entry of a bundle may hold.
constexpr std::size_t kBundleMax = 8;

Type type_of(std::string_view record) {
  return static_cast<Type>(load_number<std::uint16_t>(record, kType));
}

bool is_fetch(Type type) {
  return (type >= kInstr && type <= kInstrReturn) || type == kInstrSysenter ||
         type == kInstrTakenJump || type == kInstrUntakenJump;
}

std::string_view check(std::string_view record) {
  const Type type = type_of(record);
  const auto size = load_number<std::uint16_t>(record, kSize);
  if (type > kInstrUntakenJump) return "its type is not known";
  if (type == kInstrBundle && size > kBundleMax)
    return "it is a bundle of more than 8 instructions";
  if (size == 0 && is_fetch(type)) return "its size is 0";
  return {};
}

constexpr RecordFormat kFormat{
    .name = "drmemtrace", .record_bytes = kRecordBytes, .accesses_max = kBundleMax, .check = check};

class Parser final : public RecordParser {
 public:
  std::size_t parse(std::string_view record, Access* out) override {
    const Type type = type_of(record);
    const auto size = load_number<std::uint16_t>(record, kSize);
    const VirtAddr address{load_number<std::uint64_t>(record, kAddress)};
    if (type == kThread) task_.tid = static_cast<std::uint32_t>(address.value);
    if (type == kProcess) task_.pid = static_cast<std::uint32_t>(address.value);
    if (type == kInstrBundle) return fetch_bundle(record.substr(kAddress, size), out);
    if (is_fetch(type)) {
      behind_ = address + size;
      *out = {.address = address, .size_bytes = size, .kind = AccessKind::kFetch};
      return 1;
    }
    if (type != kRead && type != kWrite) return 0;
    // Of xsave and xrstor DynamoRIO does not tell how much they store and load.
    *out = {.address = address,
            .size_bytes = std::max<std::uint32_t>(size, 1),
            .kind = type == kRead ? AccessKind::kLoad : AccessKind::kStore};
    return 1;
  }

 private:
  // The instructions behind the one before, of which only the lengths are told.
  std::size_t fetch_bundle(std::string_view lengths, Access* out) {
    std::size_t count = 0;
    for (const char length : lengths) {
      const auto size = static_cast<std::uint8_t>(length);
      if (size == 0) continue;
      out[count++] = {.address = behind_, .size_bytes = size, .kind = AccessKind::kFetch};
      behind_ = behind_ + size;
    }
    return count;
  }

  VirtAddr behind_{};  // the last instruction
};

}  // namespace

// It begins with a header, whose 12 bytes are as good as a magic number: anything may be behind it,
// and looks like records of other formats.
Detection detect_drmemtrace(const Head& head) {
  if (head.bytes.size() < kRecordBytes || type_of(head.bytes) != kHeader)
    return {.misfit = {.message = "it does not begin with a header"}};
  Detection found = detect_records(head, kFormat);
  const auto version = load_number<std::uint64_t>(head.bytes, kAddress);
  found.certain = load_number<std::uint16_t>(head.bytes, kSize) == 0 && version <= kVersionMax;
  return found;
}

std::unique_ptr<TraceReader> make_drmemtrace_reader(Content content) {
  return std::make_unique<RecordReader>(kFormat, std::make_unique<Parser>(), std::move(content));
}

}  // namespace faultline::trace
