// The formats that hold one record a line: lackey, hexrw, ostep, pinatrace, din, perf, csv, plain.
// Their forms are those of docs/formats/.
#include <fmt/format.h>

#include <iterator>

#include "faultline/page_run.h"
#include "sim/trace/writers/writer.h"

namespace faultline::trace {
namespace {

uint64_t page_of(const Access& access) { return access.address.value >> kPageRunShift; }

class LackeyWriter final : public RecordWriter {
 public:
  // Source: Valgrind 3.19 lackey/lk_main.c, trace_instr() and its neighbours.
  void write(const Access& access, std::string& out) override {
    constexpr std::string_view kKinds[] = {"I  ", " L ", " S ", " M "};
    fmt::format_to(std::back_inserter(out), "{}{:08x},{}\n", kKinds[unsigned(access.kind)],
                   access.address.value, access.size_bytes);
  }
};

class HexrwWriter final : public RecordWriter {
 public:
  void write(const Access& access, std::string& out) override {
    fmt::format_to(std::back_inserter(out), "{:08x} {}\n", access.address.value,
                   is_store(access.kind) ? 'W' : 'R');
  }
};

class OstepWriter final : public RecordWriter {
 public:
  void write(const Access& access, std::string& out) override {
    fmt::format_to(std::back_inserter(out), "{}\n", page_of(access));
  }
};

// The instruction of an access is that of the last fetch, which has no record of its own.
class PinatraceWriter final : public RecordWriter {
 public:
  void write(const Access& access, std::string& out) override {
    fmt::format_to(std::back_inserter(out), "0x{:x}: {} 0x{:x}\n", instruction_,
                   is_store(access.kind) ? 'W' : 'R', access.address.value);
  }
  void pass(const Access& access) override {
    if (access.kind == AccessKind::kFetch) instruction_ = access.address.value;
  }
  void end(std::string& out) override { out += "#eof\n"; }

 private:
  uint64_t instruction_ = 0;
};

class DinWriter final : public RecordWriter {
 public:
  void write(const Access& access, std::string& out) override {
    constexpr char kLabels[] = {'2', '0', '1', '1'};
    fmt::format_to(std::back_inserter(out), "{} {:x}\n", kLabels[unsigned(access.kind)],
                   access.address.value);
  }
};

class CsvWriter final : public RecordWriter {
 public:
  void begin(std::string& out) override { out += "time,object,size,op\n"; }
  void write(const Access& access, std::string& out) override {
    fmt::format_to(std::back_inserter(out), "{},{},{},{}\n", time_++, page_of(access),
                   1U << kPageRunShift, is_store(access.kind) ? "write" : "read");
  }

 private:
  uint64_t time_ = 0;
};

// As perf script prints memory samples, a microsecond after each other. The instruction is that of
// the last fetch.
class PerfWriter final : public RecordWriter {
 public:
  void set_task(TraceTask task, std::string& /*out*/) override {
    // -1 stands for one that is not known.
    const std::string tid = task.tid == 0 ? "-1" : std::to_string(task.tid);
    who_ = task.pid == 0 ? tid : std::to_string(task.pid) + "/" + tid;
  }
  // 0 stands for an address that is not known, and the upper half is the kernel's.
  std::optional<Trait> find_missing(const Access& access) const override {
    if (access.address.value == 0) return Trait::kAddressZero;
    if (access.address.value >> 63 != 0) return Trait::kUpperHalf;
    return std::nullopt;
  }
  void write(const Access& access, std::string& out) override {
    constexpr uint64_t kMicroseconds = 1'000'000;
    fmt::format_to(std::back_inserter(out), "trace {} {}.{:06}: {}: {:16x} {:16x}\n", who_,
                   time_ / kMicroseconds, time_ % kMicroseconds,
                   is_store(access.kind) ? "mem-stores" : "mem-loads", access.address.value,
                   instruction_);
    ++time_;
  }
  void pass(const Access& access) override {
    if (access.kind == AccessKind::kFetch) instruction_ = access.address.value;
  }

 private:
  std::string who_{};
  uint64_t time_ = 0;
  uint64_t instruction_ = 0;
};

class PlainWriter final : public RecordWriter {
 public:
  void set_task(TraceTask task, std::string& /*out*/) override {
    process_ = task.pid == 0 ? "" : std::to_string(task.pid) + " ";
  }
  // The letters are none of din's digits, so that no trace of plain is one of din too.
  void write(const Access& access, std::string& out) override {
    constexpr char kLetters[] = {'I', 'R', 'W', 'M'};
    fmt::format_to(std::back_inserter(out), "{}{} {:x}", process_, kLetters[unsigned(access.kind)],
                   access.address.value);
    if (access.size_bytes != 1) fmt::format_to(std::back_inserter(out), " {}", access.size_bytes);
    out += '\n';
  }

 private:
  std::string process_{};
};

}  // namespace

std::unique_ptr<RecordWriter> make_lackey_writer() { return std::make_unique<LackeyWriter>(); }
std::unique_ptr<RecordWriter> make_hexrw_writer() { return std::make_unique<HexrwWriter>(); }
std::unique_ptr<RecordWriter> make_ostep_writer() { return std::make_unique<OstepWriter>(); }
std::unique_ptr<RecordWriter> make_pinatrace_writer() {
  return std::make_unique<PinatraceWriter>();
}
std::unique_ptr<RecordWriter> make_din_writer() { return std::make_unique<DinWriter>(); }
std::unique_ptr<RecordWriter> make_csv_writer() { return std::make_unique<CsvWriter>(); }
std::unique_ptr<RecordWriter> make_perf_writer() { return std::make_unique<PerfWriter>(); }
std::unique_ptr<RecordWriter> make_plain_writer() { return std::make_unique<PlainWriter>(); }

}  // namespace faultline::trace
