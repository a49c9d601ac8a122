#!/bin/sh
# make.sh - the pictures in this folder, from pages that the program writes: docs/images/make.sh
# [FOLDER]. Needs a build in build/ (or $FELL) and what ./bootstrap --tests installs.
# Called by hand, when the pages look different, and by tests/cli/pages.sh.
set -eu
folder=$(cd "${1:-$(dirname "$0")}" && pwd)
cd "$(dirname "$0")/../.."
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
node tests/browser/pictures.js "$scratch" "$folder"
