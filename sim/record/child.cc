#include "sim/record/child.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace faultline::record {
namespace {

// Whom a signal handler passes signals on to; it reaches nothing else. 0: nobody.
constinit std::atomic<pid_t> running = 0;
static_assert(std::atomic<pid_t>::is_always_lock_free);

extern "C" void pass_on(int signal) {
  if (const pid_t pid = running.load(); pid > 0) kill(pid, signal);
}

void handle(int signal, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigaction(signal, &action, nullptr);
}

std::vector<char*> pointers_to(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (const std::string& string : strings) pointers.push_back(const_cast<char*>(string.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

InputError failure(const std::string& name, int error) {
  return {.file = name, .message = std::strerror(error)};
}

// In the child. Returns only if that cannot be done.
void become(char* const* words, char* const* environment, const ChildCommand& command,
            int inherited) {
  for (const int signal : {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGPIPE, SIGXFSZ})
    handle(signal, SIG_DFL);
  fcntl(inherited, F_SETFD, 0);
  if (command.output_to_stderr) dup2(STDERR_FILENO, STDOUT_FILENO);
  execve(command.program.c_str(), words, environment);
}

}  // namespace

Child::Child() {
  handle(SIGINT, SIG_IGN);
  handle(SIGQUIT, SIG_IGN);
  handle(SIGTERM, pass_on);
  handle(SIGHUP, pass_on);
}

Child::~Child() {
  running.store(0);
  for (const int signal : {SIGINT, SIGQUIT, SIGTERM, SIGHUP}) handle(signal, SIG_DFL);
}

// A pipe that closes at execve(2) tells whether that came about.
Result<void, InputError> Child::start(const ChildCommand& command, int inherited) {
  const std::vector<char*> words = pointers_to(command.words);
  const std::vector<char*> environment = pointers_to(command.environment);
  int report[2];
  if (pipe2(report, O_CLOEXEC) != 0) return failure(command.program, errno);
  const pid_t pid = fork();
  if (pid == 0) {
    become(words.data(), environment.data(), command, inherited);
    const int error = errno;
    _exit(write(report[1], &error, sizeof error) == ssize_t(sizeof error) ? 126 : 127);
  }
  int error = errno;
  close(report[1]);
  const bool told = pid < 0 || read(report[0], &error, sizeof error) == ssize_t(sizeof error);
  close(report[0]);
  if (told) {
    if (pid > 0) waitpid(pid, nullptr, 0);
    return failure(command.program, error);
  }
  running.store(pid);
  return {};
}

pid_t Child::pid() const { return running.load(); }

bool Child::ended() {
  if (!ended_) ended_ = waitpid(pid(), &status_, WNOHANG) == pid();
  return ended_;
}

int Child::wait() {
  while (!ended_) {
    if (waitpid(pid(), &status_, 0) == pid() || errno != EINTR) ended_ = true;
  }
  return WIFSIGNALED(status_) ? 128 + WTERMSIG(status_) : WEXITSTATUS(status_);
}

std::vector<std::string> own_environment() {
  std::vector<std::string> variables;
  for (char** variable = environ; *variable != nullptr; ++variable)
    variables.emplace_back(*variable);
  return variables;
}

std::string find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) return name;
  const char* const path = std::getenv("PATH");
  std::string folders = path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin";
  folders += ':';
  for (size_t at = 0; at < folders.size();) {
    const size_t end = folders.find(':', at);
    const std::string folder = folders.substr(at, end - at);
    const std::string candidate = (folder.empty() ? "." : folder) + "/" + name;
    struct stat status {};
    if (stat(candidate.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
        access(candidate.c_str(), X_OK) == 0) {
      return candidate;
    }
    at = end + 1;
  }
  return {};
}

}  // namespace faultline::record
