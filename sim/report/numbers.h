// Numbers as reports for people show them.
//
// Threads: pure; any thread may use them.
#pragma once

#include <cstdint>
#include <string>

namespace faultline::report {

// 1234567 as "1,234,567".
std::string grouped(uint64_t number);
// "12.34 %"; a dash where there is no whole.
std::string share(uint64_t part, uint64_t whole);
// "7.8 MiB"; whole numbers without a fraction.
std::string byte_size(uint64_t bytes);

}  // namespace faultline::report
