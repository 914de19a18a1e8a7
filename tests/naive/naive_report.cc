// Reads Lackey text on standard input and prints the reference's counts as one line of JSON, with
// product.md's keys: naive_report [--frames N] [--policy lru|fifo|clock|clock:enter=0].
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>

#include "tests/naive/naive_reference.h"

namespace faultline::naive {
namespace {

constexpr int kBadUsage = 2;

int fail_usage() {
  std::fputs("usage: naive_report [--frames N] [--policy lru|fifo|clock|clock:enter=0] <TRACE\n",
             stderr);
  return kBadUsage;
}

void print_level(const char* name, const TlbLevel& level, const char* end) {
  std::cout << '"' << name << "\":{\"hits\":" << level.hits << ",\"misses\":" << level.misses << '}'
            << end;
}

void print(const Replay& replay) {
  const Counts& trace = replay.counts;
  const Replaced& memory = replay.memory.counts;
  std::cout << "{\"trace\":{\"records\":" << trace.records << ",\"accesses\":" << trace.accesses
            << ",\"loads\":" << trace.loads << ",\"stores\":" << trace.stores
            << ",\"fetches\":" << trace.fetches << ",\"modifies\":" << trace.modifies
            << ",\"references\":" << trace.references << ",\"pages\":" << trace.pages
            << "},\"tlb\":{";
  print_level("l1d", replay.l1d, ",");
  print_level("l1i", replay.l1i, ",");
  print_level("l2", replay.l2, "");
  std::cout << "},\"replacement\":{\"hits\":" << memory.hits << ",\"misses\":" << memory.misses
            << ",\"cold_misses\":" << memory.cold_misses << ",\"evictions\":" << memory.evictions
            << ",\"dirty_evictions\":" << memory.dirty_evictions << "}}\n";
}

int report(int argc, char** argv) {
  std::optional<std::size_t> frame_count;
  std::string policy_name = "lru";
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string option = argv[i];
    if (option == "--frames") {
      frame_count = std::strtoull(argv[i + 1], nullptr, 10);
    } else if (option == "--policy") {
      policy_name = argv[i + 1];
    } else {
      return fail_usage();
    }
  }
  std::unique_ptr<Policy> policy = make_policy(policy_name);
  if (argc % 2 == 0 || policy == nullptr || frame_count == 0U) return fail_usage();
  std::ios::sync_with_stdio(false);
  Replay replay({std::move(policy), frame_count});
  replay.read(std::cin);
  print(replay);
  return 0;
}

}  // namespace
}  // namespace faultline::naive

int main(int argc, char** argv) { return faultline::naive::report(argc, argv); }
