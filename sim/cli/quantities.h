// Quantities as the command line writes them: counts, sizes, the shape of a TLB.
//
// Errors: an InputError without a file, whose message begins with the option's name.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "faultline/input_error.h"
#include "faultline/options.h"
#include "faultline/result.h"

namespace faultline::cli {

// "1000": a decimal number of 64 bits.
Result<uint64_t, InputError> parse_count(std::string_view option, std::string_view text);

// "256M", "64p", "4096": bytes; K, M, G are powers of 1024, p is pages. Rounded down to pages.
// Errors: not of that form, below one page, or beyond 64 bits.
Result<uint64_t, InputError> parse_size_in_pages(std::string_view option, std::string_view text,
                                                 uint64_t page_size_bytes);

// "l1d=64x4,l1i=64x8,l2=1536x12", entries x ways; a level that is not named is as by default;
// "none". Whether such a TLB can be built is make_machine's to say.
Result<TlbOptions, InputError> parse_tlb(std::string_view option, std::string_view text);

// "pde=32x4,pdpte=4x4", entries x ways of the levels that are cached, or "none". Whether such
// caches can be built is make_machine's to say.
Result<WalkCacheOptions, InputError> parse_walk_cache(std::string_view option,
                                                      std::string_view text);

}  // namespace faultline::cli
