// Flusher: writes dirty pages of disk files back when they have been dirty for long enough, or are
// too many: Linux's wb_workfn() and balance_dirty_pages(), with the settings vm.dirty_*.
//
// It wakes every dirty_writeback_centisecs while a file is dirty, and writes the files that became
// dirty dirty_expire_centisecs ago or earlier, each with all of its dirty pages. A file counts from
// its first dirty page on until the flusher, sync(2) or fsync(2) has written it; what fdatasync(2),
// msync(2) and sync_file_range(2) write does not end that.
// When more pages are dirty than the background setting allows, the files that became dirty first
// are written at once, until they are no more than that.
// Differs from Linux: a writer is never slowed down: the flusher runs between two statements, in no
// time, so that pages never come near the limit at which writers wait. Accesses of a replay are not
// followed.
//
// Units: ticks of the virtual clock, which sleep() alone advances. Owns: nothing; all parts outlive
// it. Not thread-safe.
#pragma once

#include <cstdint>
#include <optional>

#include "faultline/result.h"
#include "sim/base/clock.h"
#include "sim/cache/page_cache.h"
#include "sim/hw/tlb_gather.h"
#include "sim/machine/vm_settings.h"
#include "sim/phys/frame_allocator.h"

namespace faultline::machine {

class Flusher {
 public:
  struct Parts {
    cache::PageCache& cache;
    base::VirtualClock& clock;
    const phys::FrameAllocator& allocator;
    const VmSettings& settings;
    uint64_t frames;  // of the machine
  };

  explicit Flusher(const Parts& parts) : parts_(parts) {}

  // Lets time pass; the flusher wakes when it is due. Errors: kEINVAL (more time than there is);
  // none has passed then. Source: Linux fs/fs-writeback.c wb_check_old_data_flush().
  Result<void> sleep(uint64_t seconds, hw::TlbGather& gather);
  // Writes in the background if too many pages are dirty. O(1) where none is.
  // Source: Linux fs/fs-writeback.c wb_check_background_flush().
  void balance(hw::TlbGather& gather) {
    if (parts_.cache.dirty_pages() > 0) write_background(gather);
  }
  // The number of dirty pages above which it writes. Source: Linux mm/page-writeback.c
  // domain_dirty_limits(), global_dirtyable_memory().
  uint64_t background_pages() const;

 private:
  void write_background(hw::TlbGather& gather);
  void wake(hw::TlbGather& gather);
  // When it wakes next and finds something to write, if no more becomes dirty.
  std::optional<base::Ticks> plan_wake();

  Parts parts_;
  // One of the times that it wakes; the others are whole intervals later. Nothing: it sleeps until
  // a file becomes dirty.
  std::optional<base::Ticks> wakes_at_{};
};

}  // namespace faultline::machine
