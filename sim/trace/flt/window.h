// Window: the bytes of a content that come next, as many as are asked for, to look at before they
// are taken: what turns out to be damaged can be searched again from any byte on.
//
// Units: bytes. Ownership: owns the content. Threads: one.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "sim/trace/content.h"

namespace faultline::trace {

class Window {
 public:
  explicit Window(Content content) : content_(std::move(content)) {}

  // The next `size` bytes; fewer where the content ends or fails before. Valid until the next call.
  std::string_view view(std::size_t size);
  // What view() has read already and nobody took.
  std::string_view buffered() const { return {buffer_.data() + begin_, end_ - begin_}; }
  // Takes them. REQUIRES: view() has shown them.
  void drop(std::size_t size);
  // How many bytes have been taken.
  uint64_t offset() const { return offset_; }
  // The content in any order, or null: it can only be read in order.
  const SeekableBytes* seekable() const { return content_.bytes->seekable(); }
  // The next bytes are those at `offset`. False: nothing changed. REQUIRES: seekable().
  bool seek(uint64_t offset);
  // Why the content failed, if it did.
  const std::optional<InputError>& failure() const { return failure_; }

  const std::string& file() const { return content_.file; }
  // Whether offset() counts bytes of the file as it lies on disk.
  bool on_disk() const { return !content_.compressed; }

 private:
  const Content content_;
  std::vector<char> buffer_{};
  std::size_t begin_ = 0;  // buffer_[begin_, end_) is not taken yet
  std::size_t end_ = 0;
  uint64_t offset_ = 0;
  bool ended_ = false;
  std::optional<InputError> failure_{};
};

}  // namespace faultline::trace
