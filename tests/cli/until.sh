#!/bin/sh
# --until and the end of a Slurm job: runs that cannot end before are not begun, what is under way is paused in
# time and goes on to the rows of one that was never stopped.
. "${srcdir:-.}/tests/cli/lib.sh"
once "the time that is left"
. "$srcdir/tests/cli/crash_lib.sh"
crasher_spec slow.yaml dawdle 'train: {epochs: 1000, batch_size: 0}' 'repeats: 3'

# seconds COMMAND...: how long it took, in $took, in tenths.
seconds() {
    begun=$(date +%s%N)
    "$@"
    took=$((($(date +%s%N) - begun) / 100000000))
}

# A run that is longer than the time: it is paused before it is over, and nothing else is begun.
seconds expect_exit 75 "$FELL" run slow.yaml --plugin ./crasher.so --db long.db --jobs 1 --until 1s
[ $took -le 50 ] || fail "it ended after $took tenths of a second"
expect_text err "the time is nearly up: every run ends this epoch and is paused"
expect_sql long.db "interrupted,queued,queued" "SELECT group_concat(status) FROM runs"
[ -s long.db.checkpoints/1/pause.safetensors ] || fail "no state was kept"
# There is no time for anything: that is said, and what was paused stays so.
expect_exit 75 "$FELL" run slow.yaml --plugin ./crasher.so --db long.db --jobs 1 --until 0.11s
expect_sql long.db "queued,queued" "SELECT group_concat(status) FROM runs WHERE id > 1"

# Runs that are short: as many as have an end in time. The next one is left as it is.
expect_exit 75 "$FELL" run slow.yaml --plugin ./crasher.so --db short.db --jobs 1 --until 3s train.epochs=110 repeats=9
expect_text err "no further run is begun"
expect_sql short.db "1|1|1|1" "SELECT count(*) FILTER (WHERE status = 'finished') BETWEEN 1 AND 4,
    count(*) FILTER (WHERE status = 'queued') >= 4, count(*) FILTER (WHERE status NOT IN ('finished', 'queued')) <= 1,
    max(started_at IS NULL) FROM runs"

# Runs that took longer than all the time there is now, in several goes, are begun none the less.
expect_exit 0 "$FELL" run slow.yaml --plugin ./crasher.so --db goes.db --jobs 1 --quiet train.epochs=40 repeats=1
sqlite3 goes.db "UPDATE runs SET seconds = 1000"
expect_exit 75 "$FELL" run slow.yaml --plugin ./crasher.so --db goes.db --jobs 1 --extend --until 0.5s train.epochs=40 repeats=9
expect_sql goes.db 1 "SELECT count(*) FILTER (WHERE started_at IS NOT NULL) > 1 FROM runs"

# The end of a Slurm job is one; the controller's clock may be ahead of this one's.
now=$(date +%s)
SLURM_JOB_START_TIME=$((now + 500)) SLURM_JOB_END_TIME=$((now + 501)) \
    expect_exit 75 "$FELL" run slow.yaml --plugin ./crasher.so --db slurm.db --jobs 1 train.epochs=120 repeats=1
expect_text err "the Slurm job ends in 0:00:01"
# Both parts together have the rows of a run that was not stopped; an end that has passed is told.
SLURM_JOB_END_TIME=$((now - 60)) \
    expect_exit 0 "$FELL" run slow.yaml --plugin ./crasher.so --db slurm.db train.epochs=120 repeats=1
expect_text err "SLURM_JOB_END_TIME has passed, by the clock of this machine: it is not heeded"
expect_exit 0 "$FELL" run slow.yaml --plugin ./crasher.so --db whole.db train.epochs=120 repeats=1 --quiet
expect_sql slurm.db "1|0" "ATTACH 'whole.db' AS whole; SELECT (SELECT count(*) FROM events WHERE kind = 'resumed'),
    (SELECT count(*) FROM epochs AS a JOIN whole.epochs AS b USING (run_id, epoch)
     WHERE a.train_loss <> b.train_loss OR a.grad_norm_mean <> b.grad_norm_mean)"
expect_sql slurm.db 120 "SELECT count(*) FROM epochs"

# What is no time, and what is past.
for word in 90 yesterday 25:00 1h30 '' 1x 2999-02-31T20:30 2999-04-31T00:00:00Z; do
    expect_exit 2 "$FELL" run slow.yaml --db none.db --until "$word"
    expect_text err "--until: '$word' is neither a time (20:30, 2026-01-31T20:30) nor a duration with its unit"
done
for word in 0s 2020-01-01T00:00 2020-01-01T00:00:00Z; do
    expect_exit 2 "$FELL" run slow.yaml --db none.db --until "$word"
    expect_text err "--until: '$word' is past"
done
[ ! -e none.db ] || fail "a database was made"
# A time of the day is the next one, and far off.
write_spec quick.yaml
expect_exit 0 "$FELL" run quick.yaml --db quick.db --quiet --until "$(date -d '1 minute ago' +%H:%M)"
expect_exit 0 "$FELL" run quick.yaml --db quick.db --quiet --new --until "$(date -u -d 'next year' +%Y-%m-%dT%H:%MZ)"

# An epoch that is longer than the time is paused at a step, and goes on with the same bits: rows of steps and
# epochs are those of a run that was not stopped, also when it is paused twice in one epoch, and by SIGTERM.
crasher_spec step.yaml dawdle 'train: {epochs: 2, batch_size: 4, steps_per_epoch: 150}' 'record: {gradients: {step: 1}}' \
    'metrics: [r2]' 'probes: [weights]'
expect_exit 0 "$FELL" run step.yaml --plugin ./crasher.so --db whole-step.db --quiet
for _ in 1 2; do
    expect_exit 75 "$FELL" run step.yaml --plugin ./crasher.so --db step.db --until 0.4s
    expect_text err "runs are paused in the middle of their epoch"
    expect_sql step.db "interrupted|0|0" "SELECT status, epochs_done, (SELECT count(*) FROM epochs) FROM runs"
    expect_sql step.db 1 "SELECT count(*) BETWEEN 5 AND 149 FROM steps"
done
expect_exit 0 "$FELL" run step.yaml --plugin ./crasher.so --db step.db
expect_sql step.db 2 "SELECT count(*) FROM events WHERE kind = 'resumed' AND detail GLOB 'after epoch 0, step [1-9]*'"
for table in steps step_gradients metrics gradients probes parameters splits; do
    sqlite3 -bail step.db "SELECT * FROM $table" >rows.1
    sqlite3 -bail whole-step.db "SELECT * FROM $table" >rows.2
    [ -s rows.1 ] && cmp rows.1 rows.2 || fail "a run that was paused at a step has other $table"
done
expect_sql step.db "2|0" "ATTACH 'whole-step.db' AS whole; SELECT count(*), sum(a.train_loss <> b.train_loss OR
    a.grad_norm_mean <> b.grad_norm_mean OR a.grad_norm_max <> b.grad_norm_max OR a.samples <> b.samples) FROM epochs AS a JOIN whole.epochs AS b USING (run_id, epoch)"
