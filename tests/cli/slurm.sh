#!/bin/sh
# A sweep on a Slurm of four emulated nodes: tasks that are warned, told to end, killed and cancelled in the middle of
# a run; what is collected at the end has every row of the same sweep on one machine.
. "${srcdir:-.}/tests/cli/lib.sh"
once "what Slurm does"
. "$srcdir/tests/cli/crash_lib.sh"
. "$srcdir/tests/cli/rows_lib.sh"
PATH=$PATH:/usr/sbin:/sbin
for program in slurmctld slurmd sbatch munged; do
    command -v $program >/dev/null || {
        echo "skipped: there is no $program (apt-get install slurmctld slurmd slurm-client munge)"
        exit 77
    }
done
slurm() {
    PORT=$((20000 + $$ % 20000)) bash "$srcdir/tests/cli/slurm/local.sh" "$1" "$daemons"
}
daemons=$(TMPDIR=/tmp mktemp -d) # munged wants folders that all may enter
chmod 755 "$daemons"
trap 'slurm stop >/dev/null 2>&1 || :; rm -rf "$daemons"; clean_up' EXIT
slurm start >started 2>&1 || {
    cat started
    echo "skipped: Slurm does not start here"
    exit 77
}
SLURM_CONF=$daemons/slurm.conf
export SLURM_CONF

crasher_spec sweep.yaml dawdle 'train: {epochs: 3, batch_size: 4, steps_per_epoch: 100}' \
    'sweep: {over: {optimizer.sgd.lr: [0.5, 0.4, 0.3, 0.2, 0.1]}}'
expect_exit 0 "$FELL" run sweep.yaml --plugin ./crasher.so --db one.db --quiet
expect_exit 0 "$FELL" submit sweep.yaml --plugin ./crasher.so --tasks 5 --share share --json
job=$(sed -n 's/.*"job":[^0-9]*\([0-9]*\).*/\1/p' out)
# The tasks train: their databases are there.
for _ in $(seq 200); do
    [ "$(squeue -h -r -t R | wc -l)" -lt 5 ] || break
    sleep 0.05
done
sleep 1
scancel --signal=USR1 "${job}_0"
scancel --signal=TERM "${job}_1"
scancel "${job}_2"
# Killed with its batch script: Slurm may think what it likes.
scancel --signal=KILL --full "${job}_3"
for _ in $(seq 120); do
    [ -n "$(squeue -h)" ] || break
    sleep 0.25
done
[ -z "$(squeue -h)" ] || fail "tasks are left: $(squeue)"
expect_exit 0 "$FELL" collect share -o all.db
if grep -q '5 of 5 shards' out; then fail "nothing was interrupted: the test was too late"; fi
expect_exit 0 "$FELL" submit --again share
expect_exit 0 timeout 60 "$FELL" collect share --follow -o all.db
expect_text out "5 of 5 shards finished"
expect_sql all.db 1 "SELECT count(*) >= 1 FROM events WHERE kind = 'resumed'"
for db in one all; do
    sqlite3 $db.db "DELETE FROM events WHERE kind IN ('started', 'resumed', 'interrupted')"
done
expect_same one.db all.db
