#include "sim/trace/format.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace faultline {
namespace trace {
namespace {

constexpr std::array kFormats = {
    FormatRow{{"lackey",
               "valgrind --tool=lackey --trace-mem=yes: fetches, loads, stores and modifies, "
               "each with address and size"},
              detect_lackey,
              make_lackey_reader},
};

constexpr std::array<TraceFormat, kFormats.size()> list_formats() {
  std::array<TraceFormat, kFormats.size()> list{};
  for (std::size_t i = 0; i < list.size(); ++i) list[i] = kFormats[i].info;
  return list;
}
constexpr std::array kList = list_formats();

std::string join_names(const std::vector<const FormatRow*>& rows) {
  std::string names;
  for (const FormatRow* row : rows) {
    names += (names.empty() ? "" : ", ") + std::string(row->info.name);
  }
  return names;
}

std::vector<const FormatRow*> all_formats() {
  std::vector<const FormatRow*> rows;
  for (const FormatRow& row : kFormats) rows.push_back(&row);
  return rows;
}

InputError several_fit(const Content& content, const std::vector<const FormatRow*>& rows) {
  return {.file = content.file,
          .message = fmt::format("is a trace in several formats: {}; name one with --format",
                                 join_names(rows))};
}

// `nearest` is the format of which most records were found.
InputError none_fits(const Content& content, const FormatRow& nearest, const Misfit& misfit) {
  const std::string why = misfit.message.empty() ? "no records" : std::string(misfit.message);
  return {.file = content.file,
          .message = fmt::format("is not a trace in a known format (as {}: {}); "
                                 "name one with --format: {}",
                                 nearest.info.name, why, join_names(all_formats())),
          .line = misfit.line,
          .column = misfit.column};
}

}  // namespace

const FormatRow* find_format(std::string_view name) {
  const auto row = std::find_if(kFormats.begin(), kFormats.end(),
                                [name](const FormatRow& it) { return it.info.name == name; });
  return row == kFormats.end() ? nullptr : &*row;
}

Result<const FormatRow*, InputError> detect_format(const Content& content) {
  Head head;
  head.bytes = content.bytes->peek(kHeadBytes);
  head.whole = content.bytes->exhausted();
  std::vector<const FormatRow*> fitting;
  const FormatRow* nearest = &kFormats.front();
  Detection nearest_found = nearest->detect(head);
  for (const FormatRow& row : kFormats) {
    const Detection found = row.detect(head);
    if (found.fits) fitting.push_back(&row);
    if (found.records > nearest_found.records) {
      nearest = &row;
      nearest_found = found;
    }
  }
  if (fitting.size() == 1) return fitting.front();
  if (fitting.size() > 1) return several_fit(content, fitting);
  // Nothing fits what could be read: that it could not be read further is the better answer.
  if (nearest_found.misfit.message.empty() && content.bytes->failure()) {
    return *content.bytes->failure();
  }
  return none_fits(content, *nearest, nearest_found.misfit);
}

}  // namespace trace

std::span<const TraceFormat> trace_formats() { return trace::kList; }

}  // namespace faultline
