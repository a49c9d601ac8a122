#!/bin/sh
# Which machine runs an experiment is told by a file beside the database, too: a claim of another one counts as
# long as it is touched, whatever the clocks say, and nobody's is removed that lives.
. "${srcdir:-.}/tests/cli/lib.sh"
once "who may hold a claim"
. "$srcdir/tests/cli/crash_lib.sh"
crasher_spec slow.yaml dawdle 'train: {epochs: 1000, batch_size: 0}'
run="$FELL run slow.yaml --plugin ./crasher.so --quiet --db f.db"

# start [COMMAND]: the run, in the background, until its claim is there, in $claim.
start() {
    $1 $run >run.out 2>run.err &
    runner=$!
    for _ in $(seq 200); do
        claim=$(grep -ls "^process $runner " f.db.claim-*) || :
        [ -z "$claim" ] || return 0
        sleep 0.05
    done
    fail "there is no claim: $(cat run.err)"
}
stop() {
    kill -INT $runner
    wait $runner || :
}
start ""
expect_text "$claim" "host $(uname -n)" "boot $(cat /proc/sys/kernel/random/boot_id)"
stop
[ ! -e "$claim" ] || fail "the claim outlives its run"

# foreign WHEN: a claim of another machine, touched then.
foreign() {
    printf 'host elsewhere\nboot 0\nspace pid:[1]\nprocess 1 1\ntoken 0\n' >"$claim"
    touch -d "$1" "$claim"
}
foreign '30 seconds ago'
expect_exit 2 $run
expect_text err "another fell process is running this very experiment now, on elsewhere (process 1); its claim" \
    "It is void when it has not been touched for 60"
expect_text "$claim" elsewhere
expect_exit 0 "$FELL" watch --once --json --db f.db
expect_json out 1 "j->>'running_now'"
# One from the future lives, and so does one that is being written.
foreign '10 minutes'
expect_exit 2 $run
: >"$claim"
expect_exit 2 $run
expect_text err "on a machine that it does not name"
# Not touched for long: void.
foreign '2 minutes ago'
expect_exit 0 "$FELL" watch --once --json --db f.db
expect_json out 0 "j->>'running_now'"
start ""
expect_no_text "$claim" elsewhere
# Another took it over while this one did not stir: it ends, and leaves the other's claim.
foreign now
for _ in $(seq 260); do
    kill -0 $runner 2>/dev/null || break
    sleep 0.05
done
got=0
wait $runner || got=$?
[ $got = 1 ] || fail "it ended with $got: $(cat run.err)"
expect_text run.err "the experiment is run on elsewhere (process 1) now"
expect_text "$claim" elsewhere
rm "$claim"

# A process of this machine that was killed has no claim, at once.
start ""
kill -9 $runner
wait $runner || :
[ -e "$claim" ] || fail "the claim of a process that was killed is gone"
start ""
stop

# The socket of another name space is not seen: the file is.
unshare -n true 2>/dev/null || exit 0
start "unshare -n"
expect_exit 2 $run
expect_text err "on $(uname -n) (process"
# kill reaches the process itself: unshare has become it
kill -9 $runner
wait $runner || :
expect_exit 75 $run --until 0.5s
