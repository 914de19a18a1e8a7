// The plain references of policies by the simulator's names.
#ifndef FAULTLINE_TESTS_NAIVE_NAIVE_MAKERS_H_
#define FAULTLINE_TESTS_NAIVE_NAIVE_MAKERS_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "tests/naive/naive_caches.h"
#include "tests/naive/naive_histories.h"
#include "tests/naive/naive_pagers.h"

namespace faultline::naive {

// Null for another, and for opt.
inline std::unique_ptr<Cache> make_cache(const std::string& name, CacheSize size) {
  if (name == "lru") return std::make_unique<LruCache>(size);
  if (name == "mru") return std::make_unique<MruCache>(size);
  if (name == "fifo") return std::make_unique<FifoCache>(size);
  if (name == "clock") return std::make_unique<ClockCache>(size);
  if (name == "lfu") return std::make_unique<LfuCache>(size);
  if (name == "2q") return std::make_unique<TwoQueueCache>(size);
  if (name == "arc") return std::make_unique<ArcCache>(size);
  if (name == "s3fifo") return std::make_unique<S3FifoCache>(size);
  if (name == "sieve") return std::make_unique<SieveCache>(size);
  if (name == "lirs") {
    const std::size_t hir = std::max<std::size_t>(size.frames / 100, 1);
    return std::make_unique<LirsCache>(size, hir, 2 * size.frames);
  }
  return nullptr;
}

// The number behind `option=` in `policy`.
inline std::uint64_t option_of(const std::string& policy, const std::string& option,
                               std::uint64_t otherwise) {
  const std::size_t at = policy.find(option + "=");
  return at == std::string::npos ? otherwise : std::stoull(policy.substr(at + option.size() + 1));
}

// `policy` is a name, or NAME:OPTION=VALUE,… Null for another.
inline std::unique_ptr<Pager> make_pager(const std::string& policy, CacheSize size) {
  const std::string name = policy.substr(0, policy.find(':'));
  const std::uint64_t tick = option_of(policy, "tick", 100'000);
  const std::uint64_t window = option_of(policy, "window", 1'000'000);
  if (name == "second-chance") return std::make_unique<SecondChancePager>(size);
  if (name == "nbit") {
    const auto bits = static_cast<unsigned>(option_of(policy, "bits", 2));
    return std::make_unique<NbitClockPager>(size, bits);
  }
  if (name == "nru") return std::make_unique<NruPager>(size, tick);
  if (name == "aging") return std::make_unique<AgingPager>(size, tick);
  if (name == "ws") return std::make_unique<WorkingSetPager>(size, window, tick);
  if (name == "wsclock") return std::make_unique<WsClockPager>(size, window);
  if (name == "pff")
    return std::make_unique<PffPager>(size, option_of(policy, "threshold", 10'000));
  if (name == "clockpro") return std::make_unique<ClockProPager>(size);
  if (name == "linux") return std::make_unique<LinuxPager>(size);
  return nullptr;
}

}  // namespace faultline::naive

#endif  // FAULTLINE_TESTS_NAIVE_NAIVE_MAKERS_H_
