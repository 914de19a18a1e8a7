#include "tests/trace/samples.h"

#include "tests/trace/flt_support.h"
#include "tests/trace/trace_support.h"

namespace faultline::testing {
std::string champsim_record(std::uint64_t ip, std::vector<std::uint64_t> stores,
                            std::vector<std::uint64_t> loads) {
  stores.resize(2);
  loads.resize(4);
  std::string record = little_endian(ip, 8) + std::string({1, 0, 6, 25, 6, 4, 0, 0});
  for (const std::uint64_t address : stores) record += little_endian(address, 8);
  for (const std::uint64_t address : loads) record += little_endian(address, 8);
  return record;
}

std::string oracle_general_record(std::uint64_t object, std::int64_t next) {
  return little_endian(123'456, 4) + little_endian(object, 8) + little_endian(512, 4) +
         little_endian(static_cast<std::uint64_t>(next), 8);
}

std::string drmemtrace_entry(std::uint16_t type, std::uint16_t size, std::uint64_t address) {
  return little_endian(type, 2) + little_endian(size, 2) + little_endian(address, 8);
}

namespace {

constexpr const char* kLackeySample = "I  0401ab70,3\n S 1fff000708,8\n M 04032ba0,4\n";

std::string flt_sample() {
  const std::vector<Access> accesses = {{{0x401ab70}, 3, AccessKind::kFetch},
                                        {{0x1fff000708}, 8, AccessKind::kStore},
                                        {{0x4032ba0}, 4, AccessKind::kModify}};
  return write_flt({{.accesses = accesses}}, {});
}

// Blocks, as libCacheSim's example names its columns.
constexpr const char* kBlocksSample =
    "# version,time,op,size,lbn\n1,33898,2a,512,42932745\n1,33898,28,512,42932746\n"
    "1,33899,8A,6144,42932745\n";
constexpr const char* kBlocksAccesses = " S 00000000,1\n L 00001000,1\n S 00000000,1\n";

// Recorded with perf 6.1 on Linux 6.18 (exceptions:page_fault_*, page-faults) and read from its
// ftrace; the fields differ from event to event as they do with other options. The sample of a load
// is made after the layout.
constexpr const char* kPerfSample =
    "# cmdline : perf record -e exceptions:page_fault_user ./demo\n"
    "            demo 16304 [000]  1169.038759: PERF_RECORD_COMM exec: demo:16304/16304\n"
    "            demo 16304/16304 [000]  1169.039075: exceptions:page_fault_kernel: "
    "address=0x5633a7009058 ip=elf_load error_code=0x2\n"
    "            demo 16304/16304 [000]  1169.039124:   exceptions:page_fault_user: "
    "address=0x7f85014fab70 ip=0x7f85014fab70 error_code=0x14\n"
    "            demo 16304/16304 [000]  1169.039130:   exceptions:page_fault_user: "
    "address=0x7f85014e0d40 ip=0x7f85014fba13 error_code=0x4\n"
    "        worker 7 16304/16306 [000]  1169.040106:   exceptions:page_fault_user: "
    "address=0x7f85012de000 ip=0x5633a70061d3 error_code=0x6\n"
    "            demo 16364  1170.542847:          1 page-faults:     55be96f44058 __TMC_END__+0x0 "
    "(demo) ffffffff8177539a elf_load+0x28a ([kernel.kallsyms])\n"
    "            demo 16364/16364  1170.542902: page-faults:     7f24299c0b70     7f24299c0b70\n"
    "           <...>-17303   [001] d....  1219.567883: page_fault_user: address=0x7faa271f7000 "
    "ip=0x55602f8f21d6 error_code=0x7\n"
    "            demo 16364 [001]  1171.000000:       1 cpu/mem-loads,ldlat=30/P:     7ffdf1391b0c "
    "      10268100142 |OP LOAD|LVL L1 hit|SNP None|TLB L1 or L2 hit|LCK No     5     "
    "7fad7c47425d main+0x1d (demo)\n";
constexpr const char* kPerfAccesses =
    " S 5633a7009058,1\nI  7f85014fab70,1\n L 7f85014e0d40,1\n S 7f85012de000,1\n"
    " L 55be96f44058,1\nI  7f24299c0b70,1\n S 7faa271f7000,1\n L 7ffdf1391b0c,1\n";

}  // namespace

const std::vector<Sample>& samples() {
  static const std::vector<Sample> all = {
      {"lackey", kLackeySample, kLackeySample},
      {"hexrw", "0041f7a0 R\n31348900 W\n0x40000c35 w\n",
       " L 0041f7a0,1\n S 31348900,1\n S 40000c35,1\n"},
      {"ostep", "8,7\n0\n7, 4503599627370495\n",
       " L 00008000,1\n L 00007000,1\n L 00000000,1\n L 00007000,1\n L fffffffffffff000,1\n"},
      {"pinatrace", "0x7f5cf64be3c4: W 0x7ffd1e6bd248\n0x401000: R 0x404010\n#eof\n",
       " S 7ffd1e6bd248,1\n L 00404010,1\n"},
      {"din", "2 0041f7a0\n0 31348900 comment\n3 0\n1 4\n4 0\n",
       "I  0041f7a0,1\n L 31348900,1\n S 00000004,1\n"},
      {"champsim",
       champsim_record(0x401000, {0x7ffd1e6bd248}, {0x404010, 0x404018}) +
           champsim_record(0x401004, {}, {}),
       "I  00401000,1\n L 00404010,1\n L 00404018,1\n S 7ffd1e6bd248,1\nI  00401004,1\n"},
      {"drmemtrace",
       // A header, markers, the thread, the process; an encoding; a bundle of three
       // lengths; a store of a size that is not told.
       drmemtrace_entry(25, 0, 4) + drmemtrace_entry(28, 12, 4) + drmemtrace_entry(22, 4, 3256418) +
           drmemtrace_entry(24, 4, 3256418) + drmemtrace_entry(28, 2, 13'311'508'417'531'520) +
           drmemtrace_entry(47, 3, 0xe78948) + drmemtrace_entry(10, 3, 0x7fc205a61940) +
           drmemtrace_entry(14, 5, 0x7fc205a61943) + drmemtrace_entry(1, 8, 0x7fff9a9e3528) +
           drmemtrace_entry(2, 8, 0x1000) + drmemtrace_entry(17, 3, 0x030201) +
           drmemtrace_entry(0, 4, 0x7fff9a9e3520) + drmemtrace_entry(1, 0, 0x7fff9a9e3540) +
           drmemtrace_entry(26, 0, 0),
       "I  7fc205a61940,3\nI  7fc205a61943,5\n S 7fff9a9e3528,8\nI  7fc205a61948,1\n"
       "I  7fc205a61949,2\nI  7fc205a6194b,3\n L 7fff9a9e3520,4\n S 7fff9a9e3540,1\n"},
      {"drmemtrace-view",
       "Output format:\n<--record#-> <--instr#->: <Wrkld.Tid> <record details>\n"
       "------------------------------------------------------------\n"
       "           1           0: W0.T3256418 <marker: version 4>\n"
       "           9           1: W0.T3256418 ifetch       3 byte(s) @ 0x00007fc205a61940 48 89 e7 "
       "   "
       "         mov    %rsp -> %rdi\n"
       "          10           2: W0.T3256418 write        8 byte(s) @ 0x00007fff9a9e3528 by PC "
       "0x00007fc205a61943\n"
       "          11           2:     T3256418 read        16 byte(s) @ 0x00007fff9a9e3530 by PC "
       "0x00007fc205a61943\n"
       "          12           2:     T3256418 read         0 byte(s) @ 0x00007fff9a9e3540 by PC "
       "0x00007fc205a61943\n"
       "View tool results:\n               2 : total instructions\n",
       "I  7fc205a61940,3\n S 7fff9a9e3528,8\n L 7fff9a9e3530,16\n"
       " L 7fff9a9e3540,1\n"},
      {"perf", kPerfSample, kPerfAccesses},
      {"oraclegeneral",
       oracle_general_record(0xfeed'0000'0000'0001, 3) + oracle_general_record(7, -1) +
           oracle_general_record(0xfeed'0000'0000'0001, -1),
       " L 00000000,1\n L 00001000,1\n L 00000000,1\n"},
      {"csv",
       "# time, object, size, op\n1, 5a6f, 512, get\n1, 7, 8, set\n# a note\n2,5a6f,512,READ\n",
       " L 00000000,1\n S 00001000,1\n L 00000000,1\n"},
      {"csv", kBlocksSample, kBlocksAccesses},
      {"plain",
       "# process, operation, address, size\n12 W 0x7f00 8\n12 r 7f08\n  13 I 401000 4 # a fetch\n"
       "M 7F00 65536\nf 0x10\n",
       " S 00007f00,8\n L 00007f08,1\nI  00401000,4\n M 00007f00,65536\nI  00000010,1\n"},
      {"flt", flt_sample(), kLackeySample},
  };
  return all;
}

}  // namespace faultline::testing
