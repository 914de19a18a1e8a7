// Linux's constants for x86-64, as faultline::linux_abi::kPROT_READ and so on, and by name for the
// scenario language.
//
// The bare names are macros of the system's headers, hence the `k`.
// Source: Linux include/uapi (mman-common.h, mman.h, fcntl.h, resource.h, memfd.h,
// falloc.h, fadvise.h, fs.h, prctl.h, personality.h, sched.h, wait.h), 6.18.
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

inline constexpr uint64_t kMREMAP_MAYMOVE = 1, kMREMAP_FIXED = 2, kMREMAP_DONTUNMAP = 4;
inline constexpr uint64_t kMADV_NORMAL = 0, kMADV_RANDOM = 1, kMADV_SEQUENTIAL = 2,
                          kMADV_WILLNEED = 3, kMADV_DONTNEED = 4, kMADV_FREE = 8, kMADV_REMOVE = 9,
                          kMADV_DONTFORK = 10, kMADV_DOFORK = 11, kMADV_MERGEABLE = 12,
                          kMADV_UNMERGEABLE = 13, kMADV_HUGEPAGE = 14, kMADV_NOHUGEPAGE = 15,
                          kMADV_DONTDUMP = 16, kMADV_DODUMP = 17, kMADV_WIPEONFORK = 18,
                          kMADV_KEEPONFORK = 19, kMADV_COLD = 20, kMADV_PAGEOUT = 21,
                          kMADV_POPULATE_READ = 22, kMADV_POPULATE_WRITE = 23,
                          kMADV_DONTNEED_LOCKED = 24, kMADV_COLLAPSE = 25, kMADV_HWPOISON = 100,
                          kMADV_SOFT_OFFLINE = 101, kMADV_GUARD_INSTALL = 102,
                          kMADV_GUARD_REMOVE = 103;
inline constexpr uint64_t kMLOCK_ONFAULT = 1, kMCL_CURRENT = 1, kMCL_FUTURE = 2, kMCL_ONFAULT = 4;
inline constexpr uint64_t kFALLOC_FL_KEEP_SIZE = 1, kFALLOC_FL_PUNCH_HOLE = 2,
                          kFALLOC_FL_COLLAPSE_RANGE = 8, kFALLOC_FL_ZERO_RANGE = 16,
                          kFALLOC_FL_INSERT_RANGE = 32, kFALLOC_FL_UNSHARE_RANGE = 64;
inline constexpr uint64_t kSYNC_FILE_RANGE_WAIT_BEFORE = 1, kSYNC_FILE_RANGE_WRITE = 2,
                          kSYNC_FILE_RANGE_WAIT_AFTER = 4;
inline constexpr uint64_t kPOSIX_FADV_NORMAL = 0, kPOSIX_FADV_RANDOM = 1,
                          kPOSIX_FADV_SEQUENTIAL = 2, kPOSIX_FADV_WILLNEED = 3,
                          kPOSIX_FADV_DONTNEED = 4, kPOSIX_FADV_NOREUSE = 5;
inline constexpr uint64_t kPR_SET_THP_DISABLE = 41, kPR_GET_THP_DISABLE = 42, kPR_SET_MDWE = 65,
                          kPR_GET_MDWE = 66, kPR_MDWE_REFUSE_EXEC_GAIN = 1, kPR_MDWE_NO_INHERIT = 2,
                          kPR_SET_VMA = 0x53564d41, kPR_SET_VMA_ANON_NAME = 0;
inline constexpr uint64_t kADDR_NO_RANDOMIZE = 0x40000, kADDR_COMPAT_LAYOUT = 0x200000,
                          kREAD_IMPLIES_EXEC = 0x400000;
inline constexpr uint64_t kCLONE_NEWTIME = 0x80, kCLONE_VM = 0x100, kCLONE_FS = 0x200,
                          kCLONE_FILES = 0x400, kCLONE_SIGHAND = 0x800, kCLONE_PIDFD = 0x1000;
inline constexpr uint64_t kCLONE_PTRACE = 0x2000, kCLONE_VFORK = 0x4000, kCLONE_PARENT = 0x8000,
                          kCLONE_THREAD = 0x10000, kCLONE_NEWNS = 0x20000;
inline constexpr uint64_t kCLONE_SYSVSEM = 0x40000, kCLONE_SETTLS = 0x80000,
                          kCLONE_PARENT_SETTID = 0x100000, kCLONE_CHILD_CLEARTID = 0x200000;
inline constexpr uint64_t kCLONE_DETACHED = 0x400000, kCLONE_UNTRACED = 0x800000,
                          kCLONE_CHILD_SETTID = 0x1000000, kCLONE_NEWCGROUP = 0x2000000;
inline constexpr uint64_t kCLONE_NEWUTS = 0x4000000, kCLONE_NEWIPC = 0x8000000,
                          kCLONE_NEWUSER = 0x10000000, kCLONE_NEWPID = 0x20000000;
inline constexpr uint64_t kCLONE_NEWNET = 0x40000000, kCLONE_IO = 0x80000000;

inline constexpr uint64_t kWNOHANG = 1, kWUNTRACED = 2, kWCONTINUED = 8;
inline constexpr uint64_t kWNOTHREAD = 0x20000000, kWALL = 0x40000000, kWCLONE = 0x80000000;

inline constexpr uint64_t kSIGKILL = 9, kSIGTERM = 15, kSIGCHLD = 17;

// The value of a constant that the scenario language knows ("PROT_READ", "SEEK_END"), or nothing.
std::optional<uint64_t> find_constant(std::string_view name);

}  // namespace faultline::linux_abi
