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
expect_text err "note: 1 run of bens.db is there already, trained by somebody else: ben's as ann's"
expect_sql all.db "1" "SELECT count(*) FROM runs WHERE user = 'ann'"
expect_sql all.db "0" "SELECT count(*) FROM runs WHERE user = 'ben'"
