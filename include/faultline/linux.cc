#include "faultline/linux.h"

#include <algorithm>
#include <array>

namespace faultline::linux_abi {
namespace {

struct Row {
  std::string_view name;
  uint64_t value;
};

// Names for the scenario language, sorted.
constexpr auto kRows = std::to_array<Row>({
    {"AT_FDCWD", static_cast<uint64_t>(kAT_FDCWD)},
    {"MAP_32BIT", kMAP_32BIT},
    {"MAP_ANON", kMAP_ANONYMOUS},
    {"MAP_ANONYMOUS", kMAP_ANONYMOUS},
    {"MAP_DENYWRITE", kMAP_DENYWRITE},
    {"MAP_DROPPABLE", kMAP_DROPPABLE},
    {"MAP_EXECUTABLE", kMAP_EXECUTABLE},
    {"MAP_FIXED", kMAP_FIXED},
    {"MAP_FIXED_NOREPLACE", kMAP_FIXED_NOREPLACE},
    {"MAP_GROWSDOWN", kMAP_GROWSDOWN},
    {"MAP_HUGETLB", kMAP_HUGETLB},
    {"MAP_LOCKED", kMAP_LOCKED},
    {"MAP_NONBLOCK", kMAP_NONBLOCK},
    {"MAP_NORESERVE", kMAP_NORESERVE},
    {"MAP_POPULATE", kMAP_POPULATE},
    {"MAP_PRIVATE", kMAP_PRIVATE},
    {"MAP_SHARED", kMAP_SHARED},
    {"MAP_SHARED_VALIDATE", kMAP_SHARED_VALIDATE},
    {"MAP_STACK", kMAP_STACK},
    {"MAP_SYNC", kMAP_SYNC},
    {"MFD_ALLOW_SEALING", kMFD_ALLOW_SEALING},
    {"MFD_CLOEXEC", kMFD_CLOEXEC},
    {"MFD_HUGETLB", kMFD_HUGETLB},
    {"MS_ASYNC", kMS_ASYNC},
    {"MS_INVALIDATE", kMS_INVALIDATE},
    {"MS_SYNC", kMS_SYNC},
    {"NULL", 0},
    {"O_APPEND", kO_APPEND},
    {"O_CLOEXEC", kO_CLOEXEC},
    {"O_CREAT", kO_CREAT},
    {"O_DIRECT", kO_DIRECT},
    {"O_DIRECTORY", kO_DIRECTORY},
    {"O_DSYNC", kO_DSYNC},
    {"O_EXCL", kO_EXCL},
    {"O_NOATIME", kO_NOATIME},
    {"O_NOFOLLOW", kO_NOFOLLOW},
    {"O_NONBLOCK", kO_NONBLOCK},
    {"O_PATH", kO_PATH},
    {"O_RDONLY", kO_RDONLY},
    {"O_RDWR", kO_RDWR},
    {"O_SYNC", kO_SYNC},
    {"O_TRUNC", kO_TRUNC},
    {"O_WRONLY", kO_WRONLY},
    {"PROT_EXEC", kPROT_EXEC},
    {"PROT_GROWSDOWN", kPROT_GROWSDOWN},
    {"PROT_GROWSUP", kPROT_GROWSUP},
    {"PROT_NONE", kPROT_NONE},
    {"PROT_READ", kPROT_READ},
    {"PROT_SEM", kPROT_SEM},
    {"PROT_WRITE", kPROT_WRITE},
    {"RLIMIT_AS", kRLIMIT_AS},
    {"RLIMIT_DATA", kRLIMIT_DATA},
    {"RLIMIT_FSIZE", kRLIMIT_FSIZE},
    {"RLIMIT_MEMLOCK", kRLIMIT_MEMLOCK},
    {"RLIMIT_NOFILE", kRLIMIT_NOFILE},
    {"RLIMIT_STACK", kRLIMIT_STACK},
    {"RLIM_INFINITY", kRLIM_INFINITY},
    {"SEEK_CUR", kSEEK_CUR},
    {"SEEK_DATA", kSEEK_DATA},
    {"SEEK_END", kSEEK_END},
    {"SEEK_HOLE", kSEEK_HOLE},
    {"SEEK_SET", kSEEK_SET},
    {"S_IRGRP", kS_IRGRP},
    {"S_IROTH", kS_IROTH},
    {"S_IRUSR", kS_IRUSR},
    {"S_IRWXG", kS_IRWXG},
    {"S_IRWXO", kS_IRWXO},
    {"S_IRWXU", kS_IRWXU},
    {"S_IWGRP", kS_IWGRP},
    {"S_IWOTH", kS_IWOTH},
    {"S_IWUSR", kS_IWUSR},
    {"S_IXGRP", kS_IXGRP},
    {"S_IXOTH", kS_IXOTH},
    {"S_IXUSR", kS_IXUSR},
});
static_assert(std::is_sorted(kRows.begin(), kRows.end(),
                             [](auto& a, auto& b) { return a.name < b.name; }));

}  // namespace

std::optional<uint64_t> find_constant(std::string_view name) {
  auto row =
      std::lower_bound(kRows.begin(), kRows.end(), name,
                       [](const Row& r, std::string_view wanted) { return r.name < wanted; });
  if (row == kRows.end() || row->name != name) return std::nullopt;
  return row->value;
}

}  // namespace faultline::linux_abi
