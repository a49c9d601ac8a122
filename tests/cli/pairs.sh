#!/bin/sh
# A loss between rows gets batches of training as the spec cuts them and every other split whole; one without
# `pairs` gets evaluation's usual batches. The loss is sum / weight = rows of the call, weighted by rows.
. "$srcdir/tests/cli/lib.sh"

write_loss() {
    cat >"$1.c" <<END
#include <fell/plugin.h>

FELL_KERNEL(eval, fell_loss_call)
{
    for (int64_t i = 0; i < c->rows * c->cols; i++)
        c->dpred[i] = 0.0f;
    c->sum = (double)c->rows * (double)c->rows;
    c->weight = (double)c->rows;
    return FELL_OK;
}

static const fell_loss item = {.item = FELL_ITEM0(FELL_KIND_LOSS, fell_loss, "$1", "Rows of a call."),
                               .target = FELL_VALUES,
                               .expects = FELL_REAL,
                               .eval = eval,
                               .pairs = $2};

FELL_PLUGIN("1", "test, MIT", &item.item);
END
    expect_exit 0 "$FELL" plugin build "$1.c"
}

# 500 rows: 300 in training in 3 batches of 128, 128 and 44; 200 held out, evaluated in batches of 128 and 72.
run() {
    cat >"$1.yaml" <<END
seed: 1
data: {source: {sine: {rows: 500}}, validation: 0.4}
model: [{dense: {units: 1}}]
loss: $1
optimizer: {sgd: {lr: 0.1}}
train: {epochs: 1, batch_size: 128}
END
    expect_exit 0 "$FELL" run "$1.yaml" --plugin "./$1.so" --db "$1.db" --quiet
}

write_loss together 1
write_loss apart 0
run together
run apart
expect_sql together.db "1|200.0" "SELECT train_loss = (2 * 128 * 128 + 44 * 44) / 300.0, validation_loss FROM epochs"
expect_sql apart.db "1|1" "SELECT train_loss = (2 * 128 * 128 + 44 * 44) / 300.0,
    validation_loss = (128 * 128 + 72 * 72) / 200.0 FROM epochs"
expect_exit 0 "$FELL" verify 1 --db together.db --plugin ./together.so
