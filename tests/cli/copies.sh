#!/bin/sh
# A database that was copied, or that somebody else wrote: nothing but its own folder of checkpoints is touched.
. "${srcdir:-.}/tests/cli/lib.sh"
write_spec kept.yaml
echo 'checkpoint: {every: 5, keep: [last, best]}' >>kept.yaml
files() { find a.db.checkpoints -type f -exec sha256sum {} + | sort; }

expect_exit 0 "$FELL" run kept.yaml --quiet --db a.db
expect_sql a.db "1/best.safetensors,1/last.safetensors" "SELECT group_concat(path) FROM (SELECT path FROM checkpoints ORDER BY 1)"
files >before

# A copy is begun anew, merged into and from: the original keeps its files.
cp a.db b.db
expect_exit 0 "$FELL" run kept.yaml --quiet --db b.db --new
cp a.db c.db
sqlite3 c.db "UPDATE runs SET status = 'interrupted', epochs_done = 3"
expect_exit 0 "$FELL" merge a.db -o c.db
expect_exit 0 "$FELL" merge c.db -o d.db
files >after
cmp before after || fail "a copy touched the original's checkpoints"
[ -s c.db.checkpoints/1/last.safetensors ] || fail "merge left its own checkpoints out"

# Rows that name other files, as older databases do and strangers may: none of them is removed, or read.
echo mine >precious
mkdir -p e.db.checkpoints/1 other
echo mine >other/last.safetensors
echo mine >e.db.checkpoints/precious
for path in "$PWD/precious" ../precious "../../precious" "1/../../precious" "$PWD/other/last.safetensors" ".." "" "a
$PWD/precious" "1/a
precious"; do
    cp a.db e.db
    sqlite3 e.db "UPDATE checkpoints SET path = '$path' WHERE path LIKE '%last%'"
    expect_exit 0 "$FELL" export 1 --db e.db --safetensors out.safetensors
    expect_exit 0 "$FELL" run kept.yaml --quiet --db e.db --new
    for file in precious other/last.safetensors e.db.checkpoints/precious; do
        [ "$(cat $file)" = mine ] || fail "'$path': $file was touched"
    done
done

# A folder that is a link leads elsewhere, and nothing is removed there.
cp a.db f.db
sqlite3 f.db "DELETE FROM checkpoints WHERE path LIKE '%best%'; UPDATE checkpoints SET path = '1/other.safetensors'"
mkdir -p elsewhere/1
echo mine >elsewhere/1/other.safetensors
ln -s elsewhere f.db.checkpoints
expect_exit 0 "$FELL" run kept.yaml --quiet --db f.db --new
expect_sql f.db 0 "SELECT count(*) FROM checkpoints WHERE path LIKE '%other%'"
[ -s elsewhere/1/other.safetensors ] || fail "a file behind a link was removed"
# ... nor behind a link in the folder.
cp a.db h.db
sqlite3 h.db "DELETE FROM checkpoints WHERE path LIKE '%best%'; UPDATE checkpoints SET path = '1/other.safetensors'"
mkdir h.db.checkpoints
ln -s ../elsewhere/1 h.db.checkpoints/1
expect_exit 0 "$FELL" run kept.yaml --quiet --db h.db --new
[ -s elsewhere/1/other.safetensors ] || fail "a file behind a link was removed"
sed -i 's/^checkpoint:.*//' kept.yaml

# An old database has the whole path of each file: it goes on being read, and its rows are replaced.
cp -r a.db.checkpoints g.db.checkpoints
cp a.db g.db
sqlite3 g.db "UPDATE checkpoints SET path = '$PWD/a.db.checkpoints/' || path"
expect_exit 0 "$FELL" export 1 --db g.db --safetensors out.safetensors
expect_text out "from its checkpoint"
