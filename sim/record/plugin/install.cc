// What QEMU calls when it loads the plugin, and what the plugin asks to be called for.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "sim/record/plugin/plugin.h"

namespace faultline::record {
namespace {

void copy_value(char (&to)[64], const char* value) { std::strncpy(to, value, sizeof to - 1); }

// Options are NAME=VALUE. False: one is not known.
bool parse_option(const char* option, PluginOptions& options) {
  const char* const equals = std::strchr(option, '=');
  if (equals == nullptr) return false;
  const size_t name_bytes = size_t(equals - option);
  const char* const value = equals + 1;
  const auto is = [&](const char* name) {
    return std::strlen(name) == name_bytes && std::strncmp(option, name, name_bytes) == 0;
  };
  if (is("pipe")) return copy_value(options.pipe, value), true;
  if (is("plugin")) return copy_value(options.plugin, value), true;
  if (is("fd")) return options.fd = std::atoi(value), true;
  if (is("fetch")) return options.block_fetches = std::strcmp(value, "block") == 0, true;
  return false;
}

void on_translated(QemuPluginId, QemuBlock* block) { plugin.on_translated(block); }

void on_call(QemuPluginId, unsigned vcpu, int64_t number, uint64_t a, uint64_t b, uint64_t c,
             uint64_t d, uint64_t e, uint64_t f, uint64_t, uint64_t) {
  plugin.on_call(vcpu, number, {a, b, c, d, e, f});
}

void on_return(QemuPluginId, unsigned vcpu, int64_t number, int64_t result) {
  plugin.on_return(vcpu, number, result);
}

}  // namespace
}  // namespace faultline::record

extern "C" {

// The version of the interface that this is written for.
__attribute__((visibility("default"))) int qemu_plugin_version = 1;

__attribute__((visibility("default"))) int qemu_plugin_install(QemuPluginId id, const QemuInfo*,
                                                               int count, char** options) {
  using namespace faultline::record;
  PluginOptions parsed;
  for (int i = 0; i < count; ++i) {
    if (parse_option(options[i], parsed)) continue;
    std::fprintf(stderr, "faultline: the plugin has no option '%s'\n", options[i]);
    return 1;
  }
  if (!plugin.start(parsed)) {
    std::fprintf(stderr, "faultline: the recorder cannot be reached\n");
    return 1;
  }
  qemu_plugin_register_vcpu_tb_trans_cb(id, on_translated);
  qemu_plugin_register_vcpu_syscall_cb(id, on_call);
  qemu_plugin_register_vcpu_syscall_ret_cb(id, on_return);
  return 0;
}

}  // extern "C"
