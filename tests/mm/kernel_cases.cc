#include "tests/mm/kernel_cases.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <optional>
#include <sstream>
#include <utility>

#include "faultline/errno.h"
#include "faultline/linux.h"
#include "sim/base/check.h"
#include "sim/mm/vm_flag_names.h"
#include "tests/mm/simulated_process.h"

namespace faultline::mm {
namespace {

constexpr uint64_t kPage = 4096;
constexpr uint64_t kProbeEnd = 0x600000;

std::string hex(uint64_t value) {
  std::ostringstream text;
  text << std::hex << value;
  return text.str();
}

std::string answer(const Result<void>& result) {
  return result ? "0" : std::string(errno_name(result.error()));
}

// One case's process, which executes lines.
class CaseProcess {
 public:
  explicit CaseProcess(uint64_t memory_pages)
      : memory_pages_(memory_pages), process_({}, {.total_pages = memory_pages}) {
    map_probe();
    process_.space.map_stack({{0x7ffffffde000}, {0x7ffffffff000}}, {0x7fffffffee00});
    // exec has stored to the stack's top.
    process_.access({0x7fffffffefff}, true);
    const auto disk = process_.make_backing(storage::FileKind::kDisk,
                                            "/var/tmp/faultline-probe-disk", 64 * kPage);
    const auto memfd =
        process_.make_backing(storage::FileKind::kTmpfs, "/memfd:memfd (deleted)", 64 * kPage);
    add_file("disk", disk, "rw");
    add_file("disk2", disk, "rw");
    add_file("ro", disk, "r");
    add_file("wo", disk, "w");
    add_file("dir", nullptr, "r");
    add_file("memfd", memfd, "rw");
    before_ = process_.space.counters();
  }

  std::string execute(const std::string& line) {
    std::istringstream stream(line);
    words_.clear();
    for (std::string word; stream >> word;) words_.push_back(word);
    const std::string result = call();
    for (const AddrRange& range : process_.space.take_populate()) populate(range, false);
    process_.gather.clear();
    process_.space.validate();
    process_.rmap.validate();
    return result;
  }

 private:
  // No backing: a directory.
  void add_file(const std::string& name, std::shared_ptr<cache::Backing> backing,
                const std::string& mode) {
    auto file = std::make_shared<cache::OpenFile>();
    file->directory = backing == nullptr;
    file->backing = std::move(backing);
    file->readable = mode.find('r') != std::string::npos;
    file->writable = mode.find('w') != std::string::npos;
    files_[name] = std::move(file);
  }

  // The probe itself, which lies below the break and is not shown: calls.ld.
  void map_probe() {
    constexpr uint64_t kFixed =
        linux_abi::kMAP_PRIVATE | linux_abi::kMAP_ANONYMOUS | linux_abi::kMAP_FIXED;
    const auto map_part = [&](uint64_t start, uint64_t end, uint64_t prot) {
      MapRequest request;
      request.hint = {start};
      request.length_bytes = end - start;
      request.prot = prot;
      request.flags = kFixed;
      FL_CHECK(process_.map(request).ok());
    };
    map_part(0x100000, 0x102000, 5);
    map_part(0x180000, 0x181000, 7);  // from the file: does not merge with the next
    map_part(0x181000, kProbeEnd, 3);
    process_.access({kProbeEnd - kPage}, true);
  }

  uint64_t number(const std::string& text) const {
    char* end = nullptr;
    uint64_t value = std::strtoull(text.c_str(), &end, 0);
    if (*end == 'T') value *= memory_pages_ * kPage;
    if (*end == 'K') value <<= 10;
    if (*end == 'M') value <<= 20;
    if (*end == 'G') value <<= 30;
    const std::size_t plus = text.find('+');
    return plus == std::string::npos ? value : value + number(text.substr(plus + 1));
  }
  uint64_t argument(std::size_t index) const { return number(words_.at(index)); }
  VirtAddr address() const { return {argument(1)}; }

  std::string call() {
    const std::string& verb = words_.at(0);
    AddressSpace& space = process_.space;
    if (verb == "mmap") return map();
    if (verb == "munmap") return answer(space.unmap(address(), argument(2), process_.gather));
    if (verb == "mprotect")
      return answer(space.protect(address(), argument(2), argument(3), process_.gather));
    if (verb == "brk") return "0x" + hex(space.set_brk(address(), process_.gather).value);
    if (verb == "mremap") return remap();
    if (verb == "mseal") return answer(space.seal(address(), argument(2), argument(3)));
    if (verb == "remap_file_pages")
      return answer(space.remap_file_pages(
          {address(), argument(2), argument(3), argument(4), argument(5)}, process_.gather));
    if (verb == "counters") return counters();
    if (verb == "msync") {
      const SyncPlan plan = space.plan_sync(address(), argument(2), argument(3));
      return plan.error ? std::string(errno_name(*plan.error)) : "0";
    }
    if (verb == "mlock") return lock(0);
    if (verb == "mlock2") return lock(argument(3));
    if (verb == "munlock") return answer(space.unlock(address(), argument(2)));
    if (verb == "mlockall") return lock_all();
    if (verb == "munlockall") return space.unlock_all(), "0";
    if (verb == "locked") return std::to_string(space.counters().locked_vm);
    if (verb == "mdwe") return space.set_mdwe(linux_abi::kPR_MDWE_REFUSE_EXEC_GAIN), "0";
    if (verb == "persona") return space.set_persona(argument(1)), "0";
    if (verb == "load" || verb == "store") return process_.access(address(), verb == "store");
    if (verb == "rlimit") return set_limit();
    if (verb == "fill") return fill(argument(1), {argument(2)});
    if (verb == "maps") return maps();
    return "unknown";
  }

  std::string map() {
    MapRequest request;
    request.hint = address();
    request.length_bytes = argument(2);
    request.prot = argument(3);
    request.flags = argument(4);
    request.offset_bytes = argument(6);
    const auto file = files_.find(words_.at(5));
    if (file != files_.end()) request.file = file->second;
    if ((request.flags & linux_abi::kMAP_ANONYMOUS) == 0 && request.file == nullptr)
      return request.offset_bytes % kPage != 0 ? "EINVAL" : "EBADF";
    const Result<VirtAddr> result = process_.map(request);
    return result ? "0x" + hex(result->value) : std::string(errno_name(result.error()));
  }

  std::string remap() {
    const Result<VirtAddr> result = process_.space.remap(
        {address(), argument(2), argument(3), argument(4), {argument(5)}}, process_.gather);
    return result ? "0x" + hex(result->value) : std::string(errno_name(result.error()));
  }

  // What the case has added.
  std::string counters() const {
    const MmCounters& now = process_.space.counters();
    std::string text;
    for (const auto counter : {&MmCounters::total_vm, &MmCounters::locked_vm, &MmCounters::data_vm,
                               &MmCounters::stack_vm, &MmCounters::rss_anon}) {
      if (!text.empty()) text += ' ';
      text += std::to_string(int64_t(now.*counter - before_.*counter));
    }
    return text;
  }

  std::string lock(uint64_t flags) {
    const Result<AddrRange> locked = process_.space.lock(address(), argument(2), flags);
    if (!locked) return std::string(errno_name(locked.error()));
    return populate(*locked, true) ? "0" : "ENOMEM";
  }

  std::string lock_all() {
    const Result<void> done = process_.space.lock_all(argument(1));
    if (done && (argument(1) & linux_abi::kMCL_CURRENT) != 0)
      populate({VirtAddr{}, process_.space.vmas().user_end()}, false);
    return answer(done);
  }

  // Whether all that is mapped of the range could be faulted in; stops at the first VMA that could
  // not, or goes on.
  bool populate(AddrRange range, bool stop) {
    for (VirtAddr at = range.start; at < range.end;) {
      Vma* vma = process_.space.find_vma(at);
      if (vma == nullptr || vma->start() >= range.end) break;
      at = std::max(at, vma->start());
      const VirtAddr end = std::min(range.end, vma->end());
      const bool possible = vma->accessible() && !vma->has(kVmHugeTlb);
      const bool wanted = !vma->has(kVmLockOnFault);
      if (wanted && !possible && stop) return false;
      for (; wanted && possible && at < end; at = at + kPage)
        process_.access(at, vma->has(kVmWrite));
      at = end;
    }
    return true;
  }

  std::string set_limit() {
    const MmCounters& counters = process_.space.counters();
    const std::string& what = words_.at(1);
    std::string text = words_.at(2);
    uint64_t limit = 0;
    if (text[0] == '+') {
      limit = number(text.substr(1)) * kPage +
              (what == "as" ? counters.total_vm : counters.data_vm) * kPage;
    } else {
      limit = text == "-1" ? linux_abi::kRLIM_INFINITY : number(text);
    }
    Limits limits = process_.space.options().limits;
    (what == "as"      ? limits.as_bytes
     : what == "data"  ? limits.data_bytes
     : what == "stack" ? limits.stack_bytes
                       : limits.memlock_bytes) = limit;
    process_.space.set_limits(limits);
    return "0";
  }

  std::string fill(uint64_t wanted, VirtAddr at) {
    for (uint64_t i = 0; process_.space.map_count() < wanted; ++i) {
      MapRequest request;
      request.hint = at + i * kPage;
      request.length_bytes = kPage;
      request.prot = i % 2;
      request.flags = linux_abi::kMAP_PRIVATE | linux_abi::kMAP_ANONYMOUS | linux_abi::kMAP_FIXED;
      if (!process_.map(request)) return "failed";
    }
    return "0";
  }

  std::string maps() const {
    std::string text;
    std::size_t index = 0;
    const std::vector<MapsLine> lines = process_.space.maps();
    process_.space.vmas().for_each([&](const Vma& vma) {
      const MapsLine& line = lines.at(index++);
      if (line.range.start.value < kProbeEnd) return;
      if (!text.empty()) text += "; ";
      std::istringstream printed(line.to_string());
      std::string range, permissions, offset;
      printed >> range >> permissions >> offset;
      text += range + ' ' + permissions + ' ' + offset;
      if (!line.path.empty()) text += ' ' + line.path.substr(line.path.rfind('/') + 1);
      std::string names = vm_flag_names(vma.flags);
      if (!names.empty()) names.pop_back();
      text += " {" + names + "}";
    });
    return text;
  }

  uint64_t memory_pages_;
  SimulatedProcess process_;
  MmCounters before_;
  std::map<std::string, std::shared_ptr<cache::OpenFile>> files_;
  std::vector<std::string> words_;
};

}  // namespace

CaseReport run_kernel_cases(std::istream& recorded) {
  CaseReport report;
  std::string line;
  std::string name;
  std::getline(recorded, line);
  const std::size_t colon = line.find(": ");
  if (colon == std::string::npos) return report;
  const uint64_t memory_pages = std::strtoull(line.c_str() + colon + 2, nullptr, 10);
  std::unique_ptr<CaseProcess> process;
  for (std::size_t number = 2; std::getline(recorded, line); ++number) {
    if (line.starts_with("case ")) {
      ++report.cases;
      name = line.substr(5);
      process = std::make_unique<CaseProcess>(memory_pages);
      continue;
    }
    if (process == nullptr) continue;  // the rest of a case that differs
    ++report.calls;
    const std::size_t equals = line.find(" = ");
    const std::string call = line.substr(0, equals);
    const std::string kernel = equals == std::string::npos ? "?" : line.substr(equals + 3);
    const std::string simulator = process->execute(call);
    if (simulator == kernel) continue;
    report.mismatches.push_back({number, name, call, kernel, simulator});
    process.reset();
  }
  return report;
}

}  // namespace faultline::mm
