// The plain reference of page tables: what walks read, and how many tables there are, for a format
// given by nothing but the bits of each index. It shares no line with the simulator.
//
// Every reference walks: there is no TLB. Units: bytes, page numbers, counts. Not thread-safe.
#ifndef FAULTLINE_TESTS_NAIVE_NAIVE_PAGING_H_
#define FAULTLINE_TESTS_NAIVE_NAIVE_PAGING_H_

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/naive/naive_reference.h"

namespace faultline::naive {

struct PagingShape {
  std::string name{};
  std::vector<unsigned> index_bits{};  // from the root down
  unsigned page_bits = 0;
  std::uint64_t user_end = 0;
  std::uint64_t pages_per_table = 1;
};

// One process's page tables.
struct Tables {
  // The root alone.
  explicit Tables(const PagingShape& of) : shape(of), known(of.index_bits.size()) {
    known[0].insert(std::vector<std::uint64_t>{});
  }

  // The indices that lead from the root to the table of that depth.
  std::vector<std::uint64_t> path_to(Page page, std::size_t depth) const {
    unsigned below = 0;
    for (const unsigned bits : shape.index_bits) below += bits;
    std::vector<std::uint64_t> path;
    for (std::size_t level = 0; level < depth; ++level) {
      below -= shape.index_bits[level];
      path.push_back((page >> below) % (std::uint64_t{1} << shape.index_bits[level]));
    }
    return path;
  }
  // How many tables there are on the way to the page; makes those that are missing, if asked to.
  std::uint64_t find(Page page, bool make) {
    std::uint64_t there = 0;
    for (std::size_t depth = 0; depth < known.size(); ++depth) {
      const std::vector<std::uint64_t> path = path_to(page, depth);
      if (make) known[depth].insert(path);
      if (known[depth].count(path) == 0) break;
      ++there;
    }
    return there;
  }
  // The pages that all of them take.
  std::uint64_t pages() const {
    std::uint64_t sum = 0;
    for (const auto& depth : known) sum += depth.size();
    return sum * shape.pages_per_table;
  }

  PagingShape shape;
  std::vector<std::set<std::vector<std::uint64_t>>> known;  // tables by their path, by depth
};

// A trace of one process.
struct PagedReplay {
  PagedReplay(const PagingShape& shape, Memory start)
      : memory(std::move(start)), tables(shape), user_end(shape.user_end) {}

  void access(const Access& one) {
    const unsigned page_bits = tables.shape.page_bits;
    const Page last = (one.addr + one.size_bytes - 1) >> page_bits;
    for (Page page = one.addr >> page_bits; page <= last; ++page) {
      if (page << page_bits >= user_end) {
        ++faults_beyond;
        return;
      }
      refer(page, one.kind == 'S' || one.kind == 'M');
    }
  }
  void refer(Page page, bool is_store) {
    ++references;
    ++walks;
    entries_read += tables.find(page, false);
    const bool resident = memory.is_dirty.count(page) != 0;
    memory.refer(page, is_store);
    if (resident) return;
    // The fault made the tables; the access is tried again.
    ++walks;
    entries_read += tables.find(page, true);
  }

  Memory memory;
  Tables tables;
  std::uint64_t user_end;
  std::uint64_t references = 0, walks = 0, entries_read = 0, faults_beyond = 0;
};

}  // namespace faultline::naive

#endif  // FAULTLINE_TESTS_NAIVE_NAIVE_PAGING_H_
