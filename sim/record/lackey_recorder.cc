#include "sim/record/lackey_recorder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string_view>
#include <utility>

#include "sim/record/child.h"
#include "sim/record/lackey_log.h"
#include "sim/record/pipe.h"
#include "sim/record/program_file.h"
#include "sim/replay/maps_file.h"

namespace faultline::record {
namespace {

// Valgrind keeps the program below its own text, and the program's stack at the top of its own
// half of this. Source: Valgrind 3.19 coregrind/m_aspacemgr/aspacemgr-linux.c.
constexpr VirtAddr kValgrindHalf{0x1000000000};
constexpr VirtAddr kTop{0x2000000000};

// What of Valgrind's mappings is the program's: what lies below the tool; the tool's text, where
// some functions of the program are replaced by Valgrind's; and the stack.
// Errors: the process is gone.
Result<std::vector<MapsLine>, InputError> program_maps(pid_t pid) {
  const std::string file = fmt::format("/proc/{}/maps", pid);
  std::ifstream in(file);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  auto lines = replay::parse_maps(file, text);
  if (!lines) return lines.error();
  char tool[4096] = {};
  const ssize_t bytes = readlink(fmt::format("/proc/{}/exe", pid).c_str(), tool, sizeof tool - 1);
  const std::string_view tool_path(tool, bytes > 0 ? size_t(bytes) : 0);
  const auto is_tool = [&](const MapsLine& line) { return line.path == tool_path; };
  const auto first = std::find_if(lines->begin(), lines->end(), is_tool);
  const MapsLine* stack = nullptr;
  std::vector<MapsLine> maps(lines->begin(), first);
  for (auto line = first; line != lines->end(); ++line) {
    if (is_tool(*line) && line->permissions[2] == 'x') maps.push_back(*line);
    if (kValgrindHalf <= line->range.start && line->range.end <= kTop) stack = &*line;
  }
  if (stack == nullptr) return InputError{.file = file, .message = "it shows no stack"};
  maps.push_back(*stack);
  maps.back().path = "[stack]";
  return maps;
}

ChildCommand valgrind_command(const std::vector<std::string>& words, int log_fd) {
  ChildCommand command{
      .program = find_program(kValgrindProgram),
      .words = {kValgrindProgram, "--tool=lackey", "--trace-mem=yes", "--trace-syscalls=yes",
                "--trace-sched=yes", "--vgdb=no", "--trace-children=no",
                "--child-silent-after-fork=yes", fmt::format("--log-fd={}", log_fd), "--"},
      .environment = own_environment()};
  command.words.insert(command.words.end(), words.begin(), words.end());
  return command;
}

std::vector<std::string> gaps_of(const LackeyLog& log) {
  std::vector<std::string> gaps;
  if (log.forks() > 0) {
    gaps.push_back(fmt::format(
        "{} processes that the command forked were not recorded: --backend lackey follows one",
        log.forks()));
  }
  if (!log.left_for().empty())
    gaps.push_back(fmt::format("the command executed {}, which was not recorded", log.left_for()));
  return gaps;
}

}  // namespace

Result<Recording, InputError> record_by_lackey(const RecordRequest& request, TraceSink& sink) {
  const std::string& name = request.command.front();
  const std::string path = find_program(name);
  if (path.empty()) return InputError{.file = name, .message = "command not found"};
  if (inspect_program(path.c_str()).kind == ProgramKind::kNone)
    return InputError{.file = name, .message = "it cannot be executed"};
  if (request.fetches != FetchUnit::kInstruction)
    return InputError{.message = "--fetch block: --backend lackey tells each instruction"};
  auto pipe = Pipe::make();
  if (!pipe) return pipe.error();
  // The program can be no further ahead than what fits in the pipe when its maps are read; its
  // first mapping call comes long after that.
  fcntl(pipe->write_fd(), F_SETPIPE_SZ, 4096);

  Child child;
  ChildCommand command = valgrind_command(request.command, pipe->write_fd());
  command.output_to_stderr = request.output_to_stderr;
  if (auto started = child.start(command, pipe->write_fd()); !started) return started.error();
  pipe->close_write_end();
  Result<std::vector<MapsLine>, InputError> maps{std::vector<MapsLine>{}};
  LackeyLog log(sink, uint32_t(child.pid()), path, [&] {
    maps = program_maps(child.pid());
    fcntl(pipe->read_fd(), F_SETPIPE_SZ, Pipe::kBytes);
    return maps ? *maps : std::vector<MapsLine>{};
  });
  auto drained = pipe->drain(child, [&](std::span<const std::byte> bytes) {
    const size_t taken = log.take({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    return maps ? Result<size_t, InputError>(taken) : Result<size_t, InputError>(maps.error());
  });
  if (!drained) return drained.error();
  Recording recording{.exit_status = child.wait()};
  if (!log.began())
    return InputError{.file = kValgrindProgram, .message = "it did not run the command"};
  log.finish(uint64_t(recording.exit_status));
  recording.gaps = gaps_of(log);
  return recording;
}

}  // namespace faultline::record
