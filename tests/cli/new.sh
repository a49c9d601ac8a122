#!/bin/sh
# fell new: a spec for a table that passes fell check and trains, of classes and of amounts, with all that tables
# have; what it assumed is told, what is there is not replaced; every template is a spec.
. "${srcdir:-.}/tests/cli/lib.sh"
once "what is written"

awk 'BEGIN { srand(3); print "id,name,age,town,empty,income,label,stars"
    for (i = 0; i < 120; i++)
        printf "%d,person %d,%s,%s,,%.2f,%s,%d\n", i + 1, i, (i % 9 ? 20 + i % 50 : ""), (i % 3 ? (i % 2 ? "Bern" : "Aa") : "Ulm"),
            1000 + i * rand() * 10, (i % 50 > 25 ? "old" : "no"), i % 3
    }' >people.csv

# ---- classes, amounts, numbers that are classes ------------------------------------------------------------------

expect_exit 0 "$FELL" new --csv people.csv --target label
expect_text out 'people.csv: 120 rows, 4 columns go in; column label is learnt as classes (no 72, old 48)' \
    "left out: column 2 (name) has 120 words" "left out: column 5 (empty) holds nothing" \
    "left out: column 1 (id) counts the rows" "14 values are missing" "people.yaml is written. Next:  fell check people.yaml"
expect_text people.yaml "units: classes" "loss: cross_entropy" "stratify: true" "impute:" "- name      # column 2" "validation: 0.2"
expect_exit 0 "$FELL" check people.yaml
expect_empty err
expect_exit 0 "$FELL" run people.yaml train.epochs=2 --quiet --db r.db
head -4 people.csv | cut -d, -f3,4,6,8 >rows.csv
expect_exit 0 "$FELL" predict 1 rows.csv --db r.db # what was left out need not be there
[ "$(wc -l <out)" = 4 ] || fail "not an answer a row: $(cat out)"

expect_exit 0 "$FELL" new --csv people.csv --target income -o sub.yaml --quiet
expect_empty out
expect_text sub.yaml "units: 1," "loss: mse" "scale_target: standardize" "metrics: [mae, r2]" "name: sub"
expect_exit 0 "$FELL" run sub.yaml train.epochs=2 --quiet --db r.db
mkdir there
expect_exit 0 "$FELL" new --csv people.csv --target stars -o there/stars.yaml
expect_text out "stars is learnt as classes (0 40, 1 40, 2 40)"
expect_exit 0 "$FELL" check there/stars.yaml # the table is found from another folder

# ---- what is there stays; what it cannot do ---------------------------------------------------------------------

cp people.yaml before.yaml
expect_exit 2 "$FELL" new --csv people.csv --target income
expect_text err "people.yaml: is there already; it is not replaced"
cmp people.yaml before.yaml || fail "the spec was replaced"
# What a table is refused with: the status, what is said, the words.
printf 'a,y\n1,2\n2,\n3,4\n' >gap.csv
printf 'y\n1\n2\n' >alone.csv
: >nothing.csv
while IFS='|' read -r text words; do
    # shellcheck disable=SC2086 # the words of a command
    expect_exit 2 "$FELL" new $words -o x.yaml
    expect_text err "$text"
    [ ! -e x.yaml ] || fail "a spec of: $words"
done <<END
there is no column 'labl'; there are 'id', 'age'|--csv people.csv --target labl
column 2 (name) has 120 words|--csv people.csv --target name
cannot open|--csv none.csv --target a
is empty|--csv nothing.csv --target a
no column is left but the target|--csv alone.csv --target y
missing|--csv gap.csv --target y
which column is to be learnt?|--csv people.csv
names a column of --csv|--target y
choose one|iris --csv people.csv --target y
there is no template 'iriss'; there are cat-or-dog, |iriss
END

# ---- other files ---------------------------------------------------------------------------------------------------

awk 'BEGIN { for (i = 0; i < 40; i++) printf "%d,%.1f,%d\n", i % 7, i / 3, i % 2 }' >bare.csv
awk 'BEGIN { print "gr\303\266\303\237e;preis"; for (i = 0; i < 40; i++) printf "%d,%d;%d,5\n", i % 5, i % 10, i * 2 }' |
    iconv -f utf8 -t latin1 >komma.csv
expect_exit 0 "$FELL" new --csv bare.csv --target -1
expect_text out "column 2 is learnt as classes (0 20, 1 20)"
expect_exit 0 "$FELL" check bare.yaml
expect_exit 0 "$FELL" new --csv komma.csv --target preis
expect_text out "numbers have decimal commas" "the file is in Windows' encoding" "preis is learnt as an amount (0.5 to 78.5)"
expect_exit 0 "$FELL" check komma.yaml
head -9 people.csv >few.csv
expect_exit 0 "$FELL" new --csv few.csv --target income
expect_text out "8 rows are too few to hold some out"
expect_exit 0 "$FELL" check few.yaml

# ---- templates ------------------------------------------------------------------------------------------------------

expect_exit 0 "$FELL" new --list
[ "$(wc -l <out)" = "$(find "$srcdir/configs" -maxdepth 1 -name '*.yaml' | wc -l)" ] || fail "not all templates: $(cat out)"
expect_text out "iris                 Iris (Fisher 1936): 150 flowers"
cut -d' ' -f1 out | grep -v fashion >templates
while read -r name; do
    expect_exit 0 "$FELL" new "$name" -o "there/$name.yaml"
    expect_exit 0 "$FELL" check "there/$name.yaml"
done <templates
