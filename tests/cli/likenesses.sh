#!/bin/sh
# "As PyTorch's" is said of what a test compares with PyTorch. Every sentence of docs/reference that names
# another program is a line of tests/reference/likenesses.txt, with the stored values it rests on: a file of
# cases of that plugin, or a test that has it. "Called X in PyTorch" is a name, and claims nothing.
. "$srcdir/tests/cli/lib.sh"
once "a text"

# One sentence a line, behind its plugin: tables and examples are left out, paragraphs joined.
for page in "$srcdir"/docs/reference/*.md; do
    awk '
        function flush() { if (text != "") print name " | " text; text = "" }
        /^```/ { flush(); code = !code; next }
        code || /^[|<]/ { next }
        /^## / { flush(); name = $2; next }
        /^#/ || /^$/ { flush(); next }
        { text = text (text == "" ? "" : " ") $0 }
        END { flush() }' "$page"
done | awk -F ' [|] ' '{
    rest = $2
    while (match(rest, /[.:;] [A-Z`["]/)) {
        print $1 " | " substr(rest, 1, RSTART)
        rest = substr(rest, RSTART + 2)
    }
    print $1 " | " rest
}' | grep -E 'PyTorch|scikit-learn|Keras|torchvision|NumPy|TensorFlow' | grep -v ' | Called ' | LC_ALL=C sort >said
[ "$(wc -l <said)" -ge 70 ] || fail "the sentences are not found: $(cat said)"

grep -v '^#' "$srcdir/tests/reference/likenesses.txt" >claims
sed 's/ | [^|]*$//' claims | LC_ALL=C sort >proven
diff proven said >differ || fail "tests/reference/likenesses.txt (<) and docs/reference (>) differ: compare with stored values, or change the sentence: $(cat differ)"

while IFS= read -r claim; do
    name=${claim%% *}
    for file in ${claim##* | }; do
        case $file in
        *.json) grep -Eq "\"name\": ?\"$name\"" "$srcdir/tests/reference/$file" || fail "$file has no case of $name" ;;
        *) grep -qw "$name" "$srcdir/$file" || fail "$file does not name $name" ;;
        esac
    done
    [ "${claim##* | }" != "$claim" ] || fail "no file: $claim"
done <claims
