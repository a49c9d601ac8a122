#!/bin/sh
# The examples of the pages for people who come from elsewhere: docs/from-pytorch.md with PyTorch's numbers, every
# question of docs/cookbook.md, the notebooks of docs/notebooks.md in the tools that there are, and a class of two.
. "${srcdir:-.}/tests/cli/lib.sh"
once "a page"
docs=$srcdir/docs

# blocks LANGUAGE PAGE: its blocks as 1.LANGUAGE, 2.LANGUAGE ...
blocks() {
    awk -v lang="$1" '$0 == "```" lang { inside = 1; n++; next } /^```/ { inside = 0 } inside { print > (n "." lang) }' "$2"
}

# page NAME: its sh blocks are run in a folder of its own, which this goes to.
page() {
    cd "$scratch"
    mkdir -p "$1"
    cd "$1"
    [ "$1" != teaching ] || make_class
    examples_of "$docs/$1.md"
}

# Two students of a class, with what they hand in.
make_class() {
    cp "$srcdir/configs/data/iris.csv" .
    awk '/^```yaml/ { inside = 1; next } /^```/ { inside = 0 } inside' "$docs/teaching.md" >exercise.yaml
    for name in ann ben; do
        mkdir -p students/$name
        (cd students/$name && "$FELL" plugin new activation $name >out)
        USER=$name "$FELL" run exercise.yaml "optimizer.sgd.lr=0.0${#name}$([ $name = ann ] || echo 1)" train.epochs=3 \
            --quiet --db students/$name/fell.db
    done
}

# ---- from PyTorch ------------------------------------------------------------------------------------------------

page from-pytorch
awk -F' *[|] *' '/^## Words/ { exit } $2 ~ /^[0-9]+$/ { print $2 "|" $3 "|" $4 }' "$docs/from-pytorch.md" >wanted
[ "$(wc -l <wanted)" = 5 ] || fail "not the numbers of five epochs"
sqlite3 torch.db "SELECT epoch, printf('%.6f', train_loss), printf('%.6f', grad_norm_mean) FROM epochs" >got
paste -d'|' wanted got | awk -F'|' 'function far(a, b) { return a - b > 2e-6 || b - a > 2e-6 }
    $1 != $4 || far($2, $5) || far($3, $6) { exit 1 }' || fail "PyTorch's numbers are others: $(cat got)"
blocks python "$docs/from-pytorch.md"
if "${FELL_VENV:-$srcdir/build/venv}/bin/python" -c 'import torch, safetensors' 2>err; then
    "$FELL_VENV/bin/python" 1.python | tr ' ' '|' >got
    diff wanted got || fail "PyTorch says otherwise"
fi
# Each word on the right is a plugin, a key, a command or an option of the program.
write_spec s.yaml
{
    "$FELL" plugin list | awk '{ print $2 }'
    "$FELL" --complete run s.yaml '' | sed 's/=$//; p; s/\..*//'
    "$FELL" --complete '' | sed 's/^/fell /'
    printf '%s\n' model from lr_factor trainable activation residual return_sequences by probes schedule beta1 beta2 epsilon
} >known
sed -n '/^## Words/,/^## What/p' "$docs/from-pytorch.md" | awk -F' *[|] *' '/^[|] / { print $3 }' | grep -o '`[^`]*`' | tr -d '`' |
    sed 's/^\(fell [a-z]*\).*/\1/; /^fell/!s/[:(].*//' | grep -v ENTRY >words
[ "$(wc -l <words)" -ge 40 ] || fail "no words"
while read -r word; do
    grep -qx -e "$word" known || fail "docs/from-pytorch.md has '$word', which there is not"
done <words

# ---- questions ---------------------------------------------------------------------------------------------------

page cookbook
blocks sql "$docs/cookbook.md"
[ -s 17.sql ] || fail "no questions"
for question in *.sql; do
    sqlite3 -bail results/fell.db <"$question" >answer 2>err || fail "$(cat "$question" err)"
    [ -s answer ] || fail "no answer to: $(cat "$question")"
done

# ---- notebooks ---------------------------------------------------------------------------------------------------

page notebooks
blocks python "$docs/notebooks.md"
blocks r "$docs/notebooks.md"
[ -s 5.python ] && [ -s 1.r ] || fail "no notebooks"
python=${FELL_VENV:-$srcdir/build/venv}/bin/python
[ -x "$python" ] || python=python3
for notebook in *.python; do
    needed=$(sed -n 's/^import //p' "$notebook" | tr ',' '\n' | tr -d ' ')
    for module in $needed; do
        "$python" -c "import $module" 2>err || {
            echo "there is no $module: $notebook is not run"
            continue 2
        }
    done
    "$python" "$notebook" >answer 2>err || fail "$notebook: $(cat err)"
    [ -s answer ] || fail "$notebook says nothing"
done
if Rscript -e 'library(RSQLite)' >out 2>&1; then
    Rscript 1.r >answer 2>err || fail "R: $(cat err)"
    expect_text answer epoch
fi
if [ -x "${python%/*}/datasette" ]; then
    "${python%/*}/datasette" results/fell.db --get '/fell/leaderboard.json?_shape=array&_size=1' >answer 2>err || fail "datasette: $(cat err)"
    expect_text answer lr-activation
fi

# ---- a class -------------------------------------------------------------------------------------------------------

page teaching
expect_text log 'students/ann/ann.c passed' 'students/ben/ben.c passed'
expect_sql class.db "ann|ben" "SELECT min(user), max(user) FROM runs"
expect_sql contest.db "6|finished" "SELECT count(*), max(status) FROM runs"
for file in pages/ann-1.html pages/ben-2.html pages/contest.html students/ann/ann.txt; do
    [ -s "$file" ] || fail "no $file"
done
