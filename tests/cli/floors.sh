#!/bin/sh
# The rooms of runner/ are floors: a file includes headers of its own room and of those below it, in the
# order that CONTRIBUTING.md draws. What is private to a room (NAME_impl.h, NAME_parts.h) is included
# there alone. No files call each other in a circle.
. "${srcdir:-.}/tests/cli/lib.sh"
once "the text of the source"

# ---- the floors --------------------------------------------------------------------------------------

sed -n 's|^    runner/\([a-z]*\)/ .*|\1|p' "$srcdir/CONTRIBUTING.md" >floors
[ "$(wc -l <floors)" -ge 10 ] || fail "CONTRIBUTING.md does not draw the floors"
for room in "$srcdir"/runner/*/; do
    grep -qx "$(basename "$room")" floors || fail "CONTRIBUTING.md does not place $room"
done
(cd "$srcdir" && grep -H '^#include "' runner/*/*.c runner/*/*.h) |
    sed 's|^runner/\([a-z]*\)/\([^:]*\):#include "\([a-z]*\)/\([^"]*\)".*|\1 \2 \3 \4|' >includes
[ "$(wc -l <includes)" -ge 300 ] || fail "no includes found"
awk 'NR == FNR { floor[$1] = ++n; next }
    $1 in floor && $3 in floor {
        private = $4 ~ /_(impl|parts)\.h$/ && $1 != $3
        if (floor[$3] > floor[$1] || private)
            print "runner/" $1 "/" $2, $3 "/" $4
    }' floors includes >found.includes
[ ! -s found.includes ] || fail "an include that goes up, or behind a wall: $(cat found.includes)"

# ---- circles -------------------------------------------------------------------------------------------

# Objects of files that there are: an old build may have more.
build=$(dirname "$FELL")
(cd "$srcdir" && ls runner/*/*.c) | sed 's/c$/o/' >objects
printf '%s\n' runner/cli/templates.o runner/explain/assets.o >>objects

# symbols NM-OPTION: "FILE SYMBOL" of all objects.
symbols() {
    (cd "$build" && xargs nm -A -g "$1") <objects |
        sed -n 's|^runner/\([^:]*\)\.o:.* \([A-Za-z_][A-Za-z0-9_]*\)$|\1 \2|p'
}
symbols --defined-only >defined
symbols --undefined-only >used
[ "$(wc -l <defined)" -ge 500 ] || fail "no symbols found"
awk 'NR == FNR { home[$2] = $1; next } $2 in home && home[$2] != $1 { print $1, home[$2] }' defined used >calls
if ! tsort calls >order 2>circle; then
    fail "files that call each other in a circle: $(cat circle)"
fi
# The test itself: a circle is found.
awk 'NR == 1 { print $2, $1 } { print }' calls >closed
tsort closed >order 2>circle && fail "tsort finds no circle"
expect_text circle loop
