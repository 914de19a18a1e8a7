// What mmap's prot and flags mean: the checks of mmap(2) that need no address space, rows A3, A7,
// A8, A10 and A14.
//
// Pure functions. Source: Linux mm/mmap.c do_mmap(), include/linux/mman.h, 6.18.
#pragma once

#include <cstdint>

#include "faultline/result.h"
#include "sim/cache/open_file.h"
#include "sim/mm/vm_flags.h"

namespace faultline::mm {

// The kVm... bits that prot and flags ask for, before the type of the mapping is looked at.
uint64_t vm_flags_of(uint64_t prot, uint64_t flags);

// The size that MAP_HUGETLB with these flags asks for; 0: x86-64 has no such pages.
uint64_t find_huge_page_bytes(uint64_t flags);

// The kVm... bits of an anonymous mapping.
// Errors: kEINVAL (the type; what does not go with it).
Result<uint64_t> check_anonymous_flags(uint64_t flags, uint64_t vm_flags);

struct FileExtent {
  uint64_t offset_bytes = 0;
  uint64_t length_bytes = 0;
};

// The same with MAP_HUGETLB. Errors: kEOVERFLOW (beyond the largest file), kEINVAL (the type;
// MAP_GROWSDOWN), kEOPNOTSUPP (MAP_SHARED_VALIDATE with unknown bits).
Result<uint64_t> check_huge_page_flags(uint64_t flags, uint64_t vm_flags, const FileExtent& extent,
                                       PageSize page_size);

struct FileMapping {
  const cache::OpenFile& file;
  uint64_t prot = 0;
  uint64_t flags = 0;
  FileExtent extent{};
};

// The kVm... bits of a file's mapping.
// Errors: kEOVERFLOW (beyond the largest file), kEOPNOTSUPP (MAP_SHARED_VALIDATE with unknown
// bits), kEACCES (not opened for it), kENODEV (not a file that can be mapped), kEINVAL
// (MAP_GROWSDOWN; the type).
Result<uint64_t> check_file_flags(const FileMapping& mapping, uint64_t vm_flags,
                                  PageSize page_size);

}  // namespace faultline::mm
