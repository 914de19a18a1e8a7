#include "tests/support/death.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace faultline::testing {
namespace {

[[noreturn]] void run_child(const std::function<void()>& body, int error_fd) {
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  // doctest's handler would report the abort as a crash of the test.
  std::signal(SIGABRT, SIG_DFL);
  dup2(error_fd, STDERR_FILENO);
  body();
  _exit(0);
}

std::string read_all(int fd) {
  std::string text;
  char buffer[4096];
  for (ssize_t size; (size = read(fd, buffer, sizeof buffer)) > 0;) {
    text.append(buffer, static_cast<std::size_t>(size));
  }
  return text;
}

}  // namespace

bool dies_with(const std::function<void()>& body, std::string_view expected) {
  int fds[2];
  if (pipe(fds) != 0) return false;
  // Or the child would print the parent's unwritten output a second time.
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child < 0) return false;
  if (child == 0) run_child(body, fds[1]);
  close(fds[1]);
  const std::string output = read_all(fds[0]);
  close(fds[0]);
  int status = 0;
  waitpid(child, &status, 0);

  const bool aborted = WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
  if (aborted && output.find(expected) != std::string::npos) return true;
  std::fprintf(stderr, "dies_with: the child %s; expected \"%.*s\" in:\n%s\n",
               aborted ? "aborted" : "did not abort", static_cast<int>(expected.size()),
               expected.data(), output.c_str());
  return false;
}

}  // namespace faultline::testing
