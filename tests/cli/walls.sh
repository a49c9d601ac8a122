#!/bin/sh
# The walls between the rooms of runner/, seen from the sources: SQL that writes rows is in record/ alone, and
# a header that a room keeps for itself (_impl.h) is included in that room alone.
. "$srcdir/tests/cli/lib.sh"

cd "$srcdir/runner"
# Temporary tables of a question (report.c) are no rows of the database; `fell` prints SQL as advice (SELECT).
grep -rnE '"[^"]*\b(INSERT (OR [A-Z]+ )?INTO|UPDATE [a-z_]+ SET|DELETE FROM|DROP TABLE|ALTER TABLE|CREATE TABLE)\b' \
    --include='*.c' --include='*.h' . | grep -v '^\./record/' >"$OLDPWD/sql" || :
[ ! -s "$OLDPWD/sql" ] || fail "SQL that writes outside runner/record: $(cat "$OLDPWD/sql")"
grep -rqE 'INSERT OR REPLACE INTO' record || fail "the search for SQL finds none in record/"

grep -rnE '^#include "[a-z]+/[a-z_]*_impl\.h"' --include='*.c' --include='*.h' . >"$OLDPWD/impl" || :
[ -s "$OLDPWD/impl" ] || fail "the search for _impl.h finds none"
while IFS=: read -r file line text; do
    room=$(dirname "${file#./}")
    case $text in
    *"\"$room/"*) ;;
    *'"engine/net_impl.h"') [ "$file" = ./explain/probe.h ] || echo "$file:$line: $text" ;; # it shows a net from within
    *) echo "$file:$line: $text" ;;
    esac
done <"$OLDPWD/impl" >"$OLDPWD/wrong"
[ ! -s "$OLDPWD/wrong" ] || fail "a room's own header outside it: $(cat "$OLDPWD/wrong")"
