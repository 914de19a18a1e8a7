// The text of perf script, as far as it is needed. Columns: comm pid [cpu] time: event: fields.
#include <charconv>
#include <optional>

#include "tests/differential/program_faults.h"

namespace faultline::differential {
namespace {

constexpr uint64_t kPage = 4096;

// The number behind `key`, hexadecimal with 0x or not.
std::optional<uint64_t> number_after(std::string_view line, std::string_view key) {
  const size_t at = line.find(key);
  if (at == std::string_view::npos) return std::nullopt;
  std::string_view rest = line.substr(at + key.size());
  if (rest.starts_with("0x")) rest.remove_prefix(2);
  uint64_t value = 0;
  const auto read = std::from_chars(rest.data(), rest.data() + rest.size(), value, 16);
  if (read.ec != std::errc()) return std::nullopt;
  return value;
}

// What stands before "[cpu]".
std::string_view task_of(std::string_view line) {
  const std::string_view before = line.substr(0, line.find(" [0"));
  const size_t name = before.rfind(' ');
  return name == std::string_view::npos ? before : before.substr(name + 1);
}

bool has(std::string_view line, std::string_view text) {
  return line.find(text) != std::string_view::npos;
}

class Reader {
 public:
  void read_line(std::string_view line) {
    const std::string_view task = task_of(line);
    if (task == "0") return;  // the kernel's own mappings
    if (task_.empty()) task_ = task;
    if (task != task_) return;
    if (has(line, "PERF_RECORD_MMAP2"))
      read_mapping(line);
    else if (has(line, "page_fault_"))
      read_fault(line);
    else
      read_result(line);
  }
  NativeRun take() { return std::move(run_); }

 private:
  // [0x7fb4a1509000(0x1e2000) @ 0 fe:00 332835 0]: r--p /usr/lib/x86_64-linux-gnu/libc.so.6
  void read_mapping(std::string_view line) {
    const auto start = number_after(line, ": [");
    const auto length = number_after(line, "(");
    const size_t name = line.rfind(' ');
    if (started_ || !start || !length || name == std::string_view::npos) return;
    const std::string_view path = line.substr(name + 1);
    if (path == "[stack]") run_.layout.stack_end = *start + *length;
    if (path.starts_with('/')) run_.layout.files.try_emplace(std::string(path), *start);
  }

  void read_fault(std::string_view line) {
    const auto address = number_after(line, "address=");
    const auto code = number_after(line, "error_code=");
    if (!address || !code) return;
    if (has(line, "page_fault_kernel: ")) {
      ++run_.by_kernel;
      return;
    }
    started_ = true;
    run_.faults.push_back({.page = *address / kPage, .store = (*code & 2) != 0});
  }

  void read_result(std::string_view line) {
    for (const std::string_view call : {"sys_exit_mmap: ", "sys_exit_brk: ", "sys_exit_mremap: "})
      if (const auto result = number_after(line, call)) run_.layout.results.push_back(*result);
  }

  NativeRun run_;
  std::string_view task_;
  bool started_ = false;
};

}  // namespace

NativeRun read_native_run(std::string_view perf_script) {
  Reader reader;
  while (!perf_script.empty()) {
    const size_t size = perf_script.find('\n');
    reader.read_line(perf_script.substr(0, size));
    if (size == std::string_view::npos) break;
    perf_script.remove_prefix(size + 1);
  }
  return reader.take();
}

}  // namespace faultline::differential
