#!/bin/sh
# What docs/security.md promises of text from outside: names of classes, specs, files and databases
# that hold what a terminal obeys, in every command that shows them.
. "${srcdir:-.}/tests/cli/lib.sh"

esc=$(printf '\033') csi=$(printf '\302\233') turn=$(printf '\342\200\256')
evil="${esc}[31m${csi}31m${turn}"

# clean FILE...: none of it, in any of its forms.
clean() {
    for file; do
        ! LC_ALL=C grep -qP '\x1b|\xc2[\x80-\x9f]|\xe2\x80[\xaa-\xae]|\xe2\x81[\xa6-\xa9]|\x07|\x08|\x7f|\r' "$file" || {
            cat -v "$file" >&2
            fail "$file holds control characters: $shown"
        }
    done
}
# shows STATUS TEXT COMMAND...: ends so, has TEXT somewhere, and none of it is a control character.
shows() {
    wanted=$1 text=$2 got=0
    shift 2
    shown=$*
    timeout 60 "$@" >out 2>err </dev/null || got=$?
    [ "$got" = "$wanted" ] || { cat -v out err >&2; fail "'$*' ended with $got, not $wanted"; }
    clean out err
    cat out err >both
    [ -z "$text" ] || grep -qF -e "$text" both || { cat both >&2; fail "'$text' is not shown by: $*"; }
}

# ---- what the user types, and names of files ------------------------------------------------
shows 2 'no command' "$FELL" "x$evil"
shows 2 'has no option' "$FELL" runs "--x$evil"
shows 2 'cannot read' "$FELL" check "x$evil.yaml"
shows 2 'no results database' "$FELL" runs --db "x$evil.db"
shows 2 'no plugin' "$FELL" plugin show "x$evil"

# ---- specs -------------------------------------------------------------------------------------
write_spec good.yaml
sed "s/tanh/t${evil}h/" good.yaml >"odd$evil.yaml"
shows 2 error "$FELL" check "odd$evil.yaml"
sed 's/tanh/"t\\e[31m\\x9b31m\\u202eh"/' good.yaml >escaped.yaml
shows 2 error "$FELL" check escaped.yaml
shows 2 error "$FELL" check good.yaml "model.0.dense.activation=t${evil}h"
shows 2 error "$FELL" check good.yaml "no$evil.path=1"

# ---- names of classes ------------------------------------------------------------------------
for class in a b; do
    for i in 1 2 3 4 5 6 7 8 9 10; do
        printf '%s,%s,"%s"\n' "$i" $((i * i % 7)) "$class$evil</script><b>\`|\$x\$"
    done
done | sed '1i x,y,kind' >classes.csv
cat >classes.yaml <<'END'
seed: 1
data: {source: {csv: {path: classes.csv, target: kind}}, validation: 0.2}
model: [{dense: {units: 2}}]
loss: cross_entropy
optimizer: {sgd: {lr: 0.1}}
metrics: [accuracy]
train: {epochs: 2, batch_size: 4}
END
db=results/fell.db
shows 0 '' "$FELL" check classes.yaml
shows 0 '' "$FELL" plan classes.yaml
shows 0 '' "$FELL" plan classes.yaml --json
shows 0 '' "$FELL" run classes.yaml
for how in '' --html --interactive --json; do
    shows 0 '' "$FELL" explain classes.yaml $how
    shows 0 '' "$FELL" explain classes.yaml $how -o page
    clean page
    case $how in --html | --interactive) expect_no_text page 'a</script><b>' ;; esac
done

# ---- a database of somebody else ---------------------------------------------------------------
cp "$db" evil.db
sqlite3 evil.db "
    UPDATE experiments SET name = 'n$evil', objective = 'o$evil';
    UPDATE runs SET status = 'failed', error = 'e$evil';
    UPDATE events SET kind = 'k$evil', detail = 'd$evil';
    UPDATE plugins SET name = 'p$evil', path = '/x$evil';
    UPDATE data_files SET path = '/d$evil';
    UPDATE parameters SET layer = 'l$evil', plugin = 'q$evil';
    UPDATE run_params SET path = 'r$evil', value = 'v$evil';"
for command in runs 'show 1' best report 'watch --once' 'compare 1 1' 'verify 1' 'replay 1' 'retry' 'export 1 -o w.safetensors'; do
    for form in '' --json; do
        got=0
        shown="fell $command $form"
        # shellcheck disable=SC2086 # words
        timeout 60 "$FELL" $command $form --db evil.db >out 2>err </dev/null || got=$?
        [ $got -le 2 ] || fail "$shown ended with $got"
        clean out err
    done
done
shows 0 '\u001b' "$FELL" runs --json --db evil.db
