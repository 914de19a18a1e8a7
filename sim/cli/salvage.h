// --salvage: what was damaged in a trace and left out, for people.
#pragma once

#include <string>
#include <vector>

#include "faultline/trace.h"

namespace faultline::cli {

// Warns of each damage that was found so far, on standard error.
void warn_of_damage(const TraceReader& reader);

// The same, a text each.
std::vector<std::string> damage_texts(const TraceReader& reader);

}  // namespace faultline::cli
