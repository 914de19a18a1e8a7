// Files: the descriptors of one process, and the system calls on files that need no mapping: open,
// read, write, lseek, ftruncate, fallocate, fsync, posix_fadvise, unlink, rename and their
// relatives. Linux's files_struct with fs/open.c, fs/read_write.c and fs/namei.c over it.
//
// Errors come in Linux's order, measured on ext4 and tmpfs, 6.18. Arguments are as wide as the
// caller's registers and are cut as the kernel cuts them.
// Descriptors 0 to 2 are open and cannot be used: as if opened with O_PATH.
// A copy of a Files is what fork() makes: the same open files under the same numbers.
// Differs from Linux: MFD_HUGETLB is refused with kEINVAL.
// Units: bytes. Invariants, checked by validate():
//   1. no more than kDescriptorsMax descriptors
//   2. an open file has a Backing, unless it is a directory or can do nothing
// Owns: a share of each open file. The Disk and the PageCache outlive it. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "faultline/linux.h"
#include "faultline/result.h"
#include "sim/cache/frame_source.h"
#include "sim/cache/open_file.h"
#include "sim/cache/page_cache.h"
#include "sim/hw/tlb_gather.h"
#include "sim/phys/frame_allocator.h"
#include "sim/phys/frame_table.h"
#include "sim/proc/files_copy.h"
#include "sim/storage/disk.h"

namespace faultline::proc {

inline constexpr uint64_t kDescriptorsMax = 4096;      // the hard RLIMIT_NOFILE, INR_OPEN_MAX
inline constexpr uint64_t kDescriptorsAtStart = 1024;  // the soft one, INR_OPEN_CUR
inline constexpr uint64_t kReadWriteMax = 0x7ffff000;  // Linux MAX_RW_COUNT
inline constexpr uint64_t kFileBytesMax = (uint64_t{1} << 63) - 1;  // no offset is beyond
inline constexpr uint64_t kTmpfsBytesMax = uint64_t{12} << 30;  // half of the memory, as by default
inline constexpr uint64_t kMemfdBytesMax = uint64_t{24} << 30;  // all of it

// What a call may need besides its arguments: frames for pages it reads in, and the place to say
// which TLB entries it made stale; the caller's soft RLIMIT_NOFILE and RLIMIT_FSIZE. For a size
// Linux also sends SIGXFSZ, which a scenario's process ignores (docs/scenario.md).
struct FileCall {
  cache::FrameSource& frames;
  hw::TlbGather& gather;
  uint64_t descriptors_max = kDescriptorsAtStart;
  uint64_t size_bytes_max = linux_abi::kRLIM_INFINITY;
};

class Files {
 public:
  struct Parts {
    phys::FrameTable& frames;
    phys::FrameAllocator& allocator;
    storage::Disk& disk;
    cache::PageCache& cache;
  };
  // A place in a file, and how many bytes from there.
  struct Extent {
    uint64_t offset_bytes = 0;
    uint64_t length_bytes = 0;
  };
  struct OpenFlags {
    uint64_t flags = 0;  // O_*
    uint64_t mode = 0;   // of a file that is created; the owner's bits count
  };

  explicit Files(const Parts& parts);

  // The lowest free descriptor, open on `path`.
  // Errors, in this order: kEINVAL (O_DIRECTORY with O_CREAT, O_TMPFILE without writing), kENOENT
  // (empty path), kENAMETOOLONG, kEMFILE, those of Disk::look_up(), kEEXIST (O_EXCL), kEISDIR,
  // kENOENT, kENOTDIR, kEACCES (its mode), kEINVAL (O_DIRECT of a directory). Nothing changed then.
  // Source: open(2); Linux fs/open.c build_open_flags(), fs/namei.c do_open().
  Result<int> open(std::string_view path, OpenFlags flags, const FileCall& call);
  // Errors: kEINVAL (flags, name of more than 249 bytes), kEMFILE. Source: Linux mm/memfd.c.
  Result<int> memfd_create(std::string_view name, uint64_t flags,
                           uint64_t descriptors_max = kDescriptorsAtStart);
  // Errors: kEBADF.
  Result<void> close(uint64_t fd);
  // Errors: kEBADF, kEMFILE.
  Result<int> dup(uint64_t fd, uint64_t descriptors_max = kDescriptorsAtStart);
  // Closes `new_fd` first if it is open, and does nothing if it is `old_fd`. Errors: kEBADF
  // (either; new_fd at or over the limit). Source: Linux fs/file.c dup2(), ksys_dup3().
  Result<int> dup2(uint64_t old_fd, uint64_t new_fd,
                   uint64_t descriptors_max = kDescriptorsAtStart);
  // The open file behind a descriptor, for a call that uses it. Errors: kEBADF (not open, or
  // O_PATH). Source: Linux fs/file.c fdget().
  Result<std::shared_ptr<cache::OpenFile>> get(uint64_t fd) const;

  // What readv(2) and writev(2) ask before they look at their vector. Errors: kEBADF.
  Result<void> check_readable(uint64_t fd) const;
  Result<void> check_writable(uint64_t fd) const;

  // read(2) and pread64(2): the bytes read, less than wanted at the end of the file and where the
  // sink takes no more; 0 at the end.
  // Errors, in this order: kEINVAL (negative offset), kEBADF, kEFAULT (address), kEINVAL (range
  // wraps), kEISDIR; kEFAULT, kENOMEM when they stop the first byte. With O_DIRECT on the disk
  // kEINVAL (not in whole sectors), and kEFAULT wherever it stops.
  Result<uint64_t> read(uint64_t fd, uint64_t length_bytes, ReadSink& sink, const FileCall& call);
  Result<uint64_t> pread(uint64_t fd, Extent extent, ReadSink& sink, const FileCall& call);
  // write(2) and pwrite64(2), the latter appending too with O_APPEND. Errors: the same, without
  // kEISDIR; kEFBIG (at or past the largest size or RLIMIT_FSIZE; what fits is written).
  Result<uint64_t> write(uint64_t fd, uint64_t length_bytes, WriteSource& source,
                         const FileCall& call);
  Result<uint64_t> pwrite(uint64_t fd, Extent extent, WriteSource& source, const FileCall& call);

  // Errors: kEBADF, kEINVAL (whence, a position below 0 or past the largest size), kENXIO
  // (SEEK_DATA, SEEK_HOLE at or past the end). Source: Linux fs/read_write.c
  // generic_file_llseek_size().
  Result<uint64_t> lseek(uint64_t fd, uint64_t offset_bytes, uint64_t whence);
  // Errors: kEINVAL (negative), kEBADF, kEINVAL (directory, not open for writing), kEFBIG (beyond
  // the largest size, or growing beyond RLIMIT_FSIZE).
  Result<void> ftruncate(uint64_t fd, uint64_t length_bytes, const FileCall& call);
  // Errors: kEINVAL (negative), those of Disk::look_up(), kENOENT, kEISDIR, kENOTDIR, kEACCES,
  // kEFBIG.
  Result<void> truncate(std::string_view path, uint64_t length_bytes, const FileCall& call);
  // Errors, in this order: kEBADF, kEINVAL (negative, or nothing), kEOPNOTSUPP (no such mode),
  // kEBADF (not open for writing), kEFBIG, kEOPNOTSUPP (not on this file system), kEINVAL, kEFBIG
  // (FALLOC_FL_COLLAPSE_RANGE, FALLOC_FL_INSERT_RANGE; RLIMIT_FSIZE), kENOSPC (tmpfs). Nothing
  // changed then.
  // Differs from Linux: the disk never fills.
  // Source: fallocate(2); Linux fs/open.c vfs_fallocate().
  Result<void> fallocate(uint64_t fd, uint64_t mode, Extent extent, const FileCall& call);
  // Errors: kEBADF.
  Result<void> fsync(uint64_t fd, hw::TlbGather& gather);
  Result<void> fdatasync(uint64_t fd, hw::TlbGather& gather);
  // Without SYNC_FILE_RANGE_WRITE there is nothing to do: no write is under way between two calls.
  // Errors: kEBADF, kEINVAL (flags; a negative offset or end).
  Result<void> sync_file_range(uint64_t fd, Extent extent, uint64_t flags, hw::TlbGather& gather);
  // posix_fadvise(2). Errors: kEBADF, kEINVAL (negative length, unknown advice).
  Result<void> fadvise(uint64_t fd, Extent extent, uint64_t advice, const FileCall& call);
  // sync(2): every dirty page of the machine.
  void sync(hw::TlbGather& gather);
  // Errors: those of Disk::look_up(), kEISDIR, kENOENT, kENOTDIR.
  Result<void> unlink(std::string_view path);
  // Errors: those of Disk::look_up() and Disk::rename().
  Result<void> rename(std::string_view from, std::string_view to);

  // The scenario's create(): a file of that size filled with Machine::create_file's pattern; what a
  // file of that name held is gone. On the disk none of it is cached; on tmpfs, which has no other
  // place, all that finds a frame.
  // Errors: those of Disk::look_up(), kEISDIR, kEFBIG (disk), kENOSPC (tmpfs). Nothing changed
  // then.
  struct Pattern {
    uint64_t size_bytes = 0;
    uint64_t seed = 0;
  };
  Result<void> create(std::string_view path, Pattern pattern, const FileCall& call);

  void validate() const;

 private:
  friend struct FilesTestPeer;

  using Open = std::shared_ptr<cache::OpenFile>;

  // The lowest free descriptor below `descriptors_max`. Errors: kEMFILE. Source: Linux fs/file.c
  // alloc_fd().
  Result<int> find_free(uint64_t descriptors_max) const;
  int install(int fd, Open file);
  // What open() finds or makes under a path, once the flags are known to be good.
  Result<Open> open_place(storage::Disk::Place& place, OpenFlags flags, const FileCall& call);
  Open make_open(const std::shared_ptr<storage::SimFile>& file, uint64_t flags) const;
  Result<void> set_size(cache::Backing& backing, uint64_t length_bytes, const FileCall& call);
  void read_advised(const cache::OpenFile& file, Extent extent, const FileCall& call);
  void drop_advised(cache::Backing& backing, Extent extent, const FileCall& call);

  Result<uint64_t> checked_read(cache::OpenFile& file, Extent extent, ReadSink& sink,
                                const FileCall& call);
  Result<Extent> checked_write(cache::OpenFile& file, Extent extent, WriteSource& source,
                               const FileCall& call);
  Result<uint64_t> read_at(cache::OpenFile& file, Extent extent, ReadSink& sink,
                           const FileCall& call);
  Result<uint64_t> write_at(cache::OpenFile& file, Extent extent, WriteSource& source,
                            const FileCall& call);
  Result<uint64_t> read_direct(cache::OpenFile& file, Extent extent, ReadSink& sink,
                               const FileCall& call);
  Result<uint64_t> write_direct(cache::OpenFile& file, Extent extent, WriteSource& source,
                                const FileCall& call);
  Result<uint64_t> write_rest(cache::OpenFile& file, Extent rest, WriteSource& source,
                              const FileCall& call);

  uint64_t give_pinned(const cache::Backing& backing, cache::ByteRange part,
                       std::span<std::byte> piece, WriteSource& source);
  // Differs from Linux: byte after byte, where some processors copy 64 at once, so that what lies
  // less than that behind its source comes out otherwise there.
  uint64_t give_in_place(const cache::Backing& backing, cache::ByteRange part,
                         std::span<std::byte> piece, WriteSource& source);
  bool mapped(const cache::Backing& backing, cache::ByteRange part) const;

  Parts parts_;
  std::vector<Open> descriptors_;  // null: free
};

// Whether a call may give the file that size. Errors: kEFBIG (growing beyond the largest size or
// RLIMIT_FSIZE). Source: Linux fs/attr.c inode_newsize_ok().
Result<void> check_new_size(const cache::Backing& backing, uint64_t new_bytes,
                            const FileCall& call);

}  // namespace faultline::proc
