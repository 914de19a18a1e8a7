// The error numbers that simulated system calls return, with Linux's names, numbers and texts.
//
// Enumerators bear a `k` because the bare names are macros of <errno.h>.
// Source: Linux include/uapi/asm-generic/errno-base.h and errno.h; texts of strerror(3) in glibc.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace faultline {

enum class Errno : uint16_t {
  kEPERM = 1,
  kENOENT = 2,
  kESRCH = 3,
  kEINTR = 4,
  kEIO = 5,
  kENXIO = 6,
  kE2BIG = 7,
  kENOEXEC = 8,
  kEBADF = 9,
  kECHILD = 10,
  kEAGAIN = 11,
  kENOMEM = 12,
  kEACCES = 13,
  kEFAULT = 14,
  kEBUSY = 16,
  kEEXIST = 17,
  kEXDEV = 18,
  kENODEV = 19,
  kENOTDIR = 20,
  kEISDIR = 21,
  kEINVAL = 22,
  kENFILE = 23,
  kEMFILE = 24,
  kENOTTY = 25,
  kETXTBSY = 26,
  kEFBIG = 27,
  kENOSPC = 28,
  kESPIPE = 29,
  kEROFS = 30,
  kEPIPE = 32,
  kERANGE = 34,
  kEDEADLK = 35,
  kENAMETOOLONG = 36,
  kENOSYS = 38,
  kENOTEMPTY = 39,
  kELOOP = 40,
  kEOVERFLOW = 75,
  kEOPNOTSUPP = 95,
};

// "EINVAL" for kEINVAL.
std::string_view errno_name(Errno error);
// "Invalid argument" for kEINVAL.
std::string_view errno_text(Errno error);
// The inverse of errno_name; nothing where the name is not in the list above.
std::optional<Errno> find_errno(std::string_view name);

}  // namespace faultline
