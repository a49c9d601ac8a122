#!/bin/sh
# Several people in one database: whose each run is, --user, names that mean one's own experiments, and that nobody's
# runs are removed, waited for or extended by another; merge keeps authors and says so.
. "${srcdir:-.}/tests/cli/lib.sh"
once "who ran what"
USER=me
export USER
me=me

# One's own alone: nothing is said of users.
write_spec spec.yaml
expect_exit 0 "$FELL" run spec.yaml name=ours train.epochs=2 --quiet --db r.db
expect_exit 0 "$FELL" runs --db r.db
expect_no_text out user
expect_sql r.db "$me|$me" "SELECT (SELECT user FROM experiments), (SELECT user FROM runs)"

# ---- somebody else ------------------------------------------------------------------------------------------------

expect_exit 0 "$FELL" run spec.yaml name=ours train.epochs=3 --quiet --db r.db
sqlite3 r.db "UPDATE experiments SET user = 'ann' WHERE id = 2; UPDATE runs SET user = 'ann', host = 'hers' WHERE experiment_id = 2"
expect_exit 0 "$FELL" runs --db r.db
expect_text out user ann hers "$me"
expect_exit 0 "$FELL" runs --user ann --db r.db --json
expect_json out "1|2|ann" "json_array_length(j) || '|' || (j->>'\$[0].run') || '|' || (j->>'\$[0].user')"
expect_exit 0 "$FELL" runs --user "$me" --db r.db --json
expect_json out "1|1" "json_array_length(j) || '|' || (j->>'\$[0].run')"
expect_exit 2 "$FELL" runs --user bob --db r.db
expect_text err "no user 'bob' trained a run; there are ann, $me"
# The name means one's own, though hers is newer; a number means what it says.
expect_exit 0 "$FELL" best ours --db r.db
expect_text out "ours (experiment 1)"
expect_exit 0 "$FELL" best 2 --db r.db
expect_text out "ours (experiment 2)"

# Hers is neither in the way nor removed.
sqlite3 r.db "UPDATE runs SET status = 'interrupted' WHERE experiment_id = 2"
expect_exit 0 "$FELL" run spec.yaml name=ours train.epochs=4 --quiet --db r.db
expect_exit 2 "$FELL" run spec.yaml name=ours train.epochs=3 --new --quiet --db r.db
expect_text err "experiment 2 was begun by 'ann': --new would remove those runs"
expect_sql r.db "3" "SELECT count(*) FROM runs"
expect_exit 0 "$FELL" run spec.yaml name=ours train.epochs=2 --new --quiet --db r.db # one's own
expect_sql r.db "ann" "SELECT user FROM runs WHERE experiment_id = 2"

# ---- merge ----------------------------------------------------------------------------------------------------------

sqlite3 r.db "UPDATE runs SET status = 'finished' WHERE experiment_id = 2"
cp r.db bens.db
sqlite3 bens.db "UPDATE runs SET user = 'ben' WHERE user = 'ann'; UPDATE experiments SET user = 'ben' WHERE user = 'ann'"
expect_exit 0 "$FELL" merge r.db -o all.db
expect_empty err
expect_sql all.db "1|hers" "SELECT count(*), host FROM runs WHERE user = 'ann'"
expect_exit 0 "$FELL" merge bens.db -o all.db
expect_text err "note: 1 run of bens.db is there already, trained by somebody else: ben's as ann's; both are kept as authors"
expect_sql all.db "1" "SELECT count(*) FROM runs WHERE user = 'ann'"
expect_sql all.db "0" "SELECT count(*) FROM runs WHERE user = 'ben'"
expect_sql all.db "ben|hers" "SELECT user, host FROM authors"
expect_exit 0 "$FELL" merge bens.db -o all.db # twice is once
expect_sql all.db "1" "SELECT count(*) FROM authors"
expect_exit 0 "$FELL" runs --user ben --db all.db --json
expect_json out "1|ann|ben" "json_array_length(j), j->>'\$[0].user', j->>'\$[0].also_by'"
expect_exit 0 "$FELL" show "$(sqlite3 all.db 'SELECT run_id FROM authors')" --db all.db
expect_text out "user           ann" "also by        ben"
# What they have together goes on to a third database, also where the run is replaced by one that did more.
expect_exit 0 "$FELL" merge all.db -o third.db
expect_sql third.db "ann|ben" "SELECT r.user, a.user FROM authors AS a JOIN runs AS r ON r.id = a.run_id"
sqlite3 r.db "UPDATE runs SET user = 'cyd' WHERE user = 'ann'"
sqlite3 third.db "UPDATE runs SET status = 'interrupted' WHERE user = 'ann'"
expect_exit 0 "$FELL" merge r.db -o third.db
expect_sql third.db "cyd|ann,ben" "SELECT r.user, group_concat(a.user) FROM authors AS a JOIN runs AS r ON r.id = a.run_id"

# A name that several people use is told apart in lists, reports and pages.
expect_exit 0 "$FELL" report ours --db all.db
expect_text out "begun by me; of this name, too: experiment" "by ann"
expect_exit 0 "$FELL" report ours --html --db all.db
expect_text out "begun by me; of this name, too: experiment"
expect_exit 0 "$FELL" runs --db all.db --json
expect_json out "1" "(SELECT count(DISTINCT v.value->>'experiment_id') > 1 FROM json_each(j) AS v)"
