// The first pass over a trace for policies beside a miss-ratio curve that must know the future.
#pragma once

#include "faultline/input_error.h"
#include "faultline/mrc.h"
#include "faultline/policy.h"
#include "faultline/result.h"
#include "faultline/trace.h"

namespace faultline::replay {

// Notes what is left of `reader`'s trace, as measure_mrc() will reference it with these options.
// False: it was interrupted. Errors: the reader's. REQUIRES: as measure_mrc().
Result<bool, InputError> note_next_uses(TraceReader& reader, const MrcOptions& options,
                                        NextUses& next_uses);

}  // namespace faultline::replay
