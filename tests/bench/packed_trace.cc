#include "tests/bench/packed_trace.h"

#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <map>
#include <memory>

#include "faultline/trace_writer.h"
#include "sim/base/check.h"
#include "sim/base/prng.h"
#include "sim/replay/beside.h"
#include "sim/replay/replayer.h"

namespace faultline::bench {
namespace {

// MadeTrace as it comes.
class MadeReader final : public TraceReader {
 public:
  explicit MadeReader(const MadeTrace& made) : made_(made) {}
  std::string_view format() const override { return "made"; }
  Result<TraceBlock, InputError> next_block() override {
    constexpr uint64_t kAccesses = 8 << 20;
    constexpr uint64_t kAtOnce = 64 << 10;
    block_.resize(std::min(kAtOnce, kAccesses - done_));
    for (Access& access : block_) access = next();
    return TraceBlock{.accesses = block_};
  }

 private:
  Access next() {
    const bool again = made_.updates && done_ % 2 == 1;
    if (!again) page_ = next_page();
    Access access{};
    access.address = VirtAddr{(0x10000 + page_) << kPageRunShift};
    access.kind = ++done_ % (made_.updates ? 2 : 4) == 0 ? AccessKind::kStore : AccessKind::kLoad;
    access.size_bytes = 1;
    return access;
  }
  uint64_t next_page() {
    uint64_t page = prng_.below(made_.pages);
    for (int i = 0; i < made_.skew; ++i) page = page * prng_.below(made_.pages) / made_.pages;
    return page;
  }

  const MadeTrace made_;
  base::Prng prng_{1};
  uint64_t done_ = 0;
  uint64_t page_ = 0;
  std::vector<Access> block_;
};

std::unique_ptr<TraceReader> open(const std::string& trace) {
  auto reader = open_trace({trace}, {});
  FL_CHECK_MSG(reader.ok(), "no {}: start the table with bazel run", trace);
  return std::move(reader).value();
}

}  // namespace

PackedTrace::PackedTrace(const std::string& trace) { pack(*open(trace)); }

PackedTrace::PackedTrace(const MadeTrace& made) {
  MadeReader reader(made);
  pack(reader);
}

void PackedTrace::pack(TraceReader& reader) {
  const char* const top = std::getenv("TMPDIR");
  folder_ = std::string(top == nullptr ? "/tmp" : top) + "/faultline_bench.XXXXXX";
  FL_CHECK(mkdtemp(folder_.data()) != nullptr);
  path_ = folder_ + "/t.flt";
  auto writer = create_trace(path_, {.filter = TraceFilter::kRuns});
  FL_CHECK(writer.ok());
  FL_CHECK(copy_trace(reader, **writer, {}).ok());
}

PackedTrace::~PackedTrace() {
  unlink(path_.c_str());
  rmdir(folder_.c_str());
}

namespace {

KeptRuns keep_runs(const PackedTrace& packed) {
  KeptRuns kept;
  const auto take = [&](TraceReader& pieces, const replay::CondensedSource*) {
    for (;;) {
      const auto block = pieces.page_runs()->next_page_runs();
      FL_CHECK(block.ok());
      if (block->end()) return;
      kept.blocks.push_back({.pages = {block->pages.begin(), block->pages.end()},
                             .runs = {block->runs.begin(), block->runs.end()},
                             .numbers = {block->numbers.begin(), block->numbers.end()},
                             .by_number = block->by_number});
      for (const PageRun run : block->runs) kept.accesses += run.count();
    }
  };
  const auto reader = open(packed.path());
  replay::read_beside(*reader, {.numbers = true, .by_number_below = replay::by_number_below_of({})},
                      take);
  return kept;
}

template <class Source>
const PackedTrace& find_packed(const Source& source) {
  static std::map<Source, PackedTrace> all;
  return all.try_emplace(source, source).first->second;
}
template <class Source>
const KeptRuns& find_runs(const Source& source) {
  static std::map<Source, KeptRuns> all;
  const auto found = all.find(source);
  if (found != all.end()) return found->second;
  return all.try_emplace(source, keep_runs(packed_of(source))).first->second;
}

}  // namespace

const PackedTrace& packed_of(const std::string& trace) { return find_packed(trace); }
const PackedTrace& packed_of(const MadeTrace& made) { return find_packed(made); }
const KeptRuns& runs_of(const std::string& trace) { return find_runs(trace); }
const KeptRuns& runs_of(const MadeTrace& made) { return find_runs(made); }

}  // namespace faultline::bench
