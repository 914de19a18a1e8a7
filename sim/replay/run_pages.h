// RunPages: gives the pages of a trace's runs dense numbers: what replacement alone needs to know
// of a trace.
//
// The pages of all processes are numbered together, as they come. Memory: 14 to 16 bytes a page,
// and one block. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "faultline/page_run.h"
#include "sim/replay/curve_maker.h"
#include "sim/replay/page_ids.h"

namespace faultline::replay {

// Runs of references to pages: a run with a count of 0 is one reference, as is one with 1.
struct NumberedRuns {
  std::span<const PageRun> runs{};
  std::span<const uint32_t> numbers{};  // of their pages, by PageRun::page()
  uint64_t pages = 0;                   // all numbers are below
};

class RunPages {
 public:
  explicit RunPages(PageShape shape) : shape_(shape) {}

  // What the runs of the block reference; its call is passed over. Valid until the next call, and
  // as long as the block is.
  NumberedRuns number(const PageRunBlock& block);

 private:
  static constexpr uint32_t kBeyond = PageIds::kNone;

  // Copies the runs that are references, where not all are: an access ends at its first page beyond
  // user space, and one that goes on on its next page references that one only if it is another.
  void copy_references(std::span<const PageRun> runs);

  struct Process {
    explicit Process(PageShape shape) : ids(shape.page_bits()) {}
    PageIds ids;
    std::vector<uint32_t> numbers{};  // by its own number of a page, that among all pages
  };
  uint32_t number_of(Process& process, uint64_t page);

  const PageShape shape_;
  std::map<uint32_t, Process> processes_{};  // by pid
  uint32_t pages_ = 0;                       // of all processes
  std::vector<uint32_t> numbers_{};          // by the index of a block's page
  std::vector<PageRun> copied_{};
  uint32_t top_ = kBeyond;  // the page referenced last
  bool failed_ = false;     // the last access, before its end
};

}  // namespace faultline::replay
