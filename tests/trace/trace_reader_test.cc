// open_trace and the reader of lines: order, places of errors, several files, detection.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include "faultline/trace.h"
#include "sim/trace/line_reader.h"
#include "tests/trace/trace_support.h"

namespace faultline::testing {
namespace {

struct OpenedTrace {
  ReadTrace read;
  std::string format;
};

OpenedTrace open_and_read(const std::vector<std::string>& files, const TraceOptions& options = {}) {
  auto reader = open_trace(files, options);
  if (!reader.ok()) return {{.error = reader.error()}, ""};
  return {read_trace(**reader), std::string((*reader)->format())};
}

// What `file` gives, its path written as F.
std::string error_of(const std::string& file, const TraceOptions& options = {}) {
  std::string error = to_text(open_and_read({file}, options).read.error);
  if (error.starts_with(file)) error.replace(0, file.size(), "F");
  return error;
}

// Of all formats, as errors list them.
std::string known_names() {
  std::string names;
  for (const TraceFormat& format : trace_formats())
    names += (names.empty() ? "" : ", ") + std::string(format.name);
  return names;
}

TEST_CASE("Reader: lines may straddle reads at every byte") {
  const std::string text = random_lackey(1, 700);
  for (std::size_t step = 1; step <= text.size(); ++step) {
    const ReadTrace read = read_lackey(text, step);
    CHECK(to_text(read.error) == "");
    CHECK((to_text(read.accesses) == text));
  }
}

TEST_CASE("Reader: a trace of many blocks comes whole and in order") {
  const std::string text = random_lackey(2, 3'000'000);
  for (const std::size_t step : {std::size_t{65'536}, std::size_t{99'991}, trace::kReadBytes}) {
    const ReadTrace read = read_lackey(text, step);
    CHECK(to_text(read.error) == "");
    CHECK((to_text(read.accesses) == text));
  }
}

TEST_CASE("Reader: carriage returns, blank lines and Valgrind's own lines change nothing") {
  const ReadTrace read = read_lackey(
      "==7== Lackey\r\n\r\nI  04000000,4\r\n\n--7-- note\n S 1fff000708,8\r\n"
      "SYSCALL[7,1](12) sys_brk ( 0x0 ) --> [pre-success] Success(0x4035000) \n M 04000008,16");
  CHECK(to_text(read.error) == "");
  CHECK(to_text(read.accesses) == "I  04000000,4\n S 1fff000708,8\n M 04000008,16\n");
}

TEST_CASE("Reader: every truncation gives a correct prefix or an error, compressed or not") {
  // Sizes of one digit: a text that is cut within the last number cannot be told from a whole one.
  const std::string text =
      "I  04000000,4\n S 1fff000708,8\n M 0400a000,1\n L 12345678,2\nI  04000004,5\n";
  const auto check_prefix = [&text](const std::string& bytes) {
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      const ReadTrace read = read_lackey(bytes.substr(0, size));
      CHECK(text.starts_with(to_text(read.accesses)));
      // Only a text can end well before its end: at the end of a line, and one space behind it.
      const bool ends_well =
          bytes == text && size > 0 &&
          (text[size - 1] == '\n' || text[size] == '\n' || text.substr(0, size).ends_with("\n "));
      CHECK(ends_well == !read.error.has_value());
    }
  };
  check_prefix(text);
  check_prefix(gzip(text));
  check_prefix(xz(text));
  check_prefix(zstd(text));
}

TEST_CASE("Reader: the accesses before a malformed line come first, then its place") {
  const std::string before = random_lackey(3, 1'000'000);
  const auto lines = std::count(before.begin(), before.end(), '\n');
  for (const std::string& bytes :
       {before + "I  04000000;4\n" + before, gzip(before + "I  04000000;4\n" + before)}) {
    const ReadTrace read = read_lackey(bytes);
    CHECK((to_text(read.accesses) == before));
    CHECK(to_text(read.error) ==
          "t:" + std::to_string(lines + 1) + ":12: expected a comma after the address");
  }
}

TEST_CASE("Reader: a truncated last line of a compressed trace is dropped, not parsed") {
  const std::string text = "I  04000000,4\nI  04000004,12";
  const std::string whole = zstd(text);
  const ReadTrace read = read_lackey(whole.substr(0, whole.size() - 2));
  CHECK(to_text(read.accesses) == "I  04000000,4\n");
  CHECK(to_text(read.error) ==
        "t: byte " + std::to_string(whole.size() - 2) + ": compressed data ends too early (zstd)");
}

TEST_CASE("Reader: a line of 1 MiB is the longest, whatever the sizes of reads") {
  const std::string record = "I  04000000,4\n";
  const std::string longest = "==" + std::string(trace::kLineBytesMax - 2, 'x');
  for (const std::size_t step : {std::size_t{4096}, std::size_t{65'537}, trace::kReadBytes}) {
    for (const std::string end : {"", "\n"}) {
      const ReadTrace read = read_lackey(record + longest + end, step);
      CHECK(to_text(read.error) == "");
      CHECK(to_text(read.accesses) == record);
      const ReadTrace longer = read_lackey(record + longest + "x" + end, step);
      CHECK(to_text(longer.error) == "t:2:1048577: the line is longer than 1 MiB");
      CHECK(to_text(longer.accesses) == record);
    }
  }
}

TEST_CASE("Reader: 10 MiB without a newline end after 1 MiB") {
  const ReadTrace read = read_lackey(std::string(10 << 20, '='));
  CHECK(to_text(read.error) == "t:1:1048577: the line is longer than 1 MiB");
  CHECK(to_text(read_lackey(zstd(std::string(10 << 20, '\0'))).error) ==
        "t:1:1048577: the line is longer than 1 MiB");
}

TEST_CASE("Reader: bytes that are no text are an error at the first line") {
  std::string bytes;
  for (int i = 255; i >= 0; --i) bytes += static_cast<char>(i);
  CHECK(to_text(read_lackey(bytes).error) == "t:1:1: expected I, or a space and L, S or M");
  CHECK(to_text(read_lackey(std::string(5000, '\0')).error) ==
        "t:1:1: expected I, or a space and L, S or M");
}

TEST_CASE("open_trace: the format is told by the content, compressed or not") {
  const std::string text = random_lackey(4, 50'000);
  for (const std::string& bytes : {text, gzip(text), xz(text), zstd(text), text.substr(0, 14)}) {
    const TemporaryFile file(bytes);
    const OpenedTrace opened = open_and_read({file.path()});
    CHECK(opened.format == "lackey");
    CHECK(to_text(opened.read.error) == "");
    CHECK((bytes.size() < 20 || to_text(opened.read.accesses) == text));
  }
}

TEST_CASE("open_trace: detection sees 64 records, the reader all") {
  std::string text;
  for (int i = 0; i < 64; ++i) text += "I  04000000,4\n";
  CHECK(error_of(TemporaryFile(text + "oops\n").path()) ==
        "F:65:1: expected I, or a space and L, S or M");
  CHECK(error_of(TemporaryFile(text.substr(14) + "oops\n").path()) ==
        "F:64:1: is not a trace in a known format (as lackey: expected I, or a space and L, S or "
        "M); name one with --format: " +
            known_names());
  CHECK(error_of(TemporaryFile(text.substr(14) + "oops\n").path(), {.format = "lackey"}) ==
        "F:64:1: expected I, or a space and L, S or M");
}

TEST_CASE("open_trace: a trace without records has no format, but may be given one") {
  const TemporaryFile file("==1== Lackey\n==1== \n");
  CHECK(error_of(file.path()) ==
        "F: is not a trace in a known format (as lackey: no records); name one with --format: " +
            known_names());
  CHECK(error_of(file.path(), {.format = "lackey"}) == "");
}

TEST_CASE("open_trace: what cannot be opened or read says why") {
  CHECK(error_of("/nowhere/t") == "F: cannot be opened: No such file or directory");
  CHECK(error_of("/") == "F: is a directory");
  CHECK(error_of(TemporaryFile("").path()) == "F: is empty");
  CHECK(to_text(open_and_read({}).read.error) == "no trace was named");
  CHECK(to_text(open_and_read({"-", "-"}).read.error) == "-: can be read only once");
  CHECK(to_text(open_and_read({"/"}, {.format = "nonsense"}).read.error) ==
        "there is no trace format 'nonsense'; there are: " + known_names());
  if (geteuid() != 0) {
    const TemporaryFile file("I  04000000,4\n");
    chmod(file.path().c_str(), 0);
    CHECK(error_of(file.path()) == "F: cannot be opened: Permission denied");
  }
  // An error of read(2) itself: nothing is mapped at address 0.
  CHECK(error_of("/proc/self/mem") == "F: byte 0: cannot be read: Input/output error");
}

TEST_CASE("open_trace: several files are one trace, each compressed as it likes") {
  const std::string text[] = {random_lackey(5, 2'000), random_lackey(6, 400'000),
                              random_lackey(7, 2'000)};
  const TemporaryFile a(gzip(text[0]));
  const TemporaryFile b(text[1]);
  const TemporaryFile c(zstd(text[2]));
  const OpenedTrace opened = open_and_read({a.path(), b.path(), c.path(), a.path()});
  CHECK(to_text(opened.read.error) == "");
  CHECK((to_text(opened.read.accesses) == text[0] + text[1] + text[2] + text[0]));
}

TEST_CASE("open_trace: an error names its file and the line within it") {
  const TemporaryFile good("I  04000000,4\nI  04000004,4\n");
  const TemporaryFile bad("I  04000008,4\nI  04000008,0\n");
  const OpenedTrace opened = open_and_read({good.path(), bad.path(), good.path()});
  CHECK(to_text(opened.read.accesses) == "I  04000000,4\nI  04000004,4\nI  04000008,4\n");
  CHECK(to_text(opened.read.error) == bad.path() + ":2:13: the size is 0");
  // Files that are not there are found before anything is read.
  auto missing = open_trace({good.path(), "/nowhere/t"}, {});
  REQUIRE(!missing.ok());
  CHECK(missing.error().file == "/nowhere/t");
  const TemporaryFile empty("");
  CHECK(to_text(open_and_read({good.path(), empty.path()}).read.error) ==
        empty.path() + ": is empty");
}

// Runs open_and_read({"-"}) with `fd` as standard input; closed if negative.
OpenedTrace read_standard_input(int fd) {
  const int saved = dup(STDIN_FILENO);
  close(STDIN_FILENO);
  if (fd >= 0) {
    dup2(fd, STDIN_FILENO);
    close(fd);
  }
  OpenedTrace opened = open_and_read({"-"});
  close(STDIN_FILENO);
  if (saved >= 0) {
    dup2(saved, STDIN_FILENO);
    close(saved);
  }
  return opened;
}

TEST_CASE("open_trace: standard input may be a pipe, a file, a directory or closed") {
  const std::string text = random_lackey(8, 3'000);
  for (const std::string& bytes : {text, gzip(text), xz(text), zstd(text)}) {
    int fds[2];
    REQUIRE(pipe(fds) == 0);
    REQUIRE(write(fds[1], bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
    close(fds[1]);
    const OpenedTrace opened = read_standard_input(fds[0]);
    CHECK(to_text(opened.read.error) == "");
    CHECK((to_text(opened.read.accesses) == text));
    const TemporaryFile file(bytes);
    CHECK(
        (to_text(read_standard_input(open(file.path().c_str(), O_RDONLY)).read.accesses) == text));
  }
  CHECK(to_text(read_standard_input(open("/", O_RDONLY)).read.error) == "-: is a directory");
  CHECK(to_text(read_standard_input(open("/dev/null", O_RDONLY)).read.error) == "-: is empty");
  CHECK(to_text(read_standard_input(-1).read.error) == "-: cannot be opened: Bad file descriptor");
}

TEST_CASE("trace_formats: each has a name and says what it holds") {
  REQUIRE(!trace_formats().empty());
  CHECK(trace_formats().front().name == "lackey");
  for (const TraceFormat& format : trace_formats()) {
    CHECK(!format.name.empty());
    CHECK(!format.description.empty());
  }
}

}  // namespace
}  // namespace faultline::testing
