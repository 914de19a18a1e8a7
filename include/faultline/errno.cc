#include "faultline/errno.h"

#include <array>
#include <cstdlib>

namespace faultline {
namespace {

struct Row {
  Errno error;
  std::string_view name;
  std::string_view text;
};

constexpr auto kRows = std::to_array<Row>({
    {Errno::kEPERM, "EPERM", "Operation not permitted"},
    {Errno::kENOENT, "ENOENT", "No such file or directory"},
    {Errno::kESRCH, "ESRCH", "No such process"},
    {Errno::kEINTR, "EINTR", "Interrupted system call"},
    {Errno::kEIO, "EIO", "Input/output error"},
    {Errno::kENXIO, "ENXIO", "No such device or address"},
    {Errno::kE2BIG, "E2BIG", "Argument list too long"},
    {Errno::kENOEXEC, "ENOEXEC", "Exec format error"},
    {Errno::kEBADF, "EBADF", "Bad file descriptor"},
    {Errno::kECHILD, "ECHILD", "No child processes"},
    {Errno::kEAGAIN, "EAGAIN", "Resource temporarily unavailable"},
    {Errno::kENOMEM, "ENOMEM", "Cannot allocate memory"},
    {Errno::kEACCES, "EACCES", "Permission denied"},
    {Errno::kEFAULT, "EFAULT", "Bad address"},
    {Errno::kEBUSY, "EBUSY", "Device or resource busy"},
    {Errno::kEEXIST, "EEXIST", "File exists"},
    {Errno::kEXDEV, "EXDEV", "Invalid cross-device link"},
    {Errno::kENODEV, "ENODEV", "No such device"},
    {Errno::kENOTDIR, "ENOTDIR", "Not a directory"},
    {Errno::kEISDIR, "EISDIR", "Is a directory"},
    {Errno::kEINVAL, "EINVAL", "Invalid argument"},
    {Errno::kENFILE, "ENFILE", "Too many open files in system"},
    {Errno::kEMFILE, "EMFILE", "Too many open files"},
    {Errno::kENOTTY, "ENOTTY", "Inappropriate ioctl for device"},
    {Errno::kETXTBSY, "ETXTBSY", "Text file busy"},
    {Errno::kEFBIG, "EFBIG", "File too large"},
    {Errno::kENOSPC, "ENOSPC", "No space left on device"},
    {Errno::kESPIPE, "ESPIPE", "Illegal seek"},
    {Errno::kEROFS, "EROFS", "Read-only file system"},
    {Errno::kEPIPE, "EPIPE", "Broken pipe"},
    {Errno::kERANGE, "ERANGE", "Numerical result out of range"},
    {Errno::kEDEADLK, "EDEADLK", "Resource deadlock avoided"},
    {Errno::kENAMETOOLONG, "ENAMETOOLONG", "File name too long"},
    {Errno::kENOSYS, "ENOSYS", "Function not implemented"},
    {Errno::kENOTEMPTY, "ENOTEMPTY", "Directory not empty"},
    {Errno::kELOOP, "ELOOP", "Too many levels of symbolic links"},
    {Errno::kEOVERFLOW, "EOVERFLOW", "Value too large for defined data type"},
    {Errno::kEOPNOTSUPP, "EOPNOTSUPP", "Operation not supported"},
});

const Row& row_of(Errno error) {
  for (const Row& row : kRows)
    if (row.error == error) return row;
  std::abort();  // every enumerator has a row: vocabulary_test
}

}  // namespace

std::string_view errno_name(Errno error) { return row_of(error).name; }

std::string_view errno_text(Errno error) { return row_of(error).text; }

std::optional<Errno> find_errno(std::string_view name) {
  for (const Row& row : kRows)
    if (row.name == name) return row.error;
  return std::nullopt;
}

}  // namespace faultline
