// LIRS: pages that are used again soon have low inter-reference recency (LIR) and stay; the others
// (HIR) have a small share of memory and go. The stack S has all LIR pages, and those HIR pages,
// resident or not, that were used after the oldest LIR page; a HIR page that is used while it is in
// S becomes LIR, and the LIR page at the bottom becomes HIR. The queue Q has the resident HIR
// pages; its front is the victim.
//
// `hir` is the share of the HIR pages in percent of memory, one page at least. As long as there are
// fewer LIR pages than have room, a page that comes in is LIR. The paper leaves open how many pages
// S may remember that are not resident: `ghosts` percent of memory; the one evicted first is
// forgotten first. A page that comes back is none of them any more when a victim is chosen for it.
// Where no HIR page may be given up, the LIR page goes that is lowest in S.
// Source: Jiang, Zhang, "LIRS: an efficient low inter-reference recency set replacement policy to
// improve buffer cache performance", SIGMETRICS 2002.
//
// Invariants, checked by validate():
//   1. those of IndexLists and Residents
//   2. the bottom of S is a LIR page; every LIR page is resident, in S, and not in Q
//   3. a HIR page is in Q if it is resident, and else among the ghosts and in S
//   4. there are no more LIR pages and ghosts than may be
#include <algorithm>
#include <memory>
#include <vector>

#include "sim/base/check.h"
#include "sim/reclaim/index_lists.h"
#include "sim/reclaim/last_uses.h"
#include "sim/reclaim/policies/policies.h"
#include "sim/reclaim/residents.h"

namespace faultline::reclaim {
namespace {

class Lirs : public ReplacementPolicy {
 public:
  Lirs(uint64_t lir_pages, uint64_t ghost_pages)
      : lir_pages_(lir_pages), ghost_pages_(ghost_pages) {}

  PolicySees sees() const override { return PolicySees::kEveryReference; }
  bool knows_pages() const override { return true; }

  void on_insert(Pfn frame, PageId id) override {
    residents_.insert(frame, id);
    const uint32_t page = id.value;
    if (page >= lir_.size()) lir_.resize(page + size_t{1});
    recall(id);
    const bool remembered = recalled_ == id;
    recalled_ = kNoPage;
    if (remembered || lir_count_ < lir_pages_) return make_lir(page);
    put_on_top(page);
    queues_.push_back(kResident, page);
  }

  void on_remove(Pfn frame) override {
    const uint32_t page = residents_.remove(frame).value;
    if (queues_.list_of(page) == kResident) queues_.remove(page);
    if (stack_.list_of(page) == 0) stack_.remove(page);
    forget_lir(page);
    prune();
  }

  void on_references(std::span<const Reference> references) override {
    // Uses of LIR pages only bring them to the top of S: of those with no HIR page's between them
    // the last one to each is enough.
    size_t begin = 0;
    for (size_t i = 0; i < references.size(); ++i) {
      const uint32_t page = residents_.page_in(references[i].frame).value;
      if (lir_[page] || references[i].hits == 0) continue;
      use_lir(references.subspan(begin, i - begin));
      begin = i + 1;
      // A third use directly behind the second changes nothing.
      for (uint32_t times = std::min<uint32_t>(references[i].hits, 2); times > 0; --times)
        use(page);
    }
    use_lir(references.subspan(begin));
  }

  // O(1) amortised; O(pages that may not be given up).
  Pfn choose_victim(FrameView& frames, PageId incoming) override {
    recalled_ = kNoPage;
    if (incoming != kNoPage) recall(incoming);
    for (uint32_t page = queues_.front(kResident); page != kNoIndex; page = queues_.next(page)) {
      const Pfn frame = residents_.frame_of(page);
      if (!frames.evictable(frame)) continue;
      residents_.remove(frame);
      queues_.remove(page);
      if (stack_.list_of(page) == 0) remember(page);
      return frame;
    }
    for (uint32_t page = stack_.front(0); page != kNoIndex; page = stack_.next(page)) {
      const Pfn frame = residents_.frame_of(page);
      if (!lir_[page] || !frames.evictable(frame)) continue;
      on_remove(frame);
      return frame;
    }
    return kNoPfn;
  }

  uint64_t size() const override { return residents_.size(); }

  void validate() const override {
    stack_.validate();
    queues_.validate();
    residents_.validate();
    FL_CHECK(stack_.empty(0) || lir_[stack_.front(0)]);  // 2
    uint64_t lirs = 0;
    for (uint32_t page = 0; page < lir_.size(); ++page) {
      const bool resident = residents_.frame_of(page) != kNoPfn;
      const bool stacked = stack_.list_of(page) == 0;
      const size_t queue = queues_.list_of(page);
      if (lir_[page]) {
        ++lirs;
        FL_CHECK_MSG(resident && stacked && queue == kQueues, "lirs: LIR page {}", page);  // 2
      } else if (resident) {
        FL_CHECK_MSG(queue == kResident, "lirs: page {} is not in Q", page);  // 3
      } else {
        FL_CHECK_MSG((queue == kGhosts) == stacked, "lirs: ghost {}", page);  // 3
      }
    }
    FL_CHECK(lirs == lir_count_ && lirs <= lir_pages_);  // 4
    FL_CHECK(queues_.size(kGhosts) <= ghost_pages_);     // 4
  }

 private:
  enum Queue : size_t { kResident, kGhosts, kQueues };

  // REQUIRES: the pages that were hit are LIR.
  void use_lir(std::span<const Reference> references) {
    if (references.empty()) return;
    for (const Pfn frame : last_uses_.of(references))
      stack_.move_to_back(0, residents_.page_in(frame).value);
    prune();
  }

  void use(uint32_t page) {
    if (lir_[page]) {
      stack_.move_to_back(0, page);
      prune();
    } else if (stack_.list_of(page) == 0) {
      queues_.remove(page);
      make_lir(page);
    } else {
      put_on_top(page);
      queues_.move_to_back(kResident, page);
    }
  }

  void put_on_top(uint32_t page) {
    if (stack_.list_of(page) == 0) stack_.remove(page);
    stack_.push_back(0, page);
    prune();
  }

  void make_lir(uint32_t page) {
    lir_[page] = 1;
    ++lir_count_;
    put_on_top(page);
    if (lir_count_ <= lir_pages_) return;
    const uint32_t bottom = stack_.front(0);
    forget_lir(bottom);
    stack_.remove(bottom);
    queues_.push_back(kResident, bottom);
    prune();
  }

  void forget_lir(uint32_t page) {
    if (lir_[page] == 0) return;
    lir_[page] = 0;
    --lir_count_;
  }

  // It leaves S too, where it would come to the top.
  void recall(PageId page) {
    if (queues_.list_of(page.value) != kGhosts) return;
    queues_.remove(page.value);
    stack_.remove(page.value);
    recalled_ = page;
  }

  void remember(uint32_t page) {
    queues_.push_back(kGhosts, page);
    if (queues_.size(kGhosts) <= ghost_pages_) return;
    const uint32_t oldest = queues_.front(kGhosts);
    queues_.remove(oldest);
    stack_.remove(oldest);
  }

  // Removes the HIR pages at the bottom of S: their recency is larger than any LIR page's.
  void prune() {
    while (!stack_.empty(0) && !lir_[stack_.front(0)]) {
      const uint32_t page = stack_.front(0);
      stack_.remove(page);
      if (queues_.list_of(page) == kGhosts) queues_.remove(page);
    }
  }

  uint64_t lir_pages_;
  uint64_t ghost_pages_;
  uint64_t lir_count_ = 0;
  IndexLists<1> stack_;         // pages, the bottom in front
  IndexLists<kQueues> queues_;  // pages, the oldest in front
  std::vector<uint8_t> lir_;    // by PageId: 1 if it is one
  Residents residents_;
  LastUses last_uses_;
  PageId recalled_ = kNoPage;  // it was remembered when it was about to come
};

}  // namespace

MadePolicy make_lirs(const PolicyRequest& request) {
  NumberOption options[] = {{.name = "hir", .value = 1, .min = 1, .max = 100},
                            {.name = "ghosts", .value = 200, .min = 1, .max = 1000}};
  if (auto error = read_options("lirs", request.options, options)) return *error;
  const uint64_t frames = request.setting.frames;
  return made(std::make_unique<Lirs>(frames - share_of(frames, options[0].value),
                                     share_of(frames, options[1].value)));
}

}  // namespace faultline::reclaim
