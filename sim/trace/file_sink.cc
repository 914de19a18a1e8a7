// Files as ByteSinks: regular ones have no name, or a temporary one, until they are complete;
// others are written as they are.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>

#include "sim/base/check.h"
#include "sim/trace/byte_sink.h"
#include "sim/trace/file_source.h"

namespace faultline::trace {
namespace {

constexpr std::size_t kBufferBytes = 256 << 10;
constexpr int kNamesMax = 100;

TraceWriteError output_error(const std::string& file, const char* what, int error) {
  const auto cause =
      error == EPIPE ? TraceWriteError::Cause::kReaderGone : TraceWriteError::Cause::kOutput;
  return {cause, {.file = file, .message = std::string(what) + ": " + std::strerror(error)}};
}

// Of a name that is no good, or a disk that is full.
TraceWriteError create_error(const std::string& file, int error) {
  TraceWriteError made = output_error(file, "cannot be created", error);
  if (error != ENOSPC && error != EDQUOT) made.cause = TraceWriteError::Cause::kUsage;
  return made;
}

// The name of an open file in /proc, by which one without a name can be given one.
std::string name_in_proc(int fd) { return "/proc/self/fd/" + std::to_string(fd); }

// Calls `make` with one name beside the target after the other, until it says something else than
// that there is such a file. The name, or none, with what errno says.
template <class Make>
std::string make_beside(const std::string& target, Make make) {
  for (int i = 0; i < kNamesMax; ++i) {
    const std::string name = target + ".part" + std::to_string(i);
    if (make(name.c_str()) >= 0) return name;
    if (errno != EEXIST) break;
  }
  return {};
}

// How a file is called until it is complete.
enum class Naming : uint8_t { kAsItIs, kTemporary, kNone };

class FileSink final : public ByteSink {
 public:
  // `temporary` is empty unless `naming` is kTemporary.
  FileSink(std::string file, std::string target, int fd, Naming naming, std::string temporary = {})
      : file_(std::move(file)),
        target_(std::move(target)),
        naming_(naming),
        temporary_(std::move(temporary)),
        fd_(fd) {
    buffer_.reserve(kBufferBytes);
  }
  ~FileSink() override {
    if (fd_ >= 0 && fd_ != STDOUT_FILENO) close(fd_);
    if (!temporary_.empty()) unlink(temporary_.c_str());
  }
  FileSink(const FileSink&) = delete;
  FileSink& operator=(const FileSink&) = delete;

  Written write(std::string_view bytes) override {
    if (buffer_.size() + bytes.size() > kBufferBytes) {
      if (auto written = flush(); !written) return written;
    }
    if (bytes.size() >= kBufferBytes) return write_all(bytes);
    buffer_ += bytes;
    return {};
  }

  Written finish() override {
    if (auto written = flush(); !written) return written;
    if (fd_ == STDOUT_FILENO) return {};
    if (naming_ == Naming::kNone) {
      // A link cannot take the place of a file; renaming does.
      temporary_ = make_beside(target_, [this](const char* name) {
        return linkat(AT_FDCWD, name_in_proc(fd_).c_str(), AT_FDCWD, name, AT_SYMLINK_FOLLOW);
      });
      if (temporary_.empty()) return failure("cannot be named");
    }
    if (close(std::exchange(fd_, -1)) != 0) return failure("cannot be written");
    if (temporary_.empty()) return {};
    if (std::rename(temporary_.c_str(), target_.c_str()) != 0) return failure("cannot be renamed");
    temporary_.clear();
    return {};
  }

 private:
  Written flush() {
    const Written written = write_all(buffer_);
    buffer_.clear();
    return written;
  }

  Written write_all(std::string_view bytes) {
    FL_CHECK(fd_ >= 0);
    while (!bytes.empty()) {
      const ssize_t size = ::write(fd_, bytes.data(), bytes.size());
      if (size < 0 && errno == EINTR) continue;
      if (size < 0) return failure("cannot be written");
      bytes.remove_prefix(static_cast<std::size_t>(size));
    }
    return {};
  }

  TraceWriteError failure(const char* what) const { return output_error(file_, what, errno); }

  const std::string file_;    // as the user named it
  const std::string target_;  // the same without symbolic links
  const Naming naming_;
  std::string temporary_;  // its name until it has that of the target; empty: it has none
  int fd_;
  std::string buffer_{};
};

// What `file` is in the end, where it exists: a link is to stay a link.
std::string target_of(const std::string& file) {
  char* const resolved = realpath(file.c_str(), nullptr);
  std::string target = resolved == nullptr ? file : resolved;
  std::free(resolved);
  return target;
}

}  // namespace

Result<std::unique_ptr<ByteSink>, TraceWriteError> create_file_sink(const std::string& file) {
  using Sink = std::unique_ptr<ByteSink>;
  if (file == kStandardInput) {
    return Sink(std::make_unique<FileSink>("standard output", "", STDOUT_FILENO, Naming::kAsItIs));
  }
  const std::string target = target_of(file);
  struct stat status {};
  const bool exists = stat(target.c_str(), &status) == 0;
  if (exists && !S_ISREG(status.st_mode)) {
    const int fd = open(target.c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0) return create_error(file, errno);
    return Sink(std::make_unique<FileSink>(file, target, fd, Naming::kAsItIs));
  }
  if (exists && access(target.c_str(), W_OK) != 0) return create_error(file, errno);
  // Without a name nothing is left of it, however the program ends. Not every file system can.
  const std::string folder = std::filesystem::path(target).parent_path().string();
  int fd = open(folder.empty() ? "." : folder.c_str(), O_WRONLY | O_TMPFILE | O_CLOEXEC, 0666);
  if (fd >= 0 && access(name_in_proc(fd).c_str(), F_OK) == 0)
    return Sink(std::make_unique<FileSink>(file, target, fd, Naming::kNone));
  if (fd >= 0) close(fd);
  const std::string temporary = make_beside(target, [&fd](const char* name) {
    return fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  });
  if (temporary.empty()) return create_error(file, errno);
  return Sink(std::make_unique<FileSink>(file, target, fd, Naming::kTemporary, temporary));
}

}  // namespace faultline::trace
