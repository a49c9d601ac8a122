#!/bin/sh
# A wall that includes do not show (those are floors.sh's): SQL that writes rows is in runner/record/ alone.
. "$srcdir/tests/cli/lib.sh"
once "the text of the source"

cd "$srcdir/runner"
# Temporary tables of a question (report.c) are no rows of the database; `fell` prints SQL as advice (SELECT).
grep -rnE '"[^"]*\b(INSERT (OR [A-Z]+ )?INTO|UPDATE [a-z_]+ SET|DELETE FROM|DROP TABLE|ALTER TABLE|CREATE TABLE)\b' \
    --include='*.c' --include='*.h' . | grep -v '^\./record/' >"$OLDPWD/sql" || :
[ ! -s "$OLDPWD/sql" ] || fail "SQL that writes outside runner/record: $(cat "$OLDPWD/sql")"
grep -rqE '"INSERT (OR [A-Z]+ )?INTO' record || fail "the search for SQL finds none in record/"
