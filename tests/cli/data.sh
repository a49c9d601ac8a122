#!/bin/sh
# Data files are part of what an experiment is: a folder of images with all that is in it, a
# database; a database is only read; and a file that is broken ends with status 2.
. "$srcdir/tests/cli/lib.sh"

cp -r "$srcdir/tests/reference/images" images
cp "$srcdir/tests/bad/good.sqlite" flowers.sqlite
cat >pets.yaml <<'END'
seed: 1
data:
  source: {image_folder: {path: images, shape: [1, 6, 6]}}
  test: {image_folder: {path: images, shape: [1, 6, 6]}}
  transforms: [flip, {scale: {factor: 0.01}}]
model: [flatten, {dense: {units: 2}}]
loss: cross_entropy
optimizer: {sgd: {lr: 0.1}}
metrics: [accuracy, f1_per_class]
train: {epochs: 3, batch_size: 4}
END
cat >flowers.yaml <<'END'
seed: 1
data: {source: {sqlite: {path: flowers.sqlite, query: "SELECT * FROM flowers ORDER BY class", target: class}}}
model: [{dense: {units: 3}}]
loss: cross_entropy
optimizer: sgd
train: {epochs: 2}
END

# ---- what is recorded; a second run finds the first
for name in pets flowers; do
    expect_exit 0 "$FELL" run $name.yaml --quiet --db $name.db
    expect_exit 0 "$FELL" run $name.yaml --db $name.db
    expect_text out finished
done
expect_sql pets.db "source.path|9
test.path|9" "SELECT role, rows FROM data_files ORDER BY role"
expect_sql pets.db "cat,dog" \
    "SELECT group_concat(DISTINCT substr(name, 14)) FROM metrics WHERE split = 'test' AND name LIKE 'f1_per_class.%'"
expect_sql flowers.db "source.path|3|$(sha256sum <flowers.sqlite | cut -c1-64)" \
    "SELECT role, rows, sha256 FROM data_files"
cmp -s "$srcdir/tests/bad/good.sqlite" flowers.sqlite || fail "the database was written to"
[ "$(echo flowers.sqlite*)" = flowers.sqlite ] || fail "files were left beside the database"

# ---- a changed image, a new one, another row: another experiment
cp images/cat/grey.PNG images/cat/bit.png
expect_exit 0 "$FELL" run pets.yaml --quiet --db pets.db
cp images/dog/grey.jpeg images/dog/new.jpeg
expect_exit 0 "$FELL" run pets.yaml --quiet --db pets.db
sqlite3 flowers.sqlite "INSERT INTO flowers VALUES (4, 'rose')"
expect_exit 0 "$FELL" run flowers.yaml --quiet --db flowers.db
expect_sql pets.db "3|3|10" "SELECT count(*), count(DISTINCT sha256), max(rows) FROM data_files WHERE role = 'test.path'"
expect_sql flowers.db "2|4" "SELECT count(DISTINCT sha256), max(rows) FROM data_files"

# ---- broken data: a sentence, and nothing is stored
head -c 50 images/dog/grey.jpeg >images/dog/cut.jpeg
expect_exit 2 "$FELL" run pets.yaml --quiet --db pets.db
expect_text err "image_folder.path: dog/cut.jpeg is a damaged JPEG"
mkdir images/bird
rm images/dog/cut.jpeg
expect_exit 2 "$FELL" run pets.yaml --quiet --db pets.db
expect_text err "the folder of class 'bird' holds no .png, .jpg or .jpeg file"
expect_sql pets.db 3 "SELECT count(*) FROM experiments"

# ---- folders that are no class, or have no name that can be written
rmdir images/bird
for name in nan - None; do
    mv images/dog "images/$name"
    expect_exit 2 "$FELL" check pets.yaml
    expect_text err "image_folder.path: is the folder '$name' a class, or does it stand for nothing? Then move it away"
    expect_exit 0 "$FELL" check pets.yaml data.source.image_folder.missing=[] data.test.image_folder.missing=[]
    mv "images/$name" images/dog
done
latin=$(printf 'd\366g')
mv images/dog "images/$latin"
expect_exit 2 "$FELL" check pets.yaml
expect_text err "image_folder: the name of class 'd\xf6g' is not UTF-8 (byte 0xf6); rename it"
mv "images/$latin" images/Cat
expect_exit 0 "$FELL" check pets.yaml
expect_text err "path: 'Cat' and 'cat' differ in capitals, blanks, accents or a last dot alone: two classes"
mv images/Cat images/dog

# ---- what is passed over is said once
echo text >images/readme.txt
expect_exit 0 "$FELL" run pets.yaml --db pets.db
[ "$(cat out err | grep -c 'passed over')" = 1 ] || fail "files that are no images are not told of once"

# ---- a CSV file is not in memory while it is read: of 40 MB, of which a fiftieth are kept numbers
awk 'BEGIN { print "a,b,class"; for (r = 0; r < 200000; r++)
    printf "%d.%06d%090d,%d.%06d%090d,%d\n", r % 10, r, 0, r % 7, r % 99991, 0, r % 2 }' >long.csv
sed 's/sqlite: {.*}}}/csv: {path: long.csv, target: class}}}/; s/units: 3/units: 2/' flowers.yaml >long.yaml
cat >peak.py <<'END'
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
sys.exit(code)
END
case $(ldd "$FELL") in
*libasan* | *libtsan*) ;; # they keep what was freed
*)
    command -v python3 >python3.path || exit 0
    expect_exit 0 env FELL_CACHE=off python3 peak.py "$FELL" check long.yaml
    [ "$(cat out)" -lt 35 ] || fail "checking it takes $(cat out) MB"
    ;;
esac
