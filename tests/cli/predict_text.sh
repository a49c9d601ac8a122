#!/bin/sh
# fell predict of texts and images: a net of characters, bytes or words writes on, the same for the same seed, from
# what it says of the rows that were recorded; new texts are rows; images are told by their files.
. "${srcdir:-.}/tests/cli/lib.sh"
once "what a net answers"

i=0
while [ $i -lt 40 ]; do
    printf 'the cat sat on\na mat, so: "h\303\244" \\ x.\n'
    i=$((i + 1))
done >say.txt
# net NAME UNIT MODEL...: a net of say.txt.
net() {
    name=$1 unit=$2
    shift 2
    cat >"$name.yaml" <<END
seed: 2
data: {source: {text: {path: say.txt, length: 6, stride: 1, unit: $unit}}}
model: [{embedding: {num_embeddings: vocabulary, embedding_dim: 8}}, $*, {dense: {units: vocabulary}}]
loss: cross_entropy
optimizer: {adam: {lr: 0.03}}
metrics: [accuracy]
train: {epochs: 6, batch_size: 16}
checkpoint: {keep: [last]}
END
    expect_exit 0 "$FELL" run "$name.yaml" --quiet --db "$name.db"
}
# write NAME WORDS...: what the net writes, to the file out.
write() {
    name=$1
    shift
    expect_exit 0 "$FELL" predict 1 --db "$name.db" --quiet "$@"
}
net char char '{gru: {units: 24, return_sequences: true}}'
write char --generate 32 --prompt 'the c' --temperature 0
printf 'the cat sat on\na mat, so: "h\303\244" \\ x.\nth' | head -c 38 >wanted
head -c 38 out | cmp - wanted || fail "not what it has learnt: $(cat out)"
write char --generate 40 --prompt 'the c' --top-k 1
mv out top
write char --generate 40 --prompt 'the c' --temperature 0
cmp out top || fail "the most probable of one is another"
write char --generate 40 --prompt 'the c' --temperature 3 --seed 7
mv out first
write char --generate 40 --prompt 'the c' --temperature 3 --seed 7 -o again
cmp first again || fail "the same seed writes something else"
FELL_SIMD=portable
export FELL_SIMD
write char --generate 40 --prompt 'the c' --temperature 3 --seed 7
unset FELL_SIMD
cmp first out || fail "another SIMD level writes something else"
write char --generate 40 --prompt 'the c' --temperature 3 --seed 8
cmp -s first out && fail "another seed writes the same"
# The probability is that of the evaluation: of the row with these characters, at its last place.
write char --generate 1 --prompt 'the ca' --json
expect_json out 1 "j->>'step'"
unit=$(sqlite3 :memory: "SELECT CAST(readfile('out') AS TEXT) ->> 'unit'")
p=$(sqlite3 :memory: "SELECT CAST(readfile('out') AS TEXT) ->> 'probability'")
write char --split train
sqlite3 :memory: ".import --csv out p" "SELECT abs(\"p_$unit\" - $p) < 1e-6, class FROM p WHERE row = 1 AND step = 6" >found
[ "$(cat found)" = "1|$unit" ] || fail "probability $p of '$unit': $(cat found)"
cp out split
# A new text: its rows stand side by side; the first is the split's.
printf 'the cat sat on\n' >new.txt
expect_exit 0 "$FELL" predict 1 new.txt --db char.db --quiet
[ "$(wc -l <out)" = 13 ] || fail "not 2 rows of 6: $(cut -d, -f1-3 out)"
[ "$(sed -n 2,7p out)" = "$(sed -n 2,7p split)" ] || fail "the same row has another answer"
printf 'the zoo, and more\n' >z.txt
expect_exit 2 "$FELL" predict 1 z.txt --db char.db --quiet
expect_text err "the character 'z' is not among the 18 of the source"

net byte byte '{lstm: {units: 24, return_sequences: true}}'
write byte --generate 32 --prompt 'the c' --temperature 0
head -c 30 out | cmp -n 30 - wanted || fail "bytes: $(cat out)"
net word word '{attention: {causal: true}}'
write word --generate 3 --prompt 'cat   sat' --temperature 0
[ "$(wc -w <out)" = 5 ] || fail "not five words: $(cat out)"

# ---- what cannot be ----------------------------------------------------------------------------------------------

net ahead char attention
write_spec xor.yaml
expect_exit 0 "$FELL" run xor.yaml --quiet --db xor.db
while IFS='|' read -r text name words; do
    # shellcheck disable=SC2086 # the words of a command
    expect_exit 2 "$FELL" predict 1 --db "$name.db" --quiet $words
    expect_text err "$text"
done <<'END'
depends on units that follow it|ahead|--generate 5 --prompt the
does not know the character 'z'|char|--generate 5 --prompt zoo
does not know the word 'dog'|word|--generate 5 --prompt dog
the net reads no text|xor|--generate 5 --prompt a
from where on?|char|--generate 5
are of --generate N|char|say.txt --seed 3
rows are another question|char|say.txt --generate 5 --prompt a
END
expect_exit 2 "$FELL" predict 1 --db char.db --quiet --generate 5 --prompt ''
expect_text err "name at least one char"

# ---- images --------------------------------------------------------------------------------------------------------

# A grey PNG of 2 x 2 pixels.
mkdir -p pictures/cat pictures/dog new
for i in 1 2 3 4; do
    for kind in cat dog; do
        printf '%s' 'iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAAAAABX3VL4AAAADklEQVR4nGNgcGBo+A8AAwUBwE4zW+kAAAAASUVORK5CYII=' |
            base64 -d >"pictures/$kind/$i.png"
    done
done
cp pictures/cat/1.png 'new/a, b.png'
cp pictures/cat/1.png new/c.png
cat >pictures.yaml <<'END'
seed: 1
data: {source: {image_folder: {path: pictures}}}
model: [flatten, {dense: {units: 2}}]
loss: cross_entropy
optimizer: sgd
train: {epochs: 1}
END
expect_exit 0 "$FELL" run pictures.yaml --quiet --db pictures.db
expect_exit 0 "$FELL" predict 1 new --db pictures.db --quiet
[ "$(head -1 out | cut -d, -f1-3)" = row,file,class ] || fail "another header: $(cat out)"
[ "$(tail -1 out | cut -d, -f1-2)" = 2,c.png ] || fail "no name of the second file: $(cat out)"
grep -q '^1,"a, b.png",' out || fail "no name of the first file: $(cat out)"
expect_exit 0 "$FELL" predict 1 pictures --db pictures.db --quiet --json
expect_text out '"row":1,"file":"cat/1.png"' '"file":"dog/4.png"'
