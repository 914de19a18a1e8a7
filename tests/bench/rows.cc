#include "tests/bench/rows.h"

namespace faultline::bench {
namespace {

constexpr Subject kSubjects[] = {bound_rows,     barest_rows,  frame_rows,       page_table_rows,
                                 translate_rows, machine_rows, vma_rows,         scenario_rows,
                                 trace_rows,     flt_rows,     replay_rows,      compressed_rows,
                                 engine_rows,    mrc_rows,     replacement_rows, sweep_rows};

}  // namespace

std::span<const Subject> subjects() { return kSubjects; }

}  // namespace faultline::bench
