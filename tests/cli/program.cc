#include "tests/cli/program.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace faultline::testing {
namespace {

// Bazel starts tests in the folder that holds their data.
std::string program_path() {
  char* here = realpath("sim/cli/faultline", nullptr);
  const std::string path = here == nullptr ? "sim/cli/faultline" : here;
  std::free(here);
  return path;
}

std::string own_folder() {
  const char* folder = std::getenv("TEST_TMPDIR");
  return folder == nullptr ? "/tmp" : folder;
}

void redirect(int fd, const std::string& path, int flags) {
  const int file = open(path.c_str(), flags, 0644);
  if (file < 0 || dup2(file, fd) < 0) _exit(126);
  if (file != fd) close(file);
}

[[noreturn]] void become_program(const ProgramRun& run, const std::string& program,
                                 const std::string& prefix) {
  run.input_fd >= 0 ? void(dup2(run.input_fd, 0)) : redirect(0, prefix + ".in", O_RDONLY);
  const std::string out = run.output_file.empty() ? prefix + ".out" : run.output_file;
  constexpr int kWrite = O_WRONLY | O_CREAT | O_TRUNC;
  run.output_fd >= 0 ? void(dup2(run.output_fd, 1)) : redirect(1, out, kWrite);
  run.error_fd >= 0 ? void(dup2(run.error_fd, 2)) : redirect(2, prefix + ".err", kWrite);
  for (int fd = 3; fd < 64; ++fd) close(fd);
  for (const auto& [name, value] : run.environment)
    value.empty() ? unsetenv(name.c_str()) : setenv(name.c_str(), value.c_str(), 1);
  if (!run.directory.empty() && chdir(run.directory.c_str()) != 0) _exit(126);
  if (run.address_space_bytes != 0) {
    const rlimit limit{run.address_space_bytes, run.address_space_bytes};
    setrlimit(RLIMIT_AS, &limit);
  }
  if (run.file_bytes_max != 0) {
    const rlimit limit{run.file_bytes_max, run.file_bytes_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  std::signal(SIGPIPE, SIG_DFL);
  std::signal(SIGINT, SIG_DFL);
  std::vector<char*> args = {const_cast<char*>("faultline")};
  for (const std::string& arg : run.args) args.push_back(const_cast<char*>(arg.c_str()));
  args.push_back(nullptr);
  execv(program.c_str(), args.data());
  _exit(127);
}

pid_t start(const ProgramRun& run, const std::string& prefix) {
  std::ofstream(prefix + ".in", std::ios::binary) << run.input;
  const std::string program = program_path();
  const pid_t child = fork();
  if (child == 0) become_program(run, program, prefix);
  return child;
}

}  // namespace

pid_t start_program(const ProgramRun& run) { return start(run, own_folder() + "/started"); }

int wait_for(pid_t program) {
  int status = 0;
  if (waitpid(program, &status, 0) != program) return -1;
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

ProgramEnd run_program(const ProgramRun& run) {
  const std::string prefix = own_folder() + "/program";
  ProgramEnd end;
  end.status = wait_for(start(run, prefix));
  if (run.output_file.empty() && run.output_fd < 0) end.out = read_file(prefix + ".out");
  if (run.error_fd < 0) end.err = read_file(prefix + ".err");
  return end;
}

std::string write_file(std::string_view name, std::string_view bytes) {
  const std::string path = own_folder() + "/" + std::string(name);
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

std::string lackey_loads(int count) {
  std::string trace;
  char line[64];
  for (int i = 0; i < count; ++i) {
    std::snprintf(line, sizeof line, " L %08lx,8\n", 0x1000000L + i * 4096L);
    trace += line;
  }
  return trace;
}

}  // namespace faultline::testing
