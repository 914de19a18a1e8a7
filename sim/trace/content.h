// Content: what one file of a trace holds, decompressed if need be.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "sim/trace/buffered_source.h"

namespace faultline::trace {

struct Content {
  std::string file;  // as the user named it
  std::unique_ptr<BufferedSource> bytes;
  bool compressed = false;  // on disk
};

// Whether compressed content is decompressed by a thread of its own, ahead of its reader.
enum class Decompress : uint8_t { kWhenRead, kAhead };

// The content of `raw`, which is plain, gzip, xz, zstd, zip, lz4 or snappy: told by its first
// bytes, never by `file`, which is for errors. Reads the beginning. Errors: it is empty, cannot be
// read, or its compressed data is wrong from the beginning. REQUIRES: with kAhead, `raw` is a
// regular file, which never waits for others.
Result<Content, InputError> make_content(std::string file, std::unique_ptr<ByteSource> raw,
                                         Decompress decompress = Decompress::kWhenRead);

}  // namespace faultline::trace
