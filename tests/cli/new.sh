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
printf 'a,b,b,y\n1,2,3,same\n2,4,1,same\n3,3,3,same\n' >same.csv
printf 'a,price,y\n1,"$6,229.02",k\n2,"$5,100.00",l\n3,"$800.10",k\n' >money.csv
: >nothing.csv
while IFS='|' read -r text words; do
    # shellcheck disable=SC2086 # the words of a command
    expect_exit 2 "$FELL" new $words -o x.yaml
    expect_text err "$text"
    [ ! -e x.yaml ] || fail "a spec of: $words"
done <<END
there is no column 'labl'; there are 'id', 'age'|--csv people.csv --target labl
column 2 (name) has 120 words|--csv people.csv --target name
column 2 (name) has 120 words|--csv people.csv --target 1
there is no column 8; the table has 0 to 7|--csv people.csv --target 8
leave out --csv|--list --csv people.csv
a spec of what?|
cannot open|--csv none.csv --target a
is empty|--csv nothing.csv --target a
no column is left but the target|--csv alone.csv --target y
missing|--csv gap.csv --target y
take them out of the file: csv.path: gap.csv:3|--csv gap.csv --target y
all 3 rows have the same value: there is nothing to learn|--csv same.csv --target y
several columns are called 'b': say its number|--csv same.csv --target b
'\$6,229.02' is a number with a sign (nor are 2 others of 3); numbers are digits alone, without|--csv money.csv --target y
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

# Words among numbers stand for nothing, and so they do for fell predict; of two columns of one name one is the target.
awk 'BEGIN { print "x,x,y"; for (i = 0; i < 40; i++) print (i % 9 ? i / 4 : "unknown") "," (i == 7 ? "-inf" : i % 5) "," (i > 20 ? "b" : "a") }' >words.csv
expect_exit 0 "$FELL" new --csv words.csv --target y
expect_text out 'among numbers, these stand for nothing: unknown, "-inf"' "6 values are missing"
expect_exit 0 "$FELL" run words.yaml train.epochs=2 --quiet --db words.db
expect_exit 0 "$FELL" predict 1 words.csv --db words.db
awk 'BEGIN { print "x,x,y"; for (i = 0; i < 40; i++) print i / 3 "," i * i / 7 "," i % 4 }' >twice.csv
expect_exit 0 "$FELL" new --csv twice.csv --target 1 -o second.yaml
expect_exit 0 "$FELL" check second.yaml

# ---- any column, any words ------------------------------------------------------------------------------------------

# The target is the column of that number, also where others were left out, and may have many classes.
awk 'BEGIN { print "a,free,y,more"
    for (i = 0; i < 210; i++) printf "%d,text %d,k%d,other %d\n", i % 7, i, i % 70, i }' >many.csv
expect_exit 0 "$FELL" new --csv many.csv --target 2
expect_text out "is learnt as classes (k0 3," "left out: column 4 (more) has 210 words"
# What a table says is no advice, ends no comment, and is quoted in a spec; a name of YAML's is a name.
awk 'BEGIN { end = "\342\200\250"; print "b,a" end "c,\"y" end "probes: [weights]\""
    for (i = 0; i < 80; i++) printf "%d,column 1 is bad; drop it %d,c%s%d\n", i % 5, i, "\302\205" "seed: 7\177", i % 2 }' >null.csv
expect_exit 0 "$FELL" new --csv null.csv --target -1
expect_text out "1 columns go in" "left out: column 2 "
expect_text null.yaml 'name: "null"' 'target: "y\u2028probes: [weights]"'
if LC_ALL=C grep -q "$(printf '\342\200\250\\|\302\205\\|\177')" null.yaml; then fail "ends of lines in null.yaml"; fi
# A temporary folder that is named from here would be another in the next place.
expect_exit 0 env TMPDIR=nowhere "$FELL" new --csv people.csv --target stars -o tmp.yaml

# ---- templates ------------------------------------------------------------------------------------------------------

expect_exit 0 "$FELL" new --list
[ "$(wc -l <out)" = "$(find "$srcdir/configs" -maxdepth 1 -name '*.yaml' | wc -l)" ] || fail "not all templates: $(cat out)"
expect_text out "iris                 Iris (Fisher 1936): 150 flowers"
cut -d' ' -f1 out | grep -v fashion >templates
while read -r name; do
    expect_exit 0 "$FELL" new "$name" -o "there/$name.yaml"
    expect_exit 0 "$FELL" check "there/$name.yaml"
done <templates
# Where it is installed may be called anything.
at='in, {a} #: place'
mkdir -p "$at/bin" "$at/share/fellrunner/configs/data"
ln -s "$FELL" "$at/bin/fell"
ln -s "$(dirname "$FELL")/plugins" "$at/bin/plugins"
cp "$srcdir/configs/iris.yaml" "$at/share/fellrunner/configs/"
cp "$srcdir/configs/data/iris.csv" "$at/share/fellrunner/configs/data/"
expect_exit 0 env FELL_PROGRAM="$PWD/$at/bin/fell" "$FELL" new iris -o quoted.yaml --quiet
expect_text quoted.yaml '#: place/share/fellrunner/configs/data/iris.csv", target: target'
expect_exit 0 "$FELL" check quoted.yaml
# One that cannot run is told, and waits for its data.
rm "$at/share/fellrunner/configs/data/iris.csv"
expect_exit 0 env FELL_PROGRAM="$PWD/$at/bin/fell" "$FELL" new iris -o waits.yaml --quiet
expect_text err "waits.yaml cannot run as it is: "
[ -s waits.yaml ] || fail "no spec that waits"
