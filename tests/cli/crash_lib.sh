# crash_lib.sh - for the tests that need a plugin which crashes or takes its time:
#
#     . "$srcdir/tests/cli/crash_lib.sh"        (after lib.sh)
#
# Builds ./crasher.so. crasher_spec FILE HOW [LINE...] writes an experiment that uses it.
${CC:-cc} -std=c17 -D_GNU_SOURCE -O1 -I"$srcdir/include" -shared -fPIC "$srcdir/tests/cli/crasher.c" -o crasher.so

crasher_spec() {
    file=$1 how=$2
    shift 2
    cat >"$file" <<END
seed: 3
data: {source: xor}
model:
  - dense: {units: 4}
  - crasher: {how: $how, name: boom}
  - dense: {units: 1}
loss: mse
optimizer: sgd
END
    for line; do
        printf '%s\n' "$line" >>"$file"
    done
}

# wait_until DATABASE QUESTION: until its answer is 1, at most ten seconds.
wait_until() {
    for i in $(seq 200); do
        [ ! -s "$1" ] || [ "$(sqlite3 "$1" "$2" 2>/dev/null)" != 1 ] || return 0
        sleep 0.05
    done
    fail "it did not happen: $2"
}
