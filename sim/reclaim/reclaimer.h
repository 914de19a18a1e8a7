// Reclaimer: gives up frames when memory is full: asks the policy for a victim, unmaps it wherever
// it is mapped, and sends its page where it can be fetched from again: an anonymous page to swap, a
// page of a file back to the file. Linux's mm/vmscan.c, shrink_folio_list(), without its lists:
// which frame goes is the policy's matter.
//
// It listens to the allocator, so that the policy holds every frame in use. A machine with
// unlimited memory has none.
//
// The access loop's part:
//   - `references` counts up with each reference, and the frame of the page referenced gets its new
//     value (FrameTable::last_references): that is what exact policies go by. A frame that nobody
//     has referenced yet (read ahead) counts as referenced when it was taken.
//     With a policy that is told of references or of ticks (watches()), each is reported by
//     note_hit(), or by reference_done() if it faulted.
//   - begin_reference() and reference_done() frame a reference that faults.
//   - the gather is applied before the next translation, as always.
//
// A frame may be given up when it holds an anonymous page that is mapped, or a page of a page
// cache; when nobody but the PTEs and the page cache has a reference to it (a frame that was just
// taken, or that the kernel is copying from, is safe); and when no PTE of it is locked.
//
// Invariants, checked by validate():
//   1. the policy holds the frames in use, each once, and no other
//   2. no eviction is under way
//   3. dirty evictions are evictions
//   4. those of PageNumbers, for a policy that knows pages
// Owns: nothing; all parts outlive it. Not thread-safe.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "faultline/policy.h"
#include "faultline/types.h"
#include "sim/cache/frame_source.h"
#include "sim/cache/page_cache.h"
#include "sim/hw/tlb_gather.h"
#include "sim/phys/frame_allocator.h"
#include "sim/phys/frame_table.h"
#include "sim/reclaim/page_numbers.h"
#include "sim/reclaim/reference_log.h"
#include "sim/reclaim/swap_out.h"
#include "sim/rmap/reverse_map.h"

namespace faultline::reclaim {

struct Eviction {
  Pfn pfn;
  rmap::Mapping mapping;  // the first that there was; a null space: none
  bool dirty;             // as dirty_evictions() counts it
};

// Told of each page given up, once its frame is free.
class EvictionListener {
 public:
  virtual ~EvictionListener() = default;
  virtual void on_evict(const Eviction& eviction) = 0;
};

class Reclaimer final : public phys::FrameListener, private FrameView {
 public:
  struct Parts {
    phys::FrameTable& frames;
    phys::FrameAllocator& allocator;
    rmap::ReverseMap& reverse_map;
    cache::PageCache& cache;
    SwapOut& swap;
    ReplacementPolicy& policy;
    const uint64_t& references;  // done so far; the machine counts them
  };

  // REQUIRES: no frame has been taken yet. The caller makes it the allocator's listener.
  explicit Reclaimer(const Parts& parts);
  // The policy is told of the last references.
  ~Reclaimer() override { hand_over_log(); }
  Reclaimer(const Reclaimer&) = delete;
  Reclaimer& operator=(const Reclaimer&) = delete;

  // The next frame taken is for that page; what an early policy gives up before is given up.
  void expect(cache::PageKey page, hw::TlbGather& gather);
  // Frees one frame. False: none may be given up, or swap is full; nothing has changed then but
  // accessed bits. What the TLB must forget is added to `gather`.
  bool evict_one(hw::TlbGather& gather);

  // Whether each reference is to be reported. Constant.
  bool watches() const { return logs_ || ticks_ != kNever; }
  // A reference to a page that is mapped, counted already. True: a tick has passed, and
  // pass_tick() must be called. REQUIRES: watches().
  bool note_hit(Pfn frame, uint64_t references) {
    if (logs_) log_reference(frame, references, false);
    return references >= next_tick_;
  }
  // Lets the policy have its tick, and gives up what it wants to give up.
  void pass_tick(hw::TlbGather& gather);

  // A reference that goes slowly begins: what came in before was not for it.
  void begin_reference() {
    if (logs_) entered_.clear();
  }
  // It is done and counted: one to `frame`, or to the zero page. With a
  // policy for which the reference that brings a page in is no use of it (enters_referenced()),
  // clears the accessed bits of what came in.
  void reference_done(Pfn frame, hw::TlbGather& gather) {
    if (!entered_.empty() || watches()) finish_reference(frame, gather);
  }

  uint64_t evictions() const { return evictions_; }
  // Of these, those of pages that differed from what swap or file held of them.
  uint64_t dirty_evictions() const { return dirty_evictions_; }

  // Null: nobody is told.
  void set_eviction_listener(EvictionListener* listener) { listener_ = listener; }

  void on_taken(Pfn pfn) override;
  void on_freed(Pfn pfn) override;

  // O(frames).
  void validate() const;

 private:
  friend struct ReclaimerTestPeer;

  static constexpr uint64_t kNever = std::numeric_limits<uint64_t>::max();

  uint64_t now() const override { return parts_.references; }
  uint64_t last_reference(Pfn frame) const override;
  bool test_and_clear_accessed(Pfn frame) override;
  bool dirty(Pfn frame) const override;
  bool evictable(Pfn frame) const override;

  // `position` is the number of references done, this one included.
  void log_reference(Pfn frame, uint64_t position, bool brought_in) {
    const Reference reference{.position = position,
                              .frame = frame,
                              .hits = brought_in ? 0u : 1u,
                              .brought_in = brought_in ? 1u : 0u};
    if (log_.join(reference)) return;
    if (log_.full()) hand_over_log();
    log_.add(reference);
  }
  void hand_over_log();
  void finish_reference(Pfn frame, hw::TlbGather& gather);
  void clear_entered(hw::TlbGather& gather);
  void give_up_early(hw::TlbGather& gather);
  // Frees the frame that the policy chose. False: it cannot be; the policy holds it again.
  bool evict(Pfn victim, hw::TlbGather& gather);
  // Each returns whether the frame is free now, and says whether its page was dirty.
  bool evict_file_page(Pfn victim, hw::TlbGather& gather, bool* dirty);
  bool evict_anon_page(Pfn victim, hw::TlbGather& gather, bool* dirty);

  Parts parts_;
  bool enters_referenced_;
  bool logs_;         // the policy is told of every reference
  bool knows_pages_;  // ReplacementPolicy::knows_pages()
  uint64_t ticks_;    // references from one to the next; kNever: none
  uint64_t next_tick_;
  EvictionListener* listener_ = nullptr;
  hw::TlbGather* gather_ = nullptr;  // while the policy chooses
  Pfn victim_ = kNoPfn;              // while it is evicted: the policy has forgotten it already
  std::vector<bool> held_;           // by Pfn: the policy holds it
  std::vector<Pfn> entered_;  // taken since the last reference_done(); some may be free again
  PageNumbers numbers_;
  PageId incoming_ = kNoPage;  // of the frame taken next
  ReferenceLog log_;
  uint64_t evictions_ = 0;
  uint64_t dirty_evictions_ = 0;
};

}  // namespace faultline::reclaim
