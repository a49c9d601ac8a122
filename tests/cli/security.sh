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

# ---- names of classes and columns --------------------------------------------------------------
for class in a b; do
    for i in 1 2 3 4 5 6 7 8 9 10; do
        printf '%s,%s,"%s"\n' "$i" $((i * i % 7)) "$class$evil</script><b>\`|\$x\$"
    done
done | sed "1i x$evil,\"<b>y\",kind" >classes.csv
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
shows 2 'no column' "$FELL" check classes.yaml 'data.source.csv.target="no\e[31m\x9b31m\u202e"'
shows 2 'error' "$FELL" check classes.yaml 'data.source.csv.target=[kind, "x\e[31m\x9b31m\u202e"]'
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
for command in runs 'show 1' best report 'watch --once' 'compare 1 1' 'verify 1' 'replay 1' 'retry 1' 'export 1 --safetensors w.st'; do
    for form in '' --json; do
        got=0
        shown="fell $command $form"
        # shellcheck disable=SC2086 # words
        timeout 60 "$FELL" $command $form --db evil.db >out 2>err </dev/null || got=$?
        [ $got -le 2 ] || fail "$shown ended with $got"
        clean out err
    done
done
shows 0 '\u009b' "$FELL" runs --json --db evil.db
# A command that is shown to be typed does no more than it says.
cp "$db" named.db
sqlite3 named.db "UPDATE experiments SET name = 'x; touch pwned'; UPDATE runs SET status = 'finished'"
shows 0 "fell report 'x; touch pwned'" "$FELL" watch --db named.db
# Pages that are written, and what a net answers.
for command in report 'report --limit 0' 'show 1'; do
    # shellcheck disable=SC2086 # words
    shows 0 '' "$FELL" $command --html -o page --db evil.db
    clean page
    expect_no_text page '[31m</script>'
    expect_no_text page '\u001b'
done
expect_text page "$(printf 'e\357\277\275[31m')"
shows 0 '' "$FELL" export 1 --tensorboard board --db evil.db
find board >names
clean names
for command in '' '--json -o answers'; do
    # shellcheck disable=SC2086 # words
    shows 0 '' "$FELL" predict 1 --split train $command
done
clean answers
shows 0 '' "$FELL" new --csv classes.csv --target kind -o new.yaml
clean new.yaml
shows 0 '' "$FELL" check new.yaml
# A file that is a terminal is one.
ln -s /dev/tty tty.csv
for command in 'export 1 --db evil.db --csv' 'predict 1 --split train -o'; do
    shown="fell $command TERMINAL"
    script -qec "\"$FELL\" $command tty.csv" /dev/null >out </dev/null || fail "$shown ended with $?"
    tr -d '\r' <out >shown
    clean shown
    expect_text shown '?[31m'
done

# ---- what is no file, or never comes to an end ----------------------------------------------------
# ends TEXT COMMAND...: says TEXT with status 2, and does not wait for anybody.
ends() {
    text=$1 got=0
    shift
    timeout 20 "$@" >out 2>err </dev/null || got=$?
    [ $got = 2 ] || { cat err >&2; fail "'$*' ended with $got"; }
    expect_text err "$text"
}
mkfifo pipe pipe.csv pipe.yaml
ends "it is a pipe" "$FELL" check pipe
ends "it is a device" "$FELL" check /dev/zero
printf 'extends: pipe\n' >extends.yaml
ends "it is a pipe" "$FELL" check extends.yaml
write_spec listed.yaml
printf 'sweep: {over: {list: pipe.csv}}\n' >>listed.yaml
ends "it is a pipe" "$FELL" check listed.yaml
ends "it is a pipe" "$FELL" check good.yaml train.initial_weights=pipe
ends "it is a device" "$FELL" check good.yaml train.initial_weights=/dev/zero
for source in 'csv: {path: PIPE, target: y}' 'idx: {images: PIPE, labels: PIPE}' 'npy: {inputs: PIPE, targets: PIPE}' \
    'libsvm: {path: PIPE}' 'image_folder: {path: PIPE}' 'sqlite: {path: PIPE, query: "SELECT 1 AS y", target: y}'; do
    for path in pipe /dev/zero; do
        sed "s|^data: .*|data: {source: {$(echo "$source" | sed "s|PIPE|$path|g")}}|" good.yaml >data.yaml
        ends "; data is read from files and folders" "$FELL" check data.yaml
    done
done
# What the kernel makes up need not come to an end, though it says that it is a regular file.
ends "it is a file of the kernel's" "$FELL" check /proc/self/mountinfo
ends "is of the kernel's" "$FELL" check good.yaml "data.source={csv: {path: /proc/self/mountinfo, target: y}}"
ends "is of the kernel's" "$FELL" check good.yaml "data.source={image_folder: {path: /proc/self}}"
ends "is a file of the kernel's, not a results database" "$FELL" runs --db /proc/self/mountinfo
ends "it is a device" "$FELL" plugin check /dev/ptmx
# A worker's standard input is not the user's.
ends "it is a pipe" "$FELL" check good.yaml train.initial_weights=/proc/self/fd/0
cp -R "$srcdir/tests/bad/images" pictures
for picture in pictures/a/*; do
    rm "$picture"
    mkfifo "$picture"
done
ends "is no regular file" "$FELL" check good.yaml "data.source={image_folder: {path: pictures}}" loss=cross_entropy
# Where results shall go as well: a pipe that nobody reads is an error, and is a pipe afterwards, whoever asks.
"$FELL" export 1 --safetensors weights.st --quiet
for command in 'export 1 --safetensors pipe' 'prune 1 --share 0.5 -o pipe' 'predict 1 --split train -o pipe' \
    'explain classes.yaml -o pipe'; do
    got=0
    # shellcheck disable=SC2086 # words
    timeout 20 "$FELL" $command >out 2>err </dev/null || got=$?
    case $got in 1 | 2) ;; *) fail "fell $command ended with $got" ;; esac
    expect_text err "cannot write 'pipe'"
    [ -p pipe ] || fail "fell $command made a file of a pipe"
done
ends "a plugin is built as a file" "$FELL" plugin build "$srcdir/plugins/loss/mse.c" -o pipe
# A pipe that was opened for it is read.
"$FELL" check /dev/stdin <good.yaml >out
# shellcheck disable=SC2002 # a pipe is wanted
cat good.yaml | "$FELL" check /dev/stdin >out

for suffix in '' -wal -shm -journal; do
    rm -f foreign.db foreign.db-*
    cp "$db" foreign.db
    rm -f "foreign.db$suffix"
    mkfifo "foreign.db$suffix"
    ends "is a pipe, not a results database" "$FELL" runs --db foreign.db
    ends "is a pipe, not a results database" "$FELL" run good.yaml --db foreign.db
done
rm -f foreign.db*
ends "is a device, not a results database" "$FELL" runs --db /dev/zero

# readers: what a database of somebody else is asked; each ends within 20 s, by itself.
readers() {
    for command in runs 'show 1' 'best 1' report 'watch --once' 'compare 1 2' 'verify 1' 'replay 1' 'retry 1' \
        'export 1 --safetensors w.st' 'explain sweep.yaml --run 1' 'run sweep.yaml'; do
        got=0
        cp "$1" asked.db
        # shellcheck disable=SC2086 # words
        timeout 20 "$FELL" $command --db asked.db >out 2>err </dev/null || got=$?
        [ $got -le 2 ] || { cat err >&2; fail "fell $command of $2 ended with $got"; }
    done
    rm -f merged.db
    timeout 20 "$FELL" merge "$1" -o merged.db >out 2>err || [ $? -le 2 ] || fail "fell merge of $2"
}
write_sweep sweep.yaml
echo 'checkpoint: {every: 5, keep: last}' >>sweep.yaml
"$FELL" run sweep.yaml --db sweep.db --quiet
# The same rows in tables that keep nothing of what ours promise.
sqlite3 sweep.db .schema | sed 's/ STRICT, WITHOUT ROWID//; s/ STRICT//; s/NOT NULL//g; s/UNIQUE//
    s/  (experiment_id, trial, repeat)/ CHECK (1)/; s/CHECK (/CHECK (1 OR /; s/  PRIMARY KEY (.*)/  CHECK (1)/
    /^CREATE VIEW/,/;$/d' >loose.sql
tables=$(sqlite3 sweep.db "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
{
    cat loose.sql
    echo "ATTACH 'sweep.db' AS g; PRAGMA application_id = $(sqlite3 sweep.db 'PRAGMA application_id');"
    echo "PRAGMA user_version = $(sqlite3 sweep.db 'PRAGMA user_version');"
    for table in $tables; do
        echo "INSERT INTO $table SELECT * FROM g.$table;"
    done
} | sqlite3 -bail loose.db
readers loose.db "tables without constraints"
for table in $tables; do
    for value in NULL -1 9223372036854775807 "zeroblob(9)"; do
        cp loose.db null.db
        sqlite3 loose.db "SELECT name FROM pragma_table_info('$table') WHERE name NOT IN ('id', 'run_id', 'experiment_id')" |
            while read -r column; do
                echo "UPDATE $table SET $column = $value;"
            done | sqlite3 -bail null.db
        [ "$value" != NULL ] || readers null.db "a $table with $value"
        timeout 20 "$FELL" report --db null.db >out 2>err || [ $? -le 2 ] || fail "report of $table with $value"
        timeout 20 "$FELL" run sweep.yaml --quiet --db null.db >out 2>err || [ $? -le 2 ] || fail "run of $table with $value"
    done
done
# A run at a place where none can be.
for place in 'trial = -1' 'trial = 9223372036854775807' 'repeat = -1'; do
    cp sweep.db place.db
    sqlite3 place.db "UPDATE runs SET $place, status = 'queued', epochs_done = 0 WHERE id = 2"
    ends "which cannot be: the database is damaged" "$FELL" run sweep.yaml --quiet --db place.db
done
# A path that is a pipe or a device.
for path in pipe /dev/zero; do
    cp sweep.db paths.db
    sqlite3 paths.db "UPDATE checkpoints SET path = '$path'; UPDATE data_files SET path = '$path'; UPDATE plugins SET path = '$path';"
    readers paths.db "paths to $path"
done

# Views of theirs are not asked, and tables are tables.
endless="WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"
cp sweep.db views.db
for view in $(sqlite3 sweep.db "SELECT name FROM sqlite_schema WHERE type = 'view'"); do
    echo "DROP VIEW $view; CREATE VIEW $view AS $endless;"
done | sqlite3 -bail views.db
readers views.db "endless views"
"$FELL" report --db sweep.db >mine
"$FELL" report --db views.db >theirs
cmp mine theirs || fail "views of the file were asked"
cp sweep.db taken.db
sqlite3 taken.db "DROP TABLE events; CREATE VIEW events AS $endless"
ends "was not made by fell: it has the view 'events' in place of a table" "$FELL" runs --db taken.db
ends "was not made by fell" "$FELL" run good.yaml --db taken.db
sqlite3 taken.db "DROP VIEW events; CREATE VIRTUAL TABLE events USING fts5(id, run_id, at, kind, detail)"
ends "was not made by fell" "$FELL" runs --db taken.db
cp sweep.db version.db
sqlite3 version.db "PRAGMA user_version = -5"
ends "was not made by fell: its schema is called -5" "$FELL" runs --db version.db
ends "was not made by fell: its schema is called -5" "$FELL" run good.yaml --db version.db
cp sweep.db trigger.db
sqlite3 trigger.db "CREATE TRIGGER t AFTER INSERT ON runs BEGIN DELETE FROM epochs; END"
ends "has the trigger 't'" "$FELL" run good.yaml --db trigger.db

# ---- where the program runs ---------------------------------------------------------------------
# A read-only file system, and none at all under /proc; both need a namespace of our own.
if unshare -rm true 2>/dev/null; then
    mkdir -p readonly
    # shellcheck disable=SC2016 # expands there
    unshare -rm sh -c 'mount -t tmpfs -o ro none readonly && exec timeout 60 "$FELL" run good.yaml --db readonly/x.db' >out 2>err || :
    expect_text err "Read-only file system"
    # A sanitizer reads its own options below /proc, and would look for leaks there whatever we say.
    # shellcheck disable=SC2016
    ldd "$FELL" | grep -q libasan ||
        unshare -rm sh -c 'mount -t tmpfs none /proc && exec timeout 60 "$FELL" check good.yaml' >out 2>err ||
        fail "without /proc: $(cat err)"
fi
