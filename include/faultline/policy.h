// The replacement policies: which frame is given up when memory is full.
//
// A policy is an object that is told what happens to frames, and is asked for a victim. Frames are
// named by Pfn; what page a frame holds has a number of its own (PageId), so that a policy can
// remember pages that are not in memory any more. A policy of your own: one .cc in
// sim/reclaim/policies/ and one row of its table; docs/policy.md shows how.
//
// What a reference is: every access to a page is one, also where thousands in a row go to the same
// page. The reference that finds its page absent brings it in: on_insert() is told of it, and it is
// the page's first use. Pages that come in unasked (read ahead) count as used once when they come.
//
// The order of calls, for a reference to an absent page:
//     on_references(...)       what happened before, if the policy is told of references
//     choose_early(...)        until it is kNoPfn, if gives_up_early()
//     choose_victim(...)       if no frame is free
//     on_insert(frame, page)
// A chosen frame is not heard of again, unless the page could not be written to swap: then it is
// inserted anew.
//
// Units: positions and virtual time in references. A policy belongs to one machine, and to its
// thread; it must do the same whenever it is told the same.
#pragma once

#include <cstdint>
#include <span>

#include "faultline/types.h"

namespace faultline {

enum class PolicySees : uint8_t {
  kLastReference,   // when each page was last used: exact; no processor can offer this
  kEveryReference,  // every reference, in order: on_references(); no processor can offer this
  kAccessedBits,    // what an operating system sees
  kNothing,         // the order in which pages came alone
};

// The number of a page, from 0, dense: what a policy keeps for each page lies in a flat array.
// A page has the same number whenever it comes back. Anonymous pages are told apart by address
// space and virtual page, so that a page and its copy after fork() are two; pages of files by file
// and page within it. A page that is in memory shares its number with no other that is.
struct PageId {
  uint32_t value = 0;
  friend constexpr auto operator<=>(PageId, PageId) = default;
};
inline constexpr PageId kNoPage{0xffffffff};

// References to one page, one directly after the other. A longer row may be told in several parts.
struct Reference {
  uint64_t position = 0;  // of the first; the others follow without a gap
  Pfn frame;
  uint32_t hits : 31 = 0;       // how many found the page in the frame
  uint32_t brought_in : 1 = 0;  // 1: one before them brought it there; on_insert() was told of it
};
static_assert(sizeof(Reference) == 16);

// What a policy may ask while it chooses.
class FrameView {
 public:
  virtual ~FrameView() = default;
  // The references done so far: virtual time.
  virtual uint64_t now() const = 0;
  // The position of the last reference to the page in the frame: larger is later, no two are equal
  // but those of pages that were read ahead. For kLastReference alone.
  virtual uint64_t last_reference(Pfn frame) const = 0;
  // Whether any mapping of the frame was used since the last call; clears the accessed bits and
  // flushes the page from the TLB. For kAccessedBits alone.
  virtual bool test_and_clear_accessed(Pfn frame) = 0;
  // Whether the page was stored to and its store or file does not have that yet.
  virtual bool dirty(Pfn frame) const = 0;
  // False for frames that may not be given up now (locked in memory, or needed by the access under
  // way).
  virtual bool evictable(Pfn frame) const = 0;
  // A hint, which changes nothing: the frame will be asked about, or chosen, before long.
  virtual void fetch_ahead(Pfn /*frame*/) const {}
};

// What is to come, for a policy that knows the future. In a first pass over the trace, in memory
// that is never full, such a policy notes here what is used; in the second it is told.
class NextUses {
 public:
  static constexpr uint64_t kNever = ~uint64_t{0};

  virtual ~NextUses() = default;
  // Whether the first pass is over.
  virtual bool known() const { return true; }
  // `page` is used at `position`, and until the next call at those behind it. Before known() alone.
  virtual void note_use(PageId /*page*/, uint64_t /*position*/) {}
  // The page is gone for good: what bears its number later is another. Before known() alone.
  virtual void note_end(PageId /*page*/) {}
  // The position of the next reference to the page that is referenced at `position`, behind those
  // to it that follow directly; kNever: there is none. Asked with positions that only grow.
  virtual uint64_t next_use(uint64_t position) = 0;
};

class ReplacementPolicy {
 public:
  virtual ~ReplacementPolicy() = default;
  virtual PolicySees sees() const = 0;
  // False: the reference that brings a page in does not count as a use of it; its accessed bit is
  // cleared again when that reference is done. For kAccessedBits alone.
  virtual bool enters_referenced() const { return true; }
  // Whether it goes by PageIds. False: it may be given kNoPage for every page.
  virtual bool knows_pages() const { return false; }
  // Every how many references it wants on_tick(); 0: never. Constant.
  virtual uint64_t tick_references() const { return 0; }
  // Whether the victim is always the frame whose last reference is oldest, and nothing else counts.
  // Constant.
  virtual bool is_lru() const { return false; }
  // Whether it is the one whose next use is farthest, or this is its first pass. Constant.
  virtual bool is_opt() const { return false; }
  // Whether it gives pages up while frames are free: choose_early() is asked after each tick and
  // before a page comes in. Constant.
  virtual bool gives_up_early() const { return false; }

  // `page` entered `frame`. REQUIRES: the policy does not hold `frame`, nor `page` in another.
  virtual void on_insert(Pfn frame, PageId page) = 0;
  // The page in `frame` left without being chosen (munmap, exit). REQUIRES: the policy holds
  // `frame`.
  virtual void on_remove(Pfn frame) = 0;
  // What was referenced since the last call, in order; told before any other call that comes after
  // it. For kEveryReference alone. REQUIRES: the policy holds the frames.
  virtual void on_references(std::span<const Reference>) {}
  // tick_references() references have passed.
  virtual void on_tick(FrameView&) {}
  // Picks a frame to give up and forgets it; kNoPfn when none is evictable. `incoming` is the page
  // that needs the frame, kNoPage where that is not known or not a page; on_insert() of it need not
  // follow.
  virtual Pfn choose_victim(FrameView& frames, PageId incoming) = 0;
  // The same where no frame is needed; kNoPfn: nothing is to be given up now.
  virtual Pfn choose_early(FrameView&) { return kNoPfn; }

  // The number of frames held.
  virtual uint64_t size() const = 0;
  // Stops the program when a numbered invariant of the policy does not hold.
  virtual void validate() const = 0;
};

}  // namespace faultline
