// The vocabulary of formats that hold one record a line: what a line is, what a block of lines is,
// and who parses them.
//
// Units: columns in bytes, from 1. Everything here is a plain value or pure; any thread may use it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "faultline/access.h"
#include "sim/trace/format.h"

namespace faultline::trace {

struct LineError {
  std::size_t column = 0;
  std::string_view message{};  // of static storage
};

enum class LineKind : std::uint8_t { kAccess, kSkipped, kMalformed };

struct ParsedLine {
  LineKind kind = LineKind::kSkipped;
  Access access{};    // of kAccess
  TraceTask task{};   // of kAccess, in a format that names tasks
  LineError error{};  // of kMalformed
};

// Parses one line, given without its newline.
using LineParser = ParsedLine (*)(std::string_view line);

struct ParsedBlock {
  std::size_t accesses = 0;
  std::size_t lines = 0;             // parsed without error
  std::optional<LineError> error{};  // of the line after these
  TraceTask task{};                  // whose accesses they are
  // Lines left for the next block: the first is of another task, or behind a call.
  std::string_view rest{};
};

// How many bytes after the lines a block parser may read (it makes no use of what they hold).
inline constexpr std::size_t kBlockPadding = 64;

// Parses `lines`, each of which ends in a newline, up to the first malformed one. Writes the
// accesses to `out`, which has room for as many of the shortest as fit in `lines`.
// REQUIRES: kBlockPadding bytes behind `lines` can be read.
using BlockParser = ParsedBlock (*)(std::string_view lines, Access* out);

// Parses the line [line, end) into `block`, its access to `out[block.accesses]`. False if it is
// malformed.
template <LineParser kParse>
bool parse_into(ParsedBlock& block, const char* line, const char* end, Access* out) {
  const ParsedLine parsed = kParse({line, static_cast<std::size_t>(end - line)});
  if (parsed.kind == LineKind::kMalformed) {
    block.error = parsed.error;
    return false;
  }
  ++block.lines;
  if (parsed.kind == LineKind::kAccess) out[block.accesses++] = parsed.access;
  return true;
}

// The block parser of a format that needs no faster one.
template <LineParser kParse>
ParsedBlock parse_each_line(std::string_view lines, Access* out) {
  ParsedBlock block;
  while (!lines.empty()) {
    const std::size_t size = lines.find('\n');
    if (!parse_into<kParse>(block, lines.data(), lines.data() + size, out)) break;
    lines.remove_prefix(size + 1);
  }
  return block;
}

// The same for a format whose lines name tasks: a block ends where another task begins.
template <LineParser kParse>
ParsedBlock parse_each_task_line(std::string_view lines, Access* out) {
  ParsedBlock block;
  while (!lines.empty()) {
    const std::size_t size = lines.find('\n');
    const ParsedLine parsed = kParse(lines.substr(0, size));
    if (parsed.kind == LineKind::kMalformed) {
      block.error = parsed.error;
      break;
    }
    if (parsed.kind == LineKind::kAccess) {
      if (block.accesses > 0 && parsed.task != block.task) {
        block.rest = lines;
        break;
      }
      block.task = parsed.task;
      out[block.accesses++] = parsed.access;
    }
    ++block.lines;
    lines.remove_prefix(size + 1);
  }
  return block;
}

// Whether the first kDetectRecords records of `head` are lines of this format.
Detection detect_lines(const Head& head, LineParser parse);

}  // namespace faultline::trace
