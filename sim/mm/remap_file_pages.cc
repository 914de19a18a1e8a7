// remap_file_pages(2), row C15: since Linux 4.0 it is an mmap over a part of a shared mapping.
#include <algorithm>
#include <memory>

#include "sim/base/align.h"
#include "sim/mm/address_space.h"
#include "sim/mm/map_flags.h"

namespace faultline::mm {
namespace {

namespace abi = linux_abi;

uint64_t prot_of(const Vma& vma) {
  return (vma.has(kVmRead) ? abi::kPROT_READ : 0) | (vma.has(kVmWrite) ? abi::kPROT_WRITE : 0) |
         (vma.has(kVmExec) ? abi::kPROT_EXEC : 0);
}

// The nameless object of a shared anonymous mapping, as a file to be mapped.
std::shared_ptr<cache::OpenFile> open_object(std::shared_ptr<cache::Backing> object) {
  auto file = std::make_shared<cache::OpenFile>();
  file->backing = std::move(object);
  file->readable = true;
  file->writable = true;
  return file;
}

}  // namespace

// Source: Linux mm/mmap.c remap_file_pages(), 6.18.
Result<void> AddressSpace::remap_file_pages(const RemapFilePagesArgs& args, hw::TlbGather& gather) {
  merged_range_.reset();
  if (args.prot != 0) return Errno::kEINVAL;
  const VirtAddr start = page_size().align_down(args.address);
  const uint64_t pages = page_size().pages(args.length_bytes);
  const uint64_t length_bytes = pages << page_size().shift;
  const AddrRange range{start, start + length_bytes};
  if (range.empty() || !base::checked_add(args.pgoff, pages)) return Errno::kEINVAL;
  const Vma* const vma = vmas_.find(start);
  if (vma == nullptr || start < vma->start() || !vma->shared()) return Errno::kEINVAL;
  VirtAddr end = vma->end();
  for (const Vma* next = vmas_.next(*vma); end < range.end; next = vmas_.next(*next)) {
    if (next == nullptr || next->start() != end || next->file != vma->file ||
        next->backing != vma->backing || ((next->flags ^ vma->flags) & ~kVmAnonShmem) != 0)
      return Errno::kEINVAL;
    end = next->end();
  }

  MapRequest request;
  request.hint = start;
  request.length_bytes = length_bytes;
  request.prot = prot_of(*vma);
  request.flags = (args.flags & abi::kMAP_NONBLOCK) | abi::kMAP_SHARED | abi::kMAP_FIXED |
                  abi::kMAP_POPULATE | (vma->has(kVmLocked) ? abi::kMAP_LOCKED : 0);
  if (vma->has(kVmHugeTlb)) {
    // Of a whole number of pages, which nothing is reserved for: row A3.
    request.flags |= abi::kMAP_ANONYMOUS | abi::kMAP_HUGETLB;
    if (length_bytes % find_huge_page_bytes(request.flags) != 0) return Errno::kEINVAL;
  } else {
    request.file = vma->file != nullptr ? vma->file : open_object(vma->backing);
  }
  // Further than a file can reach is as far as can be said in bytes: mmap refuses both.
  const uint64_t pgoff_max = page_size().pages(~uint64_t{0}) - pages;
  request.offset_bytes = std::min(args.pgoff, pgoff_max) << page_size().shift;
  const Result<VirtAddr> mapped = map(request, gather);
  return mapped ? Result<void>() : mapped.error();
}

}  // namespace faultline::mm
