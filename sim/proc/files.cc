// Descriptors, and the calls by descriptor that move no bytes.
#include "sim/proc/files.h"

#include <algorithm>
#include <string>
#include <utility>

#include "faultline/linux.h"
#include "sim/base/check.h"

namespace faultline::proc {

using cache::OpenFile;

namespace {

constexpr uint64_t kUnusableDescriptors = 3;
constexpr size_t kMemfdNameMax = 249;  // Linux MFD_NAME_MAX_LEN

// Linux include/uapi/linux/memfd.h.
constexpr uint32_t kMfdCloexec = 1;
constexpr uint32_t kMfdAllowSealing = 2;
constexpr uint32_t kMfdNoexecSeal = 8;
constexpr uint32_t kMfdExec = 16;

}  // namespace

Files::Files(const Parts& parts) : parts_(parts) {
  for (uint64_t fd = 0; fd < kUnusableDescriptors; ++fd) {
    descriptors_.push_back(std::make_shared<OpenFile>());
    descriptors_.back()->path_only = true;
  }
}

Result<int> Files::find_free(uint64_t descriptors_max) const {
  const auto free = std::find(descriptors_.begin(), descriptors_.end(), nullptr);
  const auto fd = static_cast<uint64_t>(free - descriptors_.begin());
  if (fd >= descriptors_max) return Errno::kEMFILE;
  return static_cast<int>(fd);
}

int Files::install(int fd, Open file) {
  const auto index = static_cast<size_t>(fd);
  if (index >= descriptors_.size()) descriptors_.resize(index + 1);
  descriptors_[index] = std::move(file);
  return fd;
}

Result<int> Files::memfd_create(std::string_view name, uint64_t flags, uint64_t descriptors_max) {
  const auto bits = static_cast<uint32_t>(flags);
  constexpr uint32_t kKnown = kMfdCloexec | kMfdAllowSealing | kMfdNoexecSeal | kMfdExec;
  if ((bits & ~kKnown) != 0) return Errno::kEINVAL;
  if ((bits & kMfdNoexecSeal) != 0 && (bits & kMfdExec) != 0) return Errno::kEINVAL;
  if (name.size() > kMemfdNameMax) return Errno::kEINVAL;
  const Result<int> fd = find_free(descriptors_max);
  if (!fd.ok()) return fd;
  const auto file =
      parts_.disk.make_nameless(storage::FileKind::kTmpfs, "/memfd:" + std::string(name));
  return install(*fd, make_open(file, linux_abi::kO_RDWR));
}

Result<void> Files::close(uint64_t fd) {
  const auto index = static_cast<uint32_t>(fd);
  if (index >= descriptors_.size() || descriptors_[index] == nullptr) return Errno::kEBADF;
  descriptors_[index].reset();
  return {};
}

Result<int> Files::dup(uint64_t fd, uint64_t descriptors_max) {
  const auto index = static_cast<uint32_t>(fd);
  if (index >= descriptors_.size() || descriptors_[index] == nullptr) return Errno::kEBADF;
  const Result<int> free = find_free(descriptors_max);
  if (!free.ok()) return free;
  return install(*free, Open(descriptors_[index]));
}

Result<int> Files::dup2(uint64_t old_fd, uint64_t new_fd, uint64_t descriptors_max) {
  const auto from = static_cast<uint32_t>(old_fd);
  const auto to = static_cast<uint32_t>(new_fd);
  if (from >= descriptors_.size() || descriptors_[from] == nullptr) return Errno::kEBADF;
  if (from == to) return static_cast<int>(to);
  if (to >= descriptors_max) return Errno::kEBADF;
  return install(static_cast<int>(to), Open(descriptors_[from]));
}

Result<std::shared_ptr<OpenFile>> Files::get(uint64_t fd) const {
  const auto index = static_cast<uint32_t>(fd);
  if (index >= descriptors_.size() || descriptors_[index] == nullptr) return Errno::kEBADF;
  if (descriptors_[index]->path_only) return Errno::kEBADF;
  return descriptors_[index];
}

Result<void> Files::ftruncate(uint64_t fd, uint64_t length_bytes, const FileCall& call) {
  if (static_cast<int64_t>(length_bytes) < 0) return Errno::kEINVAL;
  const Result<Open> file = get(fd);
  if (!file.ok()) return file.error();
  if ((*file)->directory || !(*file)->writable) return Errno::kEINVAL;
  return set_size(*(*file)->backing, length_bytes, call);
}

Result<void> Files::set_size(cache::Backing& backing, uint64_t length_bytes, const FileCall& call) {
  const Result<void> checked = check_new_size(backing, length_bytes, call);
  if (!checked.ok()) return checked;
  parts_.cache.truncate(backing, length_bytes, call.frames, call.gather);
  return {};
}

Result<void> check_new_size(const cache::Backing& backing, uint64_t new_bytes,
                            const FileCall& call) {
  if (new_bytes <= backing.size_bytes()) return {};
  if (new_bytes > call.size_bytes_max) return Errno::kEFBIG;
  return new_bytes > backing.file().size_bytes_max() ? Errno::kEFBIG : Result<void>();
}

void Files::validate() const {
  FL_CHECK(descriptors_.size() <= kDescriptorsMax);
  for (const Open& file : descriptors_) {
    if (file == nullptr || file->directory || file->path_only) continue;
    FL_CHECK_MSG(file->backing != nullptr, "{} is open and has no backing", file->path);
  }
}

}  // namespace faultline::proc
