// Random calls against a model of two plain arrays: what programs see of a file, and what the disk
// would still hold after a power cut.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "sim/base/prng.h"
#include "sim/cache/page_cache.h"
#include "tests/cache/cached_machine.h"

namespace faultline::cache {
namespace {

using testing::CachedMachine;
using testing::FakeSpace;

constexpr uint64_t kPages = 8;
constexpr uint64_t kBytes = kPages * 4096;

struct Model {
  std::vector<int> memory = std::vector<int>(kBytes);  // also past the end of the file
  std::vector<int> durable = std::vector<int>(kBytes);
  uint64_t size_bytes = 0;
  bool disk = true;

  void clear_page_tail(uint64_t from) {
    const uint64_t end = std::min(kBytes, (from + 4095) / 4096 * 4096);
    std::fill(memory.begin() + long(from), memory.begin() + long(end), 0);
  }
  void write(uint64_t offset, int value) {
    if (disk && offset > size_bytes) clear_page_tail(size_bytes);
    memory[offset] = value;
    size_bytes = std::max(size_bytes, offset + 1);
  }
  void truncate(uint64_t size) {
    if (size > size_bytes) {
      if (disk) clear_page_tail(size_bytes);
    } else {
      std::fill(memory.begin() + long(size), memory.end(), 0);
      std::fill(durable.begin() + long(size), durable.end(), 0);
    }
    size_bytes = size;
  }
  // Pages that are clean are the same on both sides, so that no model of dirtiness is needed.
  void write_back(uint64_t first, uint64_t count) {
    const uint64_t pages = (size_bytes + 4095) / 4096;
    for (uint64_t pgoff = first; pgoff < std::min(first + count, pages); ++pgoff) {
      if (size_bytes / 4096 == pgoff) clear_page_tail(size_bytes);
      std::copy_n(memory.begin() + long(pgoff * 4096), 4096, durable.begin() + long(pgoff * 4096));
    }
  }
};

class Driver final : public WriteBackListener {
 public:
  Driver(uint64_t seed, const std::string& path)
      : prng_(seed), m_({.frame_count = 5 + seed % 5, .reclaims = true}) {
    backing_ = m_.create(path, prng_.below(kBytes), seed);
    model_.disk = backing_->write_notify();
    model_.size_bytes = backing_->size_bytes();
    model_.durable = durable_bytes();
    model_.memory = model_.durable;
    space_.map_backing(*backing_);
    m_.cache.set_write_back_listener(this);
  }

  // Reclaim, which any call may start, writes pages when it likes.
  void on_write_back(const Backing&, uint64_t pgoff, Pfn) override {
    if (model_.disk) model_.write_back(pgoff, 1);
  }

  void step() {
    switch (prng_.below(8)) {
      case 0: {
        const uint64_t offset = prng_.below(kBytes);
        const int value = static_cast<int>(prng_.below(256));
        m_.write_byte(*backing_, offset, value);
        model_.write(offset, value);
        break;
      }
      case 1:
      case 2:
        store();
        break;
      case 3:
        load();
        break;
      case 4: {
        const uint64_t size =
            prng_.below(3) == 0 ? prng_.below(kPages + 1) * 4096 : prng_.below(kBytes + 1);
        m_.truncate(*backing_, size);
        model_.truncate(size);
        break;
      }
      case 5: {
        const uint64_t first = prng_.below(kPages);
        const uint64_t count = prng_.below(kPages);
        m_.write_back(*backing_, first, count);
        if (model_.disk) model_.write_back(first, count);
        break;
      }
      case 6:
        reclaim_one();
        break;
      default:
        m_.cache.drop_clean(*backing_, {prng_.below(kPages), prng_.below(kPages)});
    }
  }

  void check() {
    m_.validate();
    REQUIRE(backing_->size_bytes() == model_.size_bytes);
    for (auto page = backing_->pages().first_from(0); page;
         page = backing_->pages().first_from(page->pgoff + 1)) {
      const auto bytes = m_.frames.bytes(page->pfn);
      for (uint64_t i = 0; i < 4096; ++i) {
        if (static_cast<int>(bytes[i]) != model_.memory[page->pgoff * 4096 + i]) {
          FAIL("page ", page->pgoff, " byte ", i, " of ", model_.size_bytes);
        }
      }
    }
  }

  // Everything in memory is lost.
  void power_cut() {
    check();
    while (!mapped().empty()) unmap(mapped().front());
    m_.cache.power_cut();
    REQUIRE((durable_bytes() == model_.durable));
    model_.memory = model_.durable;
    m_.validate();
  }

 private:
  std::vector<int> durable_bytes() const {
    std::vector<int> bytes;
    std::vector<std::byte> page(4096);
    for (uint64_t pgoff = 0; pgoff < kPages; ++pgoff) {
      backing_->file().read_page(pgoff, page);
      for (const std::byte b : page) bytes.push_back(static_cast<int>(b));
    }
    return bytes;
  }

  std::vector<uint64_t> mapped() const {
    std::vector<uint64_t> pgoffs;
    for (uint64_t pgoff = 0; pgoff < kPages; ++pgoff) {
      if (space_.maps(pgoff)) pgoffs.push_back(pgoff);
    }
    return pgoffs;
  }

  void unmap(uint64_t pgoff) {
    hw::TlbGather gather;
    space_.unmap_page(Vpn{pgoff}, {}, gather);
    gather.clear();
  }

  void fault(uint64_t pgoff) {
    if (!space_.maps(pgoff)) space_.map(pgoff, m_.get(*backing_, pgoff).pfn);
  }

  void store() {
    if (backing_->page_count() == 0) return;
    const uint64_t pgoff = prng_.below(backing_->page_count());
    const uint64_t in_page = prng_.below(4096);
    const int value = static_cast<int>(prng_.below(256));
    fault(pgoff);
    if (model_.disk && !space_.pte(pgoff).writable) m_.cache.mark_dirty(*backing_, pgoff);
    space_.store(pgoff, in_page, value);
    model_.memory[pgoff * 4096 + in_page] = value;
  }

  void load() {
    if (backing_->page_count() == 0) return;
    const uint64_t pgoff = prng_.below(backing_->page_count());
    const uint64_t in_page = prng_.below(4096);
    fault(pgoff);
    REQUIRE(space_.load(pgoff, in_page) == model_.memory[pgoff * 4096 + in_page]);
  }

  void reclaim_one() {
    const auto page = backing_->pages().first_from(prng_.below(kPages));
    if (page) REQUIRE(m_.reclaim(page->pfn) != Reclaimed::kBusy);
  }

  base::Prng prng_;
  CachedMachine m_;
  Model model_;
  std::shared_ptr<Backing> backing_;
  FakeSpace space_{m_.frames, m_.allocator, m_.rmap};
};

TEST_CASE("PageCache: a file of the disk agrees with two plain arrays of bytes") {
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    CAPTURE(seed);
    Driver driver(seed, "/a");
    for (int cut = 0; cut < 5; ++cut) {
      for (int step = 0; step < 60; ++step) {
        driver.step();
        driver.check();
      }
      driver.power_cut();
    }
  }
}

TEST_CASE("PageCache: a file of tmpfs agrees with a plain array of bytes") {
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    CAPTURE(seed);
    Driver driver(seed, "/dev/shm/a");
    for (int step = 0; step < 300; ++step) {
      driver.step();
      driver.check();
    }
  }
}

}  // namespace
}  // namespace faultline::cache
