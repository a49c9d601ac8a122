#!/bin/sh
# Columns of a table whose words the model learns vectors for: what is told, recorded and refused, sweeps, and
# new rows. That the numbers are PyTorch's is in tests/unit/test_trajectories.c.
. "$srcdir/tests/cli/lib.sh"
once "what a column becomes"

awk 'BEGIN { print "city,size,kind,price"
    for (i = 0; i < 80; i++)
        printf "c%02d,%d,%s,%.1f\n", i % 66, i % 5 + 1, i % 3 ? "a" : "b", i % 66 / 10 + i % 5 }' >homes.csv
# spec NAME COLUMNS [TRANSFORMS [MORE-OF-SOURCE [MORE-OF-DATA]]]
spec() {
    cat >"$1.yaml" <<END
name: $1
seed: 1
data:
  source: {csv: {path: homes.csv, target: price, columns: $2${4:+, $4}}}
  validation: 0.2
  transforms: [${3-standardize}]
${5:+  $5}
model: [{dense: {units: 4, activation: tanh}}, {dense: {units: 1}}]
loss: mse
optimizer: {adam: {lr: 0.05}}
train: {epochs: 3}
END
}
refuses() {
    expect_exit 2 "$FELL" check "$1.yaml"
    [ "$(grep -c 'error:' err)" = 1 ] || fail "$1: not one error: $(cat err)"
    expect_text err "$2"
}

spec many '{}'
refuses many "column 1 (city) has 66 words ('c00', ...), more than 64; drop it, or learn a vector for each with columns: {city: {embed: 8}}"

# ---- told, trained and recorded
spec homes '{kind: {embed: 2}, city: {embed: 3}}'
expect_exit 0 "$FELL" check homes.yaml
expect_text out "city: category of 66: c00, c01" "and 54 more; a vector of 3 for each" \
    "kind: category of 2: a, b; a vector of 2 for each"
expect_exit 0 "$FELL" run homes.yaml --db homes.db
[ "$(sqlite3 homes.db "SELECT group_concat(name) FROM (SELECT layer || '.' || name AS name FROM parameters WHERE run_id = 1 ORDER BY position)")" = \
    embed_kind.weight,embed_city.weight,dense1.weight,dense1.bias,dense2.weight,dense2.bias ] ||
    fail "parameters: $(sqlite3 homes.db 'SELECT * FROM parameters')"
[ "$(sqlite3 homes.db "SELECT count(*) FROM gradients JOIN parameters USING (run_id, position) WHERE layer = 'embed_city' AND grad_norm_mean > 0")" = 3 ] ||
    fail "gradients of embed_city: $(sqlite3 homes.db 'SELECT * FROM gradients')"
expect_exit 0 "$FELL" verify 1 --db homes.db
expect_exit 0 "$FELL" explain homes.yaml -o homes.md
expect_text homes.md 'of `embed_city.weight`, 3 numbers that begin with'

# ---- new rows: columns in another order, by the words that the net has learnt; from the weights alone
expect_exit 0 "$FELL" export 1 --db homes.db --safetensors homes.safetensors
expect_exit 0 "$FELL" predict 1 homes.csv --db homes.db -o by_run.csv
awk -F, 'BEGIN { OFS = "," } { print $3, $2, $1 }' homes.csv >turned.csv
expect_exit 0 "$FELL" predict homes.safetensors turned.csv -o by_file.csv
cmp by_run.csv by_file.csv
sed '2s/c00/nowhere/' homes.csv >new.csv
expect_exit 2 "$FELL" predict homes.safetensors new.csv
expect_text err "'nowhere' is not among the 66 words of the source (1 row has such)"
spec zeros '{kind: {embed: 2}, city: {embed: 3}}' standardize 'unknown: zeros'
expect_exit 0 "$FELL" run zeros.yaml --db homes.db
expect_exit 0 "$FELL" predict 2 new.csv --db homes.db -o unknown.csv
expect_exit 0 "$FELL" predict 2 homes.csv --db homes.db -o known.csv
[ "$(diff unknown.csv known.csv | grep -c '^<')" = 1 ] || fail "a word that is not known changes its row alone"

# ---- swept; the cache of rows; with and without the sugar of a name
spec sweep '{city: {embed: 3}}' standardize '' 'stratify: false'
cat >>sweep.yaml <<END
sweep: {over: {data.source.csv.columns.city.embed: [1, 2]}}
END
expect_exit 0 "$FELL" run sweep.yaml --db sweep.db
[ "$(sqlite3 sweep.db "SELECT group_concat(count) FROM (SELECT count FROM parameters WHERE layer = 'embed_city' ORDER BY run_id)")" = 66,132 ] ||
    fail "sizes: $(sqlite3 sweep.db 'SELECT * FROM parameters')"

# ---- missing words: none without impute, a vector of their own with it
sed '5s/^[^,]*,/,/' homes.csv >gaps.csv && mv gaps.csv homes.csv
spec gaps '{city: {embed: 3}}'
refuses gaps "column 1 (city): missing value; fill them with a first transform, impute, or drop the column"
spec own '{city: {embed: 3}}' 'impute, standardize'
expect_exit 0 "$FELL" plan own.yaml
expect_text out "embed_city: num_embeddings is 67, the words of city"
spec frequent '{city: {embed: 3}}' '{impute: {category: most_frequent, indicator: true}}, standardize'
expect_exit 0 "$FELL" plan frequent.yaml
expect_text out "embed_city: num_embeddings is 66, the words of city"

# ---- what cannot be
spec zero '{city: {embed: 0}}' impute
refuses zero "columns: city is 'embed 0', which is neither number, category, drop nor {embed: N}"
spec late '{city: {embed: 3}}' 'impute, {jitter: {stddev: 1}}'
refuses late "jitter: acts in training only, which cannot be beside the column 'city' that is embedded"
spec alone '{city: {embed: 3}, kind: {embed: 2}, size: {embed: 2}}' 'impute, standardize'
refuses alone "standardize: has nothing to do: all columns are embedded"
spec all '{city: {embed: 3}, kind: {embed: 2}, size: {embed: 2}}' impute
expect_exit 0 "$FELL" check all.yaml
spec shaped '{city: {embed: 3}}' impute 'shape: [1, 4]'
refuses shaped "column 'city' is embedded, so rows are vectors and have no shape"
spec inputs '{city: {embed: 3}}' impute '' 'target: input'
refuses inputs "'city' is a column that is embedded"

# ---- many columns, each with a name of its own ---------------------------------------------------
i=0 columns='' header=''
while [ $i -lt 40 ]; do columns="$columns${columns:+, }c $i: {embed: 2}" header="${header}c $i," i=$((i + 1)); done
{
    echo "${header}y"
    for word in a b; do printf '%s\n' "$header" | sed "s/c [0-9]*/$word/g; s/\$/$word/"; done
} >many.csv
printf 'name: many\nseed: 1\ndata: {source: {csv: {path: many.csv, target: y, columns: {%s}}}}\nmodel: [dense: {units: 2}]\nloss: cross_entropy\noptimizer: sgd\ntrain: {epochs: 1}\n' "$columns" >many.yaml
expect_exit 0 "$FELL" plan many.yaml
expect_text out "embed_c_39: num_embeddings is 2, the words of c 39"
