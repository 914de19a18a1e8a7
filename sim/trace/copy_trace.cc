// copy_trace: from any reader to any writer.
#include <algorithm>

#include "faultline/trace_writer.h"

namespace faultline {
namespace {

TraceWriteError input_error(const InputError& error) {
  return {TraceWriteError::Cause::kInput, error};
}

// One copy under way.
class Copy {
 public:
  Copy(TraceReader& reader, TraceWriter& writer, const CopyOptions& options)
      : reader_(reader), writer_(writer), options_(options), to_skip_(options.skip) {}

  Result<void, TraceWriteError> run() {
    while (to_skip_ > 0) {
      const auto passed = reader_.pass_over(to_skip_);
      if (!passed) return input_error(passed.error());
      to_skip_ -= *passed;
      if (auto copied = copy_block(); !copied || ended_) return copied;
    }
    // Runs are copied as they are where none has to be parted.
    const bool whole = options_.limit == CopyOptions{}.limit && options_.skip == 0;
    PageRunReader* const runs = whole && writer_.holds_runs() ? reader_.page_runs() : nullptr;
    while (!ended_) {
      auto copied = runs != nullptr ? copy_runs(*runs) : copy_block();
      if (!copied) return copied;
    }
    return {};
  }

  CopyOutcome& outcome() { return outcome_; }

 private:
  // Whether it is time to end.
  bool ends() {
    outcome_.interrupted = options_.interrupted != nullptr && options_.interrupted->load();
    ended_ = outcome_.interrupted || outcome_.accesses >= options_.limit;
    return ended_;
  }

  Result<void, TraceWriteError> copy_block() {
    if (ends()) return {};
    const auto next = reader_.next_block();
    if (!next) return input_error(next.error());
    ended_ = next->end();
    if (ended_) return {};
    TraceBlock block = *next;
    const uint64_t skipped = std::min<uint64_t>(to_skip_, block.accesses.size());
    to_skip_ -= skipped;
    block.accesses = block.accesses.subspan(skipped);
    const uint64_t left = options_.limit - outcome_.accesses;
    // A call behind the last access is no part of it.
    if (block.accesses.size() >= left) block.call = nullptr;
    block.accesses = block.accesses.first(std::min<uint64_t>(left, block.accesses.size()));
    outcome_.accesses += block.accesses.size();
    return block.end() ? Result<void, TraceWriteError>() : told(writer_.write(block));
  }

  Result<void, TraceWriteError> copy_runs(PageRunReader& runs) {
    if (ends()) return {};
    const auto block = runs.next_page_runs();
    if (!block) return input_error(block.error());
    ended_ = block->end();
    if (ended_) return {};
    for (const PageRun run : block->runs) outcome_.accesses += run.count();
    return told(writer_.write_runs(*block));
  }

  Result<void, TraceWriteError> told(Result<void, TraceWriteError> written) {
    if (options_.on_progress) options_.on_progress(outcome_.accesses);
    return written;
  }

  TraceReader& reader_;
  TraceWriter& writer_;
  const CopyOptions& options_;
  uint64_t to_skip_;
  bool ended_ = false;
  CopyOutcome outcome_{};
};

}  // namespace

Result<CopyOutcome, TraceWriteError> copy_trace(TraceReader& reader, TraceWriter& writer,
                                                const CopyOptions& options) {
  Copy copy(reader, writer, options);
  if (auto copied = copy.run(); !copied) return copied.error();
  if (auto finished = writer.finish(); !finished) return finished.error();
  return copy.outcome();
}

}  // namespace faultline
