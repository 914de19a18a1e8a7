// The calls that a machine need not have.
#include "faultline/machine.h"

namespace faultline {

Result<void> Machine::sysctl(std::string_view, uint64_t) { return Errno::kENOSYS; }
Result<void> Machine::sleep(uint64_t) { return Errno::kENOSYS; }

}  // namespace faultline
