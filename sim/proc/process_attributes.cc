// prctl(2) and personality(2): what a process sets about itself that its memory obeys.
#include <limits>

#include "faultline/linux.h"
#include "sim/proc/memory_calls.h"

namespace faultline::proc {
namespace {

namespace abi = linux_abi;

// The flag of PR_SET_THP_DISABLE: huge pages stay where MADV_HUGEPAGE asks for them.
constexpr uint64_t kThpDisableExceptAdvised = 2;

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

}  // namespace

Result<uint64_t> MemoryCalls::prctl(Task& task, const PrctlArgs& args) {
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
    default:
      return Errno::kENOSYS;
  }
}

uint64_t MemoryCalls::personality(Task& task, uint64_t persona) {
  const uint64_t before = task.space->options().persona;
  const auto wanted = static_cast<uint32_t>(persona);
  if (wanted == std::numeric_limits<uint32_t>::max()) return before;
  task.space->set_persona(wanted);
  return before;
}

}  // namespace faultline::proc
