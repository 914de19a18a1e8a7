// The faultline program.
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>

#include "sim/cli/commands.h"
#include "sim/cli/message.h"
#include "sim/cli/output.h"

namespace faultline::cli {
namespace {

struct Runner {
  Output& out;
  ExitStatus operator()(const Finished& finished) const {
    out.write(finished.text);
    return finished.status;
  }
  ExitStatus operator()(const ReplayCommand& command) const { return run_replay(command, out); }
  ExitStatus operator()(const RecordCommand& command) const { return run_record(command); }
  ExitStatus operator()(const ConvertCommand& command) const { return run_convert(command); }
  ExitStatus operator()(const RunCommand& command) const { return run_scenarios(command, out); }
  ExitStatus operator()(const VerifyCommand& command) const { return run_verify(command, out); }
  ExitStatus operator()(const MrcCommand& command) const { return run_mrc(command, out); }
  ExitStatus operator()(const SweepCommand& command) const { return run_sweep(command, out); }
  ExitStatus operator()(const MergeCommand& command) const { return run_merge(command, out); }
};

// `bazel run` starts programs in a folder of its own and says where the user was. Being there,
// names can stay as the user wrote them.
bool go_where_the_user_is() {
  const char* directory = std::getenv("BUILD_WORKING_DIRECTORY");
  if (directory == nullptr || directory[0] == '\0' || chdir(directory) == 0) return true;
  print_error(std::string("BUILD_WORKING_DIRECTORY: ") + directory + ": " + std::strerror(errno));
  return false;
}

ExitStatus run_program(int argc, const char* const* argv) {
  // A pipe without a reader, and a file that may not grow, are seen as failures to write.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  if (!go_where_the_user_is()) return ExitStatus::kBadInput;
  const Command command = parse_command_line(argc, argv);
  Output out(stdout);
  return out.finish(std::visit(Runner{out}, command));
}

}  // namespace
}  // namespace faultline::cli

int main(int argc, char** argv) {
  using faultline::cli::ExitStatus;
  try {
    return int(faultline::cli::run_program(argc, argv));
  } catch (const std::bad_alloc&) {
    // Nothing here allocates.
    constexpr char kMessage[] = "faultline: out of memory\n";
    if (write(STDERR_FILENO, kMessage, sizeof kMessage - 1) < 0) {
      // Nobody is left to tell.
    }
    return int(ExitStatus::kResource);
  }
}
