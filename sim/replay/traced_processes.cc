#include "sim/replay/traced_processes.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "faultline/linux.h"

namespace faultline::replay {

namespace abi = linux_abi;

namespace {

constexpr uint64_t kPageBytes = 4096;  // of the kernel that the trace was recorded on
// How much of a file can be in the page cache at first: a trace may say any length.
constexpr uint64_t kWarmBytesMax = uint64_t{1} << 30;

uint64_t page_up(uint64_t bytes) { return (bytes + kPageBytes - 1) & ~(kPageBytes - 1); }

bool maps_file(const TraceCall& call) {
  if ((call.arguments[3] & abi::kMAP_ANONYMOUS) != 0 || !call.path.starts_with('/')) return false;
  return !call.path.starts_with("/dev/") || call.path.starts_with("/dev/shm/");
}

// Children that have ended and that nobody waits for would stay for ever.
void reap_children(Process& process) {
  for (;;) {
    const Result<uint64_t> reaped = process.wait4({.pid = -1, .options = abi::kWNOHANG});
    if (!reaped || *reaped == 0) return;
  }
}

}  // namespace

Process* TracedProcesses::find_or_start(TraceTask task) {
  if (by_pid_.size() >= kProcessesMax && !by_pid_.contains(task.pid)) return nullptr;
  return traced(task.pid).process;
}

TracedProcesses::Traced& TracedProcesses::traced(uint32_t pid) {
  Traced& found = by_pid_[pid];
  // A pid may come again after its process has ended.
  if (found.process == nullptr || !found.process->alive()) found = {.process = &take_process()};
  return found;
}

Process& TracedProcesses::take_process() {
  Process* const first = std::exchange(first_, nullptr);
  return first != nullptr ? *first : machine_.start_empty_process();
}

bool TracedProcesses::make(const TraceCall& call) {
  // Who calls, and who begins, may be new.
  const size_t named = call.kind == TraceCallKind::kFork ? 2 : 1;
  if (by_pid_.size() + named > kProcessesMax) return false;
  ++calls_;
  if (!answer(call)) ++differing_;
  return true;
}

bool TracedProcesses::answer(const TraceCall& call) {
  if (call.kind == TraceCallKind::kExec) return exec(call);
  Traced& caller = traced(call.task.pid);
  Process& process = *caller.process;
  const VirtAddr address{call.arguments[0]};
  const uint64_t length = call.arguments[1];
  const uint64_t third = call.arguments[2];
  switch (call.kind) {
    case TraceCallKind::kExec:
      break;  // above
    case TraceCallKind::kMmap:
      return mmap(process, call);
    case TraceCallKind::kMunmap:
      return process.munmap(address, length).ok() != call.failed();
    case TraceCallKind::kMprotect:
      return process.mprotect(address, length, third).ok() != call.failed();
    case TraceCallKind::kMremap:
      return mremap(process, call);
    case TraceCallKind::kBrk:
      return brk(caller, call);
    case TraceCallKind::kMadvise:
      return process.madvise(address, length, third).ok() != call.failed();
    case TraceCallKind::kMsync:
      return process.msync(address, length, third).ok() != call.failed();
    case TraceCallKind::kFork:
      return fork(call);
    case TraceCallKind::kThread:
    case TraceCallKind::kThreadExit:
      return true;  // threads share all that is simulated
    case TraceCallKind::kExit:
      process.exit(call.arguments[0]);
      by_pid_.erase(call.task.pid);
      return true;
  }
  return true;
}

// The image before, if there was one, is gone with its process, which is what frees a vfork's
// child from the memory of its parent.
bool TracedProcesses::exec(const TraceCall& call) {
  Traced& image = by_pid_[call.task.pid];
  if (image.process != nullptr && image.process->alive()) image.process->exit(0);
  image = {.process = &take_process()};
  std::map<std::string, uint64_t> bytes;  // that each file has at least
  for (const MapsLine& line : call.maps) {
    if (line.path == "[heap]") image.brk = line.range.end.value;
    if (!line.path.starts_with('/')) continue;
    uint64_t& known = bytes[line.path];
    known = std::max(known, line.offset_bytes + line.range.size_bytes());
  }
  if (page_cache_ == PageCacheAtFirst::kWarm) {
    for (const auto& [path, size] : bytes) {
      const int64_t fd = open(*image.process, path, size);
      if (fd >= 0) (void)image.process->close(fd);
    }
  }
  return machine_.load_maps(*image.process, call.maps).ok();
}

bool TracedProcesses::mmap(Process& process, const TraceCall& call) {
  if (call.failed()) return true;  // nothing was mapped, nor is anything now
  uint64_t flags = call.arguments[3] & ~(abi::kMAP_FIXED_NOREPLACE | abi::kMAP_HUGETLB);
  flags |= abi::kMAP_FIXED;
  int64_t fd = -1;
  if (maps_file(call)) {
    fd = open(process, call.path,
              call.file_bytes != 0 ? call.file_bytes : call.arguments[5] + call.arguments[1]);
    if (fd < 0) return false;
  } else {
    flags |= abi::kMAP_ANONYMOUS;
  }
  const Result<VirtAddr> mapped = process.mmap({.address{static_cast<uint64_t>(call.result)},
                                                .length_bytes = call.arguments[1],
                                                .prot = call.arguments[2],
                                                .flags = flags,
                                                .fd = fd,
                                                .offset_bytes = fd < 0 ? 0 : call.arguments[5]});
  if (fd >= 0) (void)process.close(fd);
  return mapped.ok();
}

int64_t TracedProcesses::open(Process& process, const std::string& path, uint64_t bytes) {
  const auto [file, is_new] = file_bytes_.try_emplace(path, 0);
  Result<int> fd = process.open(path, abi::kO_RDWR, 0);
  if (!fd) {
    if (!machine_.create_file(path, bytes, 0)) return -1;
    file->second = bytes;
    fd = process.open(path, abi::kO_RDWR, 0);
    if (!fd) return -1;
    if (page_cache_ == PageCacheAtFirst::kWarm) read_whole(process, *fd, bytes);
  }
  // One that an exec made is as long as its mappings needed.
  if (file->second < bytes && process.ftruncate(*fd, bytes)) file->second = bytes;
  return *fd;
}

void TracedProcesses::read_whole(Process& process, int fd, uint64_t bytes) {
  std::vector<std::byte> piece(std::min<uint64_t>(bytes, 128 << 10));
  bytes = std::min(bytes, kWarmBytesMax);
  for (uint64_t offset = 0; offset < bytes;) {
    const Result<uint64_t> read =
        process.pread(fd, {.length_bytes = piece.size(), .outside = piece}, offset);
    if (!read || *read == 0) return;
    offset += *read;
  }
}

bool TracedProcesses::mremap(Process& process, const TraceCall& call) {
  MremapArgs args{.old_address{call.arguments[0]},
                  .old_length_bytes = call.arguments[1],
                  .new_length_bytes = call.arguments[2],
                  .flags = call.arguments[3],
                  .new_address{call.arguments[4]}};
  const auto result = static_cast<uint64_t>(call.result);
  if (!call.failed() && result != args.old_address.value) {
    args.flags |= abi::kMREMAP_MAYMOVE | abi::kMREMAP_FIXED;
    args.new_address = VirtAddr{result};
  } else if (!call.failed()) {
    args.flags &= ~(abi::kMREMAP_MAYMOVE | abi::kMREMAP_FIXED);
  }
  return process.mremap(args).ok() != call.failed();
}

bool TracedProcesses::brk(Traced& traced, const TraceCall& call) {
  const auto now = static_cast<uint64_t>(call.result);
  const uint64_t before = std::exchange(traced.brk, now);
  if (before == 0 || page_up(before) == page_up(now)) return true;
  const VirtAddr low{page_up(std::min(before, now))};
  const uint64_t length = page_up(std::max(before, now)) - low.value;
  if (now < before) return traced.process->munmap(low, length).ok();
  return traced.process
      ->mmap({.address = low,
              .length_bytes = length,
              .prot = abi::kPROT_READ | abi::kPROT_WRITE,
              .flags = abi::kMAP_PRIVATE | abi::kMAP_ANONYMOUS | abi::kMAP_FIXED})
      .ok();
}

bool TracedProcesses::fork(const TraceCall& call) {
  if (call.failed()) return true;
  const Traced parent = traced(call.task.pid);
  reap_children(*parent.process);
  const uint64_t shared = call.arguments[0] & abi::kCLONE_VM;
  Result<Process*> child = parent.process->clone(abi::kSIGCHLD | shared);
  Traced& entry = by_pid_[static_cast<uint32_t>(call.result)];
  entry = {.process = child ? *child : &machine_.start_empty_process(), .brk = parent.brk};
  return child.ok();
}

}  // namespace faultline::replay
