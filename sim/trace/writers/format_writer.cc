#include "sim/trace/writers/format_writer.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "faultline/page_run.h"

namespace faultline::trace {
namespace {

constexpr std::size_t kFlushBytes = 256 << 10;

// With each trait: what a format without it lacks, and what --lossy does about it.
struct TraitText {
  std::string_view what;
  std::string_view instead;
};
constexpr TraitText kTexts[] = {
    {"mapping calls", "leaves them out"},
    {"processes and threads", "leaves them out"},
    {"threads", "leaves them out"},
    {"marks of the kernel's accesses", "leaves them out"},
    {"fetches", "leaves them out"},
    {"stores", "makes them loads"},
    {"modifies", "makes them stores"},
    {"sizes", "leaves them out"},
    {"addresses within pages", "leaves pages alone"},
    {"page numbers", "numbers pages as they come"},
    {"address 0", "leaves it out"},
    {"addresses in the upper half", "leaves them out"},
    {"addresses beyond 57 bits", "leaves them out"},
    {"loads and stores before any fetch", "makes up a fetch of each"},
    {"instructions of more than four loads and then two stores", "fetches them again"},
};
static_assert(std::size(kTexts) == kTraits);

// Whether accesses with it are left out, where that is asked for.
bool leaves_out(Trait trait) {
  return trait == Trait::kAddressZero || trait == Trait::kUpperHalf ||
         trait == Trait::kFarAddresses;
}

}  // namespace

FormatWriter::FormatWriter(std::string file, const WriterRow& row, bool lossy,
                           std::unique_ptr<ByteSink> sink)
    : file_(std::move(file)),
      row_(row),
      lossy_(lossy),
      sink_(std::move(sink)),
      records_(row.make_writer()) {
  records_->begin(out_);
}

Written FormatWriter::write(const TraceBlock& block) {
  if (!lossy_) {
    if (!(block.task == TraceTask{}) && !row_.holds.has(Trait::kTasks))
      return refuse(Trait::kTasks);
    if (block.task.tid != 0 && !row_.holds.has(Trait::kThreads)) return refuse(Trait::kThreads);
    if (block.call != nullptr && !row_.holds.has(Trait::kCalls)) return refuse(Trait::kCalls);
  }
  if (row_.holds.has(Trait::kTasks) && (!task_ || !(*task_ == block.task))) {
    task_ = block.task;
    records_->set_task(block.task, out_);
  }
  for (const Access& access : block.accesses) {
    if (!lossy_)
      if (const std::optional<Trait> missing = find_missing(access)) return refuse(*missing);
    write_access(access);
    ++accesses_;
    if (out_.size() < kFlushBytes) continue;
    if (auto written = flush(); !written) return written;
  }
  return {};
}

// What the format would have to hold for this access, and does not.
std::optional<Trait> FormatWriter::find_missing(const Access& access) {
  const std::pair<Trait, bool> needs[] = {
      {Trait::kKernel, access.by == AccessBy::kKernel},
      {Trait::kFetches, access.kind == AccessKind::kFetch},
      {Trait::kStores, is_store(access.kind)},
      {Trait::kModifies, access.kind == AccessKind::kModify},
      {Trait::kSizes, access.size_bytes != 1},
      {Trait::kOffsets, access.address.value % kPageRunBytes != 0},
  };
  for (const auto& [trait, needed] : needs)
    if (needed && !row_.holds.has(trait)) return trait;
  if (access.size_bytes > row_.size_max) return Trait::kSizes;
  if (!row_.holds.has(Trait::kPageNumbers) && !is_next_page(access)) return Trait::kPageNumbers;
  return records_->find_missing(access);
}

// Whether its page is one that was accessed before, if all were, or the next one.
bool FormatWriter::is_next_page(const Access& access) {
  const uint64_t page = access.address.value / kPageRunBytes;
  if (page > pages_) return false;
  pages_ = std::max(pages_, page + 1);
  return true;
}

void FormatWriter::write_access(Access access) {
  const bool stores = row_.holds.has(Trait::kStores);
  if (access.kind == AccessKind::kFetch && !row_.holds.has(Trait::kFetches)) {
    records_->pass(access);
    return;
  }
  if (lossy_)
    if (const auto missing = records_->find_missing(access); missing && leaves_out(*missing))
      return;
  if (access.kind == AccessKind::kModify && !row_.holds.has(Trait::kModifies))
    access.kind = AccessKind::kStore;
  if (is_store(access.kind) && !stores) access.kind = AccessKind::kLoad;
  access.size_bytes = std::min(access.size_bytes, row_.size_max);
  if (lossy_ && !row_.holds.has(Trait::kPageNumbers)) number_page(access);
  records_->write(access, out_);
}

void FormatWriter::number_page(Access& access) {
  const uint64_t page = access.address.value / kPageRunBytes;
  access.address = {numbers_.try_emplace(page, numbers_.size()).first->second * kPageRunBytes};
}

Written FormatWriter::refuse(Trait trait) const {
  const TraitText& text = kTexts[unsigned(trait)];
  return TraceWriteError{
      TraceWriteError::Cause::kContent,
      {.file = file_,
       .message = fmt::format("{} cannot hold the {} of this trace (access {}); --lossy {}",
                              row_.name, text.what, accesses_ + 1, text.instead)}};
}

Written FormatWriter::flush() {
  Written written = sink_->write(out_);
  out_.clear();
  return written;
}

Written FormatWriter::finish() {
  records_->end(out_);
  if (auto written = flush(); !written) return written;
  return sink_->finish();
}

}  // namespace faultline::trace
