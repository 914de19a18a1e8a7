// Recording by QEMU's user mode (recorder.h).
#pragma once

#include "sim/record/recorder.h"

namespace faultline::record {

inline constexpr char kQemuProgram[] = "qemu-x86_64";

// As record().
Result<Recording, InputError> record_by_qemu(const RecordRequest& request, TraceSink& sink);

}  // namespace faultline::record
