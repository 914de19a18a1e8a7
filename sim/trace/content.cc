#include "sim/trace/content.h"

#include <utility>

#include "sim/trace/ahead_source.h"
#include "sim/trace/decoded_source.h"

namespace faultline::trace {

Result<Content, InputError> make_content(std::string file, std::unique_ptr<ByteSource> raw,
                                         Decompress decompress) {
  auto bytes = std::make_unique<BufferedSource>(std::move(raw));
  const Codec* const codec = find_codec(bytes->peek(kMagicBytes));
  if (codec != nullptr) {
    std::unique_ptr<ByteSource> decoded =
        std::make_unique<DecodedSource>(file, *codec, std::move(bytes));
    if (decompress == Decompress::kAhead)
      decoded = std::make_unique<AheadSource>(std::move(decoded));
    bytes = std::make_unique<BufferedSource>(std::move(decoded));
  }
  if (bytes->peek(1).empty()) {
    if (bytes->failure()) return *bytes->failure();
    return InputError{.file = std::move(file), .message = "is empty"};
  }
  return Content{std::move(file), std::move(bytes), codec != nullptr};
}

}  // namespace faultline::trace
