#!/bin/sh
# A plugin that crashes, exits or fails ends its own run and no other, and the row says where.
. "${srcdir:-.}/tests/cli/lib.sh"
. "$srcdir/tests/cli/crash_lib.sh"

crasher_spec crash.yaml live 'train: {epochs: 5, batch_size: 0}' \
    'sweep: {over: {model.1.crasher.how: [live, segfault, abort, exit, overflow, fail], model.1.crasher.rows: [4, 5]}}'
for jobs in 1 3; do
    expect_exit 1 "$FELL" run crash.yaml --plugin ./crasher.so --jobs $jobs --db $jobs.db
    expect_sql $jobs.db "abort|4|crashed|6|SIGABRT (Aborted) in layer 'boom' (forward)
abort|5|finished||
exit|4|failed||the worker process ended by itself with status 3 in layer 'boom' (forward)
exit|5|finished||
fail|4|failed||boom: it is enough, epoch 1, step 1
fail|5|failed||boom: it is enough, epoch 1, step 1
live|4|finished||
live|5|finished||
overflow|4|crashed|11|SIGSEGV (Segmentation fault) in layer 'boom' (forward)
overflow|5|finished||
segfault|4|crashed|11|SIGSEGV (Segmentation fault) in layer 'boom' (backward)
segfault|5|crashed|11|SIGSEGV (Segmentation fault) in layer 'boom' (backward)" \
        "SELECT h.value, n.value, status, signal, error FROM runs
             JOIN run_params AS h ON h.run_id = id AND h.path LIKE '%how'
             JOIN run_params AS n ON n.run_id = id AND n.path LIKE '%rows' ORDER BY 1, 2"
    expect_sql $jobs.db 5 "SELECT count(*) FROM events WHERE kind IN ('crashed', 'failed') AND detail LIKE '%boom%'"
    expect_sql $jobs.db 25 "SELECT count(*) FROM epochs"
done
expect_text err "crashed after 0 epochs: SIGSEGV (Segmentation fault) in layer 'boom' (backward)"
expect_no_text out "noise on standard output"

# What was said before the crash is kept.
crasher_spec late.yaml abort 'train: {epochs: 5, batch_size: 3}' 'metrics: [mae]'
sed -i 's/how: abort/how: abort, rows: 1/' late.yaml
expect_exit 1 "$FELL" run late.yaml --plugin ./crasher.so --db late.db "record.gradients={step: 1}"
expect_sql late.db "crashed|1|4" \
    "SELECT status, (SELECT count(*) FROM steps), (SELECT count(*) FROM parameters) FROM runs"

# One that leaves a child, which keeps its pipe open, is as dead as any other; one that closes the pipe and
# does not end is killed.
crasher_spec leave.yaml leave 'train: {epochs: 5, batch_size: 0}' \
    'sweep: {over: {model.1.crasher.how: [leave, silent, live]}}'
for jobs in 1 2; do
    expect_exit 1 timeout 20 "$FELL" run leave.yaml --plugin ./crasher.so --jobs $jobs --quiet --db leave$jobs.db
    expect_sql leave$jobs.db "crashed|6|SIGABRT (Aborted) in layer 'boom' (forward)
failed||the worker process did not talk any more, nor end, and was killed
finished||" "SELECT status, signal, error FROM runs"
done
expect_exit 1 timeout 20 "$FELL" replay 1 --db leave1.db --plugin ./crasher.so
expect_text err "SIGABRT"
touch over

# A crash while the spec is checked is an error at the layer, and nothing is stored.
cat >plan.c <<'END'
#include "fell/plugin.h"
static fell_status plan(fell_plan *p)
{
    *(volatile int *)16 = 1;
    (void)p;
    return FELL_OK;
}
static fell_status pass(fell_layer_call *c)
{
    (void)c;
    return FELL_OK;
}
static const fell_layer bad_plan = {.item = FELL_ITEM0(FELL_KIND_LAYER, fell_layer, "bad_plan", "Dies early."),
                                    .min_inputs = 1, .max_inputs = 1, .plan = plan, .forward = pass, .backward = pass};
FELL_PLUGIN("1.0", "tests, MIT", &bad_plan.item);
END
${CC:-cc} -std=c17 -I"$srcdir/include" -shared -fPIC plan.c -o plan.so
write_spec plan.yaml
sed -i 's/^model:/model:\n  - bad_plan/' plan.yaml
expect_exit 2 "$FELL" run plan.yaml --plugin ./plan.so --db plan.db
expect_text err "plan.yaml:4:5: error: the worker process that tried this spec died: SIGSEGV" "in layer 'bad_plan1'"
[ ! -e plan.db ] || fail "a database was made"
