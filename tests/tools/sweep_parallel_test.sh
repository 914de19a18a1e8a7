#!/bin/bash
# tools/sweep-parallel prints what the whole sweep does, byte for byte.

. tests/tools/sweep_check.sh
trap 'rm -rf "$folder"' EXIT
command -v parallel >/dev/null || skip 'there is no GNU parallel (tools/setup --all)'
export PARALLEL_HOME=$folder

check tools/sweep-parallel -n 3
# ":" is this machine.
check tools/sweep-parallel -n 2 -S :
refused tools/sweep-parallel -n 2
echo "sweep-parallel: as the whole sweep"
