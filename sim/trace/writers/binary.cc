// The formats of binary records: drmemtrace and oraclegeneral. Their forms are those of
// docs/formats/.
#include <algorithm>
#include <limits>
#include <vector>

#include "faultline/page_run.h"
#include "sim/trace/flt/bytes.h"
#include "sim/trace/writers/writer.h"

namespace faultline::trace {
namespace {

// Source: DynamoRIO clients/drcachesim/common/trace_entry.h.
class DrmemtraceWriter final : public RecordWriter {
 public:
  void begin(std::string& out) override { put_entry(out, kHeader, 0, kVersion); }
  void set_task(TraceTask task, std::string& out) override {
    put_entry(out, kThread, sizeof task.tid, task.tid);
    put_entry(out, kPid, sizeof task.pid, task.pid);
  }
  void write(const Access& access, std::string& out) override {
    const bool fetch = access.kind == AccessKind::kFetch;
    put_entry(out,
              fetch                   ? kInstr
              : is_store(access.kind) ? kWrite
                                      : kRead,
              static_cast<uint16_t>(access.size_bytes), access.address.value);
  }
  void end(std::string& out) override { put_entry(out, kFooter, 0, 0); }

 private:
  enum Type : uint16_t {
    kRead = 0,
    kWrite = 1,
    kInstr = 10,
    kThread = 22,
    kPid = 24,
    kHeader = 25,
    kFooter = 26,
  };
  static constexpr uint64_t kVersion = 4;

  static void put_entry(std::string& out, Type type, uint16_t size, uint64_t address) {
    put_number(out, static_cast<uint16_t>(type));
    put_number(out, size);
    put_number(out, address);
  }
};

// A record tells when its object comes next, so that all of the trace is held until its end: 16
// bytes an access.
// Source: libCacheSim libCacheSim/bin/traceUtils/traceConvOracleGeneral.cpp.
class OracleGeneralWriter final : public RecordWriter {
 public:
  void write(const Access& access, std::string&) override {
    // Pages are numbered in the order of their first access.
    const uint64_t page = access.address.value >> kPageRunShift;
    if (page >= last_of_.size()) last_of_.push_back(kNone);
    const uint64_t before = std::exchange(last_of_[page], records_.size());
    records_.push_back({page, kNone});
    if (before != kNone) records_[before].next = records_.size();  // counted from 1
  }

  void end(std::string& out) override {
    uint32_t time = 0;
    for (const Record& record : records_) {
      put_number(out, time);
      put_number(out, record.page);
      put_number(out, uint32_t{1} << kPageRunShift);
      put_number(out, record.next);
      if (time < std::numeric_limits<uint32_t>::max()) ++time;
    }
  }

 private:
  static constexpr uint64_t kNone = ~uint64_t{0};  // -1: never
  struct Record {
    uint64_t page;
    uint64_t next;
  };

  std::vector<Record> records_{};
  std::vector<uint64_t> last_of_{};  // the last record of each page
};

}  // namespace

std::unique_ptr<RecordWriter> make_drmemtrace_writer() {
  return std::make_unique<DrmemtraceWriter>();
}
std::unique_ptr<RecordWriter> make_oraclegeneral_writer() {
  return std::make_unique<OracleGeneralWriter>();
}

}  // namespace faultline::trace
