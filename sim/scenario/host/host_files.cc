// The calls of a HostProcess on files.
#include <sys/syscall.h>
#include <sys/uio.h>

#include <algorithm>
#include <vector>

#include "sim/scenario/host/host_process.h"

namespace faultline::host {
Result<int> HostProcess::open(std::string_view name, uint64_t flags, uint64_t mode) {
  return call_for_descriptor(SYS_open, {path(name), flags, mode});
}

Result<int> HostProcess::memfd_create(std::string_view name, uint64_t flags) {
  return call_for_descriptor(SYS_memfd_create, {string(std::string(name)), flags});
}

Result<void> HostProcess::close(int64_t fd) { return call_for_nothing(SYS_close, {u(fd)}); }

Result<int> HostProcess::dup(int64_t fd) { return call_for_descriptor(SYS_dup, {u(fd)}); }

Result<int> HostProcess::dup2(int64_t old_fd, int64_t new_fd) {
  return call_for_descriptor(SYS_dup2, {u(old_fd), u(new_fd)});
}

// Bytes outside the process pass through the worker's scratch memory, all at once: in two pieces
// the kernel would be asked twice.
Result<uint64_t> HostProcess::transfer(long number, int64_t fd, const UserBuffer& buffer,
                                       uint64_t offset) {
  if (buffer.outside.empty()) {
    if (refuse_own_memory(buffer.address, buffer.length_bytes)) return Errno::kENOSYS;
    return call(number, {u(fd), buffer.address.value, buffer.length_bytes, offset});
  }
  if (buffer.outside.size() > Tracee::kScratchBytes) {
    why_not_asked_ = "passes more than 128 KiB without a place in memory";
    return Errno::kENOSYS;
  }
  tracee_->write_memory(Tracee::kScratch, buffer.outside);
  const auto result = call(number, {u(fd), Tracee::kScratch, buffer.outside.size(), offset});
  if (result.ok()) tracee_->read_memory(Tracee::kScratch, buffer.outside.first(*result));
  return result;
}

Result<uint64_t> HostProcess::read(int64_t fd, const UserBuffer& buffer) {
  return transfer(SYS_read, fd, buffer, 0);
}

Result<uint64_t> HostProcess::write(int64_t fd, const UserBuffer& buffer) {
  return transfer(SYS_write, fd, buffer, 0);
}

Result<uint64_t> HostProcess::pread(int64_t fd, const UserBuffer& buffer, uint64_t offset_bytes) {
  return transfer(SYS_pread64, fd, buffer, offset_bytes);
}

Result<uint64_t> HostProcess::pwrite(int64_t fd, const UserBuffer& buffer, uint64_t offset_bytes) {
  return transfer(SYS_pwrite64, fd, buffer, offset_bytes);
}

// Whether a piece of the array lies in the worker's own memory. An array that is not in memory yet
// is not looked at, which would fault it in: it holds zeros, or what a file holds.
bool HostProcess::refuse_pieces(VirtAddr vector, uint64_t count) {
  constexpr uint64_t kPiecesMax = 1024;  // more is refused by the kernel
  constexpr uint64_t kPresent = uint64_t{1} << 63;
  count = static_cast<uint32_t>(count);
  if (count == 0 || count > kPiecesMax || vector.value % sizeof(iovec) != 0) return false;
  const VirtAddr end = vector + count * sizeof(iovec);
  const PageSize page_size;
  const AddrRange touched{page_size.align_down(vector), {page_size.align_up(end.value)}};
  if (touched.end > VirtAddr{Tracee::kStackTop} || touched.end <= touched.start) return false;
  const auto pages = pagemap(touched);
  if (!pages.ok() || pages->size() != page_size.pages(touched) ||
      std::any_of(pages->begin(), pages->end(),
                  [](uint64_t entry) { return (entry & kPresent) == 0; }))
    return false;
  std::vector<iovec> pieces(count);
  tracee_->read_memory(vector.value, std::as_writable_bytes(std::span(pieces)));
  return std::any_of(pieces.begin(), pieces.end(), [this](const iovec& piece) {
    return refuse_own_memory({reinterpret_cast<uint64_t>(piece.iov_base)}, piece.iov_len);
  });
}

Result<uint64_t> HostProcess::readv(int64_t fd, VirtAddr vector, uint64_t count) {
  if (refuse_pieces(vector, count)) return Errno::kENOSYS;
  return call(SYS_readv, {u(fd), vector.value, count});
}

Result<uint64_t> HostProcess::writev(int64_t fd, VirtAddr vector, uint64_t count) {
  if (refuse_pieces(vector, count)) return Errno::kENOSYS;
  return call(SYS_writev, {u(fd), vector.value, count});
}

Result<uint64_t> HostProcess::lseek(int64_t fd, uint64_t offset_bytes, uint64_t whence) {
  return call(SYS_lseek, {u(fd), offset_bytes, whence});
}

Result<void> HostProcess::ftruncate(int64_t fd, uint64_t length_bytes) {
  return call_for_nothing(SYS_ftruncate, {u(fd), length_bytes});
}

Result<void> HostProcess::truncate(std::string_view name, uint64_t length_bytes) {
  return call_for_nothing(SYS_truncate, {path(name), length_bytes});
}

Result<void> HostProcess::fallocate(int64_t fd, uint64_t mode, uint64_t offset_bytes,
                                    uint64_t length_bytes) {
  return call_for_nothing(SYS_fallocate, {u(fd), mode, offset_bytes, length_bytes});
}

Result<void> HostProcess::sync_file_range(int64_t fd, uint64_t offset_bytes, uint64_t length_bytes,
                                          uint64_t flags) {
  return call_for_nothing(SYS_sync_file_range, {u(fd), offset_bytes, length_bytes, flags});
}

Result<void> HostProcess::fadvise(int64_t fd, uint64_t offset_bytes, uint64_t length_bytes,
                                  uint64_t advice) {
  return call_for_nothing(SYS_fadvise64, {u(fd), offset_bytes, length_bytes, advice});
}

Result<void> HostProcess::sync() { return call_for_nothing(SYS_sync, {}); }

Result<void> HostProcess::fsync(int64_t fd) { return call_for_nothing(SYS_fsync, {u(fd)}); }

Result<void> HostProcess::fdatasync(int64_t fd) { return call_for_nothing(SYS_fdatasync, {u(fd)}); }

Result<void> HostProcess::unlink(std::string_view name) {
  return call_for_nothing(SYS_unlink, {path(name)});
}

Result<void> HostProcess::rename(std::string_view from, std::string_view to) {
  const uint64_t old_path = path(from);
  const uint64_t new_path = path(to, Tracee::kScratch + 8192);
  return call_for_nothing(SYS_rename, {old_path, new_path});
}

}  // namespace faultline::host
