#!/bin/sh
# Only one process runs an experiment; a user who may not write its database can neither say that he does
# nor hinder it, and one who may write it counts.
. "${srcdir:-.}/tests/cli/lib.sh"
once "who may hold a name"
. "$srcdir/tests/cli/crash_lib.sh"
as="setpriv --reuid 65534 --regid 65534 --clear-groups"
[ "$(id -u)" = 0 ] && $as perl -MSocket -e 1 2>/dev/null || exit 77

crasher_spec slow.yaml dawdle 'train: {epochs: 15, batch_size: 0}'
again="$FELL run slow.yaml --plugin ./crasher.so --quiet --db f.db --new"
$again
# name_of_newest: the name that says that the newest experiment is being run.
name_of_newest() {
    printf 'fell:%x:%x:' "$(stat -c %d f.db)" "$(stat -c %i f.db)"
    sqlite3 f.db "SELECT substr(uid, 1, 32) FROM experiments ORDER BY id DESC LIMIT 1"
}
name=$(name_of_newest)

# hold USER-COMMAND NAME: somebody has a socket of that abstract name, until `kill $holder`.
hold() {
    rm -f held
    # shellcheck disable=SC2016 # Perl's
    $1 perl -MSocket -e 'socket(S, AF_UNIX, SOCK_DGRAM, 0) && bind(S, pack("S", AF_UNIX) . "\0$ARGV[0]") or die "$!";
        $| = 1; print "held\n"; sleep 600' "$2" >held &
    holder=$!
    for _ in $(seq 200); do
        [ ! -s held ] || return 0
        sleep 0.05
    done
    fail "nobody holds $2"
}
# expect_alive true|false: what `fell watch` says.
expect_alive() {
    "$FELL" watch --once --json --db f.db >out
    tr -d '[:space:]' <out >packed
    expect_text packed "\"running_now\":$1"
}

# A stranger, who can read the file: he is not counted.
chmod 644 f.db
for held in "$name" "$name:0"; do
    hold "$as" "$held"
    expect_alive false
    expect_exit 0 $again
    kill $holder
    wait $holder || :
done

# Who may write it is: the owner, anybody when all may, and members of the group when it may.
for held in "$name" "$name:0"; do
    hold "" "$held"
    expect_alive true
    expect_exit 2 $again
    expect_text err "another fell process is running this very experiment now"
    kill $holder
    wait $holder || :
    hold "$as" "$held"
    for mode in 666 664; do
        chmod $mode f.db
        chown 0:65534 f.db
        expect_alive true
        expect_exit 2 $again
        chown 0:0 f.db
        chmod 644 f.db
    done
    chmod 664 f.db
    expect_exit 0 $again
    chmod 644 f.db
    kill $holder
    wait $holder || :
done

# The name is a stranger's: the owner's run is still the only one, and is seen.
start() {
    $again train.epochs=2000 >run.out 2>run.err &
    runner=$!
    wait_until f.db "SELECT count(*) = 1 FROM runs WHERE status = 'running'"
}
stop() {
    kill -INT $runner
    wait $runner || :
}
start
stop
hold "$as" "$(name_of_newest)"
start
expect_alive true
expect_exit 2 $again train.epochs=2000
expect_text err "another fell process is running this very experiment now"
stop
expect_alive false
kill $holder
expect_sql f.db "finished,interrupted" "SELECT group_concat(status) FROM (SELECT status FROM runs ORDER BY id)"
