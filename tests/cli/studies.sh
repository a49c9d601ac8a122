#!/bin/sh
# The studies of configs/studies in a small form: the specs run, the question and the picture have an answer, and
# what was found before is found again.
. "${srcdir:-.}/tests/cli/lib.sh"
once "what the studies find"
studies=$srcdir/configs/studies
mkdir results

# run STATUS STUDY SPEC [PATH=VALUE...]
run() {
    status=$1 study=$2 spec=$3
    shift 3
    expect_exit "$status" "$FELL" run "$studies/$study/$spec.yaml" --db "results/$study.db" --quiet --jobs 2 "$@"
}

# found STUDY ANSWER QUESTION: the study's question as the table q.
found() {
    sqlite3 -bail -json "results/$1.db" ".read '$studies/$1/question.sql'" >"$1.json" || fail "$1: question.sql"
    "$studies/draw" "$1" >picture.svg || fail "$1: draw"
    [ "$(grep -c '^</svg>$' picture.svg)" = 1 ] || fail "$1: no picture"
    answer=$(sqlite3 -bail :memory: "WITH q AS (SELECT value AS r FROM json_each(CAST(readfile('$1.json') AS TEXT))) $3") ||
        fail "$1: $3"
    [ "$answer" = "$2" ] || {
        cat "$1.json" >&2
        fail "$1: '$answer', not '$2'"
    }
    expect_text "$studies/README.md" "]($1/README.md)"
}

# The sharpness ends at 2 / lr, from below; the loss falls all the same.
run 0 edge-of-stability edge-of-stability train.epochs=3000 probes.0.sharpness.every=50 seed=1
found edge-of-stability '1|1' "SELECT min(r->>'at_first' < r->>'two_over_lr' AND r->>'share' BETWEEN 0.85 AND 1.05),
    min(r->>'loss_last' < 0.5 * (r->>'loss_50')) FROM q"
found edge-of-stability '1' "SELECT r->>'share' BETWEEN 0.95 AND 1.05 FROM q WHERE r->>'lr' = 0.16"

# Batch normalisation trains at ten times the rate.
run 1 batch-norm plain train.epochs=8 repeats=1 seed=1
run 0 batch-norm normed train.epochs=8 repeats=1 seed=1
found batch-norm '1|1' "SELECT max(r->>'lr') FILTER (WHERE r->>'plain' > 0.85) <= 0.3, max(r->>'lr') FILTER (WHERE r->>'normed' > 0.85) >= 3 FROM q"

# Large rates kill units; the usual first weights stand larger ones than weights that begin too large.
run 1 dying-relu dying-relu train.epochs=15 repeats=1 seed=1
found dying-relu '1|1|1' "SELECT max(r->>'dead_at_last') FILTER (WHERE r->>'lr' <= 0.1 AND r->>'init' = 'he_uniform') < 0.15,
    min(r->>'dead_at_last') FILTER (WHERE r->>'lr' = 1) > 0.4,
    min(r->>'dead_at_last') FILTER (WHERE r->>'lr' = 0.2 AND r->>'init' LIKE '%normal%') >
    2 * max(r->>'dead_at_last') FILTER (WHERE r->>'lr' = 0.2 AND r->>'init' = 'he_uniform') FROM q"

# He keeps relu's gradient and glorot tanh's through twenty layers; a sigmoid's is gone after five.
run 0 vanishing-gradients vanishing-gradients train.epochs=1 repeats=1 'sweep.over.vars.depth=[5, 20]'
found vanishing-gradients '1|1|1|1' "SELECT min(r->>'first_over_last') FILTER (WHERE r->>'act' = 'tanh') > 0.3,
    min(r->>'first_over_last') FILTER (WHERE r->>'act' = 'relu' AND r->>'init' = 'he_uniform') > 0.2,
    max(r->>'first_over_last') FILTER (WHERE r->>'act' = 'relu' AND r->>'init' = 'glorot_uniform' AND r->>'depth' = 20) < 0.05,
    max(r->>'first_over_last') FILTER (WHERE r->>'act' = 'sigmoid') < 0.01 FROM q"

# Labels drawn anew are learnt to the last row, later than true ones; what is lost is what the held-out rows would have had.
run 0 random-labels random-labels train.epochs=100 repeats=1 data.label_noise=0 'sweep.over.data.label_noise=[0, 0.9]'
found random-labels '1|1|1|1' "SELECT min(r->>'train') > 0.97, max(r->>'validation') > 0.95,
    max(r->>'validation') FILTER (WHERE r->>'label_noise' = 0.9) < 0.2,
    max(r->>'fitted') FILTER (WHERE r->>'label_noise' = 0.9) > 3 * max(r->>'fitted') FILTER (WHERE r->>'label_noise' = 0) FROM q"

# The loss on new rows is higher where the training rows are just fitted than before and far beyond.
run 0 double-descent double-descent repeats=2 'sweep.over.vars.width=[6, 24, 256]'
found double-descent '1|1|1' "SELECT max(r->>'validation_loss') FILTER (WHERE r->>'width' = 24) > 1.15 * max(r->>'validation_loss') FILTER (WHERE r->>'width' <> 24),
    max(r->>'train_accuracy') FILTER (WHERE r->>'width' = 6) < 0.9, min(r->>'train_accuracy') FILTER (WHERE r->>'width' > 6) > 0.98 FROM q"

# NC1 and NC3 go on falling after the rows are right.
run 0 neural-collapse neural-collapse repeats=1 train.epochs=150 schedule.cosine.period=150
found neural-collapse '1|1|1' "SELECT max(r->>'nc1') FILTER (WHERE r->>'look' = 'at the end') < 0.6 * max(r->>'nc1') FILTER (WHERE r->>'look' = 'first time right'),
    max(r->>'nc3') FILTER (WHERE r->>'look' = 'at the end') < 0.75 * max(r->>'nc3') FILTER (WHERE r->>'look' = 'first time right'),
    max(r->>'nc4') FILTER (WHERE r->>'look' = 'at the end') < 0.001 FROM q"

# Each at its own rate, most optimizers come out close; those made for full batches do not.
run 0 optimizers optimizers repeats=4 train.epochs=4 \
    "sweep.where=optimizer IN ('adam', 'nadam', 'sgd', 'rprop')"
found optimizers '1|1|4' "SELECT min(r->>'accuracy') FILTER (WHERE r->>'optimizer' LIKE '%adam') > 0.9,
    max(r->>'train_loss') FILTER (WHERE r->>'optimizer' = 'rprop') > 2 * max(r->>'train_loss') FILTER (WHERE r->>'optimizer' <> 'rprop'), count(*) FROM q"

# Small batches need as many rows, large ones as many steps.
run 0 critical-batch critical-batch train.epochs=40 'sweep.over.train.batch_size=[8, 16, 64, 512]' 'sweep.over.optimizer.sgd.lr=[0.4, 0.8, 1.2]'
found critical-batch '1|1|1' "SELECT max(r->>'rows') FILTER (WHERE r->>'batch' = 16) < 1.6 * max(r->>'rows') FILTER (WHERE r->>'batch' = 8),
    max(r->>'rows') FILTER (WHERE r->>'batch' = 512) > 4 * max(r->>'rows') FILTER (WHERE r->>'batch' = 16),
    max(r->>'critical') BETWEEN 15 AND 150 FROM q"

# Attention sees more than the character before, which leaves 2.28 nats, 3.29 bits.
run 0 small-gpt small-gpt train.epochs=5 train.steps_per_epoch=50 repeats=1 'sweep.over.model.2.repeat.times=[0, 1]'
found small-gpt '1|1' "SELECT max(r->>'held_out_bits') FILTER (WHERE r->>'blocks' = 0) BETWEEN 3.25 AND 3.5,
    max(r->>'held_out_bits') FILTER (WHERE r->>'blocks' = 1) < 3.2 FROM q"

# What is left of a pruned net learns well from its own first weights, and badly from others.
expect_exit 0 "$studies/lottery-ticket/run" results/lottery-ticket.db 1 1 0.98 train.epochs=15 checkpoint.every=15
found lottery-ticket '1|1|2' "SELECT max(r->>'accuracy') FILTER (WHERE r->>'begins' = 'rewound') > 0.1 + max(r->>'accuracy') FILTER (WHERE r->>'begins' <> 'rewound'),
    max(r->>'after_5_epochs') FILTER (WHERE r->>'begins' = 'rewound') > 0.1 + max(r->>'after_5_epochs') FILTER (WHERE r->>'begins' <> 'rewound'),
    count(*) FROM q WHERE r->>'percent_left' = 2"

# Sums that were not trained on are right long after those that were, and without weight decay not at all.
run 0 grokking mlp repeats=1 train.epochs=800 record.evaluate.every=20 'sweep.over.optimizer.adamw.weight_decay=[0, 2]' \
    'sweep.over.data.validation=[0.2]'
found grokking '1|1|1' "SELECT max(r->>'accuracy') FILTER (WHERE r->>'weight_decay' = 0) < 0.2,
    min(r->>'times_later') FILTER (WHERE r->>'weight_decay' = 2) > 4, max(r->>'trained') <= 100 FROM q"

# Without residuals the loss around a deep net is no bowl.
run 0 landscapes landscapes repeats=1 train.epochs=15 'sweep.over.vars.depth=[20]'
found landscapes '1|1' "SELECT max(r->>'concave') FILTER (WHERE r->>'block' = 'residual') < 0.05,
    min(r->>'concave') FILTER (WHERE r->>'block' = 'plain') > 2 * max(r->>'concave') FILTER (WHERE r->>'block' = 'residual') FROM q"

# Rows that were never forgotten can go; any others less so. The second part reads what the first has made.
mkdir -p copy/configs/studies copy/results
cp -r "$studies/forgotten-samples" copy/configs/studies
cp -r "$srcdir/configs/data" copy/configs
(cd copy && "$FELL" run configs/studies/forgotten-samples/look.yaml --db results/forgotten-samples.db --quiet --jobs 2 repeats=2 train.epochs=15 &&
    sqlite3 -bail results/forgotten-rows.db <configs/studies/forgotten-samples/choose.sql &&
    "$FELL" run configs/studies/forgotten-samples/drop.yaml --db results/forgotten-samples.db --quiet --jobs 2 repeats=2 train.epochs=25) ||
    fail "forgotten-samples"
mv copy/results/forgotten-samples.db results
found forgotten-samples '1|1' "SELECT min(r->>'accuracy') FILTER (WHERE r->>'dropped' = 'unforgettable 60') > 0.96,
    max(r->>'accuracy') FILTER (WHERE r->>'dropped' = 'unforgettable 80') > 0.015 + max(r->>'accuracy') FILTER (WHERE r->>'dropped' = 'any 80') FROM q"

for study in "$studies"/*/; do
    for file in README.md question.sql picture.sql picture.svg; do
        [ -s "$study$file" ] || fail "$study has no $file"
    done
    [ -s "$(basename "$study").json" ] || fail "$(basename "$study") is not tried here"
done
