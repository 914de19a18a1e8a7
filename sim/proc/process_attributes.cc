// prctl(2) and personality(2): what a process sets about itself that its memory obeys.
#include <algorithm>
#include <limits>
#include <span>
#include <string>

#include "faultline/linux.h"
#include "sim/proc/memory_calls.h"

namespace faultline::proc {
namespace {

namespace abi = linux_abi;

// The flag of PR_SET_THP_DISABLE: huge pages stay where MADV_HUGEPAGE asks for them.
constexpr uint64_t kThpDisableExceptAdvised = 2;

// With the zero behind it: ANON_VMA_NAME_MAX_LEN.
constexpr size_t kNameMax = 80;

bool any(const std::array<uint64_t, 4>& arguments, size_t from) {
  for (size_t i = from; i < arguments.size(); ++i)
    if (arguments[i] != 0) return true;
  return false;
}

// Differs from Linux: there are no huge pages to disable; the answers alone are Linux's.
// Source: Linux kernel/sys.c prctl_set_thp_disable(), 6.18.
Result<uint64_t> set_thp_disable(Task& task, const std::array<uint64_t, 4>& arguments) {
  const bool disable = arguments[0] != 0;
  const uint64_t flags = arguments[1];
  if (any(arguments, 2) || (!disable && flags != 0) || (flags & ~kThpDisableExceptAdvised) != 0)
    return Errno::kEINVAL;
  task.space->set_thp_disable(disable ? 1 | flags : 0);
  return 0;
}

// Source: Linux kernel/sys.c prctl_set_mdwe().
Result<uint64_t> set_mdwe(Task& task, const std::array<uint64_t, 4>& arguments) {
  constexpr uint64_t kKnown = abi::kPR_MDWE_REFUSE_EXEC_GAIN | abi::kPR_MDWE_NO_INHERIT;
  const uint64_t bits = arguments[0];
  if (any(arguments, 1) || (bits & ~kKnown) != 0 || bits == abi::kPR_MDWE_NO_INHERIT)
    return Errno::kEINVAL;
  const uint64_t before = task.space->options().mdwe;
  if (before != 0 && before != bits) return Errno::kEPERM;
  task.space->set_mdwe(bits);
  return 0;
}

// The string at `address`, with its zero at most `size_max` bytes long. Errors: kEFAULT (cannot be
// read), kEINVAL (longer). Source: Linux mm/util.c strndup_user().
Result<std::string> read_string(VirtAddr address, size_t size_max, PageSize page_size,
                                UserMemory& memory) {
  std::string text;
  while (text.size() < size_max) {
    // No further than the page, which is all that may be there.
    const VirtAddr from = address + text.size();
    const uint64_t in_page = page_size.bytes() - page_size.offset_in_page(from);
    std::array<std::byte, kNameMax> bytes;
    const size_t count = std::min<uint64_t>(size_max - text.size(), in_page);
    const uint64_t done = memory.copy_in(from, std::span(bytes).first(count));
    for (size_t i = 0; i < done; ++i) {
      if (bytes[i] == std::byte{0}) return text;
      text += static_cast<char>(bytes[i]);
    }
    if (done < count) return Errno::kEFAULT;
  }
  return Errno::kEINVAL;
}

// Source: Linux mm/madvise.c is_valid_name_char().
bool good_name(std::string_view name) {
  return std::all_of(name.begin(), name.end(), [](char c) {
    return c > 0x1f && c < 0x7f && std::string_view("\\`$[]").find(c) == std::string_view::npos;
  });
}

// Differs from Linux: a name of no letters takes the name away, as NULL does.
// Source: Linux mm/madvise.c set_anon_vma_name(), 6.18, which the kernel has with
// CONFIG_ANON_VMA_NAME; without, the call is kEINVAL.
Result<uint64_t> set_vma(Task& task, const PrctlArgs& args, UserMemory& memory) {
  const auto& [what, start, length_bytes, text] = args.arguments;
  if (what != abi::kPR_SET_VMA_ANON_NAME) return Errno::kEINVAL;
  std::string name(args.text);
  if (args.text.empty() && text != 0) {
    Result<std::string> read = read_string({text}, kNameMax, task.space->page_size(), memory);
    if (!read) return read.error();
    name = *std::move(read);
  }
  if (name.size() >= kNameMax || !good_name(name)) return Errno::kEINVAL;
  const Result<void> done = task.space->set_name({start}, length_bytes, name);
  if (!done) return done.error();
  return 0;
}

}  // namespace

Result<uint64_t> MemoryCalls::prctl(Task& task, const PrctlArgs& args, UserMemory& memory) {
  switch (static_cast<uint32_t>(args.option)) {  // an int
    case abi::kPR_SET_THP_DISABLE:
      return set_thp_disable(task, args.arguments);
    case abi::kPR_GET_THP_DISABLE:
      if (any(args.arguments, 0)) return Errno::kEINVAL;
      return task.space->options().thp_disable;
    case abi::kPR_SET_MDWE:
      return set_mdwe(task, args.arguments);
    case abi::kPR_GET_MDWE:
      if (any(args.arguments, 0)) return Errno::kEINVAL;
      return task.space->options().mdwe;
    case abi::kPR_SET_VMA:
      return set_vma(task, args, memory);
    default:
      return Errno::kENOSYS;
  }
}

uint64_t MemoryCalls::personality(Task& task, uint64_t persona) {
  const uint64_t before = task.persona;
  const auto wanted = static_cast<uint32_t>(persona);
  if (wanted == std::numeric_limits<uint32_t>::max()) return before;
  task.persona = wanted;
  task.space->set_persona(wanted);
  return before;
}

}  // namespace faultline::proc
