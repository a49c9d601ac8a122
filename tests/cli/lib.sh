# lib.sh - what the shell tests of the program share:
#
#     . "$srcdir/tests/cli/lib.sh"
#
# A test then runs in a scratch folder that goes away at its end. $FELL is the program.
set -eu
: "${FELL:?names the program to test}"
srcdir=$(cd "${srcdir:-.}" && pwd)
LC_ALL=C.UTF-8
export LC_ALL
scratch=$(mktemp -d)
# What a test that failed has left running in the background ends with it.
clean_up() {
    jobs -p >"$scratch/jobs" || : # dash knows none in a substitution
    while read -r job; do
        kill -9 "$job" 2>/dev/null || :
    done <"$scratch/jobs"
    rm -rf "$scratch"
}
trap clean_up EXIT
cd "$scratch"

fail() {
    printf 'FAILED: %s\n' "$*" >&2
    exit 1
}

# once WHAT: for a test that would find the same with every compiler; ./check runs it with the first alone.
once() {
    [ "${FELL_ONCE-}" != no ] || {
        echo "skipped: FELL_ONCE=no, and $1 does not depend on the compiler"
        exit 77
    }
}

# build_shim SOURCE: shim.so, to be preloaded, of a file of tests/cli.
build_shim() {
    case $(ldd "$FELL") in
    *libasan* | *libtsan*)
        echo "skipped: a sanitizer wants to be loaded first, before the shim"
        exit 77
        ;;
    esac
    ${CC:-cc} -std=gnu17 -D_GNU_SOURCE -O1 -shared -fPIC "$srcdir/tests/cli/$1" -o shim.so || fail "no shim"
}

# expect_exit STATUS COMMAND...: what it printed is left in the files out and err.
expect_exit() {
    wanted=$1 got=0
    shift
    "$@" >out 2>err || got=$?
    if [ "$got" != "$wanted" ]; then
        sed 's/^/out: /' out >&2
        sed 's/^/err: /' err >&2
        fail "'$*' ended with $got, not $wanted"
    fi
}

# expect_text FILE TEXT...: every TEXT stands somewhere in FILE.
expect_text() {
    file=$1
    shift
    for text; do
        grep -qF -e "$text" "$file" || {
            sed "s/^/$file: /" "$file" >&2
            fail "'$text' is not in $file"
        }
    done
}

expect_no_text() {
    if grep -qF -e "$2" "$1"; then
        sed "s/^/$1: /" "$1" >&2
        fail "'$2' is in $1"
    fi
}

expect_empty() {
    [ ! -s "$1" ] || {
        sed "s/^/$1: /" "$1" >&2
        fail "$1 is not empty"
    }
}

# expect_sql DATABASE ANSWER QUESTION
expect_sql() {
    answer=$(sqlite3 -bail "$1" "$3") || fail "$3"
    [ "$answer" = "$2" ] || fail "$3 gave '$answer', not '$2'"
}

# expect_json FILE ANSWER EXPRESSION: an SQL expression over `j`, the text of the file.
expect_json() {
    expect_sql :memory: "$2" "SELECT $3 FROM (SELECT CAST(readfile('$1') AS TEXT) AS j)"
}

# The child processes of PID.
children() {
    for stat in /proc/[0-9]*/stat; do
        # "PID (NAME) STATE PARENT ...", and the name may hold anything
        { read -r line <"$stat"; } 2>/dev/null || continue
        set -- "$1" ${line##*) }
        [ "$3" != "$1" ] || printf '%s\n' "${line%% *}"
    done
}

# An experiment that trains in a millisecond.
write_spec() {
    cat >"$1" <<'END'
seed: 3
data: {source: xor}
model:
  - dense: {units: 8, activation: tanh, name: hidden}
  - dense: {units: 1, activation: sigmoid, name: output}
loss: mse
optimizer: {sgd: {lr: 0.5}}
metrics: [accuracy]
train: {epochs: 20, batch_size: 0}
END
}

# The same, 2 rates x 2 activations x 2 repeats.
write_sweep() {
    write_spec "$1"
    cat >>"$1" <<'END'
repeats: 2
sweep:
  over:
    optimizer.sgd.lr: [0.5, 0.1]
    model.0.dense.activation: [tanh, relu]
END
}

# examples_of PAGE: run its examples here, as a reader beside the source would; what was run is
# left in examples.sh.
examples_of() {
    mkdir -p results bin
    ln -s "$srcdir/configs" configs
    ln -s "$srcdir/include" include
    ln -s "$srcdir/results/queries" results/queries
    ln -s "$FELL" bin/fell
    awk -f "$srcdir/tests/cli/examples.awk" "$1" >examples.sh
    XDG_STATE_HOME=$PWD/state PATH=$PWD/bin:$PATH sh -eux examples.sh >log 2>&1 || {
        cat log >&2
        fail "an example of $1"
    }
}

# yaml_blocks PAGE...: their ```yaml blocks as files, PAGE-HEADING.yaml, numbered where a heading has
# several.
yaml_blocks() {
    awk 'FNR == 1 { page = FILENAME; sub(/.*\//, "", page); sub(/\.md$/, "", page); heading = "" }
        /^## / { heading = "-" $2 }
        /^ *```yaml$/ { inside = 1; name = page heading; if (n[name]++) name = name n[name]; next }
        /^ *```/ { inside = 0 }
        inside { print > (name ".yaml") }' "$@"
}

# same_tensors FILE FILE: two safetensors files hold the same bytes behind their heads, which tell of the spec.
same_tensors() {
    for safetensors; do
        tail -c "+$(($(od -An -tu8 -N8 "$safetensors") + 9))" "$safetensors" >"$safetensors.tensors"
    done
    [ -s "$1.tensors" ] && cmp -s "$1.tensors" "$2.tensors"
}
