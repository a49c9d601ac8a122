#!/bin/sh
# A database, or a file of weights, from somebody else opens no file that it alone names: what the user has named to
# fell run or after --trust is read, and what lies beside the file. A stranger is another state folder.
. "${srcdir:-.}/tests/cli/lib.sh"
once "who has named a path"
mine=$scratch/mine stranger=$scratch/stranger
HOME=$scratch/home XDG_STATE_HOME=$mine
export HOME XDG_STATE_HOME
mkdir home far project project/results
cat >far/rows.csv <<'END'
a,b,kind
1,2,x
2,1,y
3,5,x
4,1,y
5,7,x
6,2,y
7,9,x
8,1,y
END
cat >project/net.yaml <<'END'
seed: 3
data: {source: {csv: {path: ../far/rows.csv, target: kind}}, validation: 0.25}
model: [{dense: {units: 3, activation: tanh, name: hidden}}, {dense: {units: 2, name: out}}]
loss: cross_entropy
optimizer: {sgd: {lr: 0.1}}
train: {epochs: 2, batch_size: 4}
checkpoint: {every: 1, keep: last}
END
cd project
db=results/fell.db
expect_exit 0 "$FELL" run net.yaml --quiet
expect_exit 0 "$FELL" export 1 --safetensors net.st --quiet
tail -n +1 ../far/rows.csv >new.csv
[ "$(wc -c <"$mine/fell/named")" = 65 ] || fail "the path was not kept: $(cat "$mine/fell/named")"
[ "$(stat -c %a "$mine/fell/named")" = 600 ] || fail "others may read what was named"

# refused WHAT COMMAND...: nothing is read.
refused() {
    what=$1 got=0
    shift
    XDG_STATE_HOME=$stranger "$@" >out 2>err || got=$?
    case $got in 1 | 2) ;; *) fail "$* ended with $got: $(cat out err)" ;; esac
    expect_text err "'$what' is named by '" "' alone, and lies neither below its folder nor below this one" "--trust '$what'"
    [ ! -e "$stranger" ] || fail "$* kept a path that nobody named"
}
far=$scratch/far/rows.csv
sqlite3 $db "UPDATE runs SET status = 'failed'" "VACUUM INTO 'failed.db'" "UPDATE runs SET status = 'finished'"
mv failed.db ../failed.db
refused "$far" "$FELL" verify 1
refused "$far" "$FELL" replay 1
refused "$far" "$FELL" export 1 --epoch 0 --safetensors x.st
refused "$far" "$FELL" retry net --db ../failed.db
refused "$far" "$FELL" predict 1 --split train
refused "$far" "$FELL" predict net.st --split train
# What the weights know needs no file of the training.
XDG_STATE_HOME=$stranger expect_exit 0 "$FELL" predict net.st new.csv
# Of another state, but with a spec of the user's own: it is the run's data that would be read.
sed 's|../far/rows.csv|new.csv|' net.yaml >near.yaml
refused "$far" "$FELL" explain near.yaml --run 1
[ ! -e x.st ] || fail "weights came from nowhere"

# Who named it reads it, and so does who trusts it, once and for all.
expect_exit 0 "$FELL" verify 1
expect_exit 0 "$FELL" predict 1 --split train --quiet
XDG_STATE_HOME=$stranger expect_exit 0 "$FELL" verify 1 --trust ../far
XDG_STATE_HOME=$stranger expect_exit 0 "$FELL" replay 1
rm -r "$stranger"
XDG_STATE_HOME=/proc/nowhere expect_exit 0 "$FELL" verify 1 --trust "$far"
# A line that a crash cut off, and a link in the file's place.
mkdir -p "$stranger/fell"
printf 'abc' >"$stranger/fell/named"
XDG_STATE_HOME=$stranger expect_exit 0 "$FELL" verify 1 --trust "$far"
XDG_STATE_HOME=$stranger expect_exit 0 "$FELL" verify 1
echo kept >victim
ln -sf "$PWD/victim" "$stranger/fell/named"
XDG_STATE_HOME=$stranger expect_exit 0 "$FELL" verify 1 --trust "$far"
[ "$(cat victim)" = kept ] || fail "a link was followed"
rm -r "$stranger"

# Rows that were changed: another path in the spec alone, in a run that waits, for masks and weights to begin with.
cp ../far/rows.csv ../far/other.csv
other=$scratch/far/other.csv
cp $db spec.db
sqlite3 spec.db "UPDATE runs SET resolved = replace(resolved, '$far', '$other')"
refused_too() {
    what=$1 got=0
    shift
    "$@" >out 2>err || got=$?
    case $got in 1 | 2) ;; *) fail "$* ended with $got: $(cat out err)" ;; esac
    expect_text err "'$what' is named by '"
}
refused_too "$other" "$FELL" verify 1 --db spec.db
refused_too "$other" "$FELL" explain net.yaml --run 1 --db spec.db
# ... and a file that is hashed alone, with the right bytes.
cp $db hash.db
sqlite3 hash.db "UPDATE data_files SET path = '$other'"
refused_too "$other" "$FELL" verify 1 --db hash.db
# ... and one that is named by way of a folder that is trusted.
cp ../far/rows.csv ../secret.csv
cp $db up.db
sqlite3 up.db "UPDATE data_files SET path = '$scratch/far/../secret.csv'"
XDG_STATE_HOME=$scratch/trusts refused_too "$scratch/far/../secret.csv" "$FELL" verify 1 --db up.db --trust ../far
sqlite3 spec.db "UPDATE runs SET status = 'queued', epochs_done = 0; DELETE FROM epochs; DELETE FROM checkpoints"
refused_too "$other" "$FELL" run net.yaml --db spec.db
for key in initial_weights masks; do
    cp $db key.db
    sqlite3 key.db "UPDATE runs SET resolved = json_set(resolved, '\$.train.$key', '$scratch/far/$key.safetensors')"
    refused_too "$scratch/far/$key.safetensors" "$FELL" replay 1 --db key.db
done
cp -r $db.checkpoints key.db.checkpoints
refused_too "$scratch/far/masks.safetensors" "$FELL" prune 1 --share 0.5 -o masks.st --db key.db

# Beside the database: below its folder, or below the one around its results/. Not through a link, not all of a home.
mkdir ../got ../got/data ../elsewhere
cp ../far/rows.csv ../got/data
sed 's|../far|data|' net.yaml >../got/net.yaml
cd ../got
expect_exit 0 "$FELL" run net.yaml --quiet
cd ../elsewhere
XDG_STATE_HOME=$stranger expect_exit 0 "$FELL" verify 1 --db ../got/results/fell.db
[ ! -e "$stranger" ] || fail "a path was kept"
mv ../got ../moved
XDG_STATE_HOME=$stranger expect_exit 0 "$FELL" verify 1 --db ../moved/results/fell.db
expect_text err "'$scratch/moved/data/rows.csv' holds what"
mv ../moved ../got
rm ../got/data/rows.csv
ln -s "$far" ../got/data/rows.csv
refused "$scratch/got/data/rows.csv" "$FELL" verify 1 --db ../got/results/fell.db
# ... nor through one inside a folder of images, nor by the folder above.
mkdir -p ../got/pics/a ../private
cp "$srcdir"/tests/field/image-turned/p/a/1.jpg ../got/pics/a/
cp -r ../got/pics/a ../got/pics/b
sed 's|csv: {path: ../far/rows.csv, target: kind}|image_folder: {path: pics}|; s|^model:.*|model: [flatten, dense: {units: 2}]|; s|validation: 0.25|validation: 0.5|' \
    ../project/net.yaml >../got/pics.yaml
cd ../got
expect_exit 0 "$FELL" run pics.yaml --quiet --db pics.db
cd ../elsewhere
XDG_STATE_HOME=$stranger expect_exit 0 "$FELL" verify 1 --db ../got/pics.db
mv ../got/pics/b ../private/b
ln -s ../../private/b ../got/pics/b
refused "$scratch/got/pics" "$FELL" verify 1 --db ../got/pics.db
sqlite3 ../got/pics.db "UPDATE runs SET resolved = replace(resolved, '$scratch/got/pics', '$scratch/got/..')"
refused "$scratch" "$FELL" replay 1 --db ../got/pics.db
expect_exit 2 "$FELL" verify 1 --db ../got/pics.db --trust ''
expect_text err "--trust: '' is no path"
cp "$far" ../home/secret.csv
cp ../project/$db ../home/x.db
sqlite3 ../home/x.db "UPDATE runs SET resolved = replace(resolved, '$far', '$HOME/secret.csv'); UPDATE data_files SET path = '$HOME/secret.csv'"
refused "$HOME/secret.csv" "$FELL" verify 1 --db ../home/x.db
cd ../home
refused "$HOME/secret.csv" "$FELL" verify 1 --db x.db
