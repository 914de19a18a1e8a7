#include "sim/cli/input_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace faultline::cli {
namespace {

InputError error(const std::string& name, std::string message) {
  return {.file = name, .message = std::move(message)};
}

Result<std::string, InputError> read_all(int fd, const std::string& name) {
  std::string text;
  char buffer[64 << 10];
  while (true) {
    const ssize_t size = read(fd, buffer, sizeof buffer);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return error(name, std::strerror(errno));
    if (size == 0) return text;
    text.append(buffer, size_t(size));
    if (text.size() > kTextFileBytesMax) return error(name, "too large to be such a file");
  }
}

}  // namespace

Result<std::string, InputError> read_text_file(const std::string& name) {
  if (name == "-") return read_all(STDIN_FILENO, name);
  const int fd = open(name.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return error(name, std::strerror(errno));
  auto text = read_all(fd, name);
  close(fd);
  return text;
}

}  // namespace faultline::cli
