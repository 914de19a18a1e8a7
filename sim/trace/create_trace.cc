// create_trace: the formats that can be written, and what is common to their writers.
#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "faultline/trace_writer.h"
#include "sim/trace/byte_sink.h"
#include "sim/trace/encoded_sink.h"
#include "sim/trace/flt/flt_writer.h"
#include "sim/trace/run_expander.h"
#include "sim/trace/writers/format_writer.h"

namespace faultline {
namespace trace {
namespace {

constexpr std::string_view kFlt = "flt";

constexpr Traits kDataAddresses = {Trait::kStores, Trait::kOffsets, Trait::kPageNumbers};

constexpr std::array kRows = {
    WriterRow{"lackey",
              {Trait::kFetches, Trait::kStores, Trait::kModifies, Trait::kSizes, Trait::kOffsets,
               Trait::kPageNumbers},
              kAccessSizeMax,
              make_lackey_writer},
    WriterRow{"hexrw", kDataAddresses, 1, make_hexrw_writer},
    WriterRow{"ostep", {Trait::kPageNumbers}, 1, make_ostep_writer},
    WriterRow{"pinatrace", kDataAddresses, 1, make_pinatrace_writer},
    WriterRow{"din",
              {Trait::kFetches, Trait::kStores, Trait::kOffsets, Trait::kPageNumbers},
              1,
              make_din_writer},
    WriterRow{"champsim",
              {Trait::kFetches, Trait::kStores, Trait::kOffsets, Trait::kPageNumbers},
              1,
              make_champsim_writer},
    WriterRow{"drmemtrace",
              {Trait::kTasks, Trait::kThreads, Trait::kFetches, Trait::kStores, Trait::kSizes,
               Trait::kOffsets, Trait::kPageNumbers},
              0xffff,
              make_drmemtrace_writer},
    WriterRow{
        "perf",
        {Trait::kTasks, Trait::kThreads, Trait::kStores, Trait::kOffsets, Trait::kPageNumbers},
        1,
        make_perf_writer},
    WriterRow{"oraclegeneral", {}, 1, make_oraclegeneral_writer},
    WriterRow{"csv", {Trait::kStores}, 1, make_csv_writer},
    WriterRow{"plain",
              {Trait::kTasks, Trait::kFetches, Trait::kStores, Trait::kModifies, Trait::kSizes,
               Trait::kOffsets, Trait::kPageNumbers},
              kAccessSizeMax,
              make_plain_writer},
};

const WriterRow* find_row(std::string_view name) {
  const auto row = std::find_if(kRows.begin(), kRows.end(),
                                [name](const WriterRow& it) { return it.name == name; });
  return row == kRows.end() ? nullptr : &*row;
}

TraceWriteError refusal(const std::string& file, std::string message) {
  return {TraceWriteError::Cause::kUsage, {.file = file, .message = std::move(message)}};
}

Result<std::unique_ptr<ByteSink>, TraceWriteError> create_sink(const std::string& file,
                                                               Compression compression) {
  auto sink = create_file_sink(file);
  if (!sink || compression == Compression::kNone) return sink;
  return make_encoded_sink(file, compression, std::move(sink).value());
}

}  // namespace

std::span<const WriterRow> writer_rows() { return kRows; }

}  // namespace trace

Result<void, TraceWriteError> TraceWriter::write_runs(const PageRunBlock& block) {
  trace::RunExpander expander;
  expander.begin(block.pages, block.runs);
  for (;;) {
    TraceBlock some{.accesses = expander.next(), .task = block.task};
    if (expander.done()) some.call = block.call;
    if (some.end()) return {};
    if (auto written = write(some); !written || expander.done()) return written;
  }
}

std::vector<std::string_view> writable_formats() {
  std::vector<std::string_view> names{trace::kFlt};
  for (const trace::WriterRow& row : trace::kRows) names.push_back(row.name);
  return names;
}

Result<std::unique_ptr<TraceWriter>, TraceWriteError> create_trace(
    const std::string& file, const TraceWriterOptions& options) {
  using Writer = std::unique_ptr<TraceWriter>;
  const trace::WriterRow* const row = trace::find_row(options.format);
  if (row == nullptr && options.format != trace::kFlt) {
    std::string names;
    for (const std::string_view name : writable_formats())
      names += (names.empty() ? "" : ", ") + std::string(name);
    return trace::refusal(
        "", "no trace can be written as '" + options.format + "'; there are: " + names);
  }
  if (options.producer.size() > kProducerBytesMax)
    return trace::refusal(file, "the producer's name is too long");
  auto sink = trace::create_sink(file, options.compression);
  if (!sink) return sink.error();
  if (row != nullptr) {
    return Writer(
        std::make_unique<trace::FormatWriter>(file, *row, options.lossy, std::move(sink).value()));
  }
  const trace::FltHeader header{.kind = {.filter = options.filter,
                                         .fetch_unit = options.fetch_unit,
                                         .has_calls = options.has_calls},
                                .producer = options.producer};
  return Writer(std::make_unique<trace::FltWriter>(file, header, std::move(sink).value()));
}

TraceFileName parse_trace_file_name(std::string_view file) {
  constexpr std::pair<std::string_view, Compression> kCompressions[] = {
      {".gz", Compression::kGzip}, {".xz", Compression::kXz}, {".zst", Compression::kZstd}};
  TraceFileName name;
  for (const auto& [extension, compression] : kCompressions) {
    if (!file.ends_with(extension)) continue;
    name.compression = compression;
    file.remove_suffix(extension.size());
    break;
  }
  const auto extends = [file](std::string_view extension) {
    return file.size() > extension.size() && file.ends_with(extension) &&
           file[file.size() - extension.size() - 1] == '.';
  };
  for (const std::string_view format : writable_formats())
    if (extends(format)) name.format = format;
  // As those are called that ChampSim's users share.
  if (extends("champsimtrace")) name.format = "champsim";
  return name;
}

}  // namespace faultline
