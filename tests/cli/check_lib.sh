# check_lib.sh - what the tests of `fell plugin check` share, after lib.sh.
XDG_STATE_HOME=$scratch/state
export XDG_STATE_HOME
flags="-std=c17 -O3 -fno-math-errno -fno-trapping-math -ffp-contract=off -fPIC -fvisibility=hidden -shared"

# results FILE WORD: the checks that ended so, as lines.
results() {
    sqlite3 :memory: "SELECT DISTINCT value->>'check' FROM json_each(CAST(readfile('$1') AS TEXT)) WHERE value->>'result' = '$2'"
}

# build_plugin FILE.c NAME: as the host's users would, with the flags that its second line may name.
build_plugin() {
    # shellcheck disable=SC2046,SC2086
    ${CC:-cc} $flags $(sed -n 's/^ \* flags: //p' "$1") -I"$srcdir/include" -o "$2.so" "$1" -lm
}

# said NAME CHECK TEXT: NAME.json has TEXT beside the check.
said() {
    sqlite3 :memory: "SELECT value->>'result' || ': ' || (value->>'what') FROM json_each(CAST(readfile('$1.json') AS TEXT)) WHERE value->>'check' = '$2'" >said
    grep -qF -e "$3" said || fail "$1, $2: '$(cat said)' instead of '$3'"
}

# check_all: plugin check of all lines of the file plugins, two at a time, each to a .json and an exit status
# beside it.
check_all() {
    # shellcheck disable=SC2016
    FELL=$FELL xargs -d '\n' -P 2 -n 1 sh -c '
        got=0
        "$FELL" plugin check "./$0.so" --json >"$0.json" 2>"$0.err" || got=$?
        echo "$got" >"$0.got"' <plugins
}
