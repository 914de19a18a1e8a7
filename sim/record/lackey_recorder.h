// Recording by Valgrind's Lackey (recorder.h).
#pragma once

#include "sim/record/recorder.h"

namespace faultline::record {

inline constexpr char kValgrindProgram[] = "valgrind";

// As record().
Result<Recording, InputError> record_by_lackey(const RecordRequest& request, TraceSink& sink);

}  // namespace faultline::record
