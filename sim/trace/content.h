// Content: what one file of a trace holds, decompressed if need be.
#pragma once

#include <memory>
#include <string>

#include "sim/trace/buffered_source.h"

namespace faultline::trace {

struct Content {
  std::string file;  // as the user named it
  std::unique_ptr<BufferedSource> bytes;
  bool compressed = false;  // on disk
};

// The content of `raw`, which is plain, gzip, xz, zstd or zip: told by its first bytes, never by
// `file`, which is for errors. Reads the beginning. Errors: it is empty, cannot be read, or its
// compressed data is wrong from the beginning.
Result<Content, InputError> make_content(std::string file, std::unique_ptr<ByteSource> raw);

}  // namespace faultline::trace
