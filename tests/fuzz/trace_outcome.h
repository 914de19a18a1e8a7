// What the fuzz targets of trace formats share: a trace in memory read to its end, by pieces of any
// size, each access held to its bounds and each error to its place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "sim/trace/format.h"

namespace faultline::testing {

// A source of `bytes`, which outlive it, `step` at once.
std::unique_ptr<trace::ByteSource> make_memory_bytes(std::string_view bytes,
                                                     std::size_t step = trace::kReadBytes);

struct Outcome {
  std::uint64_t accesses = 0;
  std::uint64_t hash = 14695981039346656037u;  // FNV-1a over all of them
  std::string error{};
};

// Reads `bytes` as a trace of `format`, `step` bytes at once.
Outcome read_all(const trace::FormatRow& format, std::string_view bytes, std::size_t step);

// Dies if the sizes of reads matter.
void check_reader(const trace::FormatRow& format, std::string_view bytes);

}  // namespace faultline::testing
