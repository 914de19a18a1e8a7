// The description of a paging format as a text of JSON, for processors that the table of formats
// (paging_format.h) has not, and those of courses. docs/paging.md says what stands in it.
//
// Pure functions. Thread safety: any thread may use them.
#pragma once

#include <string_view>

#include "faultline/input_error.h"
#include "faultline/result.h"
#include "sim/hw/paging_format.h"

namespace faultline::hw {

// The format that `text` describes. Its entries are laid out as x86-64's, which no count depends
// on. Errors: no JSON, with the byte; the key that is missing, unknown or out of bounds. Whatever
// is accepted makes a page table that works and that a host has room for.
Result<PagingFormat, InputError> parse_paging_format(std::string_view text);

// The format of that name, or, where `description` is not empty, the one that it describes. Errors:
// as above; no format has that name.
Result<PagingFormat, InputError> make_paging_format(std::string_view name,
                                                    std::string_view description);
// The same. REQUIRES: there is one.
PagingFormat get_paging_format(std::string_view name, std::string_view description);

}  // namespace faultline::hw
