#!/bin/sh
# Every example of docs/strategies.md, with one worker and with two: the same trials, and the same of
# them are pruned.
. "$srcdir/tests/cli/lib.sh"
once "a page"
examples_of "$srcdir/docs/strategies.md"
for name in grid random sobol halton latin tpe median asha hyperband; do
    for jobs in 1 2; do
        expect_exit 0 "$FELL" run "$name.yaml" --quiet --jobs "$jobs" --db "$jobs.db"
    done
done
test "$(ls ./*.yaml | wc -l)" = 10 || fail "an example is not run"
rows="SELECT e.name, trial, repeat, status, epochs_done, resolved FROM runs JOIN experiments e ON e.id = experiment_id
    ORDER BY 1, 2, 3"
expect_sql 1.db "$(sqlite3 2.db "$rows")" "$rows"
expect_sql 1.db "asha|16|1|1
grid|6|1|0
halton|7|1|0
hyperband|24|1|1
latin|6|1|0
median|16|1|1
random|6|1|0
sobol|8|1|0
tpe|20|1|0" "SELECT e.name, count(*), sum(status = 'finished') > 0, sum(status = 'pruned') > 0
    FROM runs JOIN experiments e ON e.id = experiment_id GROUP BY 1"
# each pruned run says why, in the words of its own pruner
expect_sql 1.db 0 "SELECT count(*) FROM runs r JOIN experiments e ON e.id = r.experiment_id WHERE status = 'pruned'
    AND (SELECT count(*) FROM events WHERE run_id = r.id AND kind = 'pruned' AND detail LIKE e.name || '%') <> 1"
# the values are drawn from where the page says
expect_sql 1.db 1 "SELECT min(value >= 0.001 AND value < 1) FROM (SELECT json_extract(resolved, '\$.optimizer.sgd.lr') AS value
    FROM runs JOIN experiments e ON e.id = experiment_id WHERE e.name IN ('random', 'sobol', 'halton', 'latin')) WHERE value NOTNULL"
expect_sql 1.db '8|16|32' "SELECT group_concat(v, '|') FROM (SELECT DISTINCT json_extract(resolved, '\$.train.batch_size') AS v
    FROM runs JOIN experiments e ON e.id = experiment_id WHERE e.name = 'latin' ORDER BY 1)"
