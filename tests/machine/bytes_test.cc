// Bytes survive whatever happens to their pages: a random run against a plain array, with memory so
// short that pages are evicted and fetched back all the time, and every invariant checked as it
// goes.
#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

#include "faultline/linux.h"
#include "faultline/machine.h"
#include "sim/base/prng.h"

namespace faultline {
namespace {

using linux_abi::kMAP_ANONYMOUS;
using linux_abi::kMAP_FIXED;
using linux_abi::kMAP_PRIVATE;
using linux_abi::kMAP_SHARED;
using linux_abi::kO_RDWR;
using linux_abi::kPROT_READ;
using linux_abi::kPROT_WRITE;

constexpr uint64_t kPage = 4096;
constexpr uint64_t kPages = 24;  // of the window that is mapped and unmapped
constexpr uint64_t kFilePages = 8;
constexpr VirtAddr kWindow{0x20000000};

// What each page of the window is.
struct ModelPage {
  bool mapped = false;
  bool shared = false;  // of the file
  bool private_file = false;
  bool copied = false;  // a private page of the file that has been stored to
  uint64_t prot = 0;
  uint64_t file_page = 0;
  std::vector<uint8_t> bytes{};  // of a private page
};

class Model {
 public:
  Model(Machine& machine, uint64_t seed) : prng_(seed), pages_(kPages) {
    REQUIRE(machine.create_file("/f", kFilePages * kPage, 3).ok());
    process_ = &machine.start_process();
    fd_ = process_->open("/f", kO_RDWR, 0).value();
    for (uint64_t i = 0; i < kFilePages * kPage; ++i)
      file_.push_back(uint8_t(i * 31 + (i >> 12) * 7 + 3));
  }

  void step() {
    switch (prng_.below(10)) {
      case 0:
        return map();
      case 1:
        return unmap();
      case 2:
        return protect();
      case 3:
        return write_file();
      case 4:
        CHECK(process_->fsync(fd_).ok());
        return;
      case 5:
      case 6:
      case 7:
        return store();
      default:
        return load();
    }
  }

 private:
  struct Span {
    uint64_t first;
    uint64_t count;
  };
  Span some_pages() {
    const uint64_t first = prng_.below(kPages);
    return {first, 1 + prng_.below(std::min<uint64_t>(6, kPages - first))};
  }
  VirtAddr address(uint64_t page) const { return kWindow + page * kPage; }

  void map() {
    Span span = some_pages();
    const uint64_t kind = prng_.below(3);
    const uint64_t prot = prng_.below(4) == 0 ? kPROT_READ : kPROT_READ | kPROT_WRITE;
    const uint64_t file_page = prng_.below(kFilePages);
    if (kind != 0) span.count = std::min(span.count, kFilePages - file_page);
    const uint64_t flags =
        kMAP_FIXED | (kind == 1 ? kMAP_SHARED : kMAP_PRIVATE) | (kind == 0 ? kMAP_ANONYMOUS : 0);
    CHECK(process_
              ->mmap({.address = address(span.first),
                      .length_bytes = span.count * kPage,
                      .prot = prot,
                      .flags = flags,
                      .fd = kind == 0 ? -1 : fd_,
                      .offset_bytes = kind == 0 ? 0 : file_page * kPage})
              .value() == address(span.first));
    for (uint64_t i = 0; i < span.count; ++i)
      pages_[span.first + i] = {.mapped = true,
                                .shared = kind == 1,
                                .private_file = kind == 2,
                                .prot = prot,
                                .file_page = file_page + i,
                                .bytes = std::vector<uint8_t>(kPage)};
  }
  void unmap() {
    const Span span = some_pages();
    CHECK(process_->munmap(address(span.first), span.count * kPage).ok());
    for (uint64_t i = 0; i < span.count; ++i) pages_[span.first + i] = {};
  }
  void protect() {
    const Span span = some_pages();
    const uint64_t prot = prng_.below(3) * (kPROT_READ | kPROT_WRITE) / 2 & 3;
    const bool done = process_->mprotect(address(span.first), span.count * kPage, prot).ok();
    bool hole = false;
    for (uint64_t i = 0; i < span.count; ++i) {
      hole |= !pages_[span.first + i].mapped;
      if (!hole) pages_[span.first + i].prot = prot;
    }
    CHECK(done == !hole);
  }
  void write_file() {
    const uint64_t offset = prng_.below(kFilePages * kPage - 64);
    std::vector<std::byte> bytes(1 + prng_.below(64));
    for (std::byte& byte : bytes) byte = std::byte(prng_.below(256));
    CHECK(process_->pwrite(fd_, {.outside = bytes}, offset).value() == bytes.size());
    for (uint64_t i = 0; i < bytes.size(); ++i) file_[offset + i] = uint8_t(bytes[i]);
  }
  void store() {
    const uint64_t at = prng_.below(kPages * kPage - 5000);
    const std::vector<std::byte> bytes(1 + prng_.below(5000), std::byte(prng_.below(256)));
    const AccessOutcome outcome = process_->store(kWindow + at, bytes);
    REQUIRE_FALSE(outcome.out_of_memory);
    uint64_t i = 0;
    for (; i < bytes.size(); ++i) {
      ModelPage& page = pages_[(at + i) / kPage];
      if (!page.mapped || (page.prot & kPROT_WRITE) == 0) break;
      *byte_to_store(page, (at + i) % kPage) = uint8_t(bytes[i]);
    }
    CHECK(outcome.bytes_done == i);
    CHECK(outcome.signal.has_value() == (i < bytes.size()));
  }
  void load() {
    const uint64_t at = prng_.below(kPages * kPage - 9000);
    std::vector<std::byte> bytes(1 + prng_.below(9000));
    const AccessOutcome outcome = process_->load(kWindow + at, bytes);
    REQUIRE_FALSE(outcome.out_of_memory);
    uint64_t i = 0;
    bool equal = true;
    for (; i < bytes.size(); ++i) {
      const ModelPage& page = pages_[(at + i) / kPage];
      if (!page.mapped || page.prot == 0) break;
      equal &= uint8_t(bytes[i]) == byte_to_load(page, (at + i) % kPage);
    }
    CHECK(equal);
    CHECK(outcome.bytes_done == i);
  }

  // A private page of the file shows the file until it is stored to.
  uint8_t byte_to_load(const ModelPage& page, uint64_t i) const {
    const bool of_file = page.shared || (page.private_file && !page.copied);
    return of_file ? file_[page.file_page * kPage + i] : page.bytes[i];
  }
  uint8_t* byte_to_store(ModelPage& page, uint64_t i) {
    if (page.shared) return &file_[page.file_page * kPage + i];
    if (page.private_file && !page.copied) {
      page.copied = true;
      const auto start = file_.begin() + int64_t(page.file_page * kPage);
      page.bytes.assign(start, start + kPage);
    }
    return &page.bytes[i];
  }

  base::Prng prng_;
  std::vector<ModelPage> pages_;
  std::vector<uint8_t> file_;
  Process* process_ = nullptr;
  int fd_ = -1;
};

TEST_CASE("Machine: bytes are those of a plain array, whatever is evicted on the way") {
  for (const std::string policy : {"lru", "fifo", "clock", "arc", "linux", "pff:threshold=5"}) {
    for (const uint64_t frames : {uint64_t{3}, uint64_t{5}, uint64_t{16}, uint64_t{0}}) {
      CAPTURE(policy);
      CAPTURE(frames);
      auto machine = make_machine(
          {.frames = frames == 0 ? std::nullopt : std::optional(frames), .policy = policy});
      REQUIRE(machine.ok());
      Model model(**machine, 11 + frames);
      for (int i = 0; i < 3000; ++i) {
        model.step();
        if (i % 16 == 0) (*machine)->validate();
      }
      (*machine)->validate();
    }
  }
}

}  // namespace
}  // namespace faultline
