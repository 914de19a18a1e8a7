// PageSample: the misses of LRU for every size of memory, estimated from the references to a sample
// of the pages.
//
// A page is in the sample when its hash is low enough, and so with all of its references. Between
// two references to a page of the sample, the pages of the sample that were referenced are a share
// `rate` of all; each reference stands for 1 / rate of them. Where the sample is bounded, the page
// with the highest hash goes, and the rate falls, whenever there is one too many. What one of the
// sample stands for is off when a page is referenced most of the time; misses are therefore taken
// from the references that are known, as SHARDS-adj does, and not as a share of those sampled.
// Source: C. Waldspurger, N. Park, A. Garthwaite, I. Ahmad, Efficient MRC Construction with SHARDS,
// FAST '15.
//
// Memory: about 100 bytes a page of the sample, and 200 KB. Not thread-safe.
#pragma once

#include <cstdint>
#include <limits>
#include <queue>
#include <unordered_map>
#include <vector>

#include "faultline/mrc.h"
#include "sim/replay/stack_distances.h"

namespace faultline::replay {

// The hash of a page; two pages have never the same, if their processes have not.
uint64_t page_hash(uint64_t seed, uint32_t pid, uint64_t page);

class PageSample {
 public:
  static constexpr uint64_t kNoMax = std::numeric_limits<uint64_t>::max();
  struct Options {
    double rate = 1;  // above 0; at first
    uint64_t pages_max = kNoMax;
    // Where pages_max is above it: more pages than these are not taken, and the sample is full()
    // then. Below StackDistances::kPagesMax.
    uint64_t room = StackDistances::kPagesMax - 1;
    // Only pages whose hash is `part` modulo `parts`.
    uint64_t part = 0;
    uint64_t parts = 1;
  };
  explicit PageSample(const Options& options);

  // Whether a page with that hash is in the sample, now.
  bool has(uint64_t hash) const {
    return hash <= last_hash_ && hash % options_.parts == options_.part;
  }
  // REQUIRES: has(hash).
  // A page for which there is no room makes it full, and is left out.
  void reference(uint64_t hash);

  // The curve, if there were `references` in all. It begins at 1 / rate() frames: about less memory
  // the sample says nothing.
  MissCurve curve(uint64_t references) const;
  double rate() const;
  uint64_t pages() const { return numbers_.size(); }
  uint64_t references() const { return references_; }
  bool full() const { return full_; }

 private:
  // The number of a page of the sample; those that have gone leave theirs to others.
  uint32_t new_number();
  void drop_highest();

  Options options_;
  uint64_t last_hash_;
  StackDistances stack_{};
  std::unordered_map<uint64_t, uint32_t> numbers_{};  // by hash: the page's number in the stack
  std::vector<uint32_t> free_numbers_{};
  std::priority_queue<uint64_t> highest_{};  // hashes; unused where there is no bound
  uint64_t references_ = 0;
  bool full_ = false;
  double cold_ = 0;               // estimated, as counts_ are
  std::vector<double> counts_{};  // references by interval of distances
};

}  // namespace faultline::replay
