// How the program ends.
#pragma once

namespace faultline::cli {

enum class ExitStatus : int {
  kDone = 0,
  kDifference = 1,     // an expectation failed, or a difference was found
  kBadInput = 2,       // bad input or usage
  kResource = 3,       // a resource ran out: disk full, out of memory
  kInterrupted = 130,  // by SIGINT; what was done so far has been printed
};

}  // namespace faultline::cli
