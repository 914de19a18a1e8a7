// Disk: the file systems of a machine, by name: ext4-like on the disk, and tmpfs under /dev/shm.
// Linux's dentries and superblocks, and the counters of the block device.
//
// Every directory that a path names on its way exists, and "/" and "/dev/shm" do; there are no
// links, symbolic or hard. A relative path starts at "/".
// Inode numbers come from one counter, so that a number means one file.
// Invariants, checked by validate():
//   1. a name belongs to a file or to a directory, not to both
//   2. the directory of every name exists
//   3. a file under a name has one link and knows that name, and is of tmpfs iff the name lies
//      under /dev/shm/
//   4. inode numbers are below the counter, and no two files share one
// Owns: the files that have a name; others live as long as somebody uses them. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "faultline/result.h"
#include "faultline/types.h"
#include "sim/storage/sim_file.h"

namespace faultline::storage {

struct DiskStats {
  uint64_t page_reads = 0;
  uint64_t page_writes = 0;
};

class Disk {
 public:
  // What a path leads to.
  struct Place {
    std::string path{};               // from "/", without ".", ".." or doubled slashes
    std::shared_ptr<SimFile> file{};  // null: nothing there, or a directory
    bool directory = false;
    bool trailing_slash = false;  // the path asked for a directory
    bool name_too_long = false;   // its last name is of more than 255 bytes
    bool dots = false;            // it ended in ".", ".." or was "/"
  };

  static constexpr size_t kPathMax = 4096;  // with the terminating zero

  explicit Disk(PageSize page_size);

  // Follows `path`, making the directories on the way.
  // Errors: kENOENT (empty); kENAMETOOLONG (path of 4096 bytes or more, a name of more than 255 on
  // the way);
  // kENOTDIR (a file stands where a directory is needed). Directories made stay.
  // Source: path_resolution(7). O(length log names).
  Result<Place> look_up(std::string_view path);
  // Null where there is no file of that name. O(log names).
  std::shared_ptr<SimFile> find(std::string_view path) const;

  // A new empty file, on tmpfs or on the disk as its path says. REQUIRES: `place` came from
  // look_up() and has nothing there.
  std::shared_ptr<SimFile> create(const Place& place);
  // A file without a name: memfd_create, O_TMPFILE, MAP_SHARED|MAP_ANONYMOUS. `path` is what
  // /proc/PID/maps prints before " (deleted)".
  std::shared_ptr<SimFile> make_nameless(FileKind kind, std::string path);
  // Takes the name away; the file lives on while it is used. REQUIRES: a file is there.
  void unlink(const Place& place);
  // Gives the file or directory at `from` the name `to`, taking it from the file there.
  // Errors: kEXDEV, kEBUSY ("/" and the like), kENAMETOOLONG, kENOENT (nothing at `from`),
  // kENOTDIR, kEINVAL (into itself), kENOTEMPTY, kEISDIR, in this order. Nothing changed then.
  // Source: rename(2); Linux fs/namei.c do_renameat2(), vfs_rename(). O(names moved).
  Result<void> rename(const Place& from, const Place& to);

  // Memory is lost: the names on tmpfs are gone. Files of the disk stay as they are.
  void power_cut();

  const DiskStats& stats() const { return stats_; }
  void count_read() { ++stats_.page_reads; }
  void count_write() { ++stats_.page_writes; }

  void validate() const;

  // Whether a file of that path would be of tmpfs. REQUIRES: a path as in Place.
  static bool on_tmpfs(std::string_view path);

 private:
  friend struct DiskTestPeer;

  Result<void> check_rename(const Place& from, const Place& to) const;
  void move_directory(const std::string& from, const std::string& to);

  PageSize page_size_;
  uint64_t next_inode_ = 2;  // 1 is not a file's
  std::map<std::string, std::shared_ptr<SimFile>, std::less<>> files_;
  std::set<std::string, std::less<>> directories_{"/", "/dev", "/dev/shm"};
  DiskStats stats_;
};

}  // namespace faultline::storage
