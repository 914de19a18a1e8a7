#include "sim/cache/backing.h"

#include <utility>

namespace faultline::cache {

Backing::Backing(uint32_t number, std::shared_ptr<storage::SimFile> file, uint64_t readahead_pages)
    : number_(number), file_(std::move(file)), readahead_pages_(readahead_pages) {}

uint8_t Backing::folio_order(uint64_t pgoff) const {
  return frames_ == nullptr ? 0 : (*frames_)[pages_.find(pgoff)].order;
}

void Backing::closed() {
  if (std::exchange(cut_to_nothing_, false) && replaced_ != nullptr) replaced_->push_back(number_);
}

}  // namespace faultline::cache
