#!/bin/sh
# fell run --json: one object a line, that tell the whole run, and a summary at the end.
. "${srcdir:-.}/tests/cli/lib.sh"
write_sweep sweep.yaml

expect_exit 0 "$FELL" run sweep.yaml --json --jobs 2
expect_empty err
mv out events.json
cat >load.sql <<'END'
CREATE TABLE e (j);
.mode ascii
.separator "\037" "\n"
.import events.json e
END
sqlite3 -bail events.db <load.sql
expect_sql events.db 0 "SELECT count(*) FROM e WHERE NOT json_valid(j)"
expect_sql events.db "begin|1
ended|8
epoch|160
started|8
summary|1" "SELECT j->>'event', count(*) FROM e GROUP BY 1 ORDER BY 1"
expect_sql events.db "begin|summary" \
    "SELECT (SELECT j->>'event' FROM e LIMIT 1), (SELECT j->>'event' FROM e ORDER BY rowid DESC LIMIT 1)"
expect_sql events.db "sweep|8|2" "SELECT j->>'experiment', j->>'runs', j->>'workers' FROM e WHERE j->>'event' = 'begin'"
expect_sql events.db "8|8|0|0|0" "SELECT j->>'runs', j->>'finished', j->>'failed', j->>'already_finished', j->>'interrupted'
    FROM e WHERE j->>'event' = 'summary'"
expect_sql events.db "finished|20" "SELECT DISTINCT j->>'status', j->>'epochs' FROM e WHERE j->>'event' = 'ended'"
# A short run's events come all at once; it took no less than its epochs for that.
expect_sql events.db 0 "SELECT count(*) FROM e WHERE j->>'event' = 'ended' AND j->>'seconds' <
    0.999999 * (SELECT sum(x.j->>'seconds') FROM e AS x WHERE x.j->>'event' = 'epoch' AND x.j->>'run' = e.j->>'run')"

# The same numbers as in the database.
sqlite3 -bail events.db "ATTACH 'results/fell.db' AS r;
    SELECT count(*) FROM e JOIN r.epochs AS d ON d.run_id = j->>'run' AND d.epoch = j->>'epoch'
    WHERE j->>'event' = 'epoch' AND abs(d.train_loss - (j->>'train_loss')) <= 1e-14
      AND abs(d.grad_norm_mean - (j->>'grad_norm_mean')) <= 1e-14;
    SELECT count(*) FROM e JOIN r.run_params AS p ON p.run_id = j->>'run'
    WHERE j->>'event' = 'started' AND p.path = 'optimizer.sgd.lr' AND p.value = j->>'$.params.\"optimizer.sgd.lr\"'" >same
[ "$(cat same)" = "160
8" ] || fail "the events and the database differ: $(cat same)"

# Once more: only the summary.
expect_exit 0 "$FELL" run sweep.yaml --json
[ "$(wc -l <out)" = 1 ] || fail "more than a summary: $(cat out)"
expect_json out "summary|1|8" "j->>'event', j->>'already_finished', j->>'finished'"

# A run that fails says why.
expect_exit 1 "$FELL" run sweep.yaml name=wild optimizer.sgd.lr=1e38 model.1.dense.activation=identity \
    "sweep.over={model.0.dense.units: [2]}" repeats=1 --json
expect_empty err
grep '"event":"ended"' out >ended
expect_json ended "diverged|1" "j->>'status', length(j->>'error') > 0"
tail -n 1 out >last
expect_json last "1|0|1" "j->>'runs', j->>'finished', j->>'failed'"

# Errors of a spec are sentences, on standard error.
expect_exit 2 "$FELL" run sweep.yaml loss=msse --json
expect_empty out
expect_text err "did you mean 'mse'?"
