#include "tests/trace/flt_support.h"

#include <doctest/doctest.h>
#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "sim/base/prng.h"
#include "sim/trace/flt/flt_writer.h"
#include "sim/trace/format.h"
#include "sim/trace/run_expander.h"
#include "tests/trace/trace_support.h"

namespace faultline::testing {
namespace {

constexpr uint64_t kPageBytes = uint64_t{1} << kPageRunShift;

class MemorySink final : public trace::ByteSink {
 public:
  explicit MemorySink(std::string& bytes) : bytes_(bytes) {}
  trace::Written write(std::string_view bytes) override {
    bytes_ += bytes;
    return {};
  }
  trace::Written finish() override { return {}; }

 private:
  std::string& bytes_;
};

// Mostly a few pages again and again, some anywhere.
Access random_access(base::Prng& prng, const StreamShape& shape) {
  Access access{.kind = static_cast<AccessKind>(prng.below(4)),
                .by = prng.below(20) == 0 ? AccessBy::kKernel : AccessBy::kProgram};
  const uint64_t page =
      prng.below(50) == 0 ? prng.next() >> (12 + prng.below(40)) : uint64_t{0x400} + prng.below(6);
  access.size_bytes = 1U << prng.below(6);
  access.address = {page * kPageBytes + prng.below(kPageBytes - 64)};
  if (prng.below(1000) < shape.straddles_in_1000) {
    access.address.value |= kPageBytes - 1;
    access.size_bytes = static_cast<uint32_t>(2 + prng.below(kAccessSizeMax - 1));
    if (prng.below(10) == 0) access.address.value = ~uint64_t{0} - prng.below(4);
  }
  return access;
}

std::string call_line(const TraceCall& call) {
  std::string line =
      fmt::format("{} {}/{}", trace_call_name(call.kind), call.task.pid, call.task.tid);
  for (const uint64_t argument : call.arguments) line += fmt::format(" {:x}", argument);
  line += fmt::format(" = {} {} {}", call.result, call.path, call.file_bytes);
  for (const MapsLine& map : call.maps) line += " | " + map.to_string();
  return line;
}

std::vector<std::string> to_lines(const Stream& stream, std::string (*text)(const Access&)) {
  std::vector<std::string> lines;
  for (const OwnedBlock& block : stream) {
    for (const Access& access : block.accesses)
      lines.push_back(fmt::format("{}/{} {}", block.task.pid, block.task.tid, text(access)));
    if (block.call) lines.push_back(call_line(*block.call));
  }
  return lines;
}

}  // namespace

TraceCall random_call(uint64_t seed) {
  base::Prng prng(seed);
  TraceCall call{
      .kind = static_cast<TraceCallKind>(prng.below(kTraceCallKinds)),
      .task = {uint32_t(prng.below(100)), uint32_t(prng.next())},
      .result = static_cast<int64_t>(prng.next() >> prng.below(64)) * (prng.below(2) == 0 ? 1 : -1),
      .file_bytes = prng.next() >> prng.below(64)};
  for (uint64_t& argument : call.arguments) argument = prng.next() >> prng.below(64);
  if (prng.below(2) == 0) call.path = "/usr/lib/" + std::string(prng.below(200), 'x');
  if (call.kind != TraceCallKind::kExec) return call;
  VirtAddr behind{};
  for (uint64_t i = prng.below(10); i > 0; --i) {
    MapsLine& line = call.maps.emplace_back();
    line.range.start = behind + prng.below(100) * kPageBytes;
    line.range.end = line.range.start + (1 + prng.below(100)) * kPageBytes;
    behind = line.range.end;
    line.permissions[0] = 'r';
    line.permissions[3] = 'p';
    line.offset_bytes = prng.next() >> prng.below(64);
    line.device_major = uint32_t(prng.next());
    line.inode = prng.below(1000);
    line.path = "[heap]";
  }
  return call;
}

Stream random_stream(const StreamShape& shape) {
  base::Prng prng(shape.seed);
  Stream stream(1);
  for (std::size_t i = 0; i < shape.accesses; ++i) {
    stream.back().accesses.push_back(random_access(prng, shape));
    const TraceTask task = stream.back().task;
    if (prng.below(1000) < shape.calls_in_1000) {
      stream.back().call = random_call(prng.next());
      stream.push_back({.task = task});
    }
    if (prng.below(1000) < shape.tasks_in_1000)
      stream.push_back({.task = {uint32_t(prng.below(3)), uint32_t(prng.below(1000))}});
  }
  if (shape.calls_in_1000 > 0) stream.back().call = random_call(shape.seed);
  return stream;
}

std::vector<std::string> to_lines(const Stream& stream) {
  return to_lines(
      stream, +[](const Access& access) {
        return fmt::format("{} {:x},{} {}", static_cast<int>(access.kind), access.address.value,
                           access.size_bytes, static_cast<int>(access.by));
      });
}

std::vector<std::string> to_page_lines(const Stream& stream) {
  return to_lines(
      stream, +[](const Access& access) {
        const uint64_t first = access.address.value >> kPageRunShift;
        const uint64_t last = (access.address.value + access.size_bytes - 1) >> kPageRunShift;
        return fmt::format("{} {:x}..{:x}", static_cast<int>(access.kind), first,
                           std::max(first, last));
      });
}

std::unique_ptr<trace::ByteSink> make_memory_sink(std::string& bytes) {
  return std::make_unique<MemorySink>(bytes);
}

std::string write_flt(const Stream& stream, const TraceWriterOptions& options) {
  return write_flt_blocks({stream}, options);
}

std::string write_flt_blocks(const std::vector<Stream>& streams,
                             const TraceWriterOptions& options) {
  std::string bytes;
  const trace::FltHeader header{.kind = {.filter = options.filter,
                                         .fetch_unit = options.fetch_unit,
                                         .has_calls = options.has_calls},
                                .producer = options.producer};
  trace::FltWriter writer("t", header, make_memory_sink(bytes));
  for (const Stream& stream : streams) {
    for (const OwnedBlock& block : stream) REQUIRE(writer.write(block.view()).ok());
    REQUIRE(writer.end_block().ok());
  }
  REQUIRE(writer.finish().ok());
  return bytes;
}

ReadStream read_stream(TraceReader& reader) {
  ReadStream read;
  for (;;) {
    const auto block = reader.next_block();
    if (!block.ok()) {
      read.error = block.error();
      const auto again = reader.next_block();
      REQUIRE(!again.ok());
      CHECK(again.error().to_string() == read.error->to_string());
    }
    if (!block.ok() || block->end()) break;
    OwnedBlock& owned = read.stream.emplace_back();
    owned.accesses.assign(block->accesses.begin(), block->accesses.end());
    owned.task = block->task;
    if (block->call != nullptr) owned.call = *block->call;
  }
  read.damage.assign(reader.damage().begin(), reader.damage().end());
  return read;
}

ReadStream read_runs(PageRunReader& reader) {
  ReadStream read;
  for (;;) {
    const auto block = reader.next_page_runs();
    if (!block.ok()) read.error = block.error();
    if (!block.ok() || block->end()) return read;
    OwnedBlock& owned = read.stream.emplace_back();
    owned.task = block->task;
    if (block->call != nullptr) owned.call = *block->call;
    trace::RunExpander expander;
    expander.begin(block->pages, block->runs);
    while (!expander.done()) {
      const auto accesses = expander.next();
      owned.accesses.insert(owned.accesses.end(), accesses.begin(), accesses.end());
    }
  }
}

std::unique_ptr<TraceReader> open_flt(const std::string& bytes, bool salvage) {
  auto content = trace::make_content("t", make_memory_source(bytes));
  REQUIRE(content.ok());
  return (salvage ? trace::make_flt_salvager : trace::make_flt_reader)(std::move(content).value());
}

}  // namespace faultline::testing
