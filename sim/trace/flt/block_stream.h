// BlockStream: the blocks of an flt file, one after another, every byte of the file verified.
//
// With salvage it goes on behind what is damaged, at the next part whose bytes are good.
//
// Memory is bounded: the window of one block (layout.h), and a line for each of the first damages.
//
// Ownership: owns the content. Threads: one.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/trace/flt/layout.h"
#include "sim/trace/flt/window.h"

namespace faultline::trace {

struct StoredBlock {
  BlockHeader header{};
  std::string_view stored{};  // compressed
};

class BlockStream {
 public:
  // How many damages are told one by one.
  static constexpr std::size_t kDamageMax = 100;

  // Reads the header. What is wrong with it, next() says.
  BlockStream(Content content, bool salvage);

  // What the header says; where it is damaged, what the next good block says.
  const FltKind& kind() const { return header_.kind; }

  // The next block, or nothing at the end. Valid until the next call. Errors: what is damaged, with
  // its place; the same again from then on.
  Result<std::optional<StoredBlock>, InputError> next();
  // Goes on, by the index, with the block that holds the access behind the next `accesses`, or
  // behind the last block; how many accesses lie between, of which nothing is read. 0: it goes on
  // where it was, as the content cannot be sought in, its index is damaged, or what it passes over
  // might be calls or damaged.
  uint64_t seek(uint64_t accesses);
  // That block cannot be decoded: `why`. With salvage a damage, else an error for good.
  void refuse(std::string_view why);

  std::span<const InputError> damage() const { return damage_; }
  const std::optional<InputError>& failure() const { return failure_; }

 private:
  void read_header();
  // Each looks at the part that comes next. Whether it is a block, now in block_.
  bool read_part();
  bool read_block();
  bool read_index();
  bool read_trailer();
  // What is wrong with the block itself is known to be good: its place among the others.
  std::string check_place(const BlockHeader& block) const;
  void check_entries(uint64_t entries);

  // Something is wrong `at` bytes behind the window's front: an error, or with salvage a damage,
  // behind which the next part is searched. Always false.
  bool damaged(std::size_t at, std::string message);
  bool cut_short(std::string_view where);
  void add_damage(InputError error);
  void search();
  bool starts_part(std::string_view bytes);
  InputError error_at(uint64_t offset, std::string message) const;

  const bool salvage_;
  Window window_;
  FltHeader header_{};
  bool kind_known_ = false;
  StoredBlock block_{};
  std::size_t block_bytes_ = 0;  // of the block handed out last, not dropped yet
  uint64_t blocks_ = 0;          // the number of the next block
  uint64_t accesses_ = 0;        // before it
  uint32_t index_crc_ = 0;       // of the entries that the index should have
  std::optional<uint64_t> index_offset_{};
  bool gaps_ = false;  // something was passed over: index and trailer tell of more than was seen
  bool ended_ = false;
  std::vector<InputError> damage_{};
  std::optional<InputError> failure_{};
};

}  // namespace faultline::trace
