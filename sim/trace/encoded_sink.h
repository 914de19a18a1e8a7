// EncodedSink: compresses what is written, as one member of gzip, xz or zstd.
//
// Ownership: owns the sink beneath. Threads: one.
#pragma once

#include <memory>

#include "sim/trace/byte_sink.h"

namespace faultline::trace {

// `file` is for errors. REQUIRES: not Compression::kNone.
std::unique_ptr<ByteSink> make_encoded_sink(std::string file, Compression compression,
                                            std::unique_ptr<ByteSink> inner);

}  // namespace faultline::trace
