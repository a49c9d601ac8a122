#!/usr/bin/env bash
# local.sh - a throw-away Slurm "cluster" on one machine, without systemd.
#
#   local.sh start  [DIR]   write keys+config under DIR, start munged, slurmctld, N slurmd
#   local.sh status [DIR]   daemons' pids, sinfo, squeue
#   local.sh env    [DIR]   print the exports a client needs (eval "$(local.sh env)")
#   local.sh stop   [DIR]   cancel jobs, end the daemons by the pids in their own pid files
#
# Everything lives under DIR (default: ${TMPDIR:-/tmp}/slurm-local.$UID); nothing is written to /etc,
# /var or /run.  All sockets are on 127.0.0.1.  Works as root and as an ordinary user (then every
# daemon runs as that user and only that user can submit).
#
# Needs (Debian 12):  apt-get install -y --no-install-recommends slurmctld slurmd slurm-client munge
#
# Knobs (environment): NODES=4  CPUS=2 (per emulated node)  PORT=17100  MEM=2000 (MB per node)
set -euo pipefail

cmd=${1:-status}
D=${2:-${SLURM_LOCAL_DIR:-${TMPDIR:-/tmp}/slurm-local.$UID}}
NODES=${NODES:-4} CPUS=${CPUS:-2} PORT=${PORT:-17100} MEM=${MEM:-2000}
PATH=$PATH:/usr/sbin:/sbin
host=$(hostname -s) me=$(id -un)
export SLURM_CONF=$D/slurm.conf

pid_of() { # pidfile -> pid if that process lives and is ours
  local p; p=$(tr -dc 0-9 2>/dev/null <"$1") || return 1
  [ -n "$p" ] && kill -0 "$p" 2>/dev/null && echo "$p"
}
pidfiles() { ls "$D"/run/slurmd.*.pid "$D"/run/slurmctld.pid "$D"/run/munged.pid 2>/dev/null || true; }

write_config() {
  umask 022
  mkdir -p "$D"/{run,state,log,spool}
  chmod 755 "$D" "$D/run"
  # munge: 32..1024 random bytes; munged refuses a key others may read
  [ -s "$D/munge.key" ] || (umask 077; head -c 128 /dev/urandom >"$D/munge.key")
  cat >"$SLURM_CONF" <<CONF
ClusterName=local
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$PORT
SlurmUser=$me
SlurmdUser=$me
AuthType=auth/munge
CredType=cred/munge
# cred_expire is also how long a requeued job waits before it may start again (default 120 s)
AuthInfo=socket=$D/run/munge.sock,cred_expire=5
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
StateSaveLocation=$D/state
SlurmdSpoolDir=$D/spool/%n
SlurmctldPidFile=$D/run/slurmctld.pid
SlurmdPidFile=$D/run/slurmd.%n.pid
SlurmctldLogFile=$D/log/slurmctld.log
SlurmdLogFile=$D/log/slurmd.%n.log
# no cgroups
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
# several CPUs per node are handed out one by one
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
# the machine may have fewer cores than NODES*CPUS: take the numbers below as they stand
SlurmdParameters=config_overrides
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_interval=5,bf_interval=5
MinJobAge=3600
MaxArraySize=10001
MaxJobCount=20000
JobRequeue=1
RequeueExit=75
KillWait=2
ReturnToService=2
SlurmctldTimeout=30
SlurmdTimeout=30
MpiDefault=none
SwitchType=switch/none
AccountingStorageType=accounting_storage/none
# job history without a database: 'sacct -c' reads this file
JobCompType=jobcomp/filetxt
JobCompLoc=$D/log/jobcomp.txt
NodeName=n[1-$NODES] NodeHostname=$host NodeAddr=127.0.0.1 Port=[$((PORT+1))-$((PORT+NODES))] CPUs=$CPUS RealMemory=$MEM State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
}

start() {
  write_config
  if ! pid_of "$D/run/munged.pid" >/dev/null; then
    munged --key-file="$D/munge.key" --socket="$D/run/munge.sock" --pid-file="$D/run/munged.pid" \
           --log-file="$D/log/munged.log" --seed-file="$D/munged.seed" --num-threads=2
  fi
  pid_of "$D/run/slurmctld.pid" >/dev/null || slurmctld -f "$SLURM_CONF"
  for i in $(seq "$NODES"); do
    pid_of "$D/run/slurmd.n$i.pid" >/dev/null || slurmd -f "$SLURM_CONF" -N "n$i"
  done
  for _ in $(seq 150); do   # wait at most 30 s for every node to be idle (or busy with old jobs)
    up=$(sinfo -h -N -o '%t' 2>/dev/null | grep -cE '^(idle|mix|alloc)$' || true)
    [ "$up" = "$NODES" ] && { echo "up: $NODES nodes, SLURM_CONF=$SLURM_CONF"; return 0; }
    sleep 0.2
  done
  echo "slurm-local: nodes not up after 30 s; see $D/log" >&2
  tail -n 5 "$D"/log/*.log >&2 || true
  return 1
}

stop() {
  if pid_of "$D/run/slurmctld.pid" >/dev/null; then
    timeout 5 scancel -u "$me" 2>/dev/null || true
    for _ in $(seq 25); do [ -z "$(timeout 5 squeue -h 2>/dev/null || true)" ] && break; sleep 0.2; done
  fi
  local p pids=()
  for f in $(pidfiles); do p=$(pid_of "$f") && { pids+=("$p"); kill "$p"; } || true; done
  for _ in $(seq 50); do
    local left=0
    for p in "${pids[@]:-}"; do [ -n "$p" ] && kill -0 "$p" 2>/dev/null && left=1; done
    [ $left = 0 ] && { echo stopped; return 0; }
    sleep 0.2
  done
  echo "slurm-local: still running: ${pids[*]}" >&2; return 1
}

status() {
  local f p
  for f in $(pidfiles); do
    if p=$(pid_of "$f"); then echo "$(basename "$f" .pid): pid $p"; else echo "$(basename "$f" .pid): not running"; fi
  done
  pid_of "$D/run/slurmctld.pid" >/dev/null || { echo "not running"; return 3; }
  sinfo -N -o '%N %t %c %m'; squeue
}

case $cmd in
  start) start ;;
  stop) stop ;;
  status) status ;;
  env) echo "export SLURM_CONF=$SLURM_CONF" ;;
  *) sed -n '2,20p' "$0"; exit 2 ;;
esac
