#!/bin/sh
# No function of the program, its plugins, its tests and benchmarks is longer than 60 lines, and no file longer
# than 500, unless a comment says why: "Longer than 60 lines: ..." before the function, "Longer than 500 lines:
# ..." in the file's first comment. Tables of cases inside the functions of a test do not count.
. "${srcdir:-.}/tests/cli/lib.sh"
once "the text of the source"

# long FUNCTION-LINES FILE-LINES: what is longer, and does not say why. A function's braces stand alone at the
# margin, as .clang-format has them.
long() {
    (cd "$srcdir" && find include runner plugins tests bench -name '*.[ch]' ! -path runner/cli/templates.c \
        ! -path runner/explain/assets.c ! -path 'tests/abi/1.0/*' -print0 |
        xargs -0 awk -v function_most="$1" -v file_most="$2" '
        function end_file() {
            if (lines > file_most && !file_reason)
                print file, lines
        }
        FNR == 1 { end_file(); file = FILENAME; head = 1; lines = file_reason = reason = open = 0 }
        { lines++ }
        head && /Longer than 500 lines: / { file_reason = 1 }
        /Longer than 60 lines: / { reason = 1 }
        /\*\// { head = 0 }
        /^{$/ { open = FNR; cases = table = 0 }
        /^    .*\[[A-Z_]*\] = \{$/ && FILENAME ~ /^tests/ { table = FNR }
        /^    \};$/ && table { cases += FNR - table - 1; lines -= FNR - table - 1; table = 0 }
        /^}$/ {
            if (open && FNR - open + 1 - cases > function_most && !reason)
                print file ":" open, FNR - open + 1 - cases
            open = reason = cases = table = 0
        }
        END { end_file() }')
}

long 60 500 >found
[ ! -s found ] || fail "too long, and no reason is given: $(cat found)"
# The test itself: it sees functions and files.
[ "$(long 20 1000000 | wc -l)" -ge 100 ] || fail "no functions are found"
[ "$(long 1000000 200 | wc -l)" -ge 50 ] || fail "no files are found"
