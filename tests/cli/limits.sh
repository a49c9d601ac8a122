#!/bin/sh
# What a run may take: its limits end it, and no other, with its own status, the layer at fault and a
# command that shows it again; also where a plugin never comes back, or hears no signal.
. "${srcdir:-.}/tests/cli/lib.sh"
. "$srcdir/tests/cli/crash_lib.sh"

crasher_spec limits.yaml live 'train: {epochs: 5, batch_size: 0}' 'limits: {seconds: 0.4, memory_mb: 60}' \
    'sweep:' '  over:' '    product:' '      - zip:' \
    '          model.1.crasher.how: [live, hang, deaf, grow, grab, segfault, exit]' \
    '          limits.seconds: [0, 0.4, 0.4, 0, 0, 0, 0]' '      - model.1.crasher.rows: [4, 5]'
for jobs in 1 3; do
    expect_exit 1 "$FELL" run limits.yaml --plugin ./crasher.so --jobs $jobs --db $jobs.db
    expect_sql $jobs.db "deaf|4|timed_out||limits.seconds is 0.4
deaf|5|finished||
exit|4|failed||the worker process ended by itself with status 3 in layer 'boom' (forward)
exit|5|finished||
grab|4|out_of_memory||limits.memory_mb is 60
grab|5|finished||
grow|4|out_of_memory||limits.memory_mb is 60
grow|5|finished||
hang|4|timed_out||limits.seconds is 0.4
hang|5|finished||
live|4|finished||
live|5|finished||
segfault|4|crashed|11|SIGSEGV (Segmentation fault) in layer 'boom' (backward)
segfault|5|crashed|11|SIGSEGV (Segmentation fault) in layer 'boom' (backward)" \
        "SELECT h.value, n.value, status, signal, iif(error LIKE 'limits.%', substr(error, 1, instr(error, ',') - 1), error)
             FROM runs JOIN run_params AS h ON h.run_id = id AND h.path LIKE '%how'
             JOIN run_params AS n ON n.run_id = id AND n.path LIKE '%rows' ORDER BY 1, 2"
    # Where it was is known unless it is deaf; how much it took stands there, too.
    expect_sql $jobs.db 3 "SELECT count(*) FROM runs WHERE error LIKE 'limits.%' AND error LIKE '% in layer ''boom'' (forward)'"
    expect_sql $jobs.db 2 "SELECT count(*) FROM runs WHERE error GLOB 'limits.memory_mb is 60, and it had [0-9]*.[0-9] MiB*'"
    expect_sql $jobs.db 2 "SELECT count(*) FROM runs WHERE error GLOB 'limits.seconds is 0.4, and [0-9]*.[0-9][0-9] seconds had passed*'
        AND CAST(substr(error, length('limits.seconds is 0.4, and .')) AS REAL) BETWEEN 0.4 AND 5"
    expect_sql $jobs.db 35 "SELECT count(*) FROM epochs"
    expect_sql $jobs.db 7 "SELECT count(*) FROM events JOIN runs ON runs.id = run_id WHERE kind = status
        AND detail = error || '; to see it again: fell replay ' || run_id || ' --db $jobs.db --plugin ./crasher.so'"
done
expect_text err "timed_out after 0 epochs: limits.seconds is 0.4, and " "; to see it again: fell replay"

# Processor time: an endless loop takes it, waiting does not.
crasher_spec cpu.yaml hang 'train: {epochs: 40, batch_size: 0}' 'limits: {cpu_seconds: 0.25}' \
    'sweep: {over: {model.1.crasher.how: [hang, dawdle]}}'
expect_exit 1 "$FELL" run cpu.yaml --plugin ./crasher.so --jobs 1 --db cpu.db
expect_sql cpu.db "timed_out|1|0
finished||40" "SELECT status, error LIKE 'limits.cpu_seconds is 0.25, and it had used %._%_ seconds in layer ''boom'' (forward)'
    AND CAST(substr(error, length('limits.cpu_seconds is 0.25, and it had used .')) AS REAL) BETWEEN 0.25 AND 3, epochs_done FROM runs"

# Time in which the runner was suspended does not count.
crasher_spec slept.yaml dawdle 'train: {epochs: 40, batch_size: 0}' 'limits: {seconds: 1.5}'
"$FELL" run slept.yaml --plugin ./crasher.so --db slept.db >out 2>err &
runner=$!
wait_until slept.db "SELECT count(*) > 0 FROM epochs"
kill -STOP $(children $runner) $runner
sleep 1.8
kill -CONT $runner $(children $runner)
wait $runner || fail "it was ended: $(cat out err)"
expect_sql slept.db "finished|40" "SELECT status, epochs_done FROM runs"

# The address sanitizer takes more than that for itself.
! grep -q __asan_init "$FELL" || exit 0

# Memory that the program itself cannot have is no error of the run's; the next run has all there is.
write_spec large.yaml
cat >>large.yaml <<'END'
limits: {memory_mb: 20}
sweep: {over: {model.0.dense.units: [3000000, 8], limits.memory_mb: [20, 0]}}
END
expect_exit 1 "$FELL" run large.yaml --jobs 1 train.epochs=1 --db large.db
expect_sql large.db "3000000|20|out_of_memory
3000000|0|finished
8|20|finished
8|0|finished" "SELECT u.value, m.value, status FROM runs JOIN run_params AS u ON u.run_id = id AND u.path LIKE '%units'
    JOIN run_params AS m ON m.run_id = id AND m.path LIKE '%mb' ORDER BY id"
expect_sql large.db 1 "SELECT count(*) FROM runs WHERE error LIKE 'limits.memory_mb is 20, and it had %'
    OR error LIKE '%memory%; limits.memory_mb is 20'"
