#!/bin/sh
# Nets on tables as people have them are as good as scikit-learn's: the mean accuracy of five seeds on rows that
# were held out, within two points of the stored one (tests/reference/people/make.py).
. "${srcdir:-.}/tests/cli/lib.sh"
once "how well nets learn"

for name in penguins titanic adult diamonds; do
    expect_exit 0 "$FELL" run "$srcdir/tests/reference/people/$name.yaml" --quiet --jobs 2 --db people.db
    wanted=$(sqlite3 :memory: "SELECT json_extract(readfile('$srcdir/tests/reference/people/$name.json'), '\$.mean_accuracy')")
    expect_sql people.db "5|1" "SELECT count(*), abs(avg(value) - $wanted) < 0.02 FROM metrics AS m JOIN runs AS r ON r.id = m.run_id
        JOIN experiments AS e ON e.id = r.experiment_id WHERE e.name = '$name' AND m.split = 'validation' AND m.epoch = r.epochs_done"
done
