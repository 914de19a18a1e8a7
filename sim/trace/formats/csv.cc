// Cache traces as comma-separated values, after libCacheSim: their row. See docs/formats/csv.md.
#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "sim/trace/format.h"
#include "sim/trace/line_reader.h"
#include "sim/trace/scanner.h"

namespace faultline::trace {
namespace {

constexpr unsigned kPageShift = 12;  // each object stands for one page of 4 KiB

// What may stand between fields. Source: libCacheSim libCacheSim/traceReader/generalReader/csv.c,
// csv_detect_delimiter().
constexpr std::string_view kDelimiters = ",\t|:";

// The names of columns and operations, without regard to capitals. Operations in digits are SCSI's
// commands, in hexadecimal: READ(10) and WRITE(10), and those of 6, 12 and 16 bytes.
// Source: Linux include/scsi/scsi_proto.h.
constexpr auto kObjectNames =
    std::to_array<std::string_view>({"object", "obj", "obj_id", "obj-id", "object_id", "object-id",
                                     "id", "key", "objid", "lbn", "lba", "block"});
constexpr auto kOpNames = std::to_array<std::string_view>(
    {"op", "operation", "opcode", "op_type", "op-type", "cmd", "type"});
constexpr auto kLoads = std::to_array<std::string_view>(
    {"get", "gets", "read", "r", "load", "28", "88", "a8", "08", "8"});
constexpr auto kStores = std::to_array<std::string_view>(
    {"set", "put", "write", "w", "store", "add", "replace", "cas", "append", "prepend", "incr",
     "decr", "update", "2a", "8a", "aa", "0a", "a"});

bool same_word(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

template <std::size_t kCount>
bool is_one_of(std::string_view word, const std::array<std::string_view, kCount>& words) {
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view each) { return same_word(word, each); });
}

struct Field {
  std::string_view text{};  // without blanks about it
  std::size_t column = 0;
};

// The field of that index, counted from 0, or nothing.
std::optional<Field> find_field(std::string_view line, char delimiter, std::size_t index) {
  std::size_t begin = 0;
  for (; index > 0; --index) {
    begin = line.find(delimiter, begin);
    if (begin == std::string_view::npos) return std::nullopt;
    ++begin;
  }
  std::size_t end = std::min(line.find(delimiter, begin), line.size());
  while (begin < end && is_blank(line.substr(begin, 1))) ++begin;
  while (begin < end && is_blank(line.substr(end - 1, 1))) --end;
  return Field{line.substr(begin, end - begin), begin + 1};
}

template <std::size_t kCount>
std::optional<std::size_t> find_column(std::string_view head, char delimiter,
                                       const std::array<std::string_view, kCount>& names) {
  for (std::size_t i = 0;; ++i) {
    const std::optional<Field> field = find_field(head, delimiter, i);
    if (!field) return std::nullopt;
    if (is_one_of(field->text, names)) return i;
  }
}

// How the fields of a line lie.
struct Columns {
  char delimiter = ',';
  std::size_t object = 1;  // without a head: time, object, size
  std::optional<std::size_t> op{};
};

// What a first line that names its columns says, with or without a # before it.
std::optional<Columns> find_columns(std::string_view line) {
  line = without_return(line);
  if (line.starts_with('#')) line.remove_prefix(1);
  for (const char delimiter : kDelimiters) {
    const std::optional<std::size_t> object = find_column(line, delimiter, kObjectNames);
    if (object) return Columns{delimiter, *object, find_column(line, delimiter, kOpNames)};
  }
  return std::nullopt;
}

class Parser {
 public:
  ParsedBlock parse(std::string_view lines, Access* out) {
    ParsedBlock block;
    while (!lines.empty()) {
      const std::size_t size = lines.find('\n');
      const ParsedLine parsed = parse_line(without_return(lines.substr(0, size)));
      if (parsed.kind == LineKind::kMalformed) {
        block.error = parsed.error;
        break;
      }
      if (parsed.kind == LineKind::kAccess) out[block.accesses++] = parsed.access;
      ++block.lines;
      lines.remove_prefix(size + 1);
    }
    return block;
  }

 private:
  ParsedLine parse_line(std::string_view line) {
    if (is_blank(line)) return {};
    if (std::exchange(first_, false)) {
      if (const std::optional<Columns> named = find_columns(line)) {
        columns_ = *named;
        return {};
      }
    }
    if (line.starts_with('#')) return {};
    return parse_record(line);
  }

  ParsedLine parse_record(std::string_view line) {
    const std::optional<Field> object = find_field(line, columns_.delimiter, columns_.object);
    if (!object || object->text.empty())
      return malformed({object ? object->column : line.size() + 1, "expected an object"});
    ParsedLine parsed{.kind = LineKind::kAccess};
    if (columns_.op) {
      const std::optional<Field> op = find_field(line, columns_.delimiter, *columns_.op);
      const std::string_view word = op ? op->text : std::string_view();
      if (is_one_of(word, kStores))
        parsed.access.kind = AccessKind::kStore;
      else if (!is_one_of(word, kLoads))
        return malformed(
            {op ? op->column : line.size() + 1, "expected an operation that is known"});
    }
    const std::uint64_t page =
        pages_.try_emplace(std::string(object->text), pages_.size()).first->second;
    parsed.access.address = VirtAddr{page << kPageShift};
    return parsed;
  }

  bool first_ = true;
  Columns columns_{};
  std::unordered_map<std::string, std::uint64_t> pages_{};  // numbered as they come
};

}  // namespace

// Without a head it might be anything.
Detection detect_csv(const Head& head) {
  const std::string_view first = head.bytes.substr(0, head.bytes.find('\n'));
  if (!find_columns(first)) {
    return {
        .misfit = {.line = 1, .column = 1, .message = "its first line names no column of objects"}};
  }
  std::string lines(
      head.bytes.substr(0, head.whole ? head.bytes.size() : head.bytes.rfind('\n') + 1));
  if (!lines.empty() && !lines.ends_with('\n')) lines += '\n';
  Parser parser;
  std::vector<Access> accesses(lines.size() / 2 + 1);
  const ParsedBlock block = parser.parse(lines, accesses.data());
  Detection found{.records = std::min<std::uint64_t>(block.accesses, kDetectRecords)};
  if (block.error && block.accesses < kDetectRecords)
    found.misfit = {.line = block.lines + 1,
                    .column = block.error->column,
                    .message = std::string(block.error->message)};
  else
    found.fits = block.accesses > 0;
  return found;
}

std::unique_ptr<TraceReader> make_csv_reader(Content content) {
  auto parser = std::make_shared<Parser>();
  const LineFormat format{
      "csv", [parser](std::string_view lines, Access* out) { return parser->parse(lines, out); },
      sizeof("0\n") - 1};
  return std::make_unique<LineReader>(format, std::move(content));
}

}  // namespace faultline::trace
