// ChampSim's instructions: each fetch with the loads and then the stores that follow it, as one
// record. See docs/formats/champsim.md.
#include <array>

#include "sim/trace/flt/bytes.h"
#include "sim/trace/formats/champsim_layout.h"
#include "sim/trace/writers/writer.h"

namespace faultline::trace {
namespace {

class ChampsimWriter final : public RecordWriter {
 public:
  std::optional<Trait> find_missing(const Access& access) const override {
    if (access.address.value == 0) return Trait::kAddressZero;
    if (!champsim::canonical(access.address.value)) return Trait::kFarAddresses;
    if (access.kind == AccessKind::kFetch) return std::nullopt;
    if (ip_ == 0) return Trait::kUnfetched;
    if (!has_room(access.kind)) return Trait::kManyOperands;
    return std::nullopt;
  }

  void write(const Access& access, std::string& out) override {
    const uint64_t address = access.address.value;
    if (access.kind == AccessKind::kFetch) {
      put_record(out);
      ip_ = address;
      return;
    }
    // A fetch that is made up is of the data itself: that is on no page of its own.
    const bool unfetched = ip_ == 0;
    if (unfetched) ip_ = address;
    if (!has_room(access.kind)) put_record(out);
    if (is_store(access.kind))
      stores_.at(store_count_++) = address;
    else
      loads_.at(load_count_++) = address;
    if (!unfetched) return;
    put_record(out);
    ip_ = 0;
  }

  void end(std::string& out) override { put_record(out); }

 private:
  // A reader takes all loads of a record first.
  bool has_room(AccessKind kind) const {
    if (is_store(kind)) return store_count_ < stores_.size();
    return store_count_ == 0 && load_count_ < loads_.size();
  }

  // Branches and registers are not known: all of them 0.
  void put_record(std::string& out) {
    if (ip_ == 0) return;
    put_number(out, ip_);
    out.append(champsim::kStores - champsim::kIsBranch, '\0');
    for (const uint64_t store : stores_) put_number(out, store);
    for (const uint64_t load : loads_) put_number(out, load);
    stores_ = {};
    loads_ = {};
    store_count_ = load_count_ = 0;
  }

  uint64_t ip_ = 0;  // of the record that is being made; 0: there was no fetch yet
  std::array<uint64_t, champsim::kStoreCount> stores_{};
  std::array<uint64_t, champsim::kLoadCount> loads_{};
  std::size_t store_count_ = 0;
  std::size_t load_count_ = 0;
};

}  // namespace

std::unique_ptr<RecordWriter> make_champsim_writer() { return std::make_unique<ChampsimWriter>(); }

}  // namespace faultline::trace
