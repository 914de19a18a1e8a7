// Page faults and memory samples of Linux's perf and ftrace, as text: their row. See
// docs/formats/perf.md.
//
// A line is `COMM PID/TID [CPU] TIME: PERIOD EVENT: ...`, of which the thread, the time and the
// event have to be there.
#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <utility>

#include "sim/trace/format.h"
#include "sim/trace/line_reader.h"
#include "sim/trace/scanner.h"

namespace faultline::trace {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The upper half belongs to the kernel.
bool is_kernels(VirtAddr address) { return address.value >> 63 != 0; }

void skip_word(Scanner& scan) {
  while (!scan.at_end() && !is_space(scan.next())) ++scan.position;
}

// A process or a thread; -1, which perf prints for one that is gone, is not known, and neither is
// 0: a task of another namespace, or the idle one, whose accesses are all the kernel's.
bool take_task_number(Scanner& scan, std::uint32_t& task) {
  const bool gone = scan.take("-");
  const Number number = take_number<10, std::numeric_limits<std::uint32_t>::max()>(scan);
  task = gone ? 0 : static_cast<std::uint32_t>(number.value);
  return number.digits > 0 && !number.too_large;
}

bool take_digits(Scanner& scan) { return take_number<10, ~std::uint64_t{0}>(scan).digits > 0; }

// `1169.039075: `
bool take_time(Scanner& scan) {
  return take_digits(scan) && scan.take(".") && take_digits(scan) && scan.take(":") &&
         (scan.at_end() || is_space(scan.next()));
}

// The process in parentheses, which ftrace prints if it is told to (record-tgid).
bool take_process(Scanner& scan, std::uint32_t& pid) {
  scan.take_blanks();
  if (is_digit(scan.next())) {
    if (!take_task_number(scan, pid)) return false;
  } else {
    while (scan.take("-")) continue;  // not known
  }
  return scan.take(")") && scan.take_blanks() > 0;
}

// `PID/TID` or `TID`, perhaps `( PID)`, perhaps `[CPU]` and behind it ftrace's flags, and the time.
// Nothing: this is not the place where they stand.
std::optional<TraceTask> take_who(Scanner scan, std::size_t& behind) {
  TraceTask task;
  if (!take_task_number(scan, task.tid)) return std::nullopt;
  if (scan.take("/")) {
    task.pid = task.tid;
    if (!take_task_number(scan, task.tid)) return std::nullopt;
  }
  if (scan.take_blanks() == 0) return std::nullopt;
  if (scan.take("(") && !take_process(scan, task.pid)) return std::nullopt;
  const bool has_cpu = scan.take("[");
  if (has_cpu && (!take_digits(scan) || !scan.take("]") || scan.take_blanks() == 0))
    return std::nullopt;
  Scanner before_flags = scan;
  if (!take_time(scan)) {
    if (!has_cpu) return std::nullopt;
    scan = before_flags;
    skip_word(scan);
    scan.take_blanks();
    if (!take_time(scan)) return std::nullopt;
  }
  behind = scan.position;
  return task;
}

// The thread that a line is about; leaves `scan` behind the time. The name of the program before
// it may hold anything, so that the first place that fits is taken.
std::optional<TraceTask> find_who(Scanner& scan) {
  const std::string_view line = scan.line;
  for (std::size_t at = 0; at < line.size(); ++at) {
    if (!is_digit(line[at]) && line[at] != '-') continue;
    const bool begins_word = at == 0 || is_space(line[at - 1]);
    // ftrace writes `COMM-TID`, perf `COMM TID`.
    const bool behind_dash = at > 0 && line[at - 1] == '-' && line[at] != '-';
    if (!begins_word && !behind_dash) continue;
    const auto who = take_who({line, at}, scan.position);
    if (who) return who;
  }
  return std::nullopt;
}

// The event's name, without the colon behind it, which is left behind `scan`; empty: there is none.
std::string_view take_event(Scanner& scan) {
  scan.take_blanks();
  Scanner behind_period = scan;
  if (take_digits(behind_period) && behind_period.take_blanks() > 0) scan = behind_period;
  const std::size_t begin = scan.position;
  skip_word(scan);
  const std::string_view word = scan.line.substr(begin, scan.position - begin);
  return word.ends_with(':') ? word.substr(0, word.size() - 1) : std::string_view();
}

// Bits of x86's error code. Source: Linux arch/x86/include/asm/trap_pf.h.
constexpr std::uint64_t kWrite = 1 << 1;
constexpr std::uint64_t kInstruction = 1 << 4;

AccessKind kind_of(std::uint64_t error_code) {
  if (error_code & kInstruction) return AccessKind::kFetch;
  return error_code & kWrite ? AccessKind::kStore : AccessKind::kLoad;
}

LineError take_error_code(Scanner& scan, std::uint64_t& code) {
  constexpr std::string_view kName = " error_code=";
  const std::size_t at = scan.line.find(kName, scan.position);
  if (at == std::string_view::npos) return {scan.line.size() + 1, "expected error_code="};
  scan.position = at + kName.size();
  const std::size_t column = scan.column();
  const bool has_prefix = scan.take("0x");
  const Number number = take_number<16, ~std::uint64_t{0}>(scan);
  if (!has_prefix || number.digits == 0 || number.too_large ||
      (!scan.at_end() && !is_space(scan.next())))
    return {column, "expected 0x and a hexadecimal error code"};
  code = number.value;
  return {};
}

// ` address=0x7f85014fab70 ip=0x7f85014fab70 error_code=0x14`, of a tracepoint.
// Source: Linux arch/x86/include/asm/trace/exceptions.h.
ParsedLine parse_fault(Scanner scan, const TraceTask& task, AccessBy by) {
  scan.take_blanks();
  if (!scan.take("address=")) return malformed({scan.column(), "expected address="});
  // Symbols are the kernel's.
  if (by == AccessBy::kKernel && !scan.line.substr(scan.position).starts_with("0x")) return {};
  ParsedLine parsed{.kind = LineKind::kAccess, .access = {.by = by}, .task = task};
  LineError error = take_address(scan, HexPrefix::kRequired, parsed.access.address);
  if (error.message.empty() && !scan.take(" ip="))
    error = {scan.column(), "expected ip= after the address"};
  std::uint64_t code = 0;
  if (error.message.empty()) error = take_error_code(scan, code);
  if (!error.message.empty()) return malformed(error);
  if (by == AccessBy::kKernel && is_kernels(parsed.access.address)) return {};
  parsed.access.kind = kind_of(code);
  return parsed;
}

// A number among the words of `text` that can only be an instruction's address, or the description
// of a memory access: symbols may look like shorter ones.
constexpr std::size_t kLongDigitsMin = 6;

std::optional<VirtAddr> find_long_number(std::string_view text) {
  for (Scanner scan{text}; !scan.at_end(); skip_word(scan)) {
    scan.take_blanks();
    const Number number = take_number<16, ~std::uint64_t{0}>(scan);
    const bool is_word = scan.at_end() || is_space(scan.next());
    if (is_word && number.digits >= kLongDigitsMin && !number.too_large)
      return VirtAddr{number.value};
  }
  return std::nullopt;
}

// What perf says of a memory access: ` 10668100842 |OP LOAD|LVL L1 hit|...`.
constexpr std::string_view kOperation = "|OP ";

// perf prints an address in a field of 16 behind the space after the event's colon. An
// instruction's, where it comes first, is behind one space more: it is no address of data.
constexpr std::size_t kAddressColumns = 1 + 16;

struct Sample {
  VirtAddr address{};
  // Of the instruction, or the next number.
  std::optional<VirtAddr> next{};
};

LineError take_sample(Scanner& scan, Sample& sample) {
  const std::size_t begin = scan.position;
  scan.take_blanks();
  const LineError none = {scan.column(),
                          "expected an address; perf script has to print the fields tid, time, "
                          "event, addr and ip"};
  const Number number = take_number<16, ~std::uint64_t{0}>(scan);
  const std::size_t columns = scan.position - begin;
  if (number.digits == 0 || number.too_large) return none;
  if (scan.take_blanks() == 0 && !scan.at_end()) return none;
  const std::string_view rest = scan.line.substr(scan.position);
  if (rest.starts_with(kOperation)) return none;
  sample = {VirtAddr{number.value}, find_long_number(rest)};
  return columns == kAddressColumns || sample.next ? LineError{} : none;
}

// `page-faults:     7fa714fd0110 dl_close_state.2 ffffffff8177539a elf_load`: what kind of access
// it was is not told, but that a fetch is of the instruction itself.
ParsedLine parse_fault_sample(Scanner scan, const TraceTask& task) {
  Sample sample;
  const LineError error = take_sample(scan, sample);
  if (!error.message.empty()) return malformed(error);
  const bool by_kernel = sample.next && is_kernels(*sample.next);
  if (by_kernel && is_kernels(sample.address)) return {};
  ParsedLine parsed{.kind = LineKind::kAccess, .access = {.address = sample.address}, .task = task};
  if (sample.next == sample.address) parsed.access.kind = AccessKind::kFetch;
  if (by_kernel) parsed.access.by = AccessBy::kKernel;
  return parsed;
}

// `cpu/mem-loads,ldlat=30/P:     7ffdf1391b0c      10268100142 |OP LOAD|LVL L1 hit|...`.
ParsedLine parse_memory_sample(Scanner scan, const TraceTask& task, std::string_view event) {
  std::optional<AccessKind> kind;
  const std::size_t at = scan.line.find(kOperation, scan.position);
  if (at != std::string_view::npos) {
    const std::string_view operation = scan.line.substr(at + kOperation.size());
    if (operation.starts_with("LOAD")) kind = AccessKind::kLoad;
    if (operation.starts_with("STORE")) kind = AccessKind::kStore;
  } else {
    kind =
        event.find("mem-stores") != std::string_view::npos ? AccessKind::kStore : AccessKind::kLoad;
  }
  if (!kind) return {};  // a prefetch, or no access at all
  Sample sample;
  const LineError error = take_sample(scan, sample);
  if (!error.message.empty()) return malformed(error);
  // 0: the processor did not tell.
  if (sample.address.value == 0 || is_kernels(sample.address)) return {};
  return {.kind = LineKind::kAccess,
          .access = {.address = sample.address, .kind = *kind},
          .task = task};
}

bool is_fault_sample(std::string_view name) {
  constexpr std::array<std::string_view, 4> kNames = {"page-faults", "faults", "minor-faults",
                                                      "major-faults"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

bool is_memory_sample(std::string_view event, std::string_view rest) {
  return rest.find(kOperation) != std::string_view::npos ||
         event.find("mem-loads") != std::string_view::npos ||
         event.find("mem-stores") != std::string_view::npos;
}

// Lines about no thread: comments, the instructions by which a call came about, events lost.
bool is_skipped(std::string_view line) {
  if (is_blank(line) || line.starts_with('#') || line.starts_with("CPU:")) return true;
  Scanner scan{line};
  return scan.take_blanks() > 0 && take_number<16, ~std::uint64_t{0}>(scan).digits > 0 &&
         (scan.at_end() || is_space(scan.next()));
}

ParsedLine parse_perf_line(std::string_view line) {
  Scanner scan{without_return(line)};
  const std::optional<TraceTask> who = scan.line.starts_with('#') ? std::nullopt : find_who(scan);
  if (!who) {
    if (is_skipped(scan.line)) return {};
    return malformed({1, "expected a thread, a time and an event, as perf script prints them"});
  }
  std::string_view event = take_event(scan);
  constexpr std::string_view kSubsystem = "exceptions:";
  if (event.starts_with(kSubsystem)) event.remove_prefix(kSubsystem.size());
  // Behind a colon stand modifiers.
  const std::string_view name = event.substr(0, event.find(':'));
  if (name == "page_fault_user") return parse_fault(scan, *who, AccessBy::kProgram);
  if (name == "page_fault_kernel") return parse_fault(scan, *who, AccessBy::kKernel);
  if (is_fault_sample(name)) return parse_fault_sample(scan, *who);
  if (is_memory_sample(event, scan.line.substr(scan.position)))
    return parse_memory_sample(scan, *who, event);
  return {};
}

}  // namespace

Detection detect_perf(const Head& head) { return detect_lines(head, parse_perf_line); }

std::unique_ptr<TraceReader> make_perf_reader(Content content) {
  const LineFormat format{"perf", parse_each_task_line<parse_perf_line>,
                          sizeof("1 0.0: faults: 0 000000\n") - 1};
  return std::make_unique<LineReader>(format, std::move(content));
}

}  // namespace faultline::trace
