#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

#include "faultline/machine.h"
#include "faultline/trace.h"
#include "sim/replay/traced_processes.h"
#include "tests/differential/program_faults.h"

namespace faultline::differential {
namespace {

constexpr uint64_t kPage = 4096;

// Moves what a recording says to the addresses of another layout.
class Mover {
 public:
  explicit Mover(const NativeLayout& layout) : layout_(layout) {}

  uint64_t move(uint64_t address) const {
    const auto after = by_start_.upper_bound(address);
    if (after == by_start_.begin()) return address;
    const auto& [end, by] = std::prev(after)->second;
    return address < end ? address + by : address;
  }

  // False: the runs have gone apart.
  bool move(TraceCall& call) {
    if (call.kind == TraceCallKind::kExec) return move_image(call);
    const auto old = static_cast<uint64_t>(call.result);
    const uint64_t old_break = break_;
    const bool result_moves = call.kind == TraceCallKind::kMmap ||
                              call.kind == TraceCallKind::kMremap ||
                              call.kind == TraceCallKind::kBrk;
    if (call.kind != TraceCallKind::kFork && call.kind != TraceCallKind::kExit)
      call.arguments[0] = move(call.arguments[0]);
    if (!result_moves) return true;
    if (next_ == layout_.results.size()) return false;
    const uint64_t result = layout_.results[next_++];
    const bool failed = result >= ~uint64_t{4095} + 1;
    if (failed || call.failed()) return failed == call.failed();
    if (call.kind == TraceCallKind::kBrk) {
      if (break_ == 0) old_break_start_ = old / kPage * kPage;
      break_ = old;
      if (old_break != 0) add(old_break_start_, old + kPage, result - old);
    } else {
      const size_t length = call.kind == TraceCallKind::kMmap ? 1 : 2;
      add(old, old + (call.arguments[length] + kPage - 1) / kPage * kPage, result - old);
    }
    call.result = static_cast<int64_t>(result);
    return true;
  }

 private:
  bool move_image(TraceCall& exec) {
    uint64_t by = 0;  // memory behind a file belongs to it
    std::vector<MapsLine> kept;
    for (MapsLine& line : exec.maps) {
      const auto file = layout_.files.find(line.path);
      const bool behind = line.path.empty() && !kept.empty() &&
                          kept.back().range.end.value == line.range.start.value + by;
      if (line.path == "[stack]") {
        by = layout_.stack_end - line.range.end.value;
      } else if (file != layout_.files.end()) {
        const auto [base, is_new] = bases_.try_emplace(line.path, line.range.start.value);
        by = file->second - base->second;
      } else if (!behind) {
        continue;  // the vdso, and what the recorder's processor has of its own
      }
      add(line.range.start.value, line.range.end.value, by);
      // The stack may be longer, and grow.
      if (line.path == "[stack]") add(line.range.end.value - (8 << 20), line.range.end.value, by);
      line.range = {line.range.start + by, line.range.end + by};
      kept.push_back(line);
    }
    exec.maps = std::move(kept);
    std::sort(exec.maps.begin(), exec.maps.end(),
              [](const MapsLine& a, const MapsLine& b) { return a.range.start < b.range.start; });
    return true;
  }

  // What is covered already keeps what looks out at either side.
  void add(uint64_t start, uint64_t end, uint64_t by) {
    auto at = by_start_.upper_bound(start);
    if (at != by_start_.begin()) {
      const auto before = std::prev(at);
      const auto old = before->second;
      if (old.first > start) before->second.first = start;
      if (old.first > end) by_start_[end] = old;
    }
    at = by_start_.lower_bound(start);
    while (at != by_start_.end() && at->first < end) {
      const auto old = at->second;
      at = by_start_.erase(at);
      if (old.first > end) by_start_[end] = old;
    }
    by_start_[start] = {end, by};
  }

  const NativeLayout& layout_;
  std::map<uint64_t, std::pair<uint64_t, uint64_t>> by_start_;  // end, and how far it is moved
  std::map<std::string, uint64_t> bases_;                       // of files, in the recording
  uint64_t break_ = 0;                                          // in the recording
  uint64_t old_break_start_ = 0;
  size_t next_ = 0;  // of layout_.results
};

// Of the first process of a trace.
class Simulation final : public EventSink {
 public:
  explicit Simulation(const NativeLayout& layout)
      : machine_(make_machine({.contents = Contents::kNone}).value()), mover_(layout) {}
  ~Simulation() override { machine_->set_event_sink(nullptr); }

  SimulatedRun run(TraceReader& reader) {
    replay::TracedProcesses processes(*machine_, machine_->start_empty_process(),
                                      replay::PageCacheAtFirst::kWarm);
    machine_->set_event_sink(this);
    for (uint32_t pid = 0;;) {
      const auto block = reader.next_block();
      if (!block) return {.error = block.error().to_string()};
      if (block->end()) return std::move(run_);
      if (pid == 0) pid = block->task.pid;
      if (block->task.pid != pid) continue;
      Process* const process = processes.find_or_start(block->task);
      if (process == nullptr) return {.error = "too many processes"};
      if (!access(*process, block->accesses)) return {.error = "out of memory"};
      if (block->call == nullptr || block->call->kind == TraceCallKind::kFork) continue;
      TraceCall call = *block->call;
      if (!mover_.move(call)) return std::move(run_);
      if (!processes.make(call)) return {.error = "too many processes"};
    }
  }

  void on_event(const Event& event) override {
    const bool fault = event.kind == EventKind::kMinorFault || event.kind == EventKind::kMajorFault;
    if (fault && access_.by == AccessBy::kProgram && accessing_)
      run_.faults.push_back({.page = event.address.value / kPage, .store = is_store(access_.kind)});
  }

 private:
  bool access(Process& process, std::span<const Access> accesses) {
    accessing_ = true;
    bool done = true;
    for (const Access& access : accesses) {
      access_ = access;
      access_.address = VirtAddr{mover_.move(access.address.value)};
      run_.touched.insert(access_.address.value / kPage);
      done = machine_->access(process, {&access_, 1});
      if (!done) break;
    }
    accessing_ = false;
    return done;
  }

  std::unique_ptr<Machine> machine_;
  Mover mover_;
  SimulatedRun run_;
  Access access_{};
  bool accessing_ = false;
};

}  // namespace

SimulatedRun simulate_run(const std::string& trace_file, const NativeLayout& layout) {
  const auto reader = open_trace({trace_file}, {});
  if (!reader) return {.error = reader.error().to_string()};
  return Simulation(layout).run(**reader);
}

}  // namespace faultline::differential
