// Machine::load_maps: an address space like the one that a /proc/PID/maps listing shows.
#include <memory>
#include <string>
#include <utility>

#include "faultline/linux.h"
#include "sim/machine/machine_impl.h"
#include "sim/machine/process_impl.h"

namespace faultline::machine {
namespace {

bool is_heap(const MapsLine& line) { return line.path == "[heap]"; }
bool is_stack(const MapsLine& line) { return line.path == "[stack]"; }
// The kernel's own page, above user space.
bool is_gate(const MapsLine& line) { return line.path == "[vsyscall]"; }
bool is_file(const MapsLine& line) { return line.path.starts_with('/'); }

uint64_t prot_of(const MapsLine& line) {
  return (line.permissions[0] == 'r' ? linux_abi::kPROT_READ : 0) |
         (line.permissions[1] == 'w' ? linux_abi::kPROT_WRITE : 0) |
         (line.permissions[2] == 'x' ? linux_abi::kPROT_EXEC : 0);
}

// Ascending, aligned, not empty, not overlapping, and within user space.
bool sound(std::span<const MapsLine> lines, PageSize page_size, VirtAddr user_end) {
  VirtAddr end_before{};
  for (const MapsLine& line : lines) {
    if (is_gate(line)) continue;
    if (line.range.empty() || line.range.start < end_before || line.range.end > user_end)
      return false;
    if (!page_size.aligned(line.range.start) || !page_size.aligned(line.range.end)) return false;
    if (!page_size.aligned(line.offset_bytes)) return false;
    end_before = line.range.end;
  }
  return true;
}

}  // namespace

Result<void> MachineImpl::load_maps(Process& process, std::span<const MapsLine> lines) {
  auto& target = static_cast<ProcessImpl&>(process);
  if (!sound(lines, page_size_, format_.user_end())) return Errno::kEINVAL;
  mm::AddressSpaceOptions options = target.space().options();
  for (const MapsLine& line : lines) {
    // The heap begins where its first line does.
    if (!is_heap(line)) continue;
    options.start_brk = line.range.start;
    break;
  }
  // Whatever stands in the listing was possible.
  options.privileged = true;
  options.commit_unlimited = true;
  std::shared_ptr<mm::AddressSpace> space = make_space(options);
  Result<void> done;
  for (const MapsLine& line : lines) {
    if (done) done = load_line(*space, line);
  }
  // What goes, the old space or the new, takes its pages along.
  if (done) std::swap(space, target.task().space);
  space->destroy(gather_);
  flush_tlb();
  return done;
}

Result<void> MachineImpl::load_line(mm::AddressSpace& space, const MapsLine& line) {
  if (is_gate(line)) return {};
  if (is_stack(line)) {
    space.map_stack(line.range, line.range.end - page_size_.bytes());
    return {};
  }
  if (is_heap(line) && line.range.start == space.brk()) {
    space.set_brk(line.range.end, gather_);
    return space.protect(line.range.start, line.range.size_bytes(), prot_of(line), gather_);
  }
  const bool shared = line.permissions[3] == 's';
  mm::MapRequest request{
      .hint = line.range.start,
      .length_bytes = line.range.size_bytes(),
      .prot = prot_of(line),
      .flags = linux_abi::kMAP_FIXED | (shared ? linux_abi::kMAP_SHARED : linux_abi::kMAP_PRIVATE)};
  if (is_file(line)) {
    const Result<std::shared_ptr<cache::OpenFile>> file =
        open_mapped_file(line.path, line.offset_bytes + line.range.size_bytes());
    if (!file) return file.error();
    request.file = *file;
    request.offset_bytes = line.offset_bytes;
  } else {
    request.flags |= linux_abi::kMAP_ANONYMOUS;
    request.make_shared_anon = [this](uint64_t size_bytes) { return make_shared_anon(size_bytes); };
  }
  const Result<VirtAddr> address = space.map(request, gather_);
  return address ? Result<void>() : address.error();
}

// The file of that name, made if need be and at least `size_bytes` long.
Result<std::shared_ptr<cache::OpenFile>> MachineImpl::open_mapped_file(const std::string& path,
                                                                       uint64_t size_bytes) {
  const Result<storage::Disk::Place> place = disk_.look_up(path);
  if (!place) return place.error();
  if (place->directory) return Errno::kEISDIR;
  const std::shared_ptr<storage::SimFile> file =
      place->file != nullptr ? place->file : disk_.create(*place);
  if (size_bytes > file->size_bytes_max()) return Errno::kEFBIG;
  if (file->size_bytes() < size_bytes) file->fill_pattern(size_bytes, 0);
  auto open_file = std::make_shared<cache::OpenFile>();
  open_file->backing = cache_.get_backing(file);
  open_file->path = place->path;
  open_file->readable = true;
  open_file->writable = true;
  return open_file;
}

}  // namespace faultline::machine
