#include "tests/fuzz/trace_outcome.h"

#include <algorithm>
#include <memory>
#include <span>
#include <utility>

#include "sim/base/check.h"

namespace faultline::testing {
namespace {

class MemorySource final : public trace::ByteSource {
 public:
  MemorySource(std::string_view bytes, std::size_t step) : rest_(bytes), step_(step) {}

  Result<std::size_t, InputError> read(std::span<char> into) override {
    const std::size_t size = rest_.copy(into.data(), std::min(into.size(), step_));
    rest_.remove_prefix(size);
    return size;
  }

 private:
  std::string_view rest_;
  const std::size_t step_;
};

void add(Outcome& outcome, const Access& access) {
  FL_CHECK(access.size_bytes >= 1 && access.size_bytes <= kAccessSizeMax);
  FL_CHECK(access.kind <= AccessKind::kModify);
  ++outcome.accesses;
  for (const std::uint64_t word : {access.address.value, std::uint64_t{access.size_bytes},
                                   static_cast<std::uint64_t>(access.kind)}) {
    outcome.hash = (outcome.hash ^ word) * 1099511628211u;
  }
}

// A few bytes of zstd or xz can stand for gigabytes: enough is enough.
constexpr std::uint64_t kAccessesMax = 1 << 20;

}  // namespace

std::unique_ptr<trace::ByteSource> make_memory_bytes(std::string_view bytes, std::size_t step) {
  return std::make_unique<MemorySource>(bytes, step);
}

Outcome read_all(const trace::FormatRow& format, std::string_view bytes, std::size_t step) {
  Outcome outcome;
  auto content = trace::make_content("f", std::make_unique<MemorySource>(bytes, step));
  if (!content.ok()) {
    outcome.error = content.error().to_string();
    return outcome;
  }
  const auto reader = format.make_reader(std::move(content).value());
  while (outcome.accesses < kAccessesMax) {
    const auto block = reader->next_block();
    if (!block.ok()) {
      const InputError& error = block.error();
      FL_CHECK(!error.message.empty() && error.file == "f");
      // A record of a binary format has its place in the message.
      FL_CHECK((error.line > 0 && error.column > 0) || error.byte_offset <= bytes.size() ||
               error.message.starts_with("record "));
      outcome.error = error.to_string();
      break;
    }
    if (block->end()) break;
    for (const Access& access : block->accesses) {
      if (outcome.accesses < kAccessesMax) add(outcome, access);
    }
  }
  return outcome;
}

void check_reader(const trace::FormatRow& format, std::string_view bytes) {
  const Outcome whole = read_all(format, bytes, trace::kReadBytes);
  const Outcome pieces = read_all(format, bytes, 1 + bytes.size() % 13);
  FL_CHECK(whole.accesses == pieces.accesses && whole.hash == pieces.hash);
  FL_CHECK_MSG(whole.error == pieces.error, "{} | {}", whole.error, pieces.error);
}

}  // namespace faultline::testing
