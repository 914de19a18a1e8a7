// The system calls of a process that move bytes between a descriptor and memory: its own, which may
// fault, or the caller's.
#include "sim/machine/machine_impl.h"
#include "sim/machine/process_impl.h"
#include "sim/machine/user_buffers.h"

namespace faultline::machine {

UserBuffers::Reach ProcessImpl::reach() {
  return {
      .memory = *this, .user_end = machine_.format_.user_end(), .page_size = machine_.page_size_};
}

Result<uint64_t> ProcessImpl::read(int64_t fd, const UserBuffer& buffer) {
  UserBuffers to(buffer, reach());
  return system_call(
      [&] { return task_->files->read(uint64_t(fd), to.length_bytes(), to, file_call()); });
}

Result<uint64_t> ProcessImpl::write(int64_t fd, const UserBuffer& buffer) {
  UserBuffers from(buffer, reach());
  return system_call(
      [&] { return task_->files->write(uint64_t(fd), from.length_bytes(), from, file_call()); });
}

Result<uint64_t> ProcessImpl::pread(int64_t fd, const UserBuffer& buffer, uint64_t offset_bytes) {
  UserBuffers to(buffer, reach());
  return system_call([&] {
    return task_->files->pread(uint64_t(fd), {offset_bytes, to.length_bytes()}, to, file_call());
  });
}

Result<uint64_t> ProcessImpl::pwrite(int64_t fd, const UserBuffer& buffer, uint64_t offset_bytes) {
  UserBuffers from(buffer, reach());
  return system_call([&] {
    return task_->files->pwrite(uint64_t(fd), {offset_bytes, from.length_bytes()}, from,
                                file_call());
  });
}

// The descriptor is looked at first, then the vector; where that has room for nothing, nothing more
// is. Source: Linux fs/read_write.c vfs_readv(), vfs_writev().
Result<uint64_t> ProcessImpl::readv(int64_t fd, VirtAddr vector, uint64_t count) {
  return system_call([&]() -> Result<uint64_t> {
    const Result<void> readable = task_->files->check_readable(uint64_t(fd));
    if (!readable.ok()) return readable.error();
    Result<UserBuffers> to = UserBuffers::import(vector, count, reach());
    if (!to.ok()) return to.error();
    if (to->length_bytes() == 0) return uint64_t{0};
    return task_->files->read(uint64_t(fd), to->length_bytes(), *to, file_call());
  });
}

Result<uint64_t> ProcessImpl::writev(int64_t fd, VirtAddr vector, uint64_t count) {
  return system_call([&]() -> Result<uint64_t> {
    const Result<void> writable = task_->files->check_writable(uint64_t(fd));
    if (!writable.ok()) return writable.error();
    Result<UserBuffers> from = UserBuffers::import(vector, count, reach());
    if (!from.ok()) return from.error();
    if (from->length_bytes() == 0) return uint64_t{0};
    return task_->files->write(uint64_t(fd), from->length_bytes(), *from, file_call());
  });
}

}  // namespace faultline::machine
