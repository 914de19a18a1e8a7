#!/bin/bash
# tools/sweep-slurm prints what the whole sweep does, byte for byte. A Slurm of our own runs on
# loopback for it: munged, slurmctld and slurmd, with all their files in one folder.

. tests/tools/sweep_check.sh
daemons=(slurmd slurmctld munged)
# A daemon writes to its files until it has ended.
stop() {
  local name pid tries
  for name in "${daemons[@]}"; do
    [[ -s $folder/$name.pid ]] || continue
    pid=$(<"$folder/$name.pid")
    kill "$pid" || continue
    for ((tries = 0; tries < 100; ++tries)); do
      kill -0 "$pid" 2>/dev/null || break
      sleep 0.1
    done
  done
  rm -rf "$folder"
}
trap stop EXIT
export PATH=$PATH:/usr/sbin
for tool in sbatch "${daemons[@]}"; do
  command -v "$tool" >/dev/null || skip "there is no $tool (tools/setup --all)"
done
((EUID == 0)) || skip 'slurmd runs as root alone'

host=$(hostname -s)
port=$((20000 + $$ % 20000))
mkdir "$folder/state" "$folder/spool"
head -c 1024 /dev/urandom >"$folder/munge.key"
chmod 600 "$folder/munge.key"
cat >"$folder/slurm.conf" <<END
ClusterName=faultline
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$folder/munge.socket
SlurmctldPort=$port
SlurmdPort=$((port + 1))
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SchedulerParameters=batch_sched_delay=0,sched_interval=1
SelectType=select/cons_tres
NodeName=$host NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
END
export SLURM_CONF=$folder/slurm.conf
start() {
  "$@" >"$folder/start.log" 2>&1 || skip "$1 does not start here: $(tail -n 1 "$folder/start.log")"
}
start munged --force --key-file="$folder/munge.key" --socket="$folder/munge.socket" \
  --pid-file="$folder/munged.pid" --log-file="$folder/munged.log" --seed-file="$folder/munge.seed"
start slurmctld
start slurmd
# A node may have fewer memory or processors than it says, or no way to be one: a container.
for ((i = 0; i < 60; ++i)); do
  [[ $(sinfo --noheader --format=%t 2>/dev/null) == idle ]] && break
  sleep 0.5
done
[[ $(sinfo --noheader --format=%t 2>/dev/null) == idle ]] ||
  skip "no node of Slurm comes up here: $(tail -n 1 "$folder/slurmd.log")"

check tools/sweep-slurm -n 3 -d "$folder/job"
refused tools/sweep-slurm -n 2 -d "$folder/job"
echo "sweep-slurm: as the whole sweep"
