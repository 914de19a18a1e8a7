#include "sim/machine/machine_impl.h"

#include <algorithm>
#include <utility>

#include "sim/machine/process_impl.h"

namespace faultline::machine {
namespace {

// Where exec leaves the stack of a process without ASLR, and how many pages at its top the new
// program's arguments fill.
constexpr uint64_t kStackPages = 33;
constexpr uint64_t kStackPagesResident = 2;
// What overcommit reckons with, however many frames there are.
constexpr uint64_t kMemoryBytes = uint64_t{24} << 30;

}  // namespace

MachineImpl::MachineImpl(const MachineOptions& options, const hw::PagingFormat& format,
                         std::unique_ptr<ReplacementPolicy> policy)
    : options_(options),
      format_(format),
      page_size_(format.page_size()),
      commit_({.total_pages = page_size_.pages(kMemoryBytes), .page_bytes = page_size_.bytes()}),
      max_map_count_(mm::AddressSpaceOptions{}.max_map_count),
      frames_(page_size_, options.contents),
      allocator_(frames_, options.frames.value_or(format.frames_max())),
      rmap_(frames_),
      disk_(page_size_),
      swap_device_({.page_size = page_size_, .contents = options.contents}),
      cache_({.frames = frames_,
              .allocator = allocator_,
              .reverse_map = rmap_,
              .disk = disk_,
              .readahead_pages = std::max<uint64_t>(page_size_.pages(options.readahead_bytes), 1)}),
      swap_(swap_device_, frames_),
      flusher_({.cache = cache_,
                .clock = clock_,
                .allocator = allocator_,
                .settings = vm_settings_,
                .frames = options.frames.value_or(page_size_.pages(kMemoryBytes))}),
      policy_(options.frames ? std::move(policy) : nullptr),
      reclaimer_(policy_ == nullptr ? nullptr : make_reclaimer()),
      mmu_(format_, options.tlb, options.walk_cache),
      fault_handler_({.frames = frames_,
                      .allocator = allocator_,
                      .cache = cache_,
                      .reclaimer = reclaimer_.get(),
                      .swap = swap_,
                      .gather = gather_,
                      .unmapped = options.unmapped}),
      memory_calls_({.cache = cache_,
                     .make_shared_anon = [this](uint64_t size) { return make_shared_anon(size); },
                     .gather = gather_}),
      proc_fs_({.frames = frames_, .swap = swap_device_}),
      advice_calls_(advice_services()),
      kernel_files_(file_parts()) {
  allocator_.set_listener(reclaimer_.get());
  cache_.set_clock(&clock_);
}

std::unique_ptr<reclaim::Reclaimer> MachineImpl::make_reclaimer() {
  return std::make_unique<reclaim::Reclaimer>(
      reclaim::Reclaimer::Parts{.frames = frames_,
                                .allocator = allocator_,
                                .reverse_map = rmap_,
                                .cache = cache_,
                                .swap = swap_,
                                .policy = *policy_,
                                .references = stats_.references});
}

// A machine whose memory never runs short has no swap area.
proc::AdviceCalls::Services MachineImpl::advice_services() {
  reclaim::PageOut page_out({.frames = frames_,
                             .reverse_map = rmap_,
                             .cache = cache_,
                             .swap = reclaimer_ == nullptr ? nullptr : &swap_});
  return {.cache = cache_, .frames = fault_handler_, .page_out = page_out, .gather = gather_};
}

proc::Files::Parts MachineImpl::file_parts() {
  return {.frames = frames_, .allocator = allocator_, .disk = disk_, .cache = cache_};
}

MachineImpl::~MachineImpl() {
  for (const auto& process : processes_) process->exit(0);
  allocator_.set_listener(nullptr);
}

std::unique_ptr<mm::AddressSpace> MachineImpl::make_space(const mm::AddressSpaceOptions& options) {
  return std::make_unique<mm::AddressSpace>(
      mm::AddressSpaceParts{frames_, allocator_, rmap_, swap_, commit_, format_}, options);
}

// The nameless file of tmpfs behind a shared anonymous mapping. Source: Linux mm/shmem.c
// shmem_zero_setup().
std::shared_ptr<cache::Backing> MachineImpl::make_shared_anon(uint64_t size_bytes) {
  const auto object = disk_.make_nameless(storage::FileKind::kSharedAnon, "/dev/zero");
  object->set_size(size_bytes);
  return cache_.get_backing(object);
}

// Never used twice, but that the next process is the first again when nobody is left.
Pid MachineImpl::next_pid() {
  if (living_.empty()) last_pid_ = 0;
  return {++last_pid_};
}

ProcessImpl& MachineImpl::add_process(std::unique_ptr<proc::Task> task) {
  processes_.push_back(std::make_unique<ProcessImpl>(*this, std::move(task)));
  living_.push_back(processes_.back().get());
  return *processes_.back();
}

// Those of CLONE_VM children are their parents'.
std::vector<mm::AddressSpace*> MachineImpl::spaces() const {
  std::vector<mm::AddressSpace*> found;
  for (ProcessImpl* const process : living_) {
    if (std::find(found.begin(), found.end(), &process->space()) == found.end())
      found.push_back(&process->space());
  }
  return found;
}

// The lowest tag that no living process has. Who had it before touched other pages.
Asid MachineImpl::take_asid() {
  std::vector<bool> taken(living_.size() + 2);
  for (ProcessImpl* const process : living_) {
    const size_t asid = process->space().asid().value;
    if (asid < taken.size()) taken[asid] = true;
  }
  size_t asid = 1;
  while (taken[asid]) ++asid;
  if (asid >= pages_touched_.size()) pages_touched_.resize(asid + 1);
  pages_touched_[asid] = PageSet();
  return Asid{static_cast<uint16_t>(asid)};
}

Process& MachineImpl::start_empty_process() {
  mm::AddressSpaceOptions options = mm::AddressSpaceOptions::for_format(format_);
  options.asid = take_asid();
  options.max_map_count = max_map_count_;
  auto task = std::make_unique<proc::Task>(next_pid(), std::make_shared<proc::Files>(file_parts()));
  task->space = make_space(options);
  task->limits = options.limits;
  task->persona = options.persona;
  return add_process(std::move(task));
}

Process& MachineImpl::start_process() {
  auto& process = static_cast<ProcessImpl&>(start_empty_process());
  const VirtAddr end = format_.user_end();
  const VirtAddr start = end - kStackPages * page_size_.bytes();
  // The arguments and the environment lie above where the program's own part begins.
  process.space().map_stack({start, end}, end - page_size_.bytes() / 8);
  for (uint64_t i = kStackPagesResident; i > 0; --i)
    touch(process, end - i * page_size_.bytes(), AccessKind::kStore);
  process.fault_counts() = {};
  return process;
}

Result<void> MachineImpl::create_file(std::string_view path, uint64_t size_bytes, uint64_t seed) {
  const Result<void> done =
      kernel_files_.create(path, {size_bytes, seed}, {.frames = fault_handler_, .gather = gather_});
  flush_tlb();
  return done;
}

Result<void> MachineImpl::sleep(uint64_t seconds) {
  base::ScopedCrashContext context(*this);
  const Result<void> slept = flusher_.sleep(seconds, gather_);
  flush_tlb();
  return slept;
}

const Stats& MachineImpl::stats() {
  stats_.tlb = mmu_.tlb().stats();
  stats_.walks = mmu_.walk_stats();
  stats_.walk_cache = mmu_.walk_cache_stats();
  stats_.replacement.hits = stats_.references - stats_.replacement.misses;
  if (reclaimer_ != nullptr) {
    stats_.replacement.evictions = reclaimer_->evictions();
    stats_.replacement.dirty_evictions = reclaimer_->dirty_evictions();
  }
  stats_.memory.resident_pages = allocator_.in_use();
  stats_.memory.peak_resident_pages = allocator_.peak_in_use();
  stats_.memory.inferred_pages = 0;
  stats_.memory.page_table_pages = 0;
  for (const mm::AddressSpace* const space : spaces()) {
    space->vmas().for_each([this](const mm::Vma& vma) {
      if (vma.has(mm::kVmInferred)) stats_.memory.inferred_pages += page_size_.pages(vma.range());
    });
    stats_.memory.page_table_pages += space->page_table_pages();
  }
  return stats_;
}

}  // namespace faultline::machine
