// readv(2) and writev(2), as Linux 6.18 answered on ext4 and tmpfs.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "faultline/linux.h"
#include "faultline/machine.h"

namespace faultline {
namespace {

namespace abi = linux_abi;

constexpr uint64_t kPage = 4096;
constexpr uint64_t kSize = 6 * kPage + 100;
constexpr VirtAddr kBuffer{0x20000000};  // 8 pages, then a hole
constexpr VirtAddr kVector{0x30000000};  // a page, then a hole
constexpr uint64_t kKernel = 0xffff800000000000;
constexpr uint64_t kLongest = (uint64_t{1} << 63) - 1;

struct Piece {
  uint64_t address = 0;
  uint64_t length_bytes = 0;
};

struct Trial {
  Trial() {
    auto made = make_machine({});
    machine = std::move(*made);
    process = &machine->start_process();
    REQUIRE(machine->create_file("/a", kSize, 0).ok());
    fd = process->open("/a", abi::kO_RDWR, 0).value();
    map(kBuffer, 8);
    map(kVector, 1);
  }
  void map(VirtAddr at, uint64_t pages) {
    REQUIRE(process->mmap({.address = at,
                           .length_bytes = pages * kPage,
                           .prot = abi::kPROT_READ | abi::kPROT_WRITE,
                           .flags = abi::kMAP_PRIVATE | abi::kMAP_ANONYMOUS | abi::kMAP_FIXED}));
  }
  void put(const std::vector<Piece>& pieces) {
    for (uint64_t i = 0; i < pieces.size(); ++i) {
      process->poke(kVector + 16 * i, 8, pieces[i].address);
      process->poke(kVector + 16 * i + 8, 8, pieces[i].length_bytes);
    }
  }
  static std::string show(const Result<uint64_t>& result) {
    return result.ok() ? std::to_string(*result) : std::string(errno_name(result.error()));
  }
  std::string readv(int64_t from, const std::vector<Piece>& pieces) {
    put(pieces);
    return show(process->readv(from, kVector, pieces.size()));
  }
  std::string writev(int64_t to, const std::vector<Piece>& pieces) {
    put(pieces);
    return show(process->writev(to, kVector, pieces.size()));
  }
  void rewind() { REQUIRE(process->lseek(fd, 0, abi::kSEEK_SET).ok()); }

  std::unique_ptr<Machine> machine;
  Process* process = nullptr;
  int fd = -1;
};

TEST_CASE("readv, writev: the descriptor comes first, then the vector, then what it points to") {
  Trial t;
  const int write_only = t.process->open("/a", abi::kO_WRONLY, 0).value();
  const int directory = t.process->open("/", abi::kO_RDONLY, 0).value();
  const Piece good{kBuffer.value, 10};
  const auto bad_vector = [&](int64_t fd, uint64_t count) {
    return Trial::show(t.process->readv(fd, {8}, count));
  };
  CHECK(bad_vector(77, 1) == "EBADF");
  CHECK(bad_vector(write_only, 1025) == "EBADF");
  CHECK(bad_vector(directory, 1) == "EFAULT");
  CHECK(bad_vector(t.fd, 1) == "EFAULT");
  CHECK(bad_vector(t.fd, 0) == "0");
  CHECK(bad_vector(t.fd, 1025) == "EINVAL");
  CHECK(bad_vector(t.fd, ~uint64_t{0}) == "EINVAL");
  CHECK(t.readv(directory, {good}) == "EISDIR");
  CHECK(t.readv(directory, {}) == "0");
  CHECK(t.writev(directory, {good}) == "EBADF");
  t.put({good});
  CHECK(Trial::show(t.process->readv(t.fd, kVector, (uint64_t{1} << 32) | 1)) == "10");
  // The last of the vector's entries lies in no mapping.
  t.process->poke(kVector + kPage - 16, 8, kBuffer.value);
  t.process->poke(kVector + kPage - 8, 8, 10);
  CHECK(Trial::show(t.process->readv(t.fd, kVector + kPage - 16, 1)) == "10");
  CHECK(Trial::show(t.process->readv(t.fd, kVector + kPage - 16, 2)) == "EFAULT");
}

TEST_CASE(
    "readv: negative lengths before addresses, a single piece is cut before it is looked at") {
  Trial t;
  const uint64_t good = kBuffer.value;
  CHECK(t.readv(t.fd, {{good, 10}, {good, ~uint64_t{0}}}) == "EINVAL");
  CHECK(t.readv(t.fd, {{kKernel, 1}, {good, ~uint64_t{0}}}) == "EINVAL");
  CHECK(t.readv(t.fd, {{kKernel, 1}, {good, 20}}) == "EFAULT");
  CHECK(t.readv(t.fd, {{kKernel, ~uint64_t{0}}}) == "EINVAL");
  CHECK(t.readv(t.fd, {{kKernel, 0}}) == "EFAULT");
  CHECK(t.readv(t.fd, {{kKernel, 0}, {good, 5}}) == "EFAULT");
  CHECK(t.readv(t.fd, {{good, kLongest}}) == std::to_string(kSize));
  CHECK(t.readv(t.fd, {{good, kLongest}, {good, 1}}) == "EFAULT");
  CHECK(t.readv(t.fd, {{good, 0x7ffff000}, {kKernel, 1}}) == "EFAULT");
}

TEST_CASE("readv, writev: they stop at the first byte that cannot be touched") {
  Trial t;
  const VirtAddr last = kBuffer + (8 * kPage - 5);
  CHECK(t.readv(t.fd, {{kBuffer.value, 10}, {last.value, 100}, {kBuffer.value, 10}}) == "15");
  CHECK(t.process->lseek(t.fd, 0, abi::kSEEK_CUR).value() == 15);
  CHECK(t.readv(t.fd, {{kBuffer.value + 8 * kPage, 10}, {kBuffer.value, 10}}) == "EFAULT");
  t.rewind();
  CHECK(t.writev(t.fd, {{kBuffer.value, 10}, {last.value, 100}, {kBuffer.value, 10}}) == "15");
  CHECK(t.writev(t.fd, {{kBuffer.value, 3000}, {kBuffer.value + kPage, 3000}}) == "6000");
  CHECK(t.process->lseek(t.fd, 0, abi::kSEEK_CUR).value() == 6015);
}

TEST_CASE("readv, writev: pieces in their order, each page that is touched faults once") {
  Trial t;
  t.put({{kBuffer.value, 2 * kPage}, {kBuffer.value + 4 * kPage, kPage + 1}});
  FaultCounts before = t.process->faults();
  CHECK(Trial::show(t.process->readv(t.fd, kVector, 2)) == std::to_string(3 * kPage + 1));
  CHECK((t.process->faults() - before).minor == 4);
  std::vector<std::byte> file(3 * kPage + 1);
  std::vector<std::byte> memory(kPage + 1);
  REQUIRE(t.process->pread(t.fd, {.outside = file}, 0).ok());
  REQUIRE(t.process->load(kBuffer + 4 * kPage, memory).bytes_done == memory.size());
  CHECK(std::equal(memory.begin(), memory.end(), file.begin() + 2 * kPage));
  t.map(kVector, 1);
  before = t.process->faults();
  CHECK(Trial::show(t.process->readv(t.fd, kVector, 3)) == "0");
  CHECK((t.process->faults() - before).minor == 1);
  const int append = t.process->open("/a", abi::kO_RDWR | abi::kO_APPEND, 0).value();
  CHECK(t.writev(append, {{kBuffer.value, 5}, {kBuffer.value, 6}}) == "11");
  CHECK(t.process->lseek(append, 0, abi::kSEEK_CUR).value() == kSize + 11);
}

TEST_CASE("read, write: an address beyond user space fails even where nothing is to be moved") {
  Trial t;
  CHECK(Trial::show(t.process->read(t.fd, {{kKernel}, 0})) == "EFAULT");
  CHECK(Trial::show(t.process->write(t.fd, {{kKernel}, 0})) == "EFAULT");
  CHECK(Trial::show(t.process->read(t.fd, {{0x7ffffffff000}, 0})) == "0");
  CHECK(Trial::show(t.process->read(t.fd, {{0x7ffffffff001}, 0})) == "EFAULT");
  CHECK(Trial::show(t.process->read(t.fd, {{8}, 0})) == "0");
}

}  // namespace
}  // namespace faultline
