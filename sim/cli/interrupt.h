// SIGINT, as a flag that long work looks at now and then. The first one raises the flag; a second
// ends the program at once, as if nothing had been arranged.
#pragma once

#include <atomic>

namespace faultline::cli {

// Arranges for SIGINT to raise the flag, from now on.
void catch_interrupt();

// Lowered until SIGINT comes.
const std::atomic<bool>& interrupt_flag();

}  // namespace faultline::cli
