// The reader of flt over arbitrary bytes, with and without salvage, as accesses and as page runs.
// The first byte chooses whether checksums are set right first, as what is behind them is to be
// reached.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "faultline/trace.h"
#include "sim/base/check.h"
#include "sim/trace/flt/flt_reader.h"
#include "sim/trace/flt/layout.h"
#include "tests/fuzz/flt_seal.h"
#include "tests/fuzz/fuzz_entry.h"
#include "tests/fuzz/trace_outcome.h"

namespace faultline::testing {
namespace {

// A few bytes of zstd can stand for many: enough is enough.
constexpr uint64_t kAccessesMax = 1 << 20;

struct Read {
  uint64_t accesses = 0;
  uint64_t calls = 0;
  bool failed = false;
};

void check_error(const InputError& error) {
  FL_CHECK(error.file == "f" && !error.message.empty() && error.byte_offset);
}

// What is handed out is within its bounds, in either form.
Read read_accesses(trace::FltReader& reader) {
  Read read;
  while (read.accesses < kAccessesMax) {
    const auto block = reader.next_block();
    if (!block) check_error(block.error());
    read.failed = !block.ok();
    if (!block || block->end()) break;
    for (const Access& access : block->accesses)
      FL_CHECK(access.size_bytes >= 1 && access.size_bytes <= kAccessSizeMax);
    read.accesses += block->accesses.size();
    if (block->call != nullptr) ++read.calls;
  }
  return read;
}

Read read_runs(trace::FltReader& reader) {
  Read read;
  while (read.accesses < kAccessesMax) {
    const auto block = reader.next_page_runs();
    if (!block) check_error(block.error());
    read.failed = !block.ok();
    if (!block || block->end()) break;
    FL_CHECK(block->runs.empty() || block->runs.front().count() > 0);
    for (const PageRun run : block->runs) {
      FL_CHECK(run.page() < block->pages.size());
      FL_CHECK(block->pages[run.page()] >> (64 - kPageRunShift) == 0);
      read.accesses += run.count();
    }
    if (block->call != nullptr) ++read.calls;
  }
  return read;
}

void check_flt(std::string_view bytes, bool salvage) {
  const auto open = [&] {
    auto content = trace::make_content("f", make_memory_bytes(bytes));
    FL_CHECK(content.ok());
    return std::make_unique<trace::FltReader>(std::move(content).value(), salvage);
  };
  const auto reader = open();
  const Read accesses = read_accesses(*reader);
  FL_CHECK(!salvage || !accesses.failed);
  FL_CHECK(reader->damage().size() <= trace::BlockStream::kDamageMax + 1);
  const auto again = open();
  if (again->page_runs() == nullptr) return;
  const Read runs = read_runs(*again);
  if (accesses.accesses >= kAccessesMax || runs.accesses >= kAccessesMax) return;
  FL_CHECK(accesses.accesses == runs.accesses && accesses.calls == runs.calls);
  FL_CHECK(accesses.failed == runs.failed);
}

}  // namespace
}  // namespace faultline::testing

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace faultline::testing;
  if (size < 2) return 0;
  std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  // What is compressed is another reader's.
  if (bytes[0] != faultline::trace::kFltMagic[0]) return 0;
  if (*data % 2 == 1) seal(bytes);
  check_flt(bytes, false);
  check_flt(bytes, true);
  return 0;
}
