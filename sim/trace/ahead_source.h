// AheadSource: reads another source in a thread of its own, a few blocks ahead, so that a trace is
// decompressed while what came before is replayed.
//
// What it hands out, errors and their places included, is what the source beneath does.
//
// Units: bytes. Memory: kBlocks * kReadBytes. Ownership: owns the source beneath, which is used by
// the thread alone from the first read on. Threads: one uses it; the destructor waits for the
// source's last read, so that it is for sources that do not wait for others: regular files.
#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "sim/trace/byte_source.h"

namespace faultline::trace {

class AheadSource final : public ByteSource {
 public:
  explicit AheadSource(std::unique_ptr<ByteSource> inner);
  ~AheadSource() override;

  Result<std::size_t, InputError> read(std::span<char> into) override;

 private:
  static constexpr std::size_t kBlocks = 8;

  struct Block {
    std::unique_ptr<char[]> bytes;  // of kReadBytes
    std::size_t size = 0;           // 0: the end, or the failure
    std::optional<InputError> failure{};
  };

  void start();
  void read_ahead();
  bool fill(Block& block);

  const std::unique_ptr<ByteSource> inner_;
  std::thread thread_;
  bool started_ = false;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t filled_ = 0;  // blocks filled, and taken, since the start; blocks_[n % kBlocks]
  std::size_t taken_ = 0;
  bool stop_ = false;

  std::array<Block, kBlocks> blocks_{};
  std::size_t at_ = 0;  // of the block that is being handed out
};

}  // namespace faultline::trace
