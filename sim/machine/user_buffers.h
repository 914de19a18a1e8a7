// UserBuffers: the far end of read(2), write(2) and their relatives: memory of the process, in one
// piece or in those of a struct iovec array, or the caller's own bytes, which never fault. Linux's
// struct iov_iter with lib/iov_iter.c.
//
// Units: bytes. Borrows the buffer and the memory for one system call. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "faultline/process.h"
#include "faultline/result.h"
#include "faultline/user_memory.h"
#include "sim/proc/files_copy.h"

namespace faultline::machine {

class UserBuffers final : public proc::ReadSink, public proc::WriteSource {
 public:
  // How a process reaches its memory, and where that ends.
  struct Reach {
    UserMemory& memory;
    VirtAddr user_end;
    PageSize page_size;
  };

  UserBuffers(const UserBuffer& buffer, const Reach& reach);

  // Reads `count` structs iovec at `vector` in the process, the upper half of `count` being
  // ignored.
  // Errors, in this order: kEINVAL (more than 1024), kEFAULT (the array cannot be read), kEINVAL (a
  // negative length), kEFAULT (a piece lies outside user space).
  // Source: readv(2); Linux lib/iov_iter.c __import_iovec().
  static Result<UserBuffers> import(VirtAddr vector, uint64_t count, const Reach& reach);

  // Of all pieces, cut to what one call can move.
  uint64_t length_bytes() const;

  bool address_ok(uint64_t length_bytes) const override;
  bool sectors_ok(proc::Part part, uint64_t sector_bytes) const override;
  void skip(uint64_t length_bytes) override;
  uint64_t take(std::span<const std::byte> piece) override;
  uint64_t give(std::span<std::byte> piece) override;
  uint64_t give_mapped(std::span<std::byte> piece) override;
  uint64_t fault_in(uint64_t length_bytes) override {
    return fault_in_as(AccessKind::kLoad, length_bytes);
  }
  uint64_t fault_in_place(uint64_t length_bytes) override {
    return fault_in_as(AccessKind::kStore, length_bytes);
  }
  void take_back(uint64_t length_bytes) override;

 private:
  struct Segment {
    VirtAddr address{};
    uint64_t length_bytes = 0;
  };

  explicit UserBuffers(const Reach& reach) : reach_(reach) {}
  bool in_user_space(const Segment& segment) const;
  uint64_t left_in_page(VirtAddr at) const;
  uint64_t fault_in_as(AccessKind kind, uint64_t length_bytes);
  // Copies what can be read without a fault.
  uint64_t copy_mapped(VirtAddr from, std::span<std::byte> to);
  // Calls copy(address, offset, length) for each part of the next `length_bytes` that lies in one
  // segment, until one copies less; how many bytes were done.
  template <class Copy>
  uint64_t for_each_part(uint64_t length_bytes, Copy copy);

  Reach reach_;
  std::span<std::byte> outside_{};  // instead of segments
  std::vector<Segment> segments_{};
  size_t segment_ = 0;       // the one in work
  uint64_t done_bytes_ = 0;  // of it, or of outside_
};

}  // namespace faultline::machine
