#include "sim/machine/user_buffers.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "sim/base/check.h"
#include "sim/proc/files.h"

namespace faultline::machine {
namespace {

constexpr uint32_t kSegmentsMax = 1024;  // Linux UIO_MAXIOV
constexpr uint64_t kIovecBytes = 16;     // struct iovec: an address and a length

uint64_t little_endian(std::span<const std::byte, 8> bytes) {
  uint64_t value = 0;
  for (size_t i = bytes.size(); i > 0; --i) value = value << 8 | uint64_t(bytes[i - 1]);
  return value;
}

}  // namespace

UserBuffers::UserBuffers(const UserBuffer& buffer, const Reach& reach)
    : reach_(reach), outside_(buffer.outside) {
  if (outside_.empty()) segments_.push_back({buffer.address, buffer.length_bytes});
}

Result<UserBuffers> UserBuffers::import(VirtAddr vector, uint64_t count, const Reach& reach) {
  const auto segments = static_cast<uint32_t>(count);
  if (segments > kSegmentsMax) return Errno::kEINVAL;
  UserBuffers buffers(reach);
  std::vector<std::byte> raw(segments * kIovecBytes);
  if (reach.memory.copy_in(vector, raw) < raw.size()) return Errno::kEFAULT;
  for (uint64_t at = 0; at < raw.size(); at += kIovecBytes) {
    const std::span<const std::byte, kIovecBytes> entry(&raw[at], kIovecBytes);
    buffers.segments_.push_back(
        {{little_endian(entry.first<8>())}, little_endian(entry.last<8>())});
    if (static_cast<int64_t>(buffers.segments_.back().length_bytes) < 0) return Errno::kEINVAL;
  }
  // A single piece is cut before it is looked at, of several each is looked at whole.
  uint64_t room_bytes = proc::kReadWriteMax;
  if (segments == 1)
    buffers.segments_[0].length_bytes = std::min(buffers.segments_[0].length_bytes, room_bytes);
  for (Segment& segment : buffers.segments_) {
    if (!buffers.in_user_space(segment)) return Errno::kEFAULT;
    segment.length_bytes = std::min(segment.length_bytes, room_bytes);
    room_bytes -= segment.length_bytes;
  }
  return buffers;
}

// Source: Linux arch/x86/include/asm/uaccess_64.h __access_ok().
bool UserBuffers::in_user_space(const Segment& segment) const {
  const VirtAddr end = segment.address + segment.length_bytes;
  return end >= segment.address && end <= reach_.user_end;
}

uint64_t UserBuffers::length_bytes() const {
  uint64_t length_bytes = outside_.size();
  for (const Segment& segment : segments_) length_bytes += segment.length_bytes;
  return length_bytes;
}

bool UserBuffers::address_ok(uint64_t) const {
  return std::all_of(segments_.begin(), segments_.end(),
                     [this](const Segment& segment) { return in_user_space(segment); });
}

bool UserBuffers::sectors_ok(proc::Part part, uint64_t sector_bytes) const {
  const PageSize page_size = reach_.page_size;
  // What is not the process's begins with a page.
  if (!outside_.empty())
    return (part.offset_bytes | part.length_bytes) % sector_bytes == 0 ||
           (part.offset_bytes & page_size.offset_mask()) + part.length_bytes <= page_size.bytes();
  uint64_t before = 0;
  uint64_t pieces = 0;
  bool on_sectors = true;
  bool in_page = true;
  for (const Segment& segment : segments_) {
    const uint64_t first = std::max(before, part.offset_bytes);
    const uint64_t end =
        std::min(before + segment.length_bytes, part.offset_bytes + part.length_bytes);
    const uint64_t address = segment.address.value + (first - before);
    before += segment.length_bytes;
    if (first >= end) continue;
    ++pieces;
    on_sectors &= (address | (end - first)) % sector_bytes == 0;
    in_page &= page_size.offset_in_page({address}) + (end - first) <= page_size.bytes();
  }
  return on_sectors || (pieces == 1 && in_page);
}

template <class Copy>
uint64_t UserBuffers::for_each_part(uint64_t length_bytes, Copy copy) {
  uint64_t done = 0;
  while (done < length_bytes && segment_ < segments_.size()) {
    const Segment& segment = segments_[segment_];
    const uint64_t part = std::min(length_bytes - done, segment.length_bytes - done_bytes_);
    const uint64_t copied = part == 0 ? 0 : copy(segment.address + done_bytes_, done, part);
    done += copied;
    done_bytes_ += copied;
    if (copied < part) break;
    if (done_bytes_ < segment.length_bytes) continue;
    ++segment_;
    done_bytes_ = 0;
  }
  return done;
}

void UserBuffers::skip(uint64_t length_bytes) {
  if (outside_.empty()) {
    for_each_part(length_bytes, [](VirtAddr, uint64_t, uint64_t length) { return length; });
  } else {
    done_bytes_ += length_bytes;
  }
}

uint64_t UserBuffers::take(std::span<const std::byte> piece) {
  if (outside_.empty()) {
    return for_each_part(piece.size(), [&](VirtAddr to, uint64_t offset, uint64_t length) {
      return reach_.memory.copy_out(to, piece.subspan(offset, length));
    });
  }
  std::memcpy(&outside_[done_bytes_], piece.data(), piece.size());
  done_bytes_ += piece.size();
  return piece.size();
}

uint64_t UserBuffers::give(std::span<std::byte> piece) {
  if (outside_.empty()) {
    return for_each_part(piece.size(), [&](VirtAddr from, uint64_t offset, uint64_t length) {
      return reach_.memory.copy_in(from, piece.subspan(offset, length));
    });
  }
  std::memcpy(piece.data(), &outside_[done_bytes_], piece.size());
  done_bytes_ += piece.size();
  return piece.size();
}

uint64_t UserBuffers::left_in_page(VirtAddr at) const {
  return reach_.page_size.bytes() - reach_.page_size.offset_in_page(at);
}

uint64_t UserBuffers::copy_mapped(VirtAddr from, std::span<std::byte> to) {
  uint64_t done = 0;
  while (done < to.size()) {
    const VirtAddr at = from + done;
    if (!reach_.memory.readable_now(at)) break;
    const uint64_t count = std::min(to.size() - done, left_in_page(at));
    const uint64_t copied = reach_.memory.copy_in(at, to.subspan(done, count));
    done += copied;
    if (copied < count) break;
  }
  return done;
}

uint64_t UserBuffers::give_mapped(std::span<std::byte> piece) {
  if (!outside_.empty()) return give(piece);
  return for_each_part(piece.size(), [&](VirtAddr from, uint64_t offset, uint64_t length) {
    return copy_mapped(from, piece.subspan(offset, length));
  });
}

uint64_t UserBuffers::fault_in_as(AccessKind kind, uint64_t length_bytes) {
  if (!outside_.empty()) return length_bytes;
  const uint64_t reached =
      for_each_part(length_bytes, [&](VirtAddr from, uint64_t, uint64_t length) {
        const VirtAddr end = from + length;
        for (VirtAddr page = from; page < end; page = page + left_in_page(page)) {
          if (reach_.memory.fault_in(page, kind)) return uint64_t{page - from};
        }
        return length;
      });
  take_back(reached);
  return reached;
}

void UserBuffers::take_back(uint64_t length_bytes) {
  while (length_bytes > done_bytes_) {
    FL_CHECK(segment_ > 0);
    length_bytes -= done_bytes_;
    done_bytes_ = segments_[--segment_].length_bytes;
  }
  done_bytes_ -= length_bytes;
}

}  // namespace faultline::machine
