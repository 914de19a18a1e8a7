// Loads, stores and fetches.
//
// Long ones go to the process in pieces, so that a length that no memory holds ends at the first
// byte that faults; a row of accesses cut in two does what it did in one.
#include <algorithm>

#include "sim/scenario/handlers.h"

namespace faultline::scenario {
namespace {

constexpr uint64_t kPieceBytes = 64 * 1024;

// Does `length_bytes` from `start` on by calls of access_piece(address, offset, piece_bytes), until
// one is not done whole.
template <class AccessPiece>
Answer access_in_pieces(const CallFrame& frame, uint64_t length_bytes, AccessPiece access_piece) {
  Answer answer;
  while (answer.value < length_bytes && !answer.signal && !answer.out_of_memory) {
    const uint64_t piece_bytes = std::min(kPieceBytes, length_bytes - answer.value);
    const AccessOutcome outcome =
        access_piece(frame.address(0) + answer.value, answer.value, piece_bytes);
    answer.value += outcome.bytes_done;
    answer.signal = outcome.signal;
    answer.out_of_memory = outcome.out_of_memory;
    if (outcome.bytes_done < piece_bytes) break;
  }
  answer.faults = frame.faults_since();
  return answer;
}

Answer answer_of_one(const CallFrame& frame, const AccessOutcome& outcome) {
  return {.value = outcome.bytes_done,
          .signal = outcome.signal,
          .faults = frame.faults_since(),
          .out_of_memory = outcome.out_of_memory};
}

bool is_access_size(uint64_t size) { return size == 1 || size == 2 || size == 4 || size == 8; }

PlacedMessage bad_size(const CallFrame& frame) {
  return {frame.statement.arguments[1].column, "the size must be 1, 2, 4 or 8"};
}

}  // namespace

CallResult run_load(const CallFrame& frame) {
  std::vector<std::byte> piece(std::min(kPieceBytes, frame.number(1)));
  std::vector<std::byte> data;
  Answer answer = access_in_pieces(
      frame, frame.number(1), [&](VirtAddr address, uint64_t offset, uint64_t piece_bytes) {
        const AccessOutcome outcome =
            frame.process.load(address, std::span(piece).first(piece_bytes));
        if (offset == 0) {
          const auto kept =
              static_cast<ptrdiff_t>(std::min(outcome.bytes_done, uint64_t{kDataBytesMax}));
          data.assign(piece.begin(), piece.begin() + kept);
        }
        return outcome;
      });
  answer.data = std::move(data);
  return answer;
}

CallResult run_store(const CallFrame& frame) {
  if (frame.statement.arguments[1].shape == ArgumentShape::kString) {
    const auto bytes = std::as_bytes(std::span(frame.values[1].text));
    return access_in_pieces(
        frame, bytes.size(), [&](VirtAddr address, uint64_t offset, uint64_t piece_bytes) {
          return frame.process.store(address, bytes.subspan(offset, piece_bytes));
        });
  }
  const std::vector<std::byte> piece(std::min(kPieceBytes, frame.number(1)),
                                     static_cast<std::byte>(frame.number(2)));
  return access_in_pieces(
      frame, frame.number(1), [&](VirtAddr address, uint64_t, uint64_t piece_bytes) {
        return frame.process.store(address, std::span(piece).first(piece_bytes));
      });
}

CallResult run_fetch(const CallFrame& frame) {
  return access_in_pieces(frame, frame.number(1),
                          [&](VirtAddr address, uint64_t, uint64_t piece_bytes) {
                            return frame.process.fetch(address, piece_bytes);
                          });
}

CallResult run_peek(const CallFrame& frame) {
  if (!is_access_size(frame.number(1))) return bad_size(frame);
  uint64_t value = 0;
  const auto size_bytes = static_cast<uint32_t>(frame.number(1));
  return answer_of_one(frame, frame.process.peek(frame.address(0), size_bytes, &value));
}

CallResult run_poke(const CallFrame& frame) {
  if (!is_access_size(frame.number(1))) return bad_size(frame);
  const auto size_bytes = static_cast<uint32_t>(frame.number(1));
  return answer_of_one(frame, frame.process.poke(frame.address(0), size_bytes, frame.number(2)));
}

CallResult run_xadd(const CallFrame& frame) {
  if (!is_access_size(frame.number(1))) return bad_size(frame);
  const auto size_bytes = static_cast<uint32_t>(frame.number(1));
  return answer_of_one(frame, frame.process.xadd(frame.address(0), size_bytes, frame.number(2)));
}

}  // namespace faultline::scenario
