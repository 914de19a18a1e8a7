// Random file calls and mappings against plain arrays of bytes: what a file holds, and what the
// pages of a private mapping hold that were stored to. On the disk and on tmpfs, with memory enough
// and with so little that pages come and go.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "faultline/linux.h"
#include "faultline/machine.h"
#include "sim/base/prng.h"

namespace faultline {
namespace {

namespace abi = linux_abi;

constexpr uint64_t kPage = 4096;
constexpr uint64_t kPages = 8;  // of the mappings; the file stays within
constexpr uint64_t kRoom = kPages * kPage;
constexpr VirtAddr kShared{0x20000000};
constexpr VirtAddr kPrivate{0x30000000};
constexpr VirtAddr kBuffer{0x40000000};  // anonymous memory, for O_DIRECT and vectors

using Bytes = std::vector<std::byte>;

class Driver {
 public:
  Driver(const std::string& path, std::optional<uint64_t> frames, uint64_t seed)
      : prng_(seed), disk_(!path.starts_with("/dev/shm/")) {
    auto made = make_machine({.frames = frames});
    machine_ = std::move(*made);
    process_ = &machine_->start_process();
    const uint64_t size_bytes = prng_.below(kRoom);
    REQUIRE(machine_->create_file(path, size_bytes, seed).ok());
    for (uint64_t i = 0; i < size_bytes; ++i)
      file_.push_back(std::byte((i * 31 + (i >> 12) * 7 + seed) & 0xff));
    fd_ = process_->open(path, abi::kO_RDWR, 0).value();
    direct_ = process_->open(path, abi::kO_RDWR | abi::kO_DIRECT, 0).value();
    map(kShared, abi::kMAP_SHARED);
    map(kPrivate, abi::kMAP_PRIVATE);
    REQUIRE(process_->mmap({.address = kBuffer,
                            .length_bytes = 2 * kRoom,
                            .prot = abi::kPROT_READ | abi::kPROT_WRITE,
                            .flags = abi::kMAP_PRIVATE | abi::kMAP_ANONYMOUS | abi::kMAP_FIXED}));
  }

  void step() {
    switch (prng_.below(8)) {
      case 0:
        return transfer();
      case 1:
      case 2:
        return store();
      case 3:
        return load();
      case 4:
        return change_size();
      case 5:
        return change_space();
      case 6:
        return sync();
      default:
        return prng_.below(2) == 0 ? direct() : vectors();
    }
  }

  // Reads all of the file, through each mapping and by the call.
  void check() {
    machine_->validate();
    Bytes bytes(kRoom);
    REQUIRE(process_->pread(fd_, {.outside = bytes}, 0).value() == file_.size());
    bytes.resize(file_.size());
    REQUIRE((bytes == file_));
    REQUIRE(process_->load(kShared, bytes).bytes_done == file_.size());
    REQUIRE((bytes == file_));
    REQUIRE(process_->load(kPrivate, bytes).bytes_done == file_.size());
    for (const auto& [page, copy] : copies_) {
      const uint64_t count = std::min(kPage, file_.size() - page * kPage);
      REQUIRE(
          std::equal(copy.begin(), copy.begin() + long(count), bytes.begin() + long(page * kPage)));
      std::copy_n(file_.begin() + long(page * kPage), count, bytes.begin() + long(page * kPage));
    }
    REQUIRE((bytes == file_));
  }

 private:
  void map(VirtAddr at, uint64_t type) {
    REQUIRE(process_->mmap({.address = at,
                            .length_bytes = kRoom,
                            .prot = abi::kPROT_READ | abi::kPROT_WRITE,
                            .flags = type | abi::kMAP_FIXED,
                            .fd = fd_}));
  }
  uint64_t pages() const { return (file_.size() + kPage - 1) / kPage; }
  Bytes random_bytes(uint64_t count) { return Bytes(count, std::byte(prng_.below(256))); }
  // A range that may begin and end anywhere, or with a page.
  std::pair<uint64_t, uint64_t> random_range() {
    const uint64_t unit = prng_.below(2) == 0 ? 1 : kPage;
    const uint64_t offset = prng_.below(kRoom / unit) * unit;
    return {offset, (1 + prng_.below((kRoom - offset) / unit)) * unit};
  }
  // What lies there in the file's array, which ends earlier perhaps.
  auto at(uint64_t offset) {
    return file_.begin() + long(std::min<uint64_t>(offset, file_.size()));
  }

  void write_model(uint64_t offset, const Bytes& bytes) {
    grow_model(offset + bytes.size());
    std::copy(bytes.begin(), bytes.end(), at(offset));
  }
  // On tmpfs what mappings stored past the end shows when the file grows.
  void grow_model(uint64_t size_bytes) {
    const uint64_t old = file_.size();
    if (size_bytes <= old) return;
    file_.resize(size_bytes);
    for (uint64_t i = old; !disk_ && i < std::min<uint64_t>(size_bytes, old + tail_.size()); ++i)
      file_[i] = tail_[i - old];
    tail_.erase(tail_.begin(),
                tail_.begin() + long(std::min<uint64_t>(tail_.size(), size_bytes - old)));
  }
  void drop_copies_from(uint64_t page) { copies_.erase(copies_.lower_bound(page), copies_.end()); }

  void transfer() {
    const auto [offset, length] = random_range();
    Bytes bytes = random_bytes(length);
    if (prng_.below(2) == 0) {
      REQUIRE(process_->pwrite(fd_, {.outside = bytes}, offset).value() == length);
      return write_model(offset, bytes);
    }
    const uint64_t expected = offset < file_.size() ? std::min(length, file_.size() - offset) : 0;
    REQUIRE(process_->pread(fd_, {.outside = bytes}, offset).value() == expected);
    REQUIRE(std::equal(at(offset), at(offset + expected), bytes.begin()));
  }

  void store() {
    if (pages() == 0) return;
    const bool shared = prng_.below(2) == 0;
    const uint64_t page =
        prng_.below(shared ? pages() : std::max<uint64_t>(1, file_.size() / kPage));
    const uint64_t offset = page * kPage + prng_.below(kPage);
    const Bytes bytes = random_bytes(1 + prng_.below(page * kPage + kPage - offset));
    if (!shared && (page + 1) * kPage > file_.size()) return;
    REQUIRE(process_->store((shared ? kShared : kPrivate) + offset, bytes).bytes_done ==
            bytes.size());
    if (!shared) {
      Bytes& copy =
          copies_.try_emplace(page, at(page * kPage), at((page + 1) * kPage)).first->second;
      std::copy(bytes.begin(), bytes.end(), copy.begin() + long(offset % kPage));
      return;
    }
    for (uint64_t i = 0; i < bytes.size(); ++i) {
      if (offset + i < file_.size()) {
        file_[offset + i] = bytes[i];
      } else {
        tail_.resize(std::max<uint64_t>(tail_.size(), offset + i - file_.size() + 1));
        tail_[offset + i - file_.size()] = bytes[i];
      }
    }
  }

  void load() {
    const uint64_t offset = prng_.below(kRoom);
    std::byte byte{};
    const AccessOutcome outcome = process_->load(kShared + offset, {&byte, 1});
    if (offset / kPage >= pages()) {
      REQUIRE(outcome.signal == SigInfo{SignalCode::kBusAdrErr, kShared + offset});
    } else {
      REQUIRE(outcome.bytes_done == 1);
      if (offset < file_.size()) REQUIRE(byte == file_[offset]);
    }
  }

  void change_size() {
    const uint64_t size_bytes =
        prng_.below(3) == 0 ? prng_.below(kPages + 1) * kPage : prng_.below(kRoom + 1);
    REQUIRE(process_->ftruncate(fd_, size_bytes).ok());
    if (size_bytes > file_.size()) return grow_model(size_bytes);
    file_.resize(size_bytes);
    tail_.clear();
    drop_copies_from(pages());
  }

  void change_space() {
    const auto [offset, length] = random_range();
    const uint64_t keep = prng_.below(2) * abi::kFALLOC_FL_KEEP_SIZE;
    switch (prng_.below(disk_ ? 5 : 2)) {
      case 0:
        REQUIRE(process_->fallocate(fd_, keep, offset, length).ok());
        return keep == 0 ? grow_model(offset + length) : void();
      case 1:
        REQUIRE(process_
                    ->fallocate(fd_, abi::kFALLOC_FL_PUNCH_HOLE | abi::kFALLOC_FL_KEEP_SIZE, offset,
                                length)
                    .ok());
        return zero_model(offset, length);
      case 2:
        REQUIRE(process_->fallocate(fd_, abi::kFALLOC_FL_ZERO_RANGE | keep, offset, length).ok());
        if (keep == 0) grow_model(offset + length);
        return zero_model(offset, length);
      case 3: {
        const Result<void> done =
            process_->fallocate(fd_, abi::kFALLOC_FL_COLLAPSE_RANGE, offset, length);
        REQUIRE(done.ok() == ((offset | length) % kPage == 0 && offset + length < file_.size()));
        if (!done.ok()) return;
        file_.erase(at(offset), at(offset + length));
        return drop_copies_from(offset / kPage);
      }
      default: {
        if (file_.size() + length > kRoom) return;
        const Result<void> done =
            process_->fallocate(fd_, abi::kFALLOC_FL_INSERT_RANGE, offset, length);
        REQUIRE(done.ok() == ((offset | length) % kPage == 0 && offset < file_.size()));
        if (!done.ok()) return;
        file_.insert(at(offset), length, std::byte{0});
        return drop_copies_from(offset / kPage);
      }
    }
  }
  void zero_model(uint64_t offset, uint64_t length) {
    std::fill(at(offset), at(offset + length), std::byte{0});
    for (uint64_t i = 0; i < tail_.size(); ++i) {
      const uint64_t place = file_.size() + i;
      if (place >= offset && place < offset + length) tail_[i] = std::byte{0};
    }
  }

  void sync() {
    const auto range = random_range();
    const uint64_t offset = range.first;
    const uint64_t length = range.second;
    const auto call = [&]() -> Result<void> {
      switch (prng_.below(7)) {
        case 0:
          return process_->fsync(fd_);
        case 1:
          return process_->msync(kShared + offset / kPage * kPage, length, abi::kMS_SYNC);
        case 2:
          return process_->sync_file_range(fd_, offset, length, abi::kSYNC_FILE_RANGE_WRITE);
        case 3:
          return process_->sync();
        default:
          return process_->fadvise(fd_, offset, length, prng_.below(6));
      }
    };
    REQUIRE(call().ok());
  }

  void direct() {
    const uint64_t offset = prng_.below(kRoom / 512) * 512;
    const uint64_t length = (1 + prng_.below((kRoom - offset) / 512)) * 512;
    if (prng_.below(2) == 0) {
      // A hole between the end and the write would show what mappings stored there.
      if (offset > file_.size()) return;
      const Bytes bytes = random_bytes(length);
      REQUIRE(process_->store(kBuffer, bytes).bytes_done == length);
      REQUIRE(process_->pwrite(direct_, {kBuffer, length}, offset).value() == length);
      return write_model(offset, bytes);
    }
    const uint64_t expected = offset < file_.size() ? std::min(length, file_.size() - offset) : 0;
    REQUIRE(process_->pread(direct_, {kBuffer, length}, offset).value() == expected);
    Bytes bytes(expected);
    REQUIRE(process_->load(kBuffer, bytes).bytes_done == expected);
    REQUIRE(std::equal(bytes.begin(), bytes.end(), at(offset)));
  }

  void vectors() {
    const auto [offset, length] = random_range();
    const uint64_t first = prng_.below(length + 1);
    const VirtAddr vector = kBuffer + (2 * kRoom - 32);
    const uint64_t words[] = {kBuffer.value, first, kBuffer.value + first, length - first};
    for (uint64_t i = 0; i < 4; ++i)
      REQUIRE(process_->poke(vector + 8 * i, 8, words[i]).bytes_done == 8);
    REQUIRE(process_->lseek(fd_, offset, abi::kSEEK_SET).value() == offset);
    if (prng_.below(2) == 0) {
      const Bytes bytes = random_bytes(length);
      REQUIRE(process_->store(kBuffer, bytes).bytes_done == length);
      REQUIRE(process_->writev(fd_, vector, 2).value() == length);
      return write_model(offset, bytes);
    }
    const uint64_t expected = offset < file_.size() ? std::min(length, file_.size() - offset) : 0;
    REQUIRE(process_->readv(fd_, vector, 2).value() == expected);
    Bytes bytes(expected);
    REQUIRE(process_->load(kBuffer, bytes).bytes_done == expected);
    REQUIRE(std::equal(bytes.begin(), bytes.end(), at(offset)));
  }

  base::Prng prng_;
  bool disk_;
  std::unique_ptr<Machine> machine_{};
  Process* process_ = nullptr;
  int fd_ = -1;
  int direct_ = -1;
  Bytes file_{};
  Bytes tail_{};                        // stored past the end of a file of tmpfs, in its last page
  std::map<uint64_t, Bytes> copies_{};  // pages of the private mapping that were stored to
};

void run(const std::string& path, std::optional<uint64_t> frames) {
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    CAPTURE(seed);
    Driver driver(path, frames, seed);
    for (int step = 0; step < 150; ++step) {
      CAPTURE(step);
      driver.step();
      driver.check();
    }
  }
}

TEST_CASE("file calls and mappings of a file of the disk agree with plain arrays of bytes") {
  run("/a", std::nullopt);
}
TEST_CASE("file calls and mappings of a file of tmpfs agree with plain arrays of bytes") {
  run("/dev/shm/a", std::nullopt);
}
TEST_CASE("file calls and mappings agree with plain arrays of bytes in little memory") {
  run("/a", 12);
  run("/dev/shm/a", 12);
}

}  // namespace
}  // namespace faultline
