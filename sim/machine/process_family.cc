// The calls by which processes begin, end, and hear of each other's end.
#include <algorithm>
#include <utility>
#include <vector>

#include "faultline/linux.h"
#include "sim/machine/machine_impl.h"
#include "sim/machine/process_impl.h"
#include "sim/proc/family.h"

namespace faultline::machine {

namespace abi = linux_abi;

namespace {

// Differs from Linux: no more than 1000 processes at a time, zombies among them; its limits follow
// from its memory.
constexpr size_t kProcessesMax = 1000;

}  // namespace

ProcessImpl* MachineImpl::find_living(int64_t pid) const {
  for (ProcessImpl* const process : living_)
    if (static_cast<int64_t>(process->pid().value) == pid) return process;
  return nullptr;
}

std::vector<const proc::Task*> MachineImpl::zombies() const {
  std::vector<const proc::Task*> found;
  for (ProcessImpl* const process : living_) {
    for (const proc::Task* const child : process->task().children)
      if (!child->alive) found.push_back(child);
  }
  return found;
}

Result<Process*> ProcessImpl::clone(uint64_t flags) {
  return system_call([&] { return start_child(proc::clone_request_of(flags)); });
}

Result<Process*> ProcessImpl::clone3(VirtAddr arguments, uint64_t size_bytes) {
  return system_call([&]() -> Result<Process*> {
    const proc::CloneArgsPlace place{.address = arguments,
                                     .size_bytes = size_bytes,
                                     .user_end = machine_.format_.user_end(),
                                     .page_size = machine_.page_size_};
    const Result<proc::CloneRequest> request = proc::read_clone_args(place, *this);
    if (!request) return request.error();
    return start_child(*request);
  });
}

// Source: Linux kernel/fork.c copy_process().
Result<Process*> ProcessImpl::start_child(const proc::CloneRequest& request) {
  if (const Result<void> checked = proc::check_clone(request); !checked) return checked.error();
  if (machine_.living_.size() + machine_.zombies().size() >= kProcessesMax) return Errno::kENOSYS;
  std::shared_ptr<mm::AddressSpace> space = task_->space;
  if (!request.has(abi::kCLONE_VM)) {
    auto copy = space->fork(machine_.take_asid(), machine_.gather_);
    if (!copy) return copy.error();
    space = std::move(copy).value();
  }
  if (proc::needs_privilege(request)) {
    if (space != task_->space) space->destroy(machine_.gather_);
    return Errno::kEPERM;
  }
  // Nothing below can fail.
  auto files =
      request.has(abi::kCLONE_FILES) ? task_->files : std::make_shared<proc::Files>(*task_->files);
  auto task = std::make_unique<proc::Task>(machine_.next_pid(), std::move(files));
  task->space = std::move(space);
  task->limits = task_->limits;
  task->descriptors_max = task_->descriptors_max;
  task->file_bytes_max = task_->file_bytes_max;
  task->persona = task_->persona;
  const bool sibling = request.has(abi::kCLONE_PARENT);
  task->exit_signal = sibling ? task_->exit_signal : request.exit_signal;
  proc::Task* const parent = sibling ? task_->parent : task_.get();
  if (parent != nullptr) proc::add_child(*parent, *task);
  if (request.has(abi::kCLONE_VFORK)) task_->vfork_child = task.get();
  return static_cast<Process*>(&machine_.add_process(std::move(task)));
}

Result<uint64_t> ProcessImpl::wait4(const Wait4Args& args) {
  return system_call([&]() -> Result<uint64_t> {
    const Result<proc::Task*> found = proc::find_waited(*task_, args.pid, args.options);
    if (!found) return found.error();
    proc::Task* const zombie = *found;
    if (zombie == nullptr) return 0;
    const Result<void> told = tell_waiter(*zombie, args);
    proc::reap(*task_, *zombie);
    if (!told) return told.error();
    return zombie->pid.value;
  });
}

// Errors: kEFAULT, and what comes behind is not stored; the zombie is gone all the same.
// Source: Linux kernel/exit.c kernel_wait4(), SYSCALL_DEFINE4(wait4).
Result<void> ProcessImpl::tell_waiter(const proc::Task& zombie, const Wait4Args& args) {
  const VirtAddr null{};
  constexpr uint32_t kStatusBytes = 4;
  if (args.status != null &&
      poke(args.status, kStatusBytes, zombie.wait_status).bytes_done != kStatusBytes)
    return Errno::kEFAULT;
  if (args.rusage == null) return {};
  const auto usage = proc::usage_of(zombie, machine_.page_size_.bytes());
  const VirtAddr user_end = machine_.format_.user_end();
  if (args.rusage > user_end || usage.size() > user_end - args.rusage) return Errno::kEFAULT;
  if (copy_out(args.rusage, usage) != usage.size()) return Errno::kEFAULT;
  return {};
}

// Source: Linux kernel/signal.c kill_something_info(), check_kill_permission().
Result<void> ProcessImpl::kill(int64_t pid, uint64_t signal) {
  constexpr uint64_t kSignalMax = 64;
  return system_call([&]() -> Result<void> {
    if (pid <= 0) return Errno::kENOSYS;
    ProcessImpl* const target = machine_.find_living(pid);
    const std::vector<const proc::Task*> zombies = machine_.zombies();
    const bool zombie = std::any_of(zombies.begin(), zombies.end(), [pid](const proc::Task* task) {
      return static_cast<int64_t>(task->pid.value) == pid;
    });
    if (target == nullptr && !zombie) return Errno::kESRCH;
    if (signal > kSignalMax) return Errno::kEINVAL;
    if (signal == 0) return {};
    if (signal != abi::kSIGKILL) return Errno::kENOSYS;
    if (target != nullptr) target->end(static_cast<uint32_t>(signal));
    return {};
  });
}

// Source: wait(2), WEXITSTATUS.
void ProcessImpl::exit(uint64_t status) { end((static_cast<uint32_t>(status) & 0xff) << 8); }

void ProcessImpl::end(uint32_t wait_status) {
  if (!task_->alive) return;
  task_->peak_rss_pages = task_->space->counters().peak_rss;
  const bool last_user = task_->space.use_count() == 1;
  if (last_user) task_->space->destroy(machine_.gather_);
  machine_.flush_tlb();
  task_->space.reset();
  task_->files.reset();
  end_system_call();
  task_->alive = false;
  std::erase(machine_.living_, this);
  proc::become_zombie(*task_, wait_status);
}

}  // namespace faultline::machine
