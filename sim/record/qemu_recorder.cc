#include "sim/record/qemu_recorder.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "sim/record/child.h"
#include "sim/record/pipe.h"
#include "sim/record/plugin_image.h"
#include "sim/record/program_file.h"
#include "sim/record/stream_decoder.h"

namespace faultline::record {
namespace {

// A descriptor that is closed at the end.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  const int fd_;
};

// A file without a name that holds the plugin; below 0: it cannot be had.
int make_plugin_file() {
  const int fd = memfd_create("faultline-plugin", MFD_CLOEXEC);
  std::span<const std::byte> rest = plugin_image();
  while (fd >= 0 && !rest.empty()) {
    const ssize_t written = write(fd, rest.data(), rest.size());
    if (written < 0) {
      close(fd);
      return -1;
    }
    rest = rest.subspan(size_t(written));
  }
  return fd;
}

// A path by which any process finds the descriptor of this one.
std::string path_of(int fd) { return fmt::format("/proc/{}/fd/{}", getpid(), fd); }

// What the dynamic linker would heed in QEMU itself, and is meant for the program. A comma parts
// variables in QEMU's option.
bool is_for_linker(const std::string& variable) {
  return variable.starts_with("LD_") && variable.find(',') == std::string::npos;
}

// QEMU, told to run `words`, whose program lies at `path`, an x86-64 program or a script.
ChildCommand qemu_command(const std::string& qemu, const std::string& plugin_option,
                          const std::string& path, const std::vector<std::string>& words,
                          const ProgramChain& chain) {
  ChildCommand command{.program = qemu, .words = {kQemuProgram, "-plugin", plugin_option}};
  for (std::string& variable : own_environment()) {
    if (is_for_linker(variable)) {
      command.words.insert(command.words.end(), {"-E", std::move(variable)});
    } else {
      command.environment.push_back(std::move(variable));
    }
  }
  const int outermost = chain.depth - 1;
  const std::string argument0 = chain.depth > 0 ? chain.scripts[outermost].interpreter : words[0];
  command.words.insert(command.words.end(), {"-0", argument0});
  for (int i = outermost; i >= 0; --i) {
    command.words.emplace_back(chain.scripts[i].interpreter);
    if (chain.scripts[i].argument[0] != '\0') command.words.emplace_back(chain.scripts[i].argument);
  }
  command.words.push_back(path);
  command.words.insert(command.words.end(), words.begin() + 1, words.end());
  return command;
}

// The program that the user named, and what it is.
Result<std::string, InputError> find_recordable(const std::string& name, ProgramChain& chain) {
  const std::string path = find_program(name);
  if (path.empty()) return InputError{.file = name, .message = "command not found"};
  resolve_program(path.c_str(), chain);
  switch (chain.end) {
    case ProgramKind::kX8664:
      return path;
    case ProgramKind::kForeign:
      return InputError{.file = name,
                        .message =
                            "it is no x86-64 program that this user may read and that runs "
                            "with this user's rights"};
    default:
      return InputError{.file = name, .message = "it cannot be executed"};
  }
}

std::vector<std::string> gaps_of(const StreamDecoder& decoder) {
  std::vector<std::string> gaps;
  for (const std::string& program : decoder.not_followed())
    gaps.push_back(fmt::format("a process executed {}, which was not recorded", program));
  return gaps;
}

}  // namespace

Result<Recording, InputError> record_by_qemu(const RecordRequest& request, TraceSink& sink) {
  ProgramChain chain;
  const auto path = find_recordable(request.command.front(), chain);
  if (!path) return path.error();
  const Descriptor plugin(make_plugin_file());
  if (plugin.get() < 0)
    return InputError{.message = std::string("memfd_create: ") + std::strerror(errno)};
  auto pipe = Pipe::make();
  if (!pipe) return pipe.error();
  const std::string option = fmt::format(
      "{0},pipe={1},fd={2},plugin={0},fetch={3}", path_of(plugin.get()), path_of(pipe->read_fd()),
      pipe->write_fd(), request.fetches == FetchUnit::kInstruction ? "insn" : "block");

  Child child;
  ChildCommand command =
      qemu_command(find_program(kQemuProgram), option, *path, request.command, chain);
  command.output_to_stderr = request.output_to_stderr;
  if (auto started = child.start(command, pipe->write_fd()); !started) return started.error();
  pipe->close_write_end();
  StreamDecoder decoder(sink, request.fetches);
  auto drained = pipe->drain(
      child, [&decoder](std::span<const std::byte> bytes) { return decoder.take(bytes); });
  if (!drained) return drained.error();
  Recording recording{.exit_status = child.wait()};
  if (!decoder.began())
    return InputError{.file = kQemuProgram, .message = "it did not run the command"};
  decoder.finish(uint32_t(child.pid()), uint64_t(recording.exit_status));
  recording.gaps = gaps_of(decoder);
  return recording;
}

}  // namespace faultline::record
