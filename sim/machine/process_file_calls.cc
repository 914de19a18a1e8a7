// The system calls of a process on files: each goes to its descriptors (proc::Files), with the
// process's memory, or the caller's own, at the far end of read and write.
#include <cstring>

#include "sim/machine/machine_impl.h"
#include "sim/machine/process_impl.h"
#include "sim/proc/files_copy.h"

namespace faultline::machine {
namespace {

// Both ends of a buffer argument: memory of the process, or, where `outside` is given, bytes that
// never fault.
class BufferCopy final : public proc::ReadSink, public proc::WriteSource {
 public:
  BufferCopy(const UserBuffer& buffer, UserMemory& memory, VirtAddr user_end)
      : buffer_(buffer), memory_(memory), user_end_(user_end) {}

  // Source: Linux arch/x86/include/asm/uaccess_64.h __access_ok().
  bool address_ok(uint64_t length_bytes) const override {
    if (!buffer_.outside.empty() || length_bytes == 0) return true;
    const VirtAddr end = buffer_.address + length_bytes;
    return end >= buffer_.address && end <= user_end_;
  }
  uint64_t take(std::span<const std::byte> piece) override {
    const VirtAddr to = buffer_.address + done_bytes_;
    if (buffer_.outside.empty()) return advance(memory_.copy_out(to, piece));
    std::memcpy(&buffer_.outside[done_bytes_], piece.data(), piece.size());
    return advance(piece.size());
  }
  uint64_t give(std::span<std::byte> piece) override {
    const VirtAddr from = buffer_.address + done_bytes_;
    if (buffer_.outside.empty()) return advance(memory_.copy_in(from, piece));
    std::memcpy(piece.data(), &buffer_.outside[done_bytes_], piece.size());
    return advance(piece.size());
  }

 private:
  uint64_t advance(uint64_t bytes) {
    done_bytes_ += bytes;
    return bytes;
  }

  const UserBuffer& buffer_;
  UserMemory& memory_;
  VirtAddr user_end_;
  uint64_t done_bytes_ = 0;
};

uint64_t length_of(const UserBuffer& buffer) {
  return buffer.outside.empty() ? buffer.length_bytes : buffer.outside.size();
}

}  // namespace

proc::FileCall ProcessImpl::file_call() {
  return {.frames = machine_.fault_handler_, .gather = machine_.gather_};
}

Result<int> ProcessImpl::open(std::string_view path, uint64_t flags, uint64_t mode) {
  return system_call([&] { return task_->files->open(path, {flags, mode}, machine_.gather_); });
}

Result<int> ProcessImpl::memfd_create(std::string_view name, uint64_t flags) {
  return system_call([&] { return task_->files->memfd_create(name, flags); });
}

Result<void> ProcessImpl::close(int64_t fd) {
  return system_call([&] { return task_->files->close(uint64_t(fd)); });
}

Result<int> ProcessImpl::dup(int64_t fd) {
  return system_call([&] { return task_->files->dup(uint64_t(fd)); });
}

Result<int> ProcessImpl::dup2(int64_t old_fd, int64_t new_fd) {
  return system_call([&] { return task_->files->dup2(uint64_t(old_fd), uint64_t(new_fd)); });
}

Result<uint64_t> ProcessImpl::read(int64_t fd, const UserBuffer& buffer) {
  BufferCopy copy(buffer, *this, machine_.format_.user_end());
  return system_call(
      [&] { return task_->files->read(uint64_t(fd), length_of(buffer), copy, file_call()); });
}

Result<uint64_t> ProcessImpl::write(int64_t fd, const UserBuffer& buffer) {
  BufferCopy copy(buffer, *this, machine_.format_.user_end());
  return system_call(
      [&] { return task_->files->write(uint64_t(fd), length_of(buffer), copy, file_call()); });
}

Result<uint64_t> ProcessImpl::pread(int64_t fd, const UserBuffer& buffer, uint64_t offset_bytes) {
  BufferCopy copy(buffer, *this, machine_.format_.user_end());
  return system_call([&] {
    return task_->files->pread(uint64_t(fd), {offset_bytes, length_of(buffer)}, copy, file_call());
  });
}

Result<uint64_t> ProcessImpl::pwrite(int64_t fd, const UserBuffer& buffer, uint64_t offset_bytes) {
  BufferCopy copy(buffer, *this, machine_.format_.user_end());
  return system_call([&] {
    return task_->files->pwrite(uint64_t(fd), {offset_bytes, length_of(buffer)}, copy, file_call());
  });
}

Result<uint64_t> ProcessImpl::lseek(int64_t fd, uint64_t offset_bytes, uint64_t whence) {
  return system_call([&] { return task_->files->lseek(uint64_t(fd), offset_bytes, whence); });
}

Result<void> ProcessImpl::ftruncate(int64_t fd, uint64_t length_bytes) {
  return system_call(
      [&] { return task_->files->ftruncate(uint64_t(fd), length_bytes, machine_.gather_); });
}

Result<void> ProcessImpl::truncate(std::string_view path, uint64_t length_bytes) {
  return system_call([&] { return task_->files->truncate(path, length_bytes, machine_.gather_); });
}

Result<void> ProcessImpl::fsync(int64_t fd) {
  return system_call([&] { return task_->files->fsync(uint64_t(fd), machine_.gather_); });
}

// The simulated disk keeps no metadata that fsync would write and fdatasync would not.
Result<void> ProcessImpl::fdatasync(int64_t fd) { return fsync(fd); }

Result<void> ProcessImpl::unlink(std::string_view path) {
  return system_call([&] { return task_->files->unlink(path); });
}

Result<void> ProcessImpl::rename(std::string_view from, std::string_view to) {
  return system_call([&] { return task_->files->rename(from, to); });
}

}  // namespace faultline::machine
