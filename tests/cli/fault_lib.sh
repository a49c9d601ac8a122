# fault_lib.sh - for the tests that let the nth call of a kind fail (fault_shim.c):
#
#     . "$srcdir/tests/cli/fault_lib.sh"        (in bash, after lib.sh; what fails does not end the test)
#
# Without FAULTS some n of each kind, spread evenly and moved by SEED, are tried; FAULTS=8 tries eight, FAULTS=all each.
set +e
build_shim fault_shim.c
FELL_CACHE=off
export FELL_CACHE
tried=0

# calls KIND WHO COMMAND...: how many calls of a kind it makes is left in last.
calls() {
    LD_PRELOAD=$PWD/shim.so FAULT=$1 FAULT_WHO=$2 FAULT_AT=0 FAULT_COUNT=$PWD/count "${@:3}" >out 2>err ||
        fail "counting $1: $(cat err)"
    last=$(cat count)
}

# spread POINTS LAST: which of them are tried.
spread() {
    step=$([ "${FAULTS:-$1}" = all ] && echo 1 || echo $(($2 / ${FAULTS:-$1} + 1)))
    seq "${FAULTS_FROM:-$((step == 1 ? 1 : 1 + ${SEED:-1} % step))}" "${FAULTS_EVERY:-$step}" "$2"
}

# faulted KIND ERRNO WHO AT COMMAND...: its end is left in got; it neither crashed nor hangs, and says what failed.
faulted() {
    LD_PRELOAD=$PWD/shim.so FAULT=$1 FAULT_ERRNO=$2 FAULT_WHO=$3 FAULT_AT=$4 timeout 60 "${@:5}" >out 2>err
    got=$?
    tried=$((tried + 1))
    [ $got != 124 ] || fail "$what: it hangs"
    [ $got -lt 126 ] || fail "$what: it ended with $got: $(cat err)"
    [ $got != 0 ] || return 0
    case $1 in memory) named='memory' ;; *) named='\.yaml|\.db|\.so|\.safetensors|/[a-z]|a worker process' ;; esac
    grep -qE "$named" err || fail "$what: nothing is named: $(cat out err)"
}
