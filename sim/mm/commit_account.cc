#include "sim/mm/commit_account.h"

#include <algorithm>
#include <utility>

#include "sim/base/check.h"

namespace faultline::mm {
// What the handles of a shared anonymous object share: the object, and what was promised for it.
struct CommitAccount::HeldObject {
  HeldObject(CommitAccount& commit, uint64_t page_count, std::shared_ptr<cache::Backing> held)
      : account(commit), pages(page_count), object(std::move(held)) {
    account.held_[object.get()] = pages;
    account.add(pages);
  }
  ~HeldObject() {
    account.give_back(pages);
    account.held_.erase(object.get());
  }
  HeldObject(const HeldObject&) = delete;
  HeldObject& operator=(const HeldObject&) = delete;

  CommitAccount& account;
  uint64_t pages;
  std::shared_ptr<cache::Backing> object;
};

bool CommitAccount::enough(const Request& request) const {
  if (settings_.overcommit == Overcommit::kAlways) return true;
  if (settings_.overcommit == Overcommit::kGuess) return request.pages <= settings_.total_pages;
  // As in Linux, what is kept back may exceed the limit: then nothing is granted.
  uint64_t kept_back = request.privileged ? 0 : to_pages(settings_.admin_reserve_kbytes);
  kept_back += std::min(request.total_vm / 32, to_pages(settings_.user_reserve_kbytes));
  return committed_ + request.pages + kept_back < limit_pages();
}

// Source: Linux mm/util.c vm_commit_limit(): there are no huge pages and no swap to count.
uint64_t CommitAccount::limit_pages() const {
  if (settings_.limit_kbytes != 0) return to_pages(settings_.limit_kbytes);
  return settings_.total_pages * settings_.ratio_percent / 100;
}

void CommitAccount::give_back(uint64_t pages) {
  FL_CHECK_MSG(pages <= committed_, "{} pages given back of {}", pages, committed_);
  committed_ -= pages;
}

std::shared_ptr<cache::Backing> CommitAccount::hold_object(std::shared_ptr<cache::Backing> object,
                                                           uint64_t pages) {
  const auto held = std::make_shared<HeldObject>(*this, pages, std::move(object));
  return {held, held->object.get()};
}

uint64_t CommitAccount::promised_for(const cache::Backing& object) const {
  const auto found = held_.find(&object);
  return found == held_.end() ? 0 : found->second;
}

}  // namespace faultline::mm
