// AdviceCalls: madvise(2) and mincore(2): what a process says of its memory, and what it asks of
// it. The address space decides; pages are faulted in, read, given up and removed here.
//
// Owns nothing. Not thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "faultline/process.h"
#include "faultline/result.h"
#include "faultline/user_memory.h"
#include "sim/cache/frame_source.h"
#include "sim/cache/page_cache.h"
#include "sim/hw/tlb_gather.h"
#include "sim/proc/task.h"
#include "sim/reclaim/page_out.h"

namespace faultline::proc {

class AdviceCalls {
 public:
  struct Services {
    cache::PageCache& cache;
    cache::FrameSource& frames;
    reclaim::PageOut page_out;
    hw::TlbGather& gather;
  };
  struct AdviceArgs {
    VirtAddr address{};
    uint64_t length_bytes = 0;
    uint64_t advice = 0;
  };
  struct ResidencyArgs {
    VirtAddr address{};
    uint64_t length_bytes = 0;
    const UserBuffer& vector;  // a byte a page; one outside the process may be too short for all
  };
  explicit AdviceCalls(const Services& services) : s_(services) {}

  // Errors: AddressSpace::advise's; of MADV_POPULATE_..., at the first page that cannot be faulted
  // in: AddressSpace::refuses_populate's, kEFAULT (an access would end in a signal), kENOMEM (no
  // frame). What lies before stays done. Source: madvise(2); Linux mm/madvise.c do_madvise().
  Result<void> madvise(Task& task, const AdviceArgs& args, UserMemory& memory);

  // Bytes for the mapped pages before a hole are written also where it fails.
  // Errors: kEINVAL (start unaligned), kENOMEM (not within user space), kEFAULT (the vector is not
  // within user space), kENOMEM (a hole), kEFAULT (the vector cannot be written).
  // Source: mincore(2); Linux mm/mincore.c.
  Result<void> mincore(Task& task, const ResidencyArgs& args, UserMemory& memory);

 private:
  std::optional<Errno> populate(Task& task, AddrRange range, AccessKind kind, UserMemory& memory);
  void punch(cache::Backing& backing, cache::PgoffRange pages);

  Services s_;
};

}  // namespace faultline::proc
