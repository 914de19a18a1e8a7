#include "sim/record/program_file.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

namespace faultline::record {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t'; }

// Parses the line behind "#!". False: it names no interpreter.
bool parse_script_line(const char* line, const char* end, ProgramFile& file) {
  while (line < end && is_blank(*line)) ++line;
  while (end > line && is_blank(end[-1])) --end;
  const char* name_end = line;
  while (name_end < end && !is_blank(*name_end) && *name_end != '\0') ++name_end;
  if (name_end == line) return false;
  std::memcpy(file.interpreter, line, size_t(name_end - line));
  while (name_end < end && is_blank(*name_end)) ++name_end;
  std::memcpy(file.argument, name_end, size_t(end - name_end));
  return true;
}

bool is_x86_64_program(const char* head, size_t bytes) {
  Elf64_Ehdr header;
  if (bytes < sizeof header) return false;
  std::memcpy(&header, head, sizeof header);
  return std::memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 &&
         header.e_ident[EI_CLASS] == ELFCLASS64 && header.e_machine == EM_X86_64 &&
         (header.e_type == ET_EXEC || header.e_type == ET_DYN);
}

void inspect_content(const char* head, size_t bytes, ProgramFile& file) {
  if (is_x86_64_program(head, bytes)) {
    file.kind = ProgramKind::kX8664;
    return;
  }
  file.kind = ProgramKind::kForeign;
  if (bytes < 2 || head[0] != '#' || head[1] != '!') return;
  const char* const end = head + bytes;
  const char* line_end = head + 2;
  while (line_end < end && *line_end != '\n') ++line_end;
  if (parse_script_line(head + 2, line_end, file)) file.kind = ProgramKind::kScript;
}

}  // namespace

ProgramFile inspect_program(const char* path) {
  ProgramFile file;
  struct stat status {};
  if (stat(path, &status) != 0 || !S_ISREG(status.st_mode)) return file;
  if (faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) != 0) return file;
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  const bool gives_rights = ((status.st_mode & S_ISUID) != 0 && status.st_uid != geteuid()) ||
                            ((status.st_mode & S_ISGID) != 0 && status.st_gid != getegid());
  if (fd < 0 || gives_rights) {
    file.kind = ProgramKind::kForeign;
    if (fd >= 0) close(fd);
    return file;
  }
  char head[kScriptLineBytesMax] = {};
  const ssize_t bytes = read(fd, head, sizeof head - 1);
  close(fd);
  inspect_content(head, bytes > 0 ? size_t(bytes) : 0, file);
  return file;
}

void resolve_program(const char* path, ProgramChain& chain) {
  for (chain.depth = 0;; ++chain.depth) {
    const ProgramFile file = inspect_program(path);
    chain.end = file.kind;
    if (file.kind != ProgramKind::kScript || chain.depth == kScriptDepthMax) return;
    chain.scripts[chain.depth] = file;
    path = chain.scripts[chain.depth].interpreter;
  }
}

}  // namespace faultline::record
