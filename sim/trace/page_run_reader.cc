// make_page_run_reader: any trace as page runs, collapsed as it is read.
#include <memory>
#include <utility>

#include "faultline/trace.h"
#include "sim/trace/run_builder.h"

namespace faultline {
namespace trace {
namespace {

// Of a block: they and their pages stay in the processor's cache.
constexpr std::size_t kRunsMax = 64 << 10;

class CollapsingReader final : public PageRunReader {
 public:
  explicit CollapsingReader(TraceReader& reader) : reader_(reader), builder_(kRunsMax) {}

  Result<PageRunBlock, InputError> next_page_runs() override {
    builder_.clear();
    for (;;) {
      if (rest_.end()) {
        // What has been read is handed out before the error, which comes again.
        auto block = reader_.next_block();
        if (!block && builder_.runs().empty()) return block.error();
        if (!block || block->end()) return hand_out(nullptr);
        rest_ = *block;
      }
      if (!builder_.runs().empty() && !(rest_.task == task_)) return hand_out(nullptr);
      task_ = rest_.task;
      rest_.accesses = rest_.accesses.subspan(builder_.add(rest_.accesses));
      if (!rest_.accesses.empty()) return hand_out(nullptr);
      if (rest_.call != nullptr) return hand_out(std::exchange(rest_.call, nullptr));
    }
  }

 private:
  PageRunBlock hand_out(const TraceCall* call) const {
    return {.pages = builder_.pages(), .runs = builder_.runs(), .task = task_, .call = call};
  }

  TraceReader& reader_;
  RunBuilder builder_;
  TraceBlock rest_{};  // of the reader's last block, what is not collapsed yet
  TraceTask task_{};
};

}  // namespace
}  // namespace trace

std::unique_ptr<PageRunReader> make_page_run_reader(TraceReader& reader) {
  return std::make_unique<trace::CollapsingReader>(reader);
}

}  // namespace faultline
