#!/bin/sh
# make.sh - the pictures in this folder, from pages that the program writes: docs/images/make.sh
# [FOLDER]. Needs a build in build/ (or $FELL) and what ./bootstrap --tests installs.
# Called by hand, when the pages look different, and by tests/cli/pages.sh.
set -eu
folder=$(cd "${1:-$(dirname "$0")}" && pwd)
cd "$(dirname "$0")/../.."
source=$PWD
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
: "${FELL_NODE:=$PWD/build/node/node_modules}"
export FELL_NODE
fell=${FELL:-build/fell}

$fell explain configs/cat-or-dog.yaml --html -o "$scratch/document.html"
$fell explain configs/iris.yaml --html --contour random -o "$scratch/landscape.html"
$fell explain configs/iris.yaml --interactive --weight 'output.weight[1,2]' -o "$scratch/interactive.html"
$fell run configs/digits.yaml --quiet --db "$scratch/fell.db" name=digits-rates train.epochs=12 repeats=2 \
    'sweep={over: {optimizer.sgd.lr: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3], model.0.dense.units: [8, 16, 32, 64]}}'
$fell report digits-rates --html --db "$scratch/fell.db" -o "$scratch/report.html"

# A terminal: what was typed, and what the program said.
{
    printf '<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>fell</title>'
    printf '<style>body{margin:0;padding:18px 22px;background:#16191d;color:#d7dce2}b{color:#8fd18f}\n'
    printf 'pre{font:15px/1.17 "DejaVu Sans Mono",monospace;margin:0}</style><pre id="terminal">\n'
    type() {
        printf '<b>$ %s</b>\n' "$(printf '%s' "$1" | sed 's/&/\&amp;/g; s/</\&lt;/g; s/>/\&gt;/g')"
        sh -c "$1" 2>&1 | sed 's/&/\&amp;/g; s/</\&lt;/g; s/>/\&gt;/g'
    }
    mkdir "$scratch/bin"
    ln -s "$(readlink -f "$fell")" "$scratch/bin/fell"
    cp -r configs results "$scratch/"
    cd "$scratch"
    rm -f results/fell.db*
    PATH=$scratch/bin:$PATH
    fell run configs/sweeps/lr-activation.yaml train.epochs=5 repeats=2 --quiet
    type 'fell best lr-activation --limit 5'
    echo
    fell run configs/vanishing.yaml train.epochs=5 --quiet
    type 'sqlite3 -box results/fell.db < results/queries/vanishing-gradients.sql'
    printf '</pre></html>\n'
} >"$scratch/terminal.html"
cd "$source"
node tests/browser/pictures.js "$scratch" "$folder"
