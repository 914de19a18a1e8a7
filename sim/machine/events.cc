// What the machine tells its EventSink of the components' doings: evictions and write-back. The
// events of the access loop itself are in access.cc.
#include "sim/machine/machine_impl.h"
#include "sim/machine/process_impl.h"

namespace faultline::machine {

// The components are asked to tell only while somebody wants to know.
void MachineImpl::set_event_sink(EventSink* sink) {
  sink_ = sink;
  cache_.set_write_back_listener(sink == nullptr ? nullptr : this);
  if (reclaimer_ != nullptr) reclaimer_->set_eviction_listener(sink == nullptr ? nullptr : this);
}

void MachineImpl::on_evict(const reclaim::Eviction& eviction) {
  emit_of(eviction.mapping,
          {.kind = EventKind::kEvict, .pfn = eviction.pfn, .value = eviction.dirty ? 1u : 0u});
}

void MachineImpl::on_write_back(const cache::Backing&, uint64_t pgoff, Pfn pfn) {
  emit_of(rmap_.first_mapping(pfn), {.kind = EventKind::kWriteBack, .pfn = pfn, .value = pgoff});
}

void MachineImpl::emit_of(const rmap::Mapping& mapping, Event event) const {
  for (const ProcessImpl* const process : living_) {
    if (mapping.space == nullptr || &process->space() != mapping.space) continue;
    event.pid = process->pid();
    event.address = page_size_.address(mapping.vpn);
  }
  emit(event);
}

void MachineImpl::emit(const Event& event) const {
  Event timed = event;
  timed.tick = clock_.now();
  sink_->on_event(timed);
}

}  // namespace faultline::machine
