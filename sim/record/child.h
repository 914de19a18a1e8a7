// Child: the program that a recorder starts: its standard streams, its working directory and its
// environment are our own, and so is what happens to it.
//
// While it runs, an interrupt from the terminal is its business (it gets it as well), and SIGTERM
// and SIGHUP to us are passed on to it: what was recorded until its end is kept.
//
// Threads: one, and one Child at a time.
#pragma once

#include <sys/types.h>

#include <csignal>
#include <string>
#include <vector>

#include "faultline/input_error.h"
#include "faultline/result.h"

namespace faultline::record {

struct ChildCommand {
  std::string program{};                   // a path
  std::vector<std::string> words{};        // argv
  std::vector<std::string> environment{};  // NAME=VALUE
  bool output_to_stderr = false;           // its standard output is our standard error
};

class Child {
 public:
  Child();
  // Puts the signals back. It does not wait.
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // Starts `command`; the descriptor `inherited` stays open in it under its number.
  // Errors: it cannot be executed, or there is no process to be had.
  Result<void, InputError> start(const ChildCommand& command, int inherited);
  pid_t pid() const;
  // Whether it has ended; never waits.
  bool ended();
  // Waits for its end. As a shell would say it: the exit status, or 128 + the signal.
  int wait();

 private:
  int status_ = 0;
  bool ended_ = false;
};

// The environment of this process.
std::vector<std::string> own_environment();

// Where execvp(3) would find `name`: a path, or empty.
std::string find_program(const std::string& name);

}  // namespace faultline::record
