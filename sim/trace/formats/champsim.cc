// ChampSim's instruction traces: their row. See docs/formats/champsim.md.
#include <utility>

#include "sim/trace/format.h"
#include "sim/trace/formats/champsim_layout.h"
#include "sim/trace/record_reader.h"

namespace faultline::trace {
namespace {

using namespace champsim;

std::string_view check(std::string_view record) {
  const std::uint64_t ip = load_number<std::uint64_t>(record, kIp);
  if (ip == 0 || !canonical(ip)) return "its ip is no address";
  if (record[kIsBranch] < 0 || record[kIsBranch] > 1) return "its is_branch is neither 0 nor 1";
  if (record[kBranchTaken] < 0 || record[kBranchTaken] > 1)
    return "its branch_taken is neither 0 nor 1";
  for (std::size_t at = kStores; at < kRecordBytes; at += 8)
    if (!canonical(load_number<std::uint64_t>(record, at))) return "an operand of it is no address";
  return {};
}

constexpr RecordFormat kFormat{.name = "champsim",
                               .record_bytes = kRecordBytes,
                               .accesses_max = 1 + kLoadCount + kStoreCount,
                               .check = check};

class Parser final : public RecordParser {
 public:
  // The fetch, then what it loads, then what it stores. Address 0 stands for nothing.
  std::size_t parse(std::string_view record, Access* out) override {
    std::size_t count = 0;
    const auto add = [&](std::size_t at, AccessKind kind) {
      const VirtAddr address{load_number<std::uint64_t>(record, at)};
      if (address.value != 0) out[count++] = {.address = address, .kind = kind};
    };
    add(kIp, AccessKind::kFetch);
    for (std::size_t i = 0; i < kLoadCount; ++i) add(kLoads + 8 * i, AccessKind::kLoad);
    for (std::size_t i = 0; i < kStoreCount; ++i) add(kStores + 8 * i, AccessKind::kStore);
    return count;
  }
};

}  // namespace

Detection detect_champsim(const Head& head) { return detect_records(head, kFormat); }

std::unique_ptr<TraceReader> make_champsim_reader(Content content) {
  return std::make_unique<RecordReader>(kFormat, std::make_unique<Parser>(), std::move(content));
}

}  // namespace faultline::trace
