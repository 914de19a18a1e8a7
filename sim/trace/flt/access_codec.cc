#include "sim/trace/flt/access_codec.h"

#include <algorithm>
#include <array>

#include "sim/base/check.h"

namespace faultline::trace {
namespace {

// A control byte: the kind, whether it was the kernel, and the size, 0 where that is longer and
// stands among the sizes.
constexpr unsigned kKindMask = 3;
constexpr unsigned kKernel = 4;
constexpr unsigned kSizeShift = 3;
constexpr uint32_t kShortSizeMax = 31;

// What the next address of a stream is expected to be: the fetch behind the last one; the last
// data again.
struct Expected {
  uint64_t fetch = 0;
  uint64_t data = 0;
};

}  // namespace

std::size_t AccessEncoder::add(std::span<const Access> accesses) {
  const std::size_t taken =
      std::min<std::size_t>(accesses.size(), kBlockRecordsMax - accesses_.size());
  accesses_.insert(accesses_.end(), accesses.begin(),
                   accesses.begin() + static_cast<std::ptrdiff_t>(taken));
  return taken;
}

std::size_t AccessEncoder::add_runs(std::span<const uint64_t>, std::span<const PageRun>) {
  FL_CHECK_MSG(false, "runs for a trace of accesses");
  return 0;
}

void AccessEncoder::encode(std::string& content, BlockHeader& header) {
  controls_.clear();
  fetches_.clear();
  data_.clear();
  sizes_.clear();
  header.records = records();
  header.pages = 0;
  header.counts = {};
  Expected expected;
  for (const Access& access : accesses_) {
    const auto kind = static_cast<unsigned>(access.kind);
    const bool is_short = access.size_bytes <= kShortSizeMax;
    controls_ += static_cast<char>(kind | (access.by == AccessBy::kKernel ? kKernel : 0) |
                                   (is_short ? access.size_bytes << kSizeShift : 0));
    if (!is_short) put_varint(sizes_, access.size_bytes);
    ++header.counts[kind];
    const uint64_t address = access.address.value;
    if (access.kind == AccessKind::kFetch) {
      put_varint(fetches_, zigzag(address - expected.fetch));
      expected.fetch = address + access.size_bytes;
    } else {
      put_varint(data_, zigzag(address - expected.data));
      expected.data = address;
    }
  }
  for (const std::string* stream : {&fetches_, &data_, &sizes_})
    put_number(content, static_cast<uint32_t>(stream->size()));
  for (const std::string* stream : {&controls_, &fetches_, &data_, &sizes_}) content += *stream;
}

bool decode_accesses(ByteCursor& content, const BlockHeader& header, Access* accesses) {
  const auto fetch_bytes = content.take_number<uint32_t>();
  const auto data_bytes = content.take_number<uint32_t>();
  const auto size_bytes = content.take_number<uint32_t>();
  const std::string_view controls = content.take_bytes(header.records);
  ByteCursor fetches(content.take_bytes(fetch_bytes));
  ByteCursor data(content.take_bytes(data_bytes));
  ByteCursor sizes(content.take_bytes(size_bytes));
  if (content.failed()) return false;
  std::array<uint32_t, 4> counts{};
  Expected expected;
  for (std::size_t i = 0; i < controls.size(); ++i) {
    const auto control = static_cast<unsigned char>(controls[i]);
    Access access{.kind = static_cast<AccessKind>(control & kKindMask),
                  .by = (control & kKernel) != 0 ? AccessBy::kKernel : AccessBy::kProgram};
    uint64_t size = control >> kSizeShift;
    if (size == 0) size = sizes.take_varint();
    if (size == 0 || size > kAccessSizeMax) return false;
    access.size_bytes = static_cast<uint32_t>(size);
    ++counts[control & kKindMask];
    if (access.kind == AccessKind::kFetch) {
      access.address = {expected.fetch + unzigzag(fetches.take_varint())};
      expected.fetch = access.address.value + size;
    } else {
      access.address = {expected.data + unzigzag(data.take_varint())};
      expected.data = access.address.value;
    }
    accesses[i] = access;
  }
  const auto used_up = [](const ByteCursor& stream) {
    return !stream.failed() && stream.rest().empty();
  };
  return used_up(fetches) && used_up(data) && used_up(sizes) && counts == header.counts;
}

}  // namespace faultline::trace
