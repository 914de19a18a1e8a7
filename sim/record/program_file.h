// ProgramFile: what a file is that somebody wants executed, as execve(2) sees it.
//
// It allocates nothing: the plugin asks within a program that is about to be replaced.
// Threads: any.
#pragma once

#include <cstddef>
#include <cstdint>

namespace faultline::record {

enum class ProgramKind : uint8_t {
  kX8664,    // an x86-64 ELF program
  kScript,   // begins with #!
  kForeign,  // can be executed, but not followed: another architecture, set-user-ID, unreadable
  kNone,     // execve(2) would refuse it
};

// As much of a script's first line as Linux reads (BINPRM_BUF_SIZE).
inline constexpr size_t kScriptLineBytesMax = 256;
// Scripts whose interpreters are scripts: as deep as Linux goes.
inline constexpr int kScriptDepthMax = 5;

struct ProgramFile {
  ProgramKind kind = ProgramKind::kNone;
  char interpreter[kScriptLineBytesMax] = {};  // of a script
  char argument[kScriptLineBytesMax] = {};     // of its interpreter; empty: none
};

// Looks at the file at `path`.
// Source: Linux fs/exec.c, fs/binfmt_script.c load_script().
ProgramFile inspect_program(const char* path);

// What the kernel comes to from a path: scripts, and at last something else.
struct ProgramChain {
  ProgramFile scripts[kScriptDepthMax];
  int depth = 0;                         // of scripts
  ProgramKind end = ProgramKind::kNone;  // kScript: they are nested too deep
};

void resolve_program(const char* path, ProgramChain& chain);

}  // namespace faultline::record
