#!/bin/sh
# What a command line can become: fell --complete offers commands, options, runs, experiments, keys of a spec,
# plugins and templates from the program's own tables; bash takes it from there.
. "${srcdir:-.}/tests/cli/lib.sh"
once "completion"
command -v bash >why || {
    echo "skipped: there is no bash"
    exit 77
}
write_sweep sweep.yaml
expect_exit 0 "$FELL" run sweep.yaml name=first train.epochs=1 --quiet
expect_exit 0 "$FELL" run sweep.yaml name=second train.epochs=1 --quiet --db other.db

# Each line: what must be offered, blanks between, and the words; "-" offers nothing.
while IFS='|' read -r wanted words; do
    # shellcheck disable=SC2086 # the words of a command line
    eval "set -- $words"
    "$FELL" --complete "$@" >said 2>err || fail "--complete $words: $(cat err)"
    expect_empty err
    [ "$wanted" != - ] || {
        expect_empty said
        continue
    }
    for word in $wanted; do
        grep -qxF -e "$word" said || fail "--complete $words does not offer $word: $(cat said)"
    done
done <<'END'
run retry report help export predict new|''
report retry replay|re
report|help repo
--jobs --db --quiet|run s.yaml --
--csv --onnx --tensorboard|export 1 --
train.epochs= train.early_stopping.patience= data.validation= seed= optimizer=|run sweep.yaml ''
train.batch_size=|check sweep.yaml train.b
8 7 1|show ''
first|report ''
first|best f
second|best --db other.db ''
first|runs --experiment ''
finished diverged crashed|runs --status ''
train validation test|predict 1 --split ''
best last|export 1 --epoch ''
1 8 first|export ''
list show new build check verify|plugin ''
loss layer optimizer|plugin new ''
relu cross_entropy|plugin show ''
adam|plugin show optimizer ad
iris xor|new ''
-|run ''
-|merge ''
-|export 1 --onnx ''
-|nothing ''
-|best --db none.db ''
END
"$FELL" --complete report '' | grep -qx second && fail "experiments of another database"

# ---- in bash -----------------------------------------------------------------------------------------------------

cat >ask.bash <<'END'
# ask LINE: what bash would offer at its end.
. "$srcdir/completions/fell.bash"
compopt() { echo "compopt $*"; }
COMP_LINE=$1 COMP_POINT=${#1}
# Readline divides words at = and : too.
IFS=' ' read -ra COMP_WORDS <<<"${1//=/ = }"
[[ $1 == *[=\ ] ]] && COMP_WORDS+=("")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_fell
printf '%s\n' "${COMPREPLY[@]}"
END
PATH=$(dirname "$FELL"):$PATH
export PATH srcdir
bash ask.bash "fell repo" >out
[ "$(cat out)" = report ] || fail "bash offers: $(cat out)"
bash ask.bash "fell run a.yaml train.ep" >out
[ "$(cat out)" = "compopt -o nospace
train.epochs=" ] || fail "bash offers: $(cat out)"
bash ask.bash "fell check --quiet " >out
[ "$(head -1 out)" = "compopt -o default" ] || fail "bash offers no files: $(cat out)"
for shell in zsh fish; do
    command -v $shell >why || continue
    [ $shell = zsh ] && file=_fell || file=fell.fish
    $shell -n "$srcdir/completions/$file" || fail "$shell does not read $file"
done
