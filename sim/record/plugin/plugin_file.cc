#include "sim/record/plugin/plugin_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

namespace faultline::record {

void PluginFile::read(const char* path) {
  constexpr char kOwn[] = "/proc/self/fd/";
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  struct stat status {};
  if (fd >= 0 && fstat(fd, &status) == 0) {
    bytes_ = malloc(size_t(status.st_size));
    if (bytes_ != nullptr && ::read(fd, bytes_, size_t(status.st_size)) == status.st_size)
      size_ = size_t(status.st_size);
  }
  close(fd);
  if (std::strncmp(path, kOwn, sizeof kOwn - 1) == 0) close(std::atoi(path + sizeof kOwn - 1));
}

int PluginFile::make_copy() const {
  const int fd = size_ > 0 ? memfd_create("faultline-plugin", 0) : -1;
  if (fd < 0 || write(fd, bytes_, size_) == ssize_t(size_)) return fd;
  close(fd);
  return -1;
}

}  // namespace faultline::record
