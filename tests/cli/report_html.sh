#!/bin/sh
# fell report --html: one page that says what the database says; nothing in a name is markup, or steers the
# text around it; long series are thinned and keep their extremes. In a browser: tests/browser/report.js.
. "${srcdir:-.}/tests/cli/lib.sh"
once "the page of a report"
db=results/fell.db

# Names as nobody should give them: markup, quotes, the end of a script, marks of direction, a very long one.
long=$(printf 'x%.0s' $(seq 10000))
turn=$(printf '\342\200\256')
sed 's/,0$/,"<\/script><b>"/' "$srcdir/configs/data/iris.csv" >flowers.csv
cat >evil.yaml <<END
seed: 3
name: rates
data: {source: {csv: {path: flowers.csv, target: target}}, validation: 0.3, transforms: [standardize]}
model:
  - dense: {units: 6, activation: tanh, name: hidden}
  - dense: {units: 3, name: output}
loss: cross_entropy
optimizer: {sgd: {lr: 0.5}}
metrics: [accuracy]
train: {epochs: 12, batch_size: 16}
repeats: 2
sweep:
  over:
    optimizer.sgd.lr: [0.5, 0.05, 0.001, 1e30]
    model.0.dense.activation: [identity, relu]
END
expect_exit 1 "$FELL" run evil.yaml --quiet
expect_exit 0 "$FELL" report --html -o own.html
cp $db evil.db

# One run, with probes that have one number a layer and many; evaluated in epochs 5, 10 and 12, where 10 was not finite.
write_spec plain.yaml
sed 's/xor}/xor, validation: 0.5}/; s/epochs: 20/epochs: 12/' plain.yaml >run.yaml
printf '%s\n' 'probes: [activations, weights]' 'record: {evaluate: {every: 5}}' >>run.yaml
expect_exit 0 "$FELL" run run.yaml --quiet --db run.db
sqlite3 -bail run.db "UPDATE epochs SET validation_loss = NULL WHERE epoch = 10; DELETE FROM metrics WHERE value IS NULL;
    UPDATE runs SET epochs_done = 11"
expect_exit 0 "$FELL" show 1 --html -o run.html --db run.db
expect_exit 2 "$FELL" show 1 -o run.txt --db run.db
expect_text err '--output is for --html'
sqlite3 -bail evil.db "UPDATE experiments SET name = '</script><img src=x onerror=alert(1)>\"&' || char(8238) || '$long',
    spec = '</script><b>' || char(7, 8238); UPDATE runs SET error = replace(error, 'layer', '<b>' || char(8238, 7) || '$long') WHERE error IS NOT NULL;
    DELETE FROM gradients WHERE position = 1; UPDATE run_params SET value = NULL WHERE value = 0.001; UPDATE run_params SET value = '' WHERE value = 'identity';
    UPDATE run_params SET value = '</script><b>' || char(8238) WHERE value = 'relu'; UPDATE run_params SET path = path || '</script>' WHERE path LIKE '%lr'"
expect_exit 0 "$FELL" report --html -o evil.html --db evil.db
expect_no_text evil.html '</script><'
expect_no_text evil.html '<img'
expect_no_text evil.html "$turn"
[ "$(grep -c '</script>' evil.html)" = 2 ] || fail "a name ends a script"
[ "$(grep -c "http" evil.html)" = "$(grep -c 'www.w3.org/2000/svg\|http-equiv' evil.html)" ] || fail "the page names an address"

# Errors; and without -o the page is printed.
expect_exit 2 "$FELL" report --html --json
expect_text err '--html and --json are two forms'
expect_exit 2 "$FELL" report -o report.txt
expect_text err '--output is for --html'
expect_exit 0 "$FELL" report --html
cmp out own.html || fail "another page on standard output"

# Nothing swept, and nothing recorded yet.
write_spec one.yaml
expect_exit 0 "$FELL" run one.yaml --quiet --db one.db
expect_exit 0 "$FELL" report --html -o one.html --db one.db
cp one.db none.db # and as nobody of ours writes it: no name, no such epochs and tensors
sqlite3 -bail none.db "PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = replace(replace(sql, ') STRICT', ')'), 'name          TEXT NOT NULL',
    'name TEXT') WHERE name = 'experiments'"
sqlite3 -bail none.db "DELETE FROM epochs; DELETE FROM gradients; DELETE FROM metrics; UPDATE runs SET status = 'queued', epochs_done = 9223372036854775807,
    seconds = NULL, started_at = NULL, finished_at = NULL; INSERT INTO gradients (run_id, epoch, position) VALUES (1, 1, -5);
    UPDATE experiments SET name = NULL"
expect_exit 0 "$FELL" report --html -o none.html --db none.db

for needed in "${FELL_NODE:-}/playwright-core" "${FELL_CHROMIUM:-/usr/bin/chromium}" "${FELL_NODE:-}/html-validate"; do
    [ -e "$needed" ] || {
        echo "skipped: there is no $needed (./bootstrap --tests)"
        exit 77
    }
done
command -v node >/dev/null || {
    echo 'skipped: there is no node (./bootstrap --tests)'
    exit 77
}
"$FELL_NODE/.bin/html-validate" --config "$srcdir/tests/browser/htmlvalidate.json" ./*.html >log ||
    fail "a page is no valid HTML: $(cat log)"

# A long run of spikes is thinned; 1,300 runs are more than are drawn, 250 kinds of failure more than are listed.
cp one.db long.db
sqlite3 -bail long.db "CREATE TEMP TABLE e AS SELECT * FROM epochs WHERE epoch = 1; DELETE FROM epochs;
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000)
    INSERT INTO epochs (run_id, epoch, train_loss, lr, samples, seconds) SELECT 1, i, iif(i % 9973 = 17, 1000 + i, 1.0 / i), 1, 4, 0 FROM n;
    UPDATE runs SET epochs_done = 50000"
expect_exit 0 "$FELL" report --html -o long.html --db long.db
cp one.db many.db
sqlite3 -bail many.db "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1300)
    INSERT INTO runs (id, uid, experiment_id, trial, repeat, seed, status, epochs_done, resolved)
    SELECT i + 1, 'u' || i, 1, i, 0, 3, 'finished', 2, '{}' FROM n;
    INSERT INTO epochs (run_id, epoch, train_loss, lr, samples, seconds) SELECT id, e, 1000 - id * 0.5 - e, 1, 4, 0
    FROM runs, (SELECT 1 AS e UNION SELECT 2) WHERE id > 1;
    UPDATE runs SET status = 'failed', error = char(97 + id / 26, 97 + id % 26) WHERE id > 1051;
    UPDATE gradients SET position = 9223372036854775807 WHERE position = 3"
expect_exit 0 "$FELL" report --html -o many.html --db many.db
node "$srcdir/tests/browser/report.js" own.html $db 10000 run.html evil.html one.html none.html long.html many.html || fail 'the page in a browser'
