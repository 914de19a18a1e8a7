// The reader of Lackey's traces over arbitrary bytes, decompressors included. Holds it to three
// things: the sizes of reads do not matter; the fast parser and the strict one say the same; what
// comes out is an access within its bounds, or an error with a place.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/base/check.h"
#include "sim/trace/format.h"
#include "sim/trace/lackey_block.h"
#include "sim/trace/lackey_line.h"
#include "tests/fuzz/fuzz_entry.h"

namespace faultline {
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

struct Outcome {
  std::uint64_t accesses = 0;
  std::uint64_t hash = 14695981039346656037u;  // FNV-1a over all of them
  std::string error{};
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

Outcome read_all(std::string_view bytes, std::size_t step) {
  Outcome outcome;
  auto content = trace::make_content("f", std::make_unique<MemorySource>(bytes, step));
  if (!content.ok()) {
    outcome.error = content.error().to_string();
    return outcome;
  }
  const auto reader = trace::make_lackey_reader(std::move(content).value());
  while (outcome.accesses < kAccessesMax) {
    const auto block = reader->next_block();
    if (!block.ok()) {
      const InputError& error = block.error();
      FL_CHECK(!error.message.empty() && error.file == "f");
      FL_CHECK((error.line > 0 && error.column > 0) || error.byte_offset <= bytes.size());
      outcome.error = error.to_string();
      break;
    }
    if (block->empty()) break;
    for (const Access& access : *block) {
      if (outcome.accesses < kAccessesMax) add(outcome, access);
    }
  }
  return outcome;
}

void check_block_parsers(std::string_view bytes) {
  if (!trace::has_lackey_avx2() || bytes.empty()) return;
  std::string lines(bytes);
  if (!lines.ends_with('\n')) lines += '\n';
  const std::size_t size = lines.size();
  lines.append(trace::kBlockPadding, ',');
  const std::string_view view = std::string_view(lines).substr(0, size);
  std::vector<Access> strict_out(size / trace::kLackeyRecordBytesMin + 1);
  std::vector<Access> fast_out(strict_out.size());
  const trace::ParsedBlock strict = trace::parse_lackey_portable(view, strict_out.data());
  const trace::ParsedBlock fast = trace::parse_lackey_avx2(view, fast_out.data());
  FL_CHECK(fast.accesses == strict.accesses && fast.lines == strict.lines);
  FL_CHECK(fast.error.has_value() == strict.error.has_value());
  if (fast.error) {
    FL_CHECK(fast.error->column == strict.error->column);
    FL_CHECK(fast.error->message == strict.error->message);
  }
  for (std::size_t i = 0; i < fast.accesses; ++i) {
    FL_CHECK(fast_out[i].address == strict_out[i].address);
    FL_CHECK(fast_out[i].size_bytes == strict_out[i].size_bytes);
    FL_CHECK(fast_out[i].kind == strict_out[i].kind);
  }
}

void check_input(std::string_view bytes) {
  const Outcome whole = read_all(bytes, trace::kReadBytes);
  const Outcome pieces = read_all(bytes, 1 + bytes.size() % 13);
  FL_CHECK(whole.accesses == pieces.accesses && whole.hash == pieces.hash);
  FL_CHECK_MSG(whole.error == pieces.error, "{} | {}", whole.error, pieces.error);
  check_block_parsers(bytes);
}

}  // namespace
}  // namespace faultline

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  faultline::check_input({reinterpret_cast<const char*>(data), size});
  return 0;
}
