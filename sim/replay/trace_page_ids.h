// TracePageIds: dense numbers for the pages of all processes of a trace, in the order in which they
// are asked for.
//
// Units: pages by number of the process's address space. Memory: PageIds', and 4 bytes a page from
// the second process on. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <numeric>
#include <span>
#include <vector>

#include "sim/replay/page_ids.h"

namespace faultline::replay {

class TracePageIds {
 public:
  // All numbers are below.
  uint32_t size() const { return pages_; }
  size_t processes() const { return processes_.size(); }

  // Tells on_number(index, number) the numbers of `count` pages of process `pid`, of which
  // page_of(index) is each; but for those that wants(index) is false of, which get none.
  template <class PageOf, class Wants, class OnNumber>
  void number(uint32_t pid, size_t count, PageOf page_of, Wants wants, OnNumber on_number) {
    Process& process = of(pid);
    const bool alone = processes_.size() == 1;
    for (size_t i = 0; i < count; ++i) {
      const uint32_t soon = process.ids.fetch_ahead(i, count, page_of);
      if (soon < process.numbers.size()) __builtin_prefetch(&process.numbers[soon]);
      if (!wants(i)) continue;
      const uint32_t own = process.ids.get(page_of(i));
      if (alone) {
        on_number(i, own);
        continue;
      }
      if (own == process.numbers.size()) process.numbers.push_back(pages_++);
      on_number(i, process.numbers[own]);
    }
    if (alone) pages_ = static_cast<uint32_t>(process.ids.size());
  }
  // The same of all `pages`, into `numbers`.
  void number(uint32_t pid, std::span<const uint64_t> pages, std::vector<uint32_t>& numbers) {
    numbers.resize(pages.size());
    number(
        pid, pages.size(), [&](size_t i) { return pages[i]; }, [](size_t) { return true; },
        [&](size_t i, uint32_t number) { numbers[i] = number; });
  }

 private:
  struct Process {
    PageIds ids{};
    // By its own number of a page, that among all; empty: they are the same.
    std::vector<uint32_t> numbers{};
  };

  Process& of(uint32_t pid) {
    const auto [found, is_new] = processes_.try_emplace(pid);
    if (is_new && processes_.size() == 2) {
      for (auto& [other, process] : processes_) {
        process.numbers.resize(process.ids.size());
        std::iota(process.numbers.begin(), process.numbers.end(), 0);
      }
    }
    return found->second;
  }

  std::map<uint32_t, Process> processes_{};  // by pid
  uint32_t pages_ = 0;                       // of all processes
};

}  // namespace faultline::replay
