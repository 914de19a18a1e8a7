// How the program ends when something comes between: an interrupt, a closed pipe, a full disk, too
// little memory.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "tests/cli/program.h"
#include "tests/support/sanitized.h"

namespace faultline::testing {
namespace {

struct Pipe {
  Pipe() { REQUIRE(pipe2(ends, O_CLOEXEC) == 0); }
  ~Pipe() {
    close_read();
    close_write();
  }
  void close_read() { close_end(0); }
  void close_write() { close_end(1); }
  void close_end(int end) {
    if (ends[end] >= 0) close(ends[end]);
    ends[end] = -1;
  }
  int ends[2] = {-1, -1};
};

// A pseudo-terminal: what is written to `terminal` can be read from `screen`.
struct Terminal {
  Terminal() : screen(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
    REQUIRE(screen >= 0);
    REQUIRE(grantpt(screen) == 0);
    REQUIRE(unlockpt(screen) == 0);
    terminal = open(ptsname(screen), O_RDWR | O_NOCTTY | O_CLOEXEC);
    REQUIRE(terminal >= 0);
  }
  ~Terminal() {
    close(screen);
    if (terminal >= 0) close(terminal);
  }
  // What has been written and not read.
  std::string read_screen() const {
    std::string text;
    char buffer[4096];
    pollfd ready{.fd = screen, .events = POLLIN, .revents = 0};
    while (poll(&ready, 1, 50) == 1 && (ready.revents & POLLIN) != 0) {
      const ssize_t size = read(screen, buffer, sizeof buffer);
      if (size <= 0) break;
      text.append(buffer, size_t(size));
    }
    return text;
  }
  int screen;
  int terminal = -1;
};

std::string read_to_end(int fd) {
  std::string text;
  char buffer[4096];
  for (ssize_t size; (size = read(fd, buffer, sizeof buffer)) > 0;)
    text.append(buffer, size_t(size));
  return text;
}

// Writes a trace without end to `fd` until the screen shows `wanted`, then sends `program` the
// signal and goes on until nobody reads any more. What the screen showed.
std::string feed_and_signal(int fd, const Terminal& terminal, std::string_view wanted,
                            pid_t program, int signal = SIGINT) {
  std::signal(SIGPIPE, SIG_IGN);
  const std::string block = lackey_loads(2'000);
  std::string shown;
  bool interrupted = false;
  while (write(fd, block.data(), block.size()) > 0) {
    pollfd ready{.fd = terminal.screen, .events = POLLIN, .revents = 0};
    if (!interrupted && poll(&ready, 1, 0) == 1) shown += terminal.read_screen();
    if (!interrupted && shown.find(wanted) != std::string::npos) {
      interrupted = kill(program, signal) == 0;
    }
  }
  return shown + terminal.read_screen();
}

TEST_CASE("interrupt: what was done is printed, the progress line goes, status 130") {
  Pipe input;
  Pipe output;
  Terminal terminal;
  const pid_t program = start_program({.args = {"replay", "-", "--json"},
                                       .error_fd = terminal.terminal,
                                       .input_fd = input.ends[0],
                                       .output_fd = output.ends[1]});
  input.close_read();
  output.close_write();
  const std::string shown = feed_and_signal(input.ends[1], terminal, " M/s", program);
  input.close_write();
  const std::string report = read_to_end(output.ends[0]);
  CHECK(wait_for(program) == 130);
  CHECK(shown.find(" accesses, ") != std::string::npos);
  CHECK(shown.ends_with("\r\033[K"));
  CHECK(report.starts_with("{\"trace\":{\"files\":[\"-\"],\"format\":\"lackey\",\"records\":"));
  CHECK(report.find("\"pages\":2000}") != std::string::npos);
  CHECK(report.ends_with("}\n"));
}

TEST_CASE("interrupt: what was converted so far becomes a whole trace, status 130") {
  const std::string out = write_file("interrupted.flt", "");
  Pipe input;
  Terminal terminal;
  const pid_t program = start_program(
      {.args = {"convert", "-", out}, .error_fd = terminal.terminal, .input_fd = input.ends[0]});
  input.close_read();
  const std::string shown = feed_and_signal(input.ends[1], terminal, " M/s", program);
  input.close_write();
  CHECK(wait_for(program) == 130);
  CHECK(shown.find(" accesses, ") != std::string::npos);
  const ProgramEnd replayed = run_program({.args = {"replay", out, "--json"}});
  CHECK(replayed.status == 0);
  CHECK(replayed.out.find("\"pages\":2000}") != std::string::npos);
}

TEST_CASE("killed: nothing is left of what was converted, and what was there before is") {
  const std::string folder = write_file("killed", "") + ".folder";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directory(folder);
  const std::string out = folder + "/out.flt";
  std::ofstream(out) << "old";
  Pipe input;
  Terminal terminal;
  const pid_t program = start_program(
      {.args = {"convert", "-", out}, .error_fd = terminal.terminal, .input_fd = input.ends[0]});
  input.close_read();
  feed_and_signal(input.ends[1], terminal, " M/s", program, SIGKILL);
  input.close_write();
  CHECK(wait_for(program) == 128 + SIGKILL);
  CHECK(read_file(out) == "old");
  size_t files = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder)) ++files;
  CHECK(files == 1);
}

TEST_CASE(
    "progress: none without a terminal, none with --no-progress or -q, some with --progress") {
  const std::string trace = "traces/sort.lackey.zst";
  CHECK(run_program({.args = {"replay", trace, "--limit", "3000000"}}).err.empty());
  CHECK(run_program({.args = {"replay", trace, "--progress", "--paranoid", "--limit", "3000000"}})
            .err.find(" accesses, ") != std::string::npos);
  for (const std::string option : {"--no-progress", "-q"}) {
    Terminal terminal;
    const ProgramEnd end =
        run_program({.args = {"replay", trace, option, "--paranoid", "--limit", "3000000"},
                     .error_fd = terminal.terminal});
    CHECK(end.status == 0);
    CHECK(terminal.read_screen().empty());
  }
}

TEST_CASE("terminal: the text report says how long it took there and nowhere else") {
  const std::string trace = write_file("ten.lackey", lackey_loads(10));
  CHECK(run_program({.args = {"replay", trace}}).out.find("\nTime ") == std::string::npos);
  CHECK(run_program({.args = {"replay", trace, "--timing"}}).out.find("\nTime ") !=
        std::string::npos);
  Terminal terminal;
  CHECK(run_program({.args = {"replay", trace}, .output_fd = terminal.terminal}).status == 0);
  CHECK(terminal.read_screen().find("\nTime ") != std::string::npos);
}

TEST_CASE("colour: errors are coloured on a terminal, unless NO_COLOR is set") {
  for (const bool no_color : {false, true}) {
    Terminal terminal;
    const ProgramEnd end = run_program({.args = {"replay", "/nonexistent"},
                                        .environment = {{"NO_COLOR", no_color ? "1" : ""}},
                                        .error_fd = terminal.terminal});
    CHECK(end.status == 2);
    const std::string shown = terminal.read_screen();
    CHECK((shown.find('\033') == std::string::npos) == no_color);
    CHECK(shown.find("/nonexistent") != std::string::npos);
  }
  CHECK(run_program({.args = {"replay", "/nonexistent"}}).err.find('\033') == std::string::npos);
}

TEST_CASE("closed pipe: the program ends without a word, status 0") {
  const std::string trace = write_file("ten.lackey", lackey_loads(10));
  for (const std::string option : {"--json", "--timing"}) {
    Pipe output;
    output.close_read();
    const ProgramEnd end =
        run_program({.args = {"replay", trace, option}, .output_fd = output.ends[1]});
    CHECK(end.status == 0);
    CHECK(end.err.empty());
  }
  Pipe output;
  output.close_read();
  {
    Pipe converted;
    converted.close_read();
    const ProgramEnd end =
        run_program({.args = {"convert", trace, "-"}, .output_fd = converted.ends[1]});
    CHECK(end.status == 0);
    CHECK(end.err.empty());
  }
  const std::string scenario = write_file("long.scn", "repeat 100000 as i { maps() }\n");
  const ProgramEnd end = run_program({.args = {"run", scenario}, .output_fd = output.ends[1]});
  CHECK(end.status == 0);
  CHECK(end.err.empty());
}

TEST_CASE("full disk: said, status 3") {
  const std::string trace = write_file("ten.lackey", lackey_loads(10));
  const std::string scenario = write_file("maps.scn", "maps()\n");
  const std::vector<std::vector<std::string>> commands = {
      {"replay", trace}, {"replay", trace, "--json"}, {"run", scenario}, {"--help"}};
  for (const std::vector<std::string>& args : commands) {
    const ProgramEnd end = run_program({.args = args, .output_file = "/dev/full"});
    CHECK(end.status == 3);
    CHECK(end.err == "faultline: standard output: No space left on device\n");
  }
  const ProgramEnd end = run_program({.args = {"replay", trace, "--events", "/dev/full"}});
  CHECK(end.status == 3);
  CHECK(end.err == "faultline: /dev/full: cannot be written: No space left on device\n");
}

TEST_CASE("a file that may not grow: said, status 3, and nothing is left of it") {
  const std::string trace = write_file("long.lackey", lackey_loads(200'000));
  const std::string folder = trace.substr(0, trace.rfind('/'));
  const std::string out = folder + "/large.din";
  const ProgramEnd end =
      run_program({.args = {"convert", "--lossy", trace, out}, .file_bytes_max = 100'000});
  CHECK(end.status == 3);
  CHECK(end.err == "faultline: " + out + ": cannot be written: File too large\n");
  CHECK(!std::filesystem::exists(out));
  CHECK(!std::filesystem::exists(out + ".part0"));
}

TEST_CASE("out of memory: said, status 3") {
  if (kSanitized) {
    std::puts("SKIPPED: AddressSanitizer needs more address space than the limit leaves");
    return;
  }
  const std::string trace = write_file("many.lackey", lackey_loads(1'200'000));
  const ProgramEnd end =
      run_program({.args = {"replay", trace}, .address_space_bytes = 40'000'000});
  CHECK(end.status == 3);
  CHECK(end.err == "faultline: out of memory\n");
  CHECK(end.out.empty());
}

TEST_CASE("bazel run: names are meant where the user was, and printed as written") {
  const std::string path = write_file("ten.lackey", lackey_loads(10));
  const std::string folder = path.substr(0, path.rfind('/'));
  const ProgramEnd end = run_program({.args = {"replay", "ten.lackey", "--json"},
                                      .environment = {{"BUILD_WORKING_DIRECTORY", folder}},
                                      .directory = "/"});
  CHECK(end.status == 0);
  CHECK(end.out.starts_with("{\"trace\":{\"files\":[\"ten.lackey\"],"));
  CHECK(run_program({.args = {"replay", "ten.lackey"}, .directory = "/"}).status == 2);
}

}  // namespace
}  // namespace faultline::testing
