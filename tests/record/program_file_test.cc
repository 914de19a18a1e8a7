#include "sim/record/program_file.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "sim/record/guest_layout.h"

namespace faultline::record {
namespace {

std::string folder() {
  const char* const named = std::getenv("TEST_TMPDIR");
  return named != nullptr ? named : "/tmp";
}

std::string write_program(const std::string& name, const std::string& bytes, mode_t mode = 0755) {
  const std::string path = folder() + "/" + name;
  std::ofstream(path, std::ios::binary) << bytes;
  CHECK(chmod(path.c_str(), mode) == 0);
  return path;
}

ProgramKind kind_of(const std::string& path) { return inspect_program(path.c_str()).kind; }

TEST_CASE("inspect_program: ELF programs, scripts, and what is neither") {
  CHECK(kind_of("/proc/self/exe") == ProgramKind::kX8664);
  CHECK(kind_of("/no/such/file") == ProgramKind::kNone);
  CHECK(kind_of("/") == ProgramKind::kNone);
  CHECK(kind_of(write_program("plain", "hello\n", 0644)) == ProgramKind::kNone);
  CHECK(kind_of(write_program("text", "hello\n")) == ProgramKind::kForeign);
  CHECK(kind_of(write_program("empty", "")) == ProgramKind::kForeign);
  CHECK(kind_of(write_program("no_name", "#!  \nhello\n")) == ProgramKind::kForeign);
}

TEST_CASE("inspect_program: a script's interpreter and its argument") {
  struct Row {
    const char* line;
    const char* interpreter;
    const char* argument;
  };
  const Row rows[] = {
      {"#!/bin/sh\n", "/bin/sh", ""},
      {"#! /bin/sh \t\n", "/bin/sh", ""},
      {"#!/usr/bin/env -S a b \nrest", "/usr/bin/env", "-S a b"},
      {"#!/bin/sh", "/bin/sh", ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.line);
    const ProgramFile file = inspect_program(write_program("script", row.line).c_str());
    CHECK(file.kind == ProgramKind::kScript);
    CHECK(std::string(file.interpreter) == row.interpreter);
    CHECK(std::string(file.argument) == row.argument);
  }
}

TEST_CASE("resolve_program: scripts of scripts, as deep as Linux goes") {
  ProgramChain chain;
  resolve_program(write_program("inner", "#!/bin/sh\n").c_str(), chain);
  CHECK(chain.depth == 1);
  CHECK(chain.end == ProgramKind::kX8664);
  resolve_program(write_program("outer", "#!" + folder() + "/inner x\n").c_str(), chain);
  CHECK(chain.depth == 2);
  CHECK(chain.end == ProgramKind::kX8664);
  CHECK(std::string(chain.scripts[0].argument) == "x");
  const std::string itself = folder() + "/itself";
  resolve_program(write_program("itself", "#!" + itself + "\n").c_str(), chain);
  CHECK(chain.end == ProgramKind::kScript);
}

// QEMU's own part of its maps, and an address in it.
constexpr char kQemuMaps[] =
    "555555554000-555555600000 r--p 00000000 00:00 2 /usr/bin/qemu-x86_64\n"
    "555555600000-555555800000 r-xp 000ac000 00:00 2 /usr/bin/qemu-x86_64\n"
    "555555800000-555555900000 rw-p 00000000 00:00 0 [heap]\n"
    "7ffff7d00000-7ffff7e00000 rw-p 00000000 00:00 0 \n";
constexpr uint64_t kWithinQemu = 0x555555600010;

TEST_CASE("guest_layout: what lies below QEMU, with the rights of the ELF file") {
  // As QEMU would map this very program: nothing is executable.
  char path[4096] = {};
  REQUIRE(realpath("/proc/self/exe", path) != nullptr);
  const std::string name = std::string(" 00:00 1 ") + path + "\n";
  const uint64_t file_bytes = std::filesystem::file_size(path) / 4096 * 4096;
  std::stringstream maps_text;
  maps_text << "4000000000-" << std::hex << 0x4000000000 + file_bytes << " r--p 00000000" << name
            << "4102005000-4102006000 ---p 00000000 00:00 0 \n"
               "4102006000-4102806000 rw-p 00000000 00:00 0 \n"
            << kQemuMaps;
  const std::string maps = maps_text.str();
  const auto layout = guest_layout(maps, kWithinQemu);
  REQUIRE_MESSAGE(layout.ok(), layout.error().to_string());
  uint64_t loaded_bytes = 0;
  bool executable = false;
  uint64_t end = 0;
  for (const MapsLine& line : *layout) {
    CHECK(line.range.start.value >= end);
    end = line.range.end.value;
    if (line.path != path) continue;
    loaded_bytes += line.range.size_bytes();
    executable = executable || line.permissions[2] == 'x';
    CHECK(line.offset_bytes == line.range.start.value - 0x4000000000);
  }
  CHECK(loaded_bytes == file_bytes);
  CHECK(executable);
  REQUIRE(layout->size() >= 3);
  CHECK(layout->back().path == "[stack]");
  CHECK(std::string(layout->end()[-2].permissions) == "---p");
}

TEST_CASE("guest_layout: maps without QEMU, and what is no maps") {
  CHECK_FALSE(guest_layout(kQemuMaps, 1).ok());
  CHECK_FALSE(guest_layout("hello\n", 1).ok());
}

}  // namespace
}  // namespace faultline::record
