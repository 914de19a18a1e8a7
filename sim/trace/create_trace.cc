// create_trace: the formats that can be written, and what is common to their writers.
#include <memory>
#include <utility>

#include "faultline/trace_writer.h"
#include "sim/trace/byte_sink.h"
#include "sim/trace/flt/flt_writer.h"
#include "sim/trace/run_expander.h"

namespace faultline {

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

Result<std::unique_ptr<TraceWriter>, TraceWriteError> create_trace(
    const std::string& file, const TraceWriterOptions& options) {
  const auto refuse = [&](std::string message) {
    return TraceWriteError{TraceWriteError::Cause::kContent,
                           {.file = file, .message = std::move(message)}};
  };
  if (options.format != "flt") return refuse("no format '" + options.format + "' can be written");
  if (options.producer.size() > kProducerBytesMax) return refuse("the producer's name is too long");
  auto sink = trace::create_file_sink(file);
  if (!sink) return sink.error();
  const trace::FltHeader header{.kind = {.filter = options.filter,
                                         .fetch_unit = options.fetch_unit,
                                         .has_calls = options.has_calls},
                                .producer = options.producer};
  return std::unique_ptr<TraceWriter>(
      std::make_unique<trace::FltWriter>(file, header, std::move(sink).value()));
}

}  // namespace faultline
