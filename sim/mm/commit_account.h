// CommitAccount: how much memory all address spaces of a machine have been promised, and whether
// more may be: Linux's vm_committed_as with the vm.overcommit_... settings that rule over it. Rows
// I1 to I3.
//
// What is promised: the pages of each VMA with kVmAccount, which AddressSpace adds and gives back
// with its other counters, and the whole of each shared anonymous object, until its last mapping
// goes. There is no swap device to promise from.
// Differs from Linux: the sum is exact; Linux's lags behind by a batch a processor.
// Differs from Linux: pages of tmpfs files are not promised; Linux counts each as it comes.
//
// Units: pages of the machine, but for what is named _kbytes.
// Not thread-safe. Outlives what hold_object() gave out.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>

#include "sim/cache/backing.h"

namespace faultline::mm {

// vm.overcommit_memory.
enum class Overcommit : uint8_t { kGuess = 0, kAlways = 1, kNever = 2 };

// The settings, with the values of a machine that has 24 GiB.
struct CommitSettings {
  Overcommit overcommit = Overcommit::kGuess;
  uint64_t total_pages = (uint64_t{24} << 30) >> 12;  // of memory
  uint64_t page_bytes = 4096;
  uint64_t ratio_percent = 50;               // vm.overcommit_ratio
  uint64_t limit_kbytes = 0;                 // vm.overcommit_kbytes; 0: the ratio holds
  uint64_t admin_reserve_kbytes = 8 << 10;   // vm.admin_reserve_kbytes
  uint64_t user_reserve_kbytes = 128 << 10;  // vm.user_reserve_kbytes
};

class CommitAccount {
 public:
  // What is promised when a space asks.
  struct Request {
    uint64_t pages = 0;
    uint64_t total_vm = 0;    // pages that the asking space maps already
    bool privileged = false;  // CAP_SYS_ADMIN
  };

  CommitAccount() = default;
  explicit CommitAccount(const CommitSettings& settings) : settings_(settings) {}
  CommitAccount(const CommitAccount&) = delete;
  CommitAccount& operator=(const CommitAccount&) = delete;

  const CommitSettings& settings() const { return settings_; }
  void set_settings(const CommitSettings& settings) { settings_ = settings; }

  // Whether that much more may be promised; promises nothing. Mode 0 refuses what is larger than
  // memory, mode 1 nothing, mode 2 what brings the sum to the limit.
  // Source: Linux mm/util.c __vm_enough_memory(), 6.18.
  bool enough(const Request& request) const;
  // Linux's CommitLimit: what mode 2 promises to all together.
  uint64_t limit_pages() const;

  void add(uint64_t pages) { committed_ += pages; }
  // REQUIRES: as much was added.
  void give_back(uint64_t pages);
  // The same object, for which `pages` stay promised until its last handle goes.
  // Source: Linux mm/shmem.c shmem_acct_size().
  std::shared_ptr<cache::Backing> hold_object(std::shared_ptr<cache::Backing> object,
                                              uint64_t pages);

  uint64_t committed_pages() const { return committed_; }
  // Those that hold_object() promised for the object; 0 where it was never asked.
  uint64_t promised_for(const cache::Backing& object) const;

 private:
  struct HeldObject;

  uint64_t to_pages(uint64_t kbytes) const { return kbytes * 1024 / settings_.page_bytes; }

  CommitSettings settings_;
  uint64_t committed_ = 0;
  std::unordered_map<const cache::Backing*, uint64_t> held_;  // of the sum, by object
};

}  // namespace faultline::mm
