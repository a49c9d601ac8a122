#!/bin/sh
# No function of the program or its plugins is longer than 60 lines, and no file longer than 500, unless a
# comment says why: "Longer than 60 lines: ..." before the function, "Longer than 500 lines: ..." in the
# file's first comment. Files that are yet to be split, or to say so, are named below; the list can only become shorter.
. "${srcdir:-.}/tests/cli/lib.sh"

sort >open <<'END'
include/fell/plugin.h
runner/engine/data_read.c
runner/engine/train.c
END

# long FUNCTION-LINES FILE-LINES: what is longer, and does not say why. A function's braces stand alone at the
# margin, as .clang-format has them.
long() {
    (cd "$srcdir" && find include runner plugins -name '*.[ch]' ! -path runner/cli/templates.c \
        ! -path runner/explain/assets.c -print0 | xargs -0 awk -v function_most="$1" -v file_most="$2" '
        function end_file() {
            if (lines > file_most && !file_reason)
                print file, lines
        }
        FNR == 1 { end_file(); file = FILENAME; head = 1; file_reason = reason = open = 0 }
        { lines = FNR }
        head && /Longer than 500 lines: / { file_reason = 1 }
        /Longer than 60 lines: / { reason = 1 }
        /\*\// { head = 0 }
        /^{$/ { open = FNR }
        /^}$/ {
            if (open && FNR - open + 1 > function_most && !reason)
                print file ":" open, FNR - open + 1
            open = reason = 0
        }
        END { end_file() }')
}

long 60 500 | sort >found
sed 's/ .*//' found | sort >names
comm -13 names open | sed 's/^/short enough, take it off the list: /'
comm -23 names open >new
[ ! -s new ] || fail "too long, and no reason is given: $(grep -Ff new found)"
# The test itself: it sees functions and files.
[ "$(long 20 1000000 | wc -l)" -ge 100 ] || fail "no functions are found"
[ "$(long 1000000 200 | wc -l)" -ge 50 ] || fail "no files are found"
