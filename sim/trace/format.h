// The formats of traces: one row each, and what a row needs. A new format is one .cc file with the
// two functions of its row, declared here, and its row in format.cc.
//
// Threads: the table is constant; any thread may use it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "faultline/trace.h"
#include "sim/trace/content.h"

namespace faultline::trace {

// How many records detection looks at, and in how much of the content it looks for them.
inline constexpr std::uint64_t kDetectRecords = 64;
inline constexpr std::size_t kHeadBytes = 64 << 10;

// The beginning of a content.
struct Head {
  std::string_view bytes;
  bool whole = false;  // nothing follows; where it could not be read further, something might
};

struct Misfit {
  std::uint64_t line = 0;  // 0: the format has no lines
  std::size_t column = 0;
  std::uint64_t record = 0;  // from 1; 0: the format has no records of one length
  std::string message{};     // with the record's place, where there is one
};

struct Detection {
  bool fits = false;
  // Where it fits: by a magic number, so that what else fits does so by chance.
  bool certain = false;
  std::uint64_t records = 0;  // found in the head, before the misfit
  Misfit misfit{};
};

struct FormatRow {
  TraceFormat info;
  Detection (*detect)(const Head& head);
  std::unique_ptr<TraceReader> (*make_reader)(Content content);
  // A reader that goes on behind what is damaged; null: there is none.
  std::unique_ptr<TraceReader> (*make_salvager)(Content content) = nullptr;
};

// The row of that name, or null.
const FormatRow* find_format(std::string_view name);

struct DetectOptions {
  // Of the file before in the same trace, or null. Of several that fit it is the one. It is, too,
  // where none fits and it is the nearest, or there are no records, or it can search what is
  // damaged for more: its reader says what is wrong.
  const FormatRow* before = nullptr;
  // Where no format fits, the one in which the most records can be read does.
  bool salvage = false;
};

// The one format that fits `content`; takes nothing from it.
// Errors: none or several fit; says which, and where the nearest does not.
Result<const FormatRow*, InputError> detect_format(const Content& content,
                                                   const DetectOptions& options);

Detection detect_flt(const Head& head);
std::unique_ptr<TraceReader> make_flt_reader(Content content);
std::unique_ptr<TraceReader> make_flt_salvager(Content content);
Detection detect_lackey(const Head& head);
std::unique_ptr<TraceReader> make_lackey_reader(Content content);
Detection detect_hexrw(const Head& head);
std::unique_ptr<TraceReader> make_hexrw_reader(Content content);
Detection detect_ostep(const Head& head);
std::unique_ptr<TraceReader> make_ostep_reader(Content content);
Detection detect_pinatrace(const Head& head);
std::unique_ptr<TraceReader> make_pinatrace_reader(Content content);
Detection detect_din(const Head& head);
std::unique_ptr<TraceReader> make_din_reader(Content content);
Detection detect_champsim(const Head& head);
std::unique_ptr<TraceReader> make_champsim_reader(Content content);
Detection detect_oraclegeneral(const Head& head);
std::unique_ptr<TraceReader> make_oraclegeneral_reader(Content content);
Detection detect_drmemtrace(const Head& head);
std::unique_ptr<TraceReader> make_drmemtrace_reader(Content content);
Detection detect_drmemtrace_view(const Head& head);
std::unique_ptr<TraceReader> make_drmemtrace_view_reader(Content content);
Detection detect_perf(const Head& head);
std::unique_ptr<TraceReader> make_perf_reader(Content content);
Detection detect_plain(const Head& head);
std::unique_ptr<TraceReader> make_plain_reader(Content content);
Detection detect_csv(const Head& head);
std::unique_ptr<TraceReader> make_csv_reader(Content content);

}  // namespace faultline::trace
