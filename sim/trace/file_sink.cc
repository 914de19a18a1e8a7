// Files as ByteSinks: regular ones under a temporary name until they are complete, others as they
// are.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
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

class FileSink final : public ByteSink {
 public:
  // `temporary` is what the file is called until it is complete; empty: it is not to be renamed.
  FileSink(std::string file, std::string target, std::string temporary, int fd)
      : file_(std::move(file)),
        target_(std::move(target)),
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
  std::string temporary_;
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
    return Sink(std::make_unique<FileSink>("standard output", "", "", STDOUT_FILENO));
  }
  const std::string target = target_of(file);
  struct stat status {};
  const bool exists = stat(target.c_str(), &status) == 0;
  if (exists && !S_ISREG(status.st_mode)) {
    const int fd = open(target.c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0) return create_error(file, errno);
    return Sink(std::make_unique<FileSink>(file, target, "", fd));
  }
  if (exists && access(target.c_str(), W_OK) != 0) return create_error(file, errno);
  int fd = -1;
  std::string temporary;
  for (int i = 0; fd < 0 && i < kNamesMax; ++i) {
    temporary = target + ".part" + std::to_string(i);
    fd = open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0 && errno != EEXIST) break;
  }
  if (fd < 0) return create_error(file, errno);
  return Sink(std::make_unique<FileSink>(file, target, temporary, fd));
}

}  // namespace faultline::trace
