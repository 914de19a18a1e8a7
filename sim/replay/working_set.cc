#include "sim/replay/working_set.h"

#include <utility>

namespace faultline::replay {

void WorkingSet::on_use(const PageUse& use) {
  Recent& recent = recent_[use.page % recent_.size()];
  if (recent.page == use.page && recent.pid == use.pid && recent.stretch == stretch_) return;
  recent = {.page = use.page, .pid = use.pid, .stretch = stretch_};
  uint32_t& last = last_[use.pid][use.page];
  if (std::exchange(last, stretch_) != stretch_) ++pages_;
}

uint64_t WorkingSet::take_pages() {
  ++stretch_;
  return std::exchange(pages_, 0);
}

}  // namespace faultline::replay
