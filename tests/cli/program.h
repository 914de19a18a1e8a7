// Runs the faultline program as a shell would, and says how it ended.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace faultline::testing {

struct ProgramRun {
  std::vector<std::string> args{};
  std::string input{};  // its standard input
  // Set in its environment; an empty value takes the variable away.
  std::vector<std::pair<std::string, std::string>> environment{};
  std::string directory{};           // where it starts; empty: where the test is
  std::string output_file{};         // its standard output; empty: it is returned
  int error_fd = -1;                 // its standard error; -1: it is returned
  int input_fd = -1;                 // its standard input; -1: `input`
  int output_fd = -1;                // its standard output; -1: as output_file says
  uint64_t address_space_bytes = 0;  // RLIMIT_AS; 0: as it is
  uint64_t file_bytes_max = 0;       // RLIMIT_FSIZE; 0: as it is
};

struct ProgramEnd {
  int status = -1;  // exit status; 128 + signal where one ended it
  std::string out{};
  std::string err{};
};

// Starts the program and waits for its end.
ProgramEnd run_program(const ProgramRun& run);
// Only starts it; its output is gone unless descriptors say where to.
pid_t start_program(const ProgramRun& run);
// Waits for its end; its exit status, 128 + signal where one ended it.
int wait_for(pid_t program);

// A file of the test's own folder with these bytes; its path.
std::string write_file(std::string_view name, std::string_view bytes);
std::string read_file(const std::string& path);

// A trace of `count` loads of one page after the other, in Lackey's form.
std::string lackey_loads(int count);

}  // namespace faultline::testing
