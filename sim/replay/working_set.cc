#include "sim/replay/working_set.h"

#include <utility>

namespace faultline::replay {

void WorkingSet::on_use(const PageUse& use) {
  const uint64_t page = use.page >> shift_;
  Recent& recent = recent_[page % recent_.size()];
  if (recent.page == page && recent.pid == use.pid && recent.stretch == stretch_) return;
  recent = {.page = page, .pid = use.pid, .stretch = stretch_};
  uint32_t& last = last_[use.pid][page];
  if (std::exchange(last, stretch_) != stretch_) ++pages_;
}

uint64_t WorkingSet::take_pages() {
  ++stretch_;
  return std::exchange(pages_, 0);
}

}  // namespace faultline::replay
