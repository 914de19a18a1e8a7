// The part of QEMU's plugin interface, version 1, that the plugin uses. Debian's qemu-user has the
// interface and ships no header for it; these are our own declarations of it.
//
// Units: addresses of the traced program. Ownership: blocks and instructions are QEMU's and valid
// during the callback that names them. Threads: callbacks come on the thread of their vCPU, and
// each thread of the traced program is a vCPU.
// Source: https://www.qemu.org/docs/master/devel/tcg-plugins.html; QEMU 7.2.
#pragma once

#include <cstddef>
#include <cstdint>

extern "C" {

using QemuPluginId = uint64_t;
struct QemuBlock;
struct QemuInstruction;
// What is known of an access; opaque, the functions below read it.
using QemuAccess = uint32_t;

struct QemuInfo {
  const char* target_name;
  struct {
    int min;
    int cur;
  } version;
  bool system_emulation;
};

enum QemuRegisters : int { kQemuNoRegisters = 0 };
enum QemuRw : int { kQemuLoadsAndStores = 3 };
enum QemuInline : int { kQemuAddU64 = 0 };

using QemuVcpuCallback = void (*)(unsigned vcpu, void* user);
using QemuAccessCallback = void (*)(unsigned vcpu, QemuAccess access, uint64_t address, void* user);

void qemu_plugin_register_vcpu_tb_trans_cb(QemuPluginId id, void (*)(QemuPluginId, QemuBlock*));
size_t qemu_plugin_tb_n_insns(const QemuBlock* block);
QemuInstruction* qemu_plugin_tb_get_insn(const QemuBlock* block, size_t index);
uint64_t qemu_plugin_insn_vaddr(const QemuInstruction* instruction);
size_t qemu_plugin_insn_size(const QemuInstruction* instruction);

void qemu_plugin_register_vcpu_tb_exec_cb(QemuBlock* block, QemuVcpuCallback callback,
                                          QemuRegisters registers, void* user);
void qemu_plugin_register_vcpu_insn_exec_inline(QemuInstruction* instruction, QemuInline operation,
                                                void* word, uint64_t operand);
void qemu_plugin_register_vcpu_mem_cb(QemuInstruction* instruction, QemuAccessCallback callback,
                                      QemuRegisters registers, QemuRw which, void* user);
unsigned qemu_plugin_mem_size_shift(QemuAccess access);
bool qemu_plugin_mem_is_store(QemuAccess access);

void qemu_plugin_register_vcpu_syscall_cb(QemuPluginId id,
                                          void (*)(QemuPluginId, unsigned vcpu, int64_t number,
                                                   uint64_t, uint64_t, uint64_t, uint64_t, uint64_t,
                                                   uint64_t, uint64_t, uint64_t));
void qemu_plugin_register_vcpu_syscall_ret_cb(QemuPluginId id,
                                              void (*)(QemuPluginId, unsigned vcpu, int64_t number,
                                                       int64_t result));
// To be called when the program runs, not before. The result is allocated and the caller's.
const char* qemu_plugin_path_to_binary(void);

}  // extern "C"
