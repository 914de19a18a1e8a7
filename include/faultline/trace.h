// Reading address traces: one reader for every format, compressed or not, files or standard input.
//
// Thread safety: a reader belongs to one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "faultline/access.h"
#include "faultline/input_error.h"
#include "faultline/page_run.h"
#include "faultline/result.h"
#include "faultline/trace_call.h"

namespace faultline {

// A piece of a trace: what one task accessed, and the call that was made after that.
struct TraceBlock {
  std::span<const Access> accesses{};  // of `task`, in order
  TraceTask task{};
  const TraceCall* call = nullptr;  // null: none was made between these accesses and the next
  // Nothing is left of the trace.
  bool end() const { return accesses.empty() && call == nullptr; }
};

// What of its program's accesses a trace holds.
enum class TraceFilter : uint8_t {
  kOff,   // every access, with its address and size
  kRuns,  // page runs (page_run.h): pages, kinds and counts
};

// What one fetch of a trace stands for.
enum class FetchUnit : uint8_t { kInstruction, kBasicBlock };

class TraceReader {
 public:
  virtual ~TraceReader() = default;
  // The format's name, as --format takes it; of files in several formats the names of those that
  // are known by now, with commas between. Valid until the next call.
  virtual std::string_view format() const = 0;
  // Of several files, both are the first's.
  virtual TraceFilter filter() const { return TraceFilter::kOff; }
  virtual FetchUnit fetch_unit() const { return FetchUnit::kInstruction; }
  // Whether the trace says what its program mapped: if so, it holds calls, and an access outside
  // the mappings that they make is one that the program should not have made. Several files have
  // calls if one of them has.
  virtual bool has_calls() const { return false; }
  // Whether another thread does a part of the reading: it decompresses, say.
  virtual bool has_thread() const { return false; }
  // What comes next in the trace, or its end. Valid until the next call. Errors: what is malformed,
  // with its place. What stands before it has all been handed out; no more will follow.
  virtual Result<TraceBlock, InputError> next_block() = 0;
  // The same trace as page runs, for a reader whose format holds such; null for others. Instead of
  // next_block(), not as well as it; it belongs to the reader.
  virtual PageRunReader* page_runs() { return nullptr; }
  // Passes over the next accesses where that is cheaper than reading them, and where no call lies
  // between them: over `accesses` at most, from where next_block() or page_runs() would go on. How
  // many it was; the caller reads and drops the others. Errors: as next_block().
  virtual Result<uint64_t, InputError> pass_over(uint64_t /*accesses*/) { return uint64_t{0}; }
  // What was found damaged so far and left out, with TraceOptions::salvage.
  virtual std::span<const InputError> damage() const { return {}; }
};

struct TraceOptions {
  std::string format{};  // empty: detected from the content
  // What is malformed does not end the reading with an error: what can be read is handed out, and
  // damage() says what could not. flt goes on behind it; every other format ends there.
  bool salvage = false;
  // Files whose fetches stand for different things are an error.
  bool one_fetch_unit = false;
};

// Opens `files` ("-" is standard input), read one after another as one trace, each in its own
// format unless one is named. What holds of the whole is told at once: all files are looked into
// for it. A pipe, or standard input, behind the first is not touched before its turn; where it
// alone has calls, that is an error then.
// Errors: a file cannot be opened or is a directory; the format is not known, or that of the first
// cannot be told from its content; with one_fetch_unit, fetches stand for different things.
Result<std::unique_ptr<TraceReader>, InputError> open_trace(const std::vector<std::string>& files,
                                                            const TraceOptions& options);

// Collapses what `reader` reads into page runs. Of an access that wraps past the top of the address
// space only the first page is told: nothing can be mapped there, and so the access ends there.
std::unique_ptr<PageRunReader> make_page_run_reader(TraceReader& reader);

// The formats that can be read, with what each holds.
struct TraceFormat {
  std::string_view name;
  std::string_view description;
};
std::span<const TraceFormat> trace_formats();

}  // namespace faultline
