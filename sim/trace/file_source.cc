#include "sim/trace/file_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "sim/base/check.h"

namespace faultline::trace {
namespace {

class FileSource final : public ByteSource, public SeekableBytes {
 public:
  FileSource(std::string file, int fd) : file_(std::move(file)), fd_(fd) {}
  ~FileSource() override {
    if (fd_ != STDIN_FILENO) close(fd_);
  }
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;

  Result<std::size_t, InputError> read(std::span<char> into) override {
    FL_CHECK(!into.empty());
    if (failure_) return *failure_;
    if (ended_) return std::size_t{0};
    ssize_t size = -1;
    do {
      size = ::read(fd_, into.data(), into.size());
    } while (size < 0 && errno == EINTR);
    if (size < 0) {
      failure_ = InputError{.file = file_,
                            .message = std::string("cannot be read: ") + std::strerror(errno),
                            .byte_offset = offset_};
      return *failure_;
    }
    offset_ += static_cast<std::uint64_t>(size);
    ended_ = size == 0;  // a terminal would go on after its end
    return static_cast<std::size_t>(size);
  }

  // Of a regular file. What was read of standard input before is no part of it.
  void set_size(std::uint64_t file_bytes) {
    const off_t start = lseek(fd_, 0, SEEK_CUR);
    if (start < 0 || static_cast<std::uint64_t>(start) > file_bytes) return;
    start_ = static_cast<std::uint64_t>(start);
    size_bytes_ = file_bytes - start_;
  }
  SeekableBytes* seekable() override { return size_bytes_ ? this : nullptr; }
  std::uint64_t size_bytes() const override { return *size_bytes_; }

  bool read_at(std::uint64_t offset, std::span<char> into) const override {
    while (!into.empty()) {
      const ssize_t size =
          pread(fd_, into.data(), into.size(), static_cast<off_t>(start_ + offset));
      if (size < 0 && errno == EINTR) continue;
      if (size <= 0) return false;
      into = into.subspan(static_cast<std::size_t>(size));
      offset += static_cast<std::uint64_t>(size);
    }
    return true;
  }

  bool seek(std::uint64_t offset) override {
    if (failure_ || lseek(fd_, static_cast<off_t>(start_ + offset), SEEK_SET) < 0) return false;
    offset_ = offset;
    ended_ = false;
    return true;
  }

 private:
  const std::string file_;
  const int fd_;
  std::uint64_t start_ = 0;                    // in the file, of the first byte read
  std::optional<std::uint64_t> size_bytes_{};  // behind it; none where there is no seeking
  std::uint64_t offset_ = 0;
  bool ended_ = false;
  std::optional<InputError> failure_{};
};

InputError open_error(const std::string& file, int error) {
  return {.file = file, .message = std::string("cannot be opened: ") + std::strerror(error)};
}

std::optional<InputError> directory_error(const std::string& file, const struct stat& status) {
  if (!S_ISDIR(status.st_mode)) return std::nullopt;
  return InputError{.file = file, .message = "is a directory"};
}

}  // namespace

Result<std::unique_ptr<ByteSource>, InputError> open_file(const std::string& file) {
  const bool standard_input = file == kStandardInput;
  const int fd = standard_input ? STDIN_FILENO : open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return open_error(file, errno);
  struct stat status {};
  const int error = fstat(fd, &status) == 0 ? 0 : errno;
  auto source = std::make_unique<FileSource>(file, fd);
  if (error != 0) return open_error(file, error);  // standard input may be closed
  if (const auto directory = directory_error(file, status)) return *directory;
  if (S_ISREG(status.st_mode)) source->set_size(static_cast<std::uint64_t>(status.st_size));
  return std::unique_ptr<ByteSource>(std::move(source));
}

std::optional<InputError> find_open_error(const std::string& file) {
  if (file == kStandardInput) return std::nullopt;
  struct stat status {};
  if (stat(file.c_str(), &status) != 0) return open_error(file, errno);
  if (const auto directory = directory_error(file, status)) return directory;
  if (access(file.c_str(), R_OK) != 0) return open_error(file, errno);
  return std::nullopt;
}

bool is_regular_file(const std::string& file) {
  struct stat status {};
  const int failed =
      file == kStandardInput ? fstat(STDIN_FILENO, &status) : stat(file.c_str(), &status);
  return failed == 0 && S_ISREG(status.st_mode);
}

}  // namespace faultline::trace
