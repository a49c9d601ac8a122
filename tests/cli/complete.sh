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
sqlite3 other.db "UPDATE experiments SET name = 'other \$(touch bad)' || char(10) || 'y' WHERE name = 'second'"
"$FELL" --complete best --db other.db '' >out
expect_no_text out bad # a name of two lines is no word
sqlite3 other.db "UPDATE experiments SET name = 'other \$(touch bad)'"
bash ask.bash "fell best --db other.db oth" >out
[ "$(cat out)" = 'other\ \$\(touch\ bad\)' ] || fail "bash offers: $(cat out)"
HOME=$PWD
export HOME
ln -s "$FELL" fell
# shellcheck disable=SC2088 # the completion expands it
bash ask.bash "~/fell repo" >out
[ "$(cat out)" = report ] || fail "bash offers for ~/fell: $(cat out)"

# ---- in zsh and fish, where they are --------------------------------------------------------------------------------

# A line, and what it is after Tab in an interactive shell; "|" is its end.
cat >lines <<'END'
fell repo>fell report |
./fell repo>./fell report |
~/fell repo>~/fell report |
fell run a.yaml train.ep>fell run a.yaml train.epochs=|
fell run swe>fell run sweep.yaml |
fell run 'a b.yaml' train.ep>fell run 'a b.yaml' train.epochs=|
fell show 8>fell show 8 |
fell best f>fell best first |
fell best --db other.db oth>fell best --db other.db other\ \$\(touch\ bad\) |
fell plugin show optimizer adamw>fell plugin show optimizer adamw |
fell new cat>fell new cat-or-dog |
fell export 1 --onnx swe>fell export 1 --onnx sweep.yaml |
fell merge swe>fell merge sweep.yaml |
END
cat >ask.zsh <<'END'
zmodload zsh/zpty
zpty -b ask zsh -f -i
zpty -w ask "fpath=($srcdir/completions \$fpath); autoload -Uz compinit; compinit -u -D
tell() { print -r -- \"\$BUFFER|\" >>said; BUFFER=; zle accept-line }; zle -N tell
bindkey '^X' tell; bindkey '^I' complete-word; : >ready"
n=0
repeat 200; do [[ -e ready ]] && break; sleep 0.05; done
while IFS='>' read -r line wanted; do
    zpty -w -n ask "$line"$'\t'$'\x18'
    ((++n))
    repeat 200; do [[ -e said && $(wc -l <said) -ge $n ]] && break; sleep 0.02; done
done <lines
zpty -d ask
END
cat >ask.fish <<'END'
# fish names what the last word can become; one that ends in = is no whole word.
source $srcdir/completions/fell.fish
while read -l line
    set -l parts (string split '>' -- $line)
    set -l offers (complete -C $parts[1])
    echo $parts[1]'>'(string split ' ' -- $parts[1])[-1]'>'(string split \t -- "$offers[1]")[1]'>'(count $offers)
end <lines
END
cut -d'>' -f2 lines >wanted
if command -v zsh >why; then
    zsh -f ask.zsh || fail "zsh ended with $?"
    diff wanted said || fail "zsh completes otherwise"
fi
if command -v fish >why; then
    fish --no-config ask.fish >said
    # The line without its last word and with what is offered: one alone, or the first of several with it.
    awk -F'>' '{ end = $3 ~ /=$/ ? "|" : " |"; print substr($1, 1, length($1) - length($2)) $3 end }' said >lines.fish
    sed 's/\\//g' wanted >wanted.fish # what it writes into the line it quotes
    diff wanted.fish lines.fish || fail "fish completes otherwise: $(cat said)"
fi
[ ! -e bad ] || fail "a name of a database was run"
