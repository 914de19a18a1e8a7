// Machine::sysctl: the settings of /proc/sys/vm that are simulated, each with the values that
// Linux takes.
#include <algorithm>
#include <array>
#include <limits>

#include "sim/machine/machine_impl.h"
#include "sim/machine/process_impl.h"

namespace faultline::machine {
namespace {

constexpr uint64_t kIntMax = std::numeric_limits<int32_t>::max();
constexpr uint64_t kLongMax = std::numeric_limits<int64_t>::max();

// A setting that is a number within bounds; setting it puts 0 into `other`, if there is one.
template <class Settings>
struct Row {
  std::string_view name;
  uint64_t Settings::*value;
  uint64_t min;
  uint64_t max;
  uint64_t Settings::*other = nullptr;
};

// Source: Linux mm/page-writeback.c vm_page_writeback_sysctls[].
constexpr auto kWriteBack = std::to_array<Row<VmSettings>>({
    {"vm.dirty_background_bytes", &VmSettings::dirty_background_bytes, 1, kLongMax,
     &VmSettings::dirty_background_ratio},
    {"vm.dirty_background_ratio", &VmSettings::dirty_background_ratio, 0, 100,
     &VmSettings::dirty_background_bytes},
    {"vm.dirty_bytes", &VmSettings::dirty_bytes, 8192, kLongMax, &VmSettings::dirty_ratio},
    {"vm.dirty_expire_centisecs", &VmSettings::dirty_expire_centisecs, 0, kIntMax},
    {"vm.dirty_ratio", &VmSettings::dirty_ratio, 0, 100, &VmSettings::dirty_bytes},
    {"vm.dirty_writeback_centisecs", &VmSettings::dirty_writeback_centisecs, 0, kIntMax},
});

// Source: Linux mm/util.c util_sysctl_table[].
constexpr auto kCommit = std::to_array<Row<mm::CommitSettings>>({
    {"vm.admin_reserve_kbytes", &mm::CommitSettings::admin_reserve_kbytes, 0, kLongMax},
    {"vm.overcommit_kbytes", &mm::CommitSettings::limit_kbytes, 0, kLongMax,
     &mm::CommitSettings::ratio_percent},
    {"vm.overcommit_ratio", &mm::CommitSettings::ratio_percent, 0, kIntMax,
     &mm::CommitSettings::limit_kbytes},
    {"vm.user_reserve_kbytes", &mm::CommitSettings::user_reserve_kbytes, 0, kLongMax},
});

struct Setting {
  std::string_view name;
  uint64_t value;
};

// Errors: kENOENT (not of the table), kEINVAL (out of bounds).
template <class Settings, size_t kRows>
Result<Settings> with(Settings settings, const std::array<Row<Settings>, kRows>& rows,
                      const Setting& wanted) {
  const auto row = std::find_if(rows.begin(), rows.end(),
                                [&](const auto& each) { return each.name == wanted.name; });
  if (row == rows.end()) return Errno::kENOENT;
  if (wanted.value < row->min || wanted.value > row->max) return Errno::kEINVAL;
  settings.*(row->value) = wanted.value;
  if (row->other != nullptr) settings.*(row->other) = 0;
  return settings;
}

}  // namespace

Result<void> MachineImpl::sysctl(std::string_view name, uint64_t value) {
  if (name == "vm.overcommit_memory") {
    if (value > uint64_t(mm::Overcommit::kNever)) return Errno::kEINVAL;
    mm::CommitSettings settings = commit_.settings();
    settings.overcommit = mm::Overcommit(value);
    commit_.set_settings(settings);
    return {};
  }
  if (name == "vm.max_map_count") {
    if (value > kIntMax) return Errno::kEINVAL;
    max_map_count_ = value;
    for (mm::AddressSpace* const space : spaces()) space->set_max_map_count(value);
    return {};
  }
  const Setting wanted{name, value};
  if (const auto changed = with(commit_.settings(), kCommit, wanted)) {
    commit_.set_settings(*changed);
    return {};
  } else if (changed.error() != Errno::kENOENT) {
    return changed.error();
  }
  const auto changed = with(vm_settings_, kWriteBack, wanted);
  if (!changed) return changed.error();
  vm_settings_ = *changed;
  return {};
}

}  // namespace faultline::machine
