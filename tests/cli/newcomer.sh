#!/bin/sh
# A new user's path as the README has it: a table, fell new, run, page, predict, notebook; and that it is read and typed
# in a quarter of an hour.
. "${srcdir:-.}/tests/cli/lib.sh"
once "a page"
awk '/^## A table of yours/ { inside = 1; print; next } /^## / { inside = 0 } inside' "$srcdir/README.md" >path.md
examples_of "$PWD/path.md"
[ "$(grep -c '^fell' examples.sh)" = 4 ] || fail "not the four commands"
[ "$(wc -l <answers.csv)" = 151 ] || fail "not an answer a row"
grep -q "^<!DOCTYPE html>" flowers.html || fail "no page"
expect_text flowers.html "flowers"
expect_sql flowers.db "1|1" "SELECT count(*), status IN ('finished', 'stopped') FROM runs"
awk '/^```python$/ { inside = 1; next } /^```/ { inside = 0 } inside' path.md >notebook.py
[ -s notebook.py ] || fail "no notebook"
if command -v python3 >why; then
    python3 notebook.py >said || fail "the notebook"
    [ "$(wc -l <said)" -ge 3 ] || fail "the notebook says: $(cat said)"
    [ "$(sed -n 's/ of 150 are right//p' said)" -ge 140 ] || fail "it learnt little: $(tail -1 said)"
fi

# Read at 200 words a minute, from the README's first word on, typed at 100 characters a minute.
words=$(sed '/^## A table of yours/q' "$srcdir/README.md" | cat - path.md | wc -w)
typed=$(awk '/^```sh/ { inside = 1; next } /^```/ { inside = 0 } inside { sub(/ +#.*/, ""); n += length($0) } END { print n }' path.md)
[ $((words / 200 + typed / 100)) -lt 15 ] || fail "$words words to read and $typed characters to type"
