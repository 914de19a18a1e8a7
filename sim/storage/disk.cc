#include "sim/storage/disk.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "sim/base/check.h"

namespace faultline::storage {
namespace {

constexpr size_t kNameMax = 255;
constexpr std::string_view kTmpfsRoot = "/dev/shm";

std::string parent_of(std::string_view path) {
  const size_t slash = path.rfind('/');
  return std::string(slash == 0 ? "/" : path.substr(0, slash));
}

void go_up(std::string& path) {
  if (path != "/") path = parent_of(path);
}

std::string join(const std::string& directory, std::string_view name) {
  return directory == "/" ? "/" + std::string(name) : directory + "/" + std::string(name);
}

bool inside(std::string_view path, const std::string& directory) {
  return path.size() > directory.size() && path.starts_with(directory) &&
         (directory == "/" || path[directory.size()] == '/');
}

// Takes the next name off the front of `rest`; empty when none is left.
std::string_view take_name(std::string_view& rest) {
  const size_t start = rest.find_first_not_of('/');
  if (start == std::string_view::npos) {
    rest = {};
    return {};
  }
  const size_t end = std::min(rest.find('/', start), rest.size());
  const std::string_view name = rest.substr(start, end - start);
  rest.remove_prefix(end);
  return name;
}

}  // namespace

Disk::Disk(PageSize page_size) : page_size_(page_size) {}

bool Disk::on_tmpfs(std::string_view path) { return inside(path, std::string(kTmpfsRoot)); }

Result<Disk::Place> Disk::look_up(std::string_view path) {
  if (path.empty()) return Errno::kENOENT;
  if (path.size() >= kPathMax) return Errno::kENAMETOOLONG;
  Place place;
  place.path = "/";
  place.trailing_slash = path.back() == '/';
  place.dots = true;
  std::string_view rest = path;
  for (std::string_view name = take_name(rest); !name.empty(); name = take_name(rest)) {
    // What was reached so far has to be a directory.
    if (files_.contains(place.path)) return Errno::kENOTDIR;
    if (place.name_too_long) return Errno::kENAMETOOLONG;
    place.name_too_long = name.size() > kNameMax;
    directories_.insert(place.path);
    place.dots = name == "." || name == "..";
    if (name == "..") go_up(place.path);
    if (!place.dots) place.path = join(place.path, name);
  }
  place.file = find(place.path);
  place.directory = directories_.contains(place.path);
  return place;
}

std::shared_ptr<SimFile> Disk::find(std::string_view path) const {
  const auto found = files_.find(path);
  return found == files_.end() ? nullptr : found->second;
}

std::shared_ptr<SimFile> Disk::create(const Place& place) {
  FL_CHECK(place.file == nullptr && !place.directory && !files_.contains(place.path));
  const FileKind kind = on_tmpfs(place.path) ? FileKind::kTmpfs : FileKind::kDisk;
  std::shared_ptr<SimFile> file = make_nameless(kind, place.path);
  file->add_link();
  files_.emplace(place.path, file);
  return file;
}

std::shared_ptr<SimFile> Disk::make_nameless(FileKind kind, std::string path) {
  auto file = std::make_shared<SimFile>(kind, page_size_, next_inode_++);
  file->set_path(std::move(path));
  return file;
}

void Disk::unlink(const Place& place) {
  const auto found = files_.find(place.path);
  FL_CHECK(found != files_.end() && found->second == place.file);
  found->second->remove_link();
  files_.erase(found);
}

Result<void> Disk::check_rename(const Place& from, const Place& to) const {
  const auto file_system = [](const Place& place) {
    // A path that ends in dots names the file system it reaches, any other that of its directory.
    return place.dots ? on_tmpfs(place.path) || place.path == kTmpfsRoot : on_tmpfs(place.path);
  };
  if (file_system(from) != file_system(to)) return Errno::kEXDEV;
  if (from.dots || to.dots) return Errno::kEBUSY;
  if (from.name_too_long) return Errno::kENAMETOOLONG;
  if (from.file == nullptr && !from.directory) return Errno::kENOENT;
  if (to.name_too_long) return Errno::kENAMETOOLONG;
  if (!from.directory && (from.trailing_slash || to.trailing_slash)) return Errno::kENOTDIR;
  if (from.directory && inside(to.path, from.path)) return Errno::kEINVAL;
  if (to.directory && inside(from.path, to.path)) return Errno::kENOTEMPTY;
  if (from.path == to.path) return {};
  if (from.directory && to.file != nullptr) return Errno::kENOTDIR;
  if (!from.directory && to.directory) return Errno::kEISDIR;
  if (from.path == kTmpfsRoot || to.path == kTmpfsRoot) return Errno::kEBUSY;
  const auto child = files_.upper_bound(to.path + "/");
  const auto child_directory = directories_.upper_bound(to.path + "/");
  const bool empty = (child == files_.end() || !inside(child->first, to.path)) &&
                     (child_directory == directories_.end() || !inside(*child_directory, to.path));
  if (to.directory && !empty) return Errno::kENOTEMPTY;
  return {};
}

Result<void> Disk::rename(const Place& from, const Place& to) {
  const Result<void> checked = check_rename(from, to);
  if (!checked.ok() || from.path == to.path) return checked;
  // Nothing below can fail.
  if (from.directory) {
    move_directory(from.path, to.path);
    return {};
  }
  if (to.file != nullptr) unlink(to);
  auto node = files_.extract(from.path);
  node.key() = to.path;
  node.mapped()->set_path(to.path);
  files_.insert(std::move(node));
  return {};
}

void Disk::move_directory(const std::string& from, const std::string& to) {
  std::vector<std::string> moved;
  for (auto it = files_.lower_bound(from + "/"); it != files_.end() && inside(it->first, from);
       ++it) {
    moved.push_back(it->first);
  }
  for (const std::string& name : moved) {
    auto node = files_.extract(name);
    node.key() = to + name.substr(from.size());
    node.mapped()->set_path(node.key());
    files_.insert(std::move(node));
  }
  moved.assign({from});
  for (auto it = directories_.lower_bound(from + "/");
       it != directories_.end() && inside(*it, from); ++it) {
    moved.push_back(*it);
  }
  for (const std::string& name : moved) {
    directories_.erase(name);
    directories_.insert(to + name.substr(from.size()));
  }
}

void Disk::power_cut() {
  for (auto it = files_.begin(); it != files_.end();) {
    if (!on_tmpfs(it->first)) {
      ++it;
      continue;
    }
    it->second->remove_link();
    it = files_.erase(it);
  }
}

void Disk::validate() const {
  std::set<uint64_t> inodes;
  for (const auto& [path, file] : files_) {
    FL_CHECK_MSG(!directories_.contains(path), "{} is a file and a directory", path);
    FL_CHECK_MSG(directories_.contains(parent_of(path)), "{} lies in no directory", path);
    FL_CHECK_MSG(!file->unlinked() && file->display_path() == path, "{} does not know its name",
                 path);
    FL_CHECK_MSG((file->kind() == FileKind::kTmpfs) == on_tmpfs(path),
                 "{} lies on the wrong file system", path);
    FL_CHECK_MSG(file->inode() < next_inode_ && inodes.insert(file->inode()).second,
                 "{} has the inode number of another file", path);
    file->validate();
  }
}

}  // namespace faultline::storage
