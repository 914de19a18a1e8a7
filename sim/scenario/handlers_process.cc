// What is asked of the process and of the machine as a whole: attributes, what /proc shows, time.
#include <fmt/core.h>

#include "sim/base/align.h"
#include "sim/scenario/handlers.h"

namespace faultline::scenario {
namespace {

constexpr uint64_t kPagemapPagesMax = 1024;  // in one answer

CallResult answer_of_text(const CallFrame&, const Result<std::string>& text) {
  if (!text.ok()) return failed(text.error());
  return Answer{.text = *text};
}

PlacedMessage at_argument(const CallFrame& frame, size_t index, std::string message) {
  return {frame.statement.arguments[index].column, std::move(message)};
}

}  // namespace

CallResult run_prctl(const CallFrame& frame) {
  std::array<uint64_t, 4> arguments{};
  for (size_t i = 0; i < arguments.size() && frame.has(i + 1); ++i) {
    arguments[i] = frame.number(i + 1);
  }
  const std::string_view text = frame.has(4) ? frame.values[4].text : std::string_view{};
  return answer_of(frame.process.prctl(frame.number(0), arguments, text));
}

CallResult run_personality(const CallFrame& frame) {
  return answer_of(frame.process.personality(frame.number(0)));
}

CallResult run_maps(const CallFrame& frame) { return Answer{.maps = frame.process.maps()}; }

CallResult run_smaps(const CallFrame& frame) {
  return answer_of_text(frame, frame.process.smaps());
}

CallResult run_status(const CallFrame& frame) {
  return answer_of_text(frame, frame.process.status());
}

// An entry a line, as the file has no text of its own.
CallResult run_pagemap(const CallFrame& frame) {
  const VirtAddr start = frame.address(0);
  const uint64_t length_bytes = base::align_up(frame.number(1), kPageBytes);
  if (start.value % kPageBytes != 0) return at_argument(frame, 0, "the address must be a page's");
  if (frame.number(1) > kPagemapPagesMax * kPageBytes) {
    return at_argument(frame, 1, fmt::format("more than {} pages", kPagemapPagesMax));
  }
  const auto entries = frame.process.pagemap({start, start + length_bytes});
  if (!entries.ok()) return failed(entries.error());
  std::string text;
  for (const uint64_t entry : *entries) text += fmt::format("{:016x}\n", entry);
  return Answer{.text = std::move(text)};
}

CallResult run_sleep(const CallFrame& frame) {
  return answer_of(frame.machine.sleep(frame.number(0)));
}

CallResult run_sysctl(const CallFrame& frame) {
  return answer_of(frame.machine.sysctl(frame.values[0].text, frame.number(1)));
}

}  // namespace faultline::scenario
