// Linux's constants for x86-64, as faultline::linux_abi::kPROT_READ and so on, and by name for the
// scenario language.
//
// The bare names are macros of the system's headers, hence the `k`.
// Source: Linux include/uapi (mman-common.h, mman.h, fcntl.h, resource.h, memfd.h, madvise in
// mman-common.h), 6.18.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace faultline::linux_abi {

inline constexpr uint64_t kPROT_READ = 1, kPROT_WRITE = 2, kPROT_EXEC = 4, kPROT_SEM = 8,
                          kPROT_NONE = 0;
inline constexpr uint64_t kPROT_GROWSDOWN = 0x01000000, kPROT_GROWSUP = 0x02000000;

inline constexpr uint64_t kMAP_SHARED = 1, kMAP_PRIVATE = 2, kMAP_SHARED_VALIDATE = 3,
                          kMAP_DROPPABLE = 8;
inline constexpr uint64_t kMAP_TYPE = 0x0f, kMAP_FIXED = 0x10, kMAP_ANONYMOUS = 0x20,
                          kMAP_32BIT = 0x40;
inline constexpr uint64_t kMAP_GROWSDOWN = 0x100, kMAP_DENYWRITE = 0x800, kMAP_EXECUTABLE = 0x1000;
inline constexpr uint64_t kMAP_LOCKED = 0x2000, kMAP_NORESERVE = 0x4000, kMAP_POPULATE = 0x8000;
inline constexpr uint64_t kMAP_NONBLOCK = 0x10000, kMAP_STACK = 0x20000, kMAP_HUGETLB = 0x40000;
inline constexpr uint64_t kMAP_SYNC = 0x80000, kMAP_FIXED_NOREPLACE = 0x100000;

inline constexpr uint64_t kMS_ASYNC = 1, kMS_INVALIDATE = 2, kMS_SYNC = 4;

inline constexpr uint64_t kO_RDONLY = 0, kO_WRONLY = 1, kO_RDWR = 2, kO_ACCMODE = 3,
                          kO_CREAT = 0x40;
inline constexpr uint64_t kO_EXCL = 0x80, kO_TRUNC = 0x200, kO_APPEND = 0x400, kO_NONBLOCK = 0x800;
inline constexpr uint64_t kO_DSYNC = 0x1000, kO_DIRECT = 0x4000, kO_DIRECTORY = 0x10000;
inline constexpr uint64_t kO_NOFOLLOW = 0x20000, kO_NOATIME = 0x40000, kO_CLOEXEC = 0x80000;
inline constexpr uint64_t kO_SYNC = 0x101000, kO_PATH = 0x200000;

// openat(2): paths are relative to the working directory.
inline constexpr int64_t kAT_FDCWD = -100;

inline constexpr uint64_t kMFD_CLOEXEC = 1, kMFD_ALLOW_SEALING = 2, kMFD_HUGETLB = 4;

// Bits of a file's mode.
inline constexpr uint64_t kS_IRWXU = 0700, kS_IRUSR = 0400, kS_IWUSR = 0200, kS_IXUSR = 0100;
inline constexpr uint64_t kS_IRWXG = 070, kS_IRGRP = 040, kS_IWGRP = 020, kS_IXGRP = 010;
inline constexpr uint64_t kS_IRWXO = 07, kS_IROTH = 04, kS_IWOTH = 02, kS_IXOTH = 01;

inline constexpr uint64_t kSEEK_SET = 0, kSEEK_CUR = 1, kSEEK_END = 2, kSEEK_DATA = 3,
                          kSEEK_HOLE = 4;

inline constexpr uint64_t kRLIMIT_FSIZE = 1, kRLIMIT_NOFILE = 7;
inline constexpr uint64_t kRLIMIT_DATA = 2, kRLIMIT_STACK = 3, kRLIMIT_MEMLOCK = 8, kRLIMIT_AS = 9;
inline constexpr uint64_t kRLIM_INFINITY = ~uint64_t{0};

// The value of a constant that the scenario language knows ("PROT_READ", "SEEK_END"), or nothing.
std::optional<uint64_t> find_constant(std::string_view name);

}  // namespace faultline::linux_abi
