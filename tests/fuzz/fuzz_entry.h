// The entry of a fuzz target, as libFuzzer calls it; each target is linked into one program.
#pragma once

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
