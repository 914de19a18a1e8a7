#include "sim/phys/frame_table.h"

#include "sim/base/check.h"

namespace faultline::phys {

FrameTable::FrameTable(PageSize page_size, Contents contents)
    : page_size_(page_size),
      contents_(contents),
      zeros_(std::make_unique<std::byte[]>(page_size.bytes())) {
  mark_taken(kZeroPagePfn);
  frames_[kZeroPagePfn.value].flags |= kFrameUptodate;
}

void FrameTable::mark_taken(Pfn pfn) {
  FL_CHECK(pfn != kNoPfn);
  if (pfn.value >= frames_.size()) {
    const std::size_t size = std::size_t{pfn.value} + 1;
    frames_.grow_to(size);
    last_references_.grow_to(size);
    if (contents_ == Contents::kBytes) bytes_.resize(size);
  }
  PageFrame& frame = frames_[pfn.value];
  FL_CHECK((frame.flags & kFrameInUse) == 0);
  frame.flags = kFrameInUse;
  frame.refcount = 1;
}

void FrameTable::mark_free(Pfn pfn) {
  FL_CHECK(pfn != kZeroPagePfn && pfn.value < frames_.size());
  PageFrame& frame = frames_[pfn.value];
  FL_CHECK((frame.flags & kFrameInUse) != 0);
  FL_CHECK(frame.mapcount == 0);
  frame = PageFrame{};
  last_references_[pfn.value] = 0;
  if (contents_ == Contents::kBytes) bytes_[pfn.value].reset();
}

std::span<const std::byte> FrameTable::bytes(Pfn pfn) const {
  return {has_bytes(pfn) ? bytes_[pfn.value].get() : zeros_.get(), page_size_.bytes()};
}

std::span<std::byte> FrameTable::writable_bytes(Pfn pfn) {
  FL_CHECK(pfn != kZeroPagePfn && pfn.value < frames_.size());
  if (contents_ == Contents::kNone) return {};
  std::unique_ptr<std::byte[]>& page = bytes_[pfn.value];
  if (!page) page = std::make_unique<std::byte[]>(page_size_.bytes());
  return {page.get(), page_size_.bytes()};
}

bool FrameTable::has_bytes(Pfn pfn) const {
  FL_CHECK(pfn.value < frames_.size());
  return contents_ == Contents::kBytes && bytes_[pfn.value] != nullptr;
}

void FrameTable::validate() const {
  FL_CHECK(!has_bytes(kZeroPagePfn));  // 1
  for (std::size_t i = 0; i < frames_.size(); ++i) {
    const PageFrame& frame = frames_[i];
    if ((frame.flags & kFrameInUse) == 0) {  // 2
      FL_CHECK_MSG(frame.refcount == 0, "frame {} is free", i);
      FL_CHECK_MSG(frame.mapcount == 0, "frame {} is free", i);
      FL_CHECK_MSG(frame.flags == 0, "frame {} is free", i);
      FL_CHECK_MSG(!has_bytes({static_cast<uint32_t>(i)}), "frame {} is free", i);
    }
    FL_CHECK_MSG(frame.mapcount <= frame.refcount, "frame {}", i);  // 3
  }
}

}  // namespace faultline::phys
