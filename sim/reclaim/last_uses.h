// LastUses: of a block of references those after which a list by recency looks
// as after all of them: the last of each frame that found its page there. Most
// references are to pages that are referenced again soon after; moving a page
// in a list for each is what costs.
//
// Memory: 4 bytes a frame, and the longest block. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "faultline/policy.h"

namespace faultline::reclaim {

class LastUses {
 public:
  // The frames of `references` with hits, each once, in the order of their last
  // ones. Valid until the next call.
  std::span<const Pfn> of(std::span<const Reference> references) {
    if (references.size() > frames_.size()) frames_.resize(references.size());
    begin_round();
    size_t first = frames_.size();
    for (size_t i = references.size(); i-- > 0;) {
      const Pfn frame = references[i].frame;
      if (references[i].hits == 0) continue;
      if (frame.value >= seen_.size()) seen_.resize(frame.value + size_t{1});
      if (seen_[frame.value] == round_) continue;
      seen_[frame.value] = round_;
      frames_[--first] = frame;
    }
    return std::span<const Pfn>(frames_).subspan(first);
  }

 private:
  void begin_round() {
    if (++round_ != 0) return;
    seen_.assign(seen_.size(), 0);
    round_ = 1;
  }

  std::vector<uint32_t> seen_;  // by Pfn: the round in which it was last seen
  uint32_t round_ = 0;
  std::vector<Pfn> frames_;
};

}  // namespace faultline::reclaim
