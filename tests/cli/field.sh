#!/bin/sh
# Cases from the field: what people did to other programs, and what is right. Every folder of
# tests/field holds a spec.yaml, its data, and `expected`, a list of lines:
#
#     # why it is right, or who computed it
#     fell WORDS...      the program, run in a copy of the folder (FELL_CACHE=off); it ends with 0
#     exit STATUS        it ends with STATUS instead
#     text WORDS         its output (errors included) has these words
#     no text WORDS      it has not
#     file NAME WORDS    the file NAME has these words
#     no file NAME WORDS it has not
#     sql QUERY          asked of fell.db, where `--db fell.db` has put it
#     = VALUE            the next row of its answer, columns between |
#     ~ WITHIN VALUE     the next row is one number, no further than WITHIN from VALUE
#
# After `sql` every row of the answer is named. FIELD="NAME NAME" runs these cases only.
. "${srcdir:-.}/tests/cli/lib.sh"
FELL_CACHE=off
export FELL_CACHE
ln -s "$FELL" fell
PATH=$PWD:$PATH
nl='
'

failed=0 cases=0
wrong() {
    printf 'FAILED: tests/field/%s: %s\n' "$name" "$*" >&2
    failed=$((failed + 1))
}

# What the last command and the last question left to be compared.
settle() {
    if [ -n "$command" ] && [ "$got" != "$wanted" ]; then
        wrong "'$command' ended with $got, not $wanted: $(cat out)"
    fi
    [ -z "$rows" ] || wrong "'$question' has more rows: $rows"
    command='' rows=''
}

next_row() {
    row=${rows%%"$nl"*}
    [ "$row" != "$rows" ] && rows=${rows#*"$nl"} || rows=''
}

# has yes|no FILE WORDS
has() {
    found=no
    grep -qF -e "$3" "$2" && found=yes
    [ "$found" = "$1" ] || wrong "'$3' in $2: $found, after '$said': $(head -c 2000 "$2")"
}

line_of_expected() {
    case $1 in
    '' | '#'*) ;;
    'fell '*)
        settle
        command=$1 said=$1 wanted=0 got=0
        eval "$1" >out 2>&1 </dev/null || got=$?
        ;;
    'exit '*) wanted=${1#exit } ;;
    'text '*) has yes out "${1#text }" ;;
    'no text '*) has no out "${1#no text }" ;;
    'file '* | 'no file '*)
        answer=yes at=${1#file }
        [ "$at" != "$1" ] || answer=no at=${1#no file }
        has $answer "${at%% *}" "${at#* }"
        ;;
    'sql '*)
        settle
        question=${1#sql }
        rows=$(sqlite3 -bail fell.db "$question" 2>&1) || wrong "$question: $rows"
        ;;
    '= '* | '=')
        next_row
        [ "$row" = "${1#=}" ] || [ " $row" = "${1#=}" ] || wrong "'$question' gave '$row', not '${1#= }'"
        ;;
    '~ '*)
        next_row
        within=${1#\~ }
        echo "$row ${within#* } ${within%% *}" |
            awk '{ d = $1 - $2; exit !(NF == 3 && $1 ~ /^[-+0-9.e]+$/ && d <= $3 && -d <= $3) }' ||
            wrong "'$question' gave '$row', not $within"
        ;;
    *) wrong "a line that says nothing: $1" ;;
    esac
}

for name in ${FIELD:-$(ls "$srcdir/tests/field")}; do
    cases=$((cases + 1))
    cp -r "$srcdir/tests/field/$name" "$scratch/$name"
    chmod -R u+w "$scratch/$name"
    cd "$scratch/$name"
    command='' rows='' said=''
    while IFS= read -r line || [ -n "$line" ]; do
        line_of_expected "$line"
    done <expected
    settle
    [ -n "$said" ] || wrong "its file 'expected' runs nothing"
    cd "$scratch"
done
[ $cases -gt 0 ] || fail "no case"
[ $failed = 0 ] || fail "$failed times in $cases cases"
