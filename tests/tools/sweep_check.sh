# What the tests of the sweep scripts share: the sweep, and that a script prints the same. Sourced.

set -euo pipefail

export FAULTLINE=$PWD/sim/cli/faultline
folder=$(mktemp -d)
sweep=(traces/cg.lackey.gz --limit 200000 --memory '8p..64p/5' --policy lru,clock:enter=0 --tlb 'l2=128x4;none')

skip() {
  echo "SKIPPED: $*"
  exit 0
}

# check SCRIPT ARGUMENTS…: as table, JSON and CSV.
check() {
  local show
  for show in '' --json --csv; do
    "$FAULTLINE" sweep "${sweep[@]}" $show >"$folder/whole"
    "$@" -o "$show" -- "${sweep[@]}" >"$folder/spread"
    cmp "$folder/whole" "$folder/spread"
    [[ -s $folder/whole ]]
  done
}

# refused SCRIPT ARGUMENTS…: a shard that fails fails the whole, and prints nothing.
refused() {
  if "$@" -- "$folder/no-such-trace" --memory 8p >"$folder/out" 2>"$folder/err"; then
    echo "a trace that is not there was swept"
    exit 1
  fi
  [[ ! -s $folder/out ]]
}
