// What the recorder's back ends say, over arbitrary bytes: the first byte chooses the plugin's
// messages or Lackey's log. What comes of them does not depend on the pieces they come in.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "faultline/trace_call.h"
#include "sim/base/check.h"
#include "sim/record/lackey_log.h"
#include "sim/record/stream_decoder.h"
#include "tests/fuzz/fuzz_entry.h"

namespace faultline::record {
namespace {

// Checks what it is given, and sums it up.
class CheckingSink : public TraceSink {
 public:
  bool take(const TraceBlock& block) override {
    FL_CHECK(!block.end());
    for (const Access& access : block.accesses) {
      add(access.address.value);
      add(access.size_bytes);
      add(uint64_t(access.kind) << 1 | uint64_t(access.by));
    }
    add(block.task.pid);
    add(block.task.tid);
    if (block.call == nullptr) return true;
    FL_CHECK(size_t(block.call->kind) < kTraceCallKinds);
    add(uint64_t(block.call->kind));
    add(uint64_t(block.call->result));
    for (const uint64_t argument : block.call->arguments) add(argument);
    return true;
  }
  uint64_t sum() const { return sum_; }

 private:
  void add(uint64_t value) { sum_ = (sum_ ^ value) * 0x9e3779b97f4a7c15; }
  uint64_t sum_ = 1;
};

// The sum of what comes of messages that are handed over `piece` bytes at a time; 0: they make no
// sense.
uint64_t sum_of_messages(std::span<const std::byte> bytes, size_t piece) {
  CheckingSink sink;
  StreamDecoder decoder(sink, FetchUnit::kInstruction);
  size_t taken = 0;
  for (size_t come = 0; come < bytes.size();) {
    come = std::min(bytes.size(), come + piece);
    const auto more = decoder.take(bytes.subspan(taken, come - taken));
    if (!more) return 0;
    FL_CHECK(*more <= come - taken);
    taken += *more;
  }
  decoder.finish(1, 0);
  return sink.sum();
}

uint64_t sum_of_log(std::string_view text, size_t piece) {
  CheckingSink sink;
  LackeyLog log(sink, 100, "/bin/sh", [] { return std::vector<MapsLine>{}; });
  size_t taken = 0;
  for (size_t come = 0; come < text.size();) {
    come = std::min(text.size(), come + piece);
    const size_t more = log.take(text.substr(taken, come - taken));
    FL_CHECK(more <= come - taken);
    taken += more;
  }
  log.finish(0);
  return sink.sum();
}

}  // namespace
}  // namespace faultline::record

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace faultline::record;
  if (size == 0) return 0;
  const std::span bytes = std::as_bytes(std::span(data, size).subspan(1));
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const bool is_log = (*data & 1) != 0;
  for (const size_t piece : {size_t{97}, size_t{4096}}) {
    if (is_log)
      FL_CHECK(sum_of_log(text, piece) == sum_of_log(text, size));
    else
      FL_CHECK(sum_of_messages(bytes, piece) == sum_of_messages(bytes, size));
  }
  return 0;
}
