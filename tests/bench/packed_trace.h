// Traces as page runs, for the rows that replay them: in a file of our own format, or in memory.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "faultline/page_run.h"
#include "faultline/trace.h"

namespace faultline::bench {

// A trace that hits no cache much: 8 M accesses of one byte, a store after three loads, each to one
// of `pages` pages. Which one is the product of 1 + skew numbers between 0 and 1: with a skew of 0
// each is as likely as the others. Where it updates, each page is loaded from and stored to.
struct MadeTrace {
  uint32_t pages = 0;
  int skew = 0;
  bool updates = false;
  friend auto operator<=>(const MadeTrace&, const MadeTrace&) = default;
};
inline constexpr MadeTrace kRandom{.pages = 262'144};
inline constexpr MadeTrace kUpdates{.pages = 262'144, .updates = true};
inline constexpr MadeTrace kSkewed{.pages = 16'384, .skew = 3};

// A trace packed into page runs, in a temporary file that goes with the object.
class PackedTrace {
 public:
  // One of traces/.
  explicit PackedTrace(const std::string& trace);
  explicit PackedTrace(const MadeTrace& made);
  ~PackedTrace();
  PackedTrace(const PackedTrace&) = delete;
  PackedTrace& operator=(const PackedTrace&) = delete;

  const std::string& path() const { return path_; }

 private:
  void pack(TraceReader& reader);

  std::string folder_;
  std::string path_;
};

// What the blocks of a trace hold, as they come where another thread reads it.
struct KeptRuns {
  struct Block {
    std::vector<uint64_t> pages{};
    std::vector<PageRun> runs{};
    std::vector<uint32_t> numbers{};
    bool by_number = false;
    PageRunBlock view() const {
      return {.pages = pages, .runs = runs, .numbers = numbers, .by_number = by_number};
    }
    // The number of a run's page.
    uint32_t number_of(PageRun run) const { return by_number ? run.page() : numbers[run.page()]; }
  };
  std::vector<Block> blocks{};
  uint64_t accesses = 0;
};

// A trace of traces/ by its path, or a made one: packed, and its runs. Each is made once, and is
// there until the process ends: that takes longer than most rows do.
const PackedTrace& packed_of(const std::string& trace);
const PackedTrace& packed_of(const MadeTrace& made);
const KeptRuns& runs_of(const std::string& trace);
const KeptRuns& runs_of(const MadeTrace& made);
inline const std::string kSortTrace = "traces/sort.lackey.zst";

// The same as a trace, which is read again. REQUIRES: none of its blocks came by number.
class KeptReader final : public TraceReader, public PageRunReader {
 public:
  explicit KeptReader(const KeptRuns& kept) : blocks_(kept.blocks) {}

  std::string_view format() const override { return "kept"; }
  Result<TraceBlock, InputError> next_block() override { return TraceBlock{}; }
  PageRunReader* page_runs() override { return this; }
  Result<PageRunBlock, InputError> next_page_runs() override {
    if (next_ == blocks_.size()) return PageRunBlock{};
    return blocks_[next_++].view();
  }

 private:
  const std::vector<KeptRuns::Block>& blocks_;
  size_t next_ = 0;
};

}  // namespace faultline::bench
