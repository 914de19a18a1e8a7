// The system calls of a process on files: each goes to its descriptors (proc::Files). Those that
// move bytes are in process_transfer_calls.cc.
#include "sim/machine/machine_impl.h"
#include "sim/machine/process_impl.h"

namespace faultline::machine {
proc::FileCall ProcessImpl::file_call() {
  return {.frames = machine_.fault_handler_,
          .gather = machine_.gather_,
          .descriptors_max = task_->descriptors_max,
          .size_bytes_max = task_->file_bytes_max};
}

Result<int> ProcessImpl::open(std::string_view path, uint64_t flags, uint64_t mode) {
  return system_call([&] { return task_->files->open(path, {flags, mode}, file_call()); });
}

Result<int> ProcessImpl::memfd_create(std::string_view name, uint64_t flags) {
  return system_call(
      [&] { return task_->files->memfd_create(name, flags, task_->descriptors_max); });
}

Result<void> ProcessImpl::close(int64_t fd) {
  return system_call([&] { return task_->files->close(uint64_t(fd)); });
}

Result<int> ProcessImpl::dup(int64_t fd) {
  return system_call([&] { return task_->files->dup(uint64_t(fd), task_->descriptors_max); });
}

Result<int> ProcessImpl::dup2(int64_t old_fd, int64_t new_fd) {
  return system_call([&] {
    return task_->files->dup2(uint64_t(old_fd), uint64_t(new_fd), task_->descriptors_max);
  });
}

Result<uint64_t> ProcessImpl::lseek(int64_t fd, uint64_t offset_bytes, uint64_t whence) {
  return system_call([&] { return task_->files->lseek(uint64_t(fd), offset_bytes, whence); });
}

Result<void> ProcessImpl::ftruncate(int64_t fd, uint64_t length_bytes) {
  return system_call(
      [&] { return task_->files->ftruncate(uint64_t(fd), length_bytes, file_call()); });
}

Result<void> ProcessImpl::truncate(std::string_view path, uint64_t length_bytes) {
  return system_call([&] { return task_->files->truncate(path, length_bytes, file_call()); });
}

Result<void> ProcessImpl::fsync(int64_t fd) {
  return system_call([&] { return task_->files->fsync(uint64_t(fd), machine_.gather_); });
}

Result<void> ProcessImpl::fdatasync(int64_t fd) {
  return system_call([&] { return task_->files->fdatasync(uint64_t(fd), machine_.gather_); });
}

Result<void> ProcessImpl::fallocate(int64_t fd, uint64_t mode, uint64_t offset_bytes,
                                    uint64_t length_bytes) {
  return system_call([&] {
    return task_->files->fallocate(uint64_t(fd), mode, {offset_bytes, length_bytes}, file_call());
  });
}

Result<void> ProcessImpl::sync_file_range(int64_t fd, uint64_t offset_bytes, uint64_t length_bytes,
                                          uint64_t flags) {
  return system_call([&] {
    return task_->files->sync_file_range(uint64_t(fd), {offset_bytes, length_bytes}, flags,
                                         machine_.gather_);
  });
}

Result<void> ProcessImpl::fadvise(int64_t fd, uint64_t offset_bytes, uint64_t length_bytes,
                                  uint64_t advice) {
  return system_call([&] {
    return task_->files->fadvise(uint64_t(fd), {offset_bytes, length_bytes}, advice, file_call());
  });
}

Result<void> ProcessImpl::sync() {
  const auto done = system_call([&]() -> Result<uint64_t> {
    task_->files->sync(machine_.gather_);
    return 0;
  });
  return done.ok() ? Result<void>() : Result<void>(done.error());
}

Result<void> ProcessImpl::unlink(std::string_view path) {
  return system_call([&] { return task_->files->unlink(path); });
}

Result<void> ProcessImpl::rename(std::string_view from, std::string_view to) {
  return system_call([&] { return task_->files->rename(from, to); });
}

}  // namespace faultline::machine
