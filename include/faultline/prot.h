// Protections of a mapping: Linux's PROT_READ, PROT_WRITE and PROT_EXEC, with their values.
#pragma once

#include <cstdint>

#include "faultline/access.h"

namespace faultline {

enum class Prot : uint8_t { kNone = 0, kRead = 1, kWrite = 2, kExec = 4 };

constexpr Prot operator|(Prot a, Prot b) { return Prot(uint8_t(a) | uint8_t(b)); }
constexpr Prot operator&(Prot a, Prot b) { return Prot(uint8_t(a) & uint8_t(b)); }
constexpr bool has(Prot set, Prot wanted) { return (set & wanted) == wanted; }

}  // namespace faultline
