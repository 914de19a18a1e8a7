#include "sim/record/elf_segments.h"

#include <elf.h>

#include <cstring>
#include <fstream>

namespace faultline::record {
namespace {

constexpr PageSize kPageSize{12};

template <typename T>
bool read_at(std::istream& in, uint64_t offset, T& value) {
  in.seekg(std::streamoff(offset));
  return bool(in.read(reinterpret_cast<char*>(&value), sizeof value));
}

ElfSegment segment_of(const Elf64_Phdr& header) {
  ElfSegment segment;
  segment.range = {kPageSize.align_down({header.p_vaddr}),
                   {kPageSize.align_up(header.p_vaddr + header.p_memsz)}};
  if ((header.p_flags & PF_R) != 0) segment.permissions[0] = 'r';
  if ((header.p_flags & PF_W) != 0) segment.permissions[1] = 'w';
  if ((header.p_flags & PF_X) != 0) segment.permissions[2] = 'x';
  return segment;
}

}  // namespace

std::vector<ElfSegment> read_elf_segments(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  Elf64_Ehdr header;
  if (!read_at(in, 0, header) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
      header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_phentsize != sizeof(Elf64_Phdr)) {
    return {};
  }
  std::vector<ElfSegment> segments;
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr program;
    if (!read_at(in, header.e_phoff + i * sizeof program, program)) return {};
    if (program.p_type == PT_LOAD) segments.push_back(segment_of(program));
  }
  return segments;
}

}  // namespace faultline::record
