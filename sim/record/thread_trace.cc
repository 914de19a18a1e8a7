#include "sim/record/thread_trace.h"

#include <algorithm>

#include "sim/record/wire.h"

namespace faultline::record {
namespace {

Access access_of(uint64_t event) {
  const uint64_t rw = event_rw(event);
  return {.address = {event_address(event)},
          .size_bytes = event_size_bytes(event),
          .kind = rw == kRwLoad    ? AccessKind::kLoad
                  : rw == kRwStore ? AccessKind::kStore
                                   : AccessKind::kModify};
}

}  // namespace

bool ThreadTrace::add(std::span<const uint64_t> events, const BlockTable& blocks,
                      AccessBuffer& out) {
  resume(out);
  for (const uint64_t event : events) {
    switch (event_kind(event)) {
      case kAccessEvent:
        if (!add_access(event, out)) return false;
        break;
      case kBlockEvent:
        if (!begin_block(event, blocks, out)) return false;
        break;
      case kLeftEvent:
        end_ = std::clamp(size_t{event_instruction_count(event)}, fetched_, end_);
        left_ = true;
        break;
      default:
        return false;
    }
  }
  suspend(out);
  return true;
}

bool ThreadTrace::begin_block(uint64_t event, const BlockTable& blocks, AccessBuffer& out) {
  const std::span<const Access> next = blocks.find(event_block_id(event));
  if (next.empty()) return false;
  // Where QEMU left a block only to run its last instruction in another way (self-modifying code,
  // atomic accesses), that was fetched once.
  if (left_ && end_ > fetched_ && fetches_[end_ - 1].address == next.front().address) --end_;
  out.make_room();
  out.add(fetches_.subspan(fetched_, end_ - fetched_));
  fetches_ = next;
  fetched_ = 0;
  end_ = next.size();
  left_ = false;
  load_ = 0;
  return true;
}

bool ThreadTrace::add_access(uint64_t event, AccessBuffer& out) {
  constexpr uint64_t kLoadToStore = (kRwLoad ^ kRwStore) << kRwShift;
  if ((event ^ load_) == kLoadToStore && event_rw(event) == kRwStore) {
    out.last().kind = AccessKind::kModify;
    load_ = 0;
    return true;
  }
  // A block that is one fetch has that before all of its accesses.
  const size_t needed = std::min(size_t{event_instruction(event)} + 1, end_);
  if (needed > fetched_) {
    out.make_room();
    out.add(fetches_.subspan(fetched_, needed - fetched_));
    fetched_ = needed;
  }
  if (out.full()) out.make_room();
  out.add(access_of(event));
  load_ = event_rw(event) == kRwLoad ? event : 0;
  return end_ > 0;
}

void ThreadTrace::resume(AccessBuffer& out) {
  if (!load_held_) return;
  out.make_room();
  out.add(access_of(load_));
  load_held_ = false;
}

void ThreadTrace::suspend(AccessBuffer& out) {
  load_held_ = load_ != 0;
  if (load_held_) out.remove_last();
}

void ThreadTrace::finish(AccessBuffer& out) {
  resume(out);
  out.make_room();
  out.add(fetches_.subspan(fetched_, end_ - fetched_));
  fetched_ = end_;
  load_ = 0;
}

}  // namespace faultline::record
