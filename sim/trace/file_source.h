// FileSource: a file or standard input, read in order by read(2), not mapped, so that a pipe does
// as well as a file; a regular file can be sought in, too.
//
// Ownership: owns its descriptor, but leaves standard input open. Threads: one.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "sim/trace/byte_source.h"

namespace faultline::trace {

// The name that stands for standard input.
inline constexpr char kStandardInput[] = "-";

// Opens `file`.
// Errors: it does not exist, is a directory, or may not be read.
Result<std::unique_ptr<ByteSource>, InputError> open_file(const std::string& file);

// What open_file would say of `file`, without opening it: a pipe's other end notices nothing.
std::optional<InputError> find_open_error(const std::string& file);

// Whether it is one on a disk, whose bytes are all there; standard input may be one.
bool is_regular_file(const std::string& file);

}  // namespace faultline::trace
