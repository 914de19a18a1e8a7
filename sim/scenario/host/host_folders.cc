#include "sim/scenario/host/host_folders.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

namespace faultline::host {
namespace {

constexpr std::string_view kShm = "/dev/shm";
constexpr mode_t kAnybody = 0777;

std::optional<std::string> make_folder(const std::string& parent) {
  std::string folder = parent + "/faultline.XXXXXX";
  if (mkdtemp(folder.data()) == nullptr || chmod(folder.c_str(), kAnybody) != 0) return {};
  return folder;
}

InputError cannot_make(const std::string& parent) {
  return {.file = parent,
          .message = std::string("cannot make a temporary folder: ") + std::strerror(errno)};
}

// The part of `path` below `folder`, or nothing.
std::optional<std::string> below(const std::string& path, const std::string& folder) {
  if (!path.starts_with(folder + "/")) return {};
  return path.substr(folder.size());
}

void remove_contents(const std::string& folder) {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    std::filesystem::remove_all(entry.path(), ignored);
  }
}

}  // namespace

Result<std::unique_ptr<HostFolders>, InputError> HostFolders::make(const std::string& parent) {
  const std::optional<std::string> disk = make_folder(parent);
  if (!disk) return cannot_make(parent);
  const std::optional<std::string> shm = make_folder(std::string(kShm));
  if (!shm) {
    std::error_code ignored;
    std::filesystem::remove(*disk, ignored);
    return cannot_make(std::string(kShm));
  }
  return std::unique_ptr<HostFolders>(new HostFolders(*disk, *shm));
}

HostFolders::~HostFolders() {
  std::error_code ignored;
  std::filesystem::remove_all(disk_, ignored);
  std::filesystem::remove_all(shm_, ignored);
}

std::string HostFolders::host_path(std::string_view path) const {
  if (path.empty()) return {};
  const auto in_shm = below(std::string(path), std::string(kShm));
  const std::string& folder = in_shm ? shm_ : disk_;
  std::string whole = folder;
  if (!in_shm && !path.starts_with('/')) whole += '/';
  whole += in_shm ? *in_shm : std::string(path);
  const auto parent = std::filesystem::path(whole).parent_path();
  std::error_code ignored;  // the call on the path will fail for the same reason
  std::filesystem::create_directories(parent, ignored);
  for (auto at = parent; at.string().size() > folder.size(); at = at.parent_path()) {
    chmod(at.c_str(), kAnybody);
  }
  return whole;
}

std::string HostFolders::scenario_path(std::string host_path) const {
  if (auto on_disk = below(host_path, disk_)) return *on_disk;
  if (auto in_shm = below(host_path, shm_)) return std::string(kShm) + *in_shm;
  return host_path;
}

void HostFolders::clear() const {
  remove_contents(disk_);
  remove_contents(shm_);
}

}  // namespace faultline::host
