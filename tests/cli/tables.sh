#!/bin/sh
# Tables as people have them: what `fell check` finds out, what it refuses and in which words, and that
# what is told apart in the file is told apart in the results.
. "$srcdir/tests/cli/lib.sh"

# spec NAME SOURCE [LOSS [UNITS [MORE]]]: a spec of one layer.
spec() {
    cat >"$1.yaml" <<END
name: $1
seed: 1
data: {source: $2${5:+, $5}}
model: [{dense: {units: ${4:-2}}}]
loss: ${3:-cross_entropy}
optimizer: {sgd: {lr: 0.1}}
train: {epochs: 1}
END
}
# finds NAME TEXT...: fell check says yes, and each TEXT.
finds() {
    expect_exit 0 "$FELL" check "$1.yaml"
    shift
    cat err >>out
    expect_text out "$@"
}
# refuses NAME TEXT: fell check says no, in one error with these words.
refuses() {
    expect_exit 2 "$FELL" check "$1.yaml"
    [ "$(grep -c 'error:' err)" = 1 ] || fail "$1: not one error: $(cat err)"
    expect_text err "$2"
}

# ---- which line names the columns
printf '2018,2019,2020\n1.5,2.5,3.5\n4.5,5.5,6.5\n' >years.csv
spec years '{csv: {path: years.csv, target: -1}}' mse 1
finds years "2 rows, header (its whole numbers count up, and fractions stand below)" "2018: number, 1.5 to 4.5"
printf '2018,2019\n15,25\n45,55\n' >two.csv
spec two '{csv: {path: two.csv, target: -1}}' mse 1
refuses two "csv.header: two.csv:1: does line 1 (2018, ...) name the columns? its numbers count up, as names do; say header: yes, or header: no"
spec two '{csv: {path: two.csv, target: -1, header: false}}' mse 1
finds two "3 rows, no header (as header: no says)"
spec two '{csv: {path: two.csv, target: -1, header: true}}' mse 1
finds two "2 rows, header (as header: yes says)"
printf 'p,x,s\ne,x,y\np,b,s\ne,b,y\n' >letters.csv
spec letters '{csv: {path: letters.csv, target: 0}}'
finds letters "4 rows, no header (what it holds stands below again)" "column 2: category of 2: b, x" "2 classes: e 2, p 2 rows"
printf ',0,1,2\n0,1.5,2,0.5\n1,2.5,3,1.5\n' >pandas.csv
spec pandas '{csv: {path: pandas.csv, target: -1}}' mse 1
finds pandas "header (its first field is empty, as pandas writes an index)" \
    "column 1 has no name and counts the rows from 0: left out, as pandas' index" "0: number, 1.5 to 2.5"

# ---- how the file is written
printf 'sep=;\r\na;b;y\r\n1;2;no\r\n3;4;yes\r\n' >excel.csv
spec excel '{csv: {path: excel.csv, target: y}}'
finds excel "delimiter ';' (as its line sep= says)" "b: number, 2 to 4" "no 1, yes 1 rows"
printf '  1.5   2.5    1\n 3.5     4.5  2\n' >blanks.data
spec blanks '{csv: {path: blanks.data, target: -1}}'
finds blanks "no header (it holds numbers), delimiter blanks" "column 2: number, 2.5 to 4.5"
printf '1\t2\t1\n3\t4\t\t2\n' >tabs.csv
spec tabs '{csv: {path: tabs.csv, target: -1}}'
refuses tabs "tabs.csv:2: 4 fields, but line 1 has 3; two tabs stand together (delimiter: ' ' takes any number of blanks and tabs as one)"
spec tabs "{csv: {path: tabs.csv, target: -1, delimiter: ' '}}"
finds tabs "2 rows" "delimiter blanks"
printf 'a;b;y\n1,5;2;3,5\n2,5;3;4,5\n' >commas.csv
spec commas '{csv: {path: commas.csv, target: y}}' mse 1
refuses commas "commas.csv:2: column 1 (a): '1,5' is not a number (nor are 1 others of 2); decimals have a point, or say decimal: \",\""
spec commas '{csv: {path: commas.csv, target: y, decimal: ","}}' mse 1
finds commas "decimal commas" "a: number, 1.5 to 2.5"
printf '\357\273\277x,y\n1,good\n\357\273\2772,bad\n' >mark.csv
spec mark '{csv: {path: mark.csv, target: y}}'
refuses mark "mark.csv:3: a byte order mark stands in line 3, where none belongs"
printf 'x,y\n1,K\366ln\n2,Z\374rich\n' >latin.csv
spec latin '{csv: {path: latin.csv, target: y}}'
refuses latin "latin.csv:2: byte 0xf6 is not UTF-8; save the file as UTF-8, or say encoding: latin1"
spec latin '{csv: {path: latin.csv, target: y, encoding: latin1}}'
finds latin "2 classes: Köln 1, Zürich 1 rows" "latin1"
printf 'x,y\n1,\200\n2,b\n' >euro.csv
spec euro '{csv: {path: euro.csv, target: y, encoding: latin1}}'
refuses euro "byte 0x80 is no character of latin1; is it cp1252, of Windows?"
spec euro '{csv: {path: euro.csv, target: y, encoding: cp1252}}'
finds euro "b 1, € 1 rows"
printf '\357\273\277+1 1:1.5\n-1 2:2.5\n' >mark.svm
spec svm '{libsvm: {path: mark.svm}}'
finds svm "2 classes: -1 1, 1 1 rows"
printf 'a,b,y,\n1,2,no,\n3,4,yes,\n' >comma.csv
spec comma '{csv: {path: comma.csv, target: y}}'
finds comma "column 4 has neither name nor values: left out" "2 rows"

printf 'x,Y\n1,a\n2,b\n' >capital.csv
spec capital '{csv: {path: capital.csv, target: y}}'
refuses capital "csv.target: there is no column 'y'; did you mean 'Y'? (columns: x, Y)"

# ---- what is what
printf 'x,y\n1,250.1\n2,250.10\n3,042\n4,42\n' >codes.csv
spec codes '{csv: {path: codes.csv, target: y}}' cross_entropy 4
finds codes "4 classes: 042 1, 42 1, 250.1 1, 250.10 1 rows"
printf 'x,y\n1,90071992547409921\n2,90071992547409922\n3,90071992547409923\n' >ids.csv
spec ids '{csv: {path: ids.csv, target: y}}' cross_entropy 3
finds ids "3 classes: 90071992547409921 1, 90071992547409922 1, 90071992547409923 1 rows"
printf 'x;y\n1;1\n2;1,0\n3;2\n' >ones.csv
spec ones '{csv: {path: ones.csv, target: y, decimal: ","}}'
finds ones "'1' and '1,0' are the same number, written in two ways: one class" "2 classes: 1 2, 2 1 rows"
printf 'x,y\n1,1\n2,1.0\n3,2\n' >ones.csv
spec ones '{csv: {path: ones.csv, target: y}}'
finds ones "'1' and '1.0' are the same number, written in two ways: one class" "2 classes: 1 2, 2 1 rows"
sqlite3 codes.db "CREATE TABLE t(x REAL, y TEXT); INSERT INTO t VALUES (1, '042'), (2, '42'), (3, '250.10'), (4, '250.1');
    CREATE TABLE i(x REAL, y INTEGER); INSERT INTO i VALUES (1, 9007199254740993), (2, 9007199254740992)"
sqlite3 codes.db "CREATE TABLE b(x REAL, y TEXT); INSERT INTO b VALUES (1, 'a'), (2, char(9) || 'a' || char(160)), (3, 'b ')"
spec blanks '{sqlite: {path: codes.db, query: SELECT * FROM b ORDER BY x, target: y}}'
finds blanks "2 classes: a 2, b 1 rows"
spec sql "{sqlite: {path: codes.db, query: SELECT * FROM t ORDER BY x, target: y}}" cross_entropy 4
finds sql "4 classes: 042 1, 42 1, 250.1 1, 250.10 1 rows"
spec sql "{sqlite: {path: codes.db, query: SELECT * FROM i ORDER BY x, target: y}}"
finds sql "2 classes: 9007199254740992 1, 9007199254740993 1 rows"
printf 'x,y\n1,good\n2,NaN\n3,bad\n4,\n' >gap.csv
spec gap '{csv: {path: gap.csv, target: y}}'
refuses gap "gap.csv:3: column 2 (y): missing value ('NaN') in the target, the first of 2"
printf 'price,zip,y\n$1.50,00501,1\n$2.50,10001,2\n' >signs.csv
spec signs '{csv: {path: signs.csv, target: y}}'
refuses signs "signs.csv:2: column 1 (price): '\$1.50' is a number with a sign (nor are 1 others of 2); numbers are digits alone"
spec signs '{csv: {path: signs.csv, target: y, drop: price}}'
finds signs "zip: category of 2: 00501, 10001"
spec signs '{csv: {path: signs.csv, target: y, drop: price, columns: {zip: number}}}'
finds signs "zip: number, 501 to 10001"
awk 'BEGIN { print "name,x,y"; for (i = 0; i < 70; i++) print "n" i "," i "," i % 2 }' >names.csv
spec names '{csv: {path: names.csv, target: y}}'
refuses names "column 1 (name) has 70 words ('n0', ...), more than 64; drop it"

# ---- numbers with more than digits: of pandas.read_csv all of these are texts
for number in "1'234" '1 234' '1\302\240234' '1\342\200\257234' 1_234 "'5'" '(5)' 5- '\342\210\2225' '5 %%' '\302\2435'; do
    # shellcheck disable=SC2059 # the numbers have escapes
    printf "x,y\n$number,a\n$number,b\n" >odd.csv
    spec odd '{csv: {path: odd.csv, target: y}}'
    refuses odd "is a number with a sign (nor are 1 others of 2); numbers are digits alone, or say columns: {x: category}"
done
spec odd '{csv: {path: odd.csv, target: y, columns: {x: category}}}'
finds odd "x: category of 1"
printf 'x;y\n1.234,5;a\n2,5;b\n' >odd.csv
spec odd '{csv: {path: odd.csv, target: y, decimal: ","}}'
refuses odd "'1.234,5' is not a number; decimals have a comma; thousands have no sign"
# blanks that do not break are blanks
printf 'x\302\240,y\n\302\2401,a\n2,a\342\200\257\n3,b\n' >blank.csv
spec blank '{csv: {path: blank.csv, target: y}}'
finds blank "x: number, 1 to 3" "2 classes: a 2, b 1 rows"
for line in 'SEP=;' '"sep=;"'; do
    printf '%s\nx;y\n1;a\n2;b\n' "$line" >sep.csv
    spec sep '{csv: {path: sep.csv, target: y}}'
    finds sep "delimiter ';' (as its line sep= says)" "2 rows"
done
printf '\377\376\0\0x\0\0\0' >wide.csv
spec wide '{csv: {path: wide.csv, target: y}}'
refuses wide "wide.csv is UTF-32; save it as UTF-8"

# ---- words that may mean nothing, or the same
for word in none NAN nil '#DIV/0!' '\N' - . n.a.; do
    printf 'x,y\n1,a\n2,b\n3,%s\n' "$word" >nothing.csv
    spec nothing '{csv: {path: nothing.csv, target: y}}' cross_entropy 3
    refuses nothing "nothing.csv:4: column 2 (y): is '$word' a class, or does it stand for nothing?"
    spec nothing "{csv: {path: nothing.csv, target: y, missing: ['']}}" cross_entropy 3
    finds nothing "3 classes:"
    printf 'c,y\nred,a\n%s,b\nblue,a\n' "$word" >nothing.csv
    spec nothing '{csv: {path: nothing.csv, target: y}}'
    finds nothing "column 1 (c): is '$word' a word, or does it stand for nothing? Then add it to missing"
done
printf 'x,y\n1,+\n2,-\n' >nothing.csv
spec nothing '{csv: {path: nothing.csv, target: y}}'
finds nothing "2 classes: + 1, - 1 rows"
printf 'c,y\nTru,Si\ntru,si\nfalse,<=50K\nfalse,<=50K.\n' >alike.csv
spec alike '{csv: {path: alike.csv, target: y}}' cross_entropy 4
finds alike "column 1 (c): 'Tru' and 'tru' differ in capitals, blanks, accents or a last dot alone: two words" \
    "target: '<=50K' and '<=50K.' differ in capitals, blanks, accents or a last dot alone: two classes"
printf 'c,y\n?,<=50K\n1,<=50K.\n2,>50K\n' >alike.csv
refuses alike "column 1 (c)"
expect_text err "target: '<=50K' and '<=50K.' differ in capitals, blanks, accents or a last dot alone: two classes"
# true and false, yes and no, are two whatever their capitals, as pandas reads them; other words are not
printf 'c,y\nTrue,Yes\ntrue,yes\nFALSE,no\nFalse,NO\n' >alike.csv
spec alike '{csv: {path: alike.csv, target: y}}'
finds alike "column 1 (c): 'FALSE' and 'False' are read as one word, false" "c: category of 2: false, true" \
    "target: 'Yes' and 'yes' are read as one word, yes" "2 classes: no 2, yes 2 rows"
printf 'c,y\nTRUE,YES\nfalse,no\n' >upper.csv
expect_exit 0 "$FELL" check alike.yaml model.0.dense.units=2 'data.test={csv: {path: upper.csv, target: y}}'
expect_text err "column 1 (c): 'TRUE' is taken as 'true' of the source" "target: 'YES' is taken as 'yes' of the source"
printf 'c,y\nTrue,yes\ntrue,no\nmaybe,no\nFalse,yes\n' >alike.csv
finds alike "category of 4: False, True, maybe, true" "two words"
# a blank that does not break, and an accent that is a character of its own
for pair in 'a b|a\302\240b' '\303\251t\303\251|e\314\201te\314\201' 'a b|"a\nb"' '\305\201od\305\272|\305\201odz\314\201'; do
    # shellcheck disable=SC2059  # bytes in octal
    printf "x,y\n1,${pair%|*}\n2,${pair#*|}\n" >alike.csv
    spec alike '{csv: {path: alike.csv, target: y}}'
    finds alike "differ in capitals, blanks, accents or a last dot alone: two classes"
done
printf 'x,y\n1,"a\nb"\n2,c\n' >alike.csv
finds alike "2 classes: a b 1, c 1 rows"

# ---- what libsvm has and nobody reads
printf '1 qid:3 1:2\n0 qid:3 1:1\n1 1:4\n' >queries.svm
spec queries '{libsvm: {path: queries.svm}}'
finds queries "queries.svm: \`qid:\` is passed over, 2 times in 3 rows"

# ---- numbers with units, dates, names: a word in every row
for form in 'EUR %s' '%s USD' '\342\202\271%s' '%skr' '%s z\305\202' 'R$ %s' '%s\302\260'; do
    # shellcheck disable=SC2059  # the number goes into it
    printf "c,y\n$form,a\n$form,b\n" 5 6 >units.csv
    spec units '{csv: {path: units.csv, target: y}}'
    refuses units "is a number with a sign (nor are 1 others of 2)"
done
awk 'BEGIN { print "c,y"; for (i = 1; i < 10; i++) printf "2020-01-0%d,%s\n", i, i % 2 ? "a" : "b" }' >units.csv
finds units "column 1 (c): '2020-01-01' looks like a date or time; its 9 words are taken as a category"

# ---- what floats would make one
awk 'BEGIN { print "time,x,y"; for (i = 0; i < 200; i++) printf "%d,%d,%d\n", 1700000000 + i, i, 1600000000 + i }' >time.csv
spec time '{csv: {path: time.csv, target: x}}' mse 1
finds time "data: the numbers of column 'time', 1700000000 to 1700000199, become 32-bit floats, which are 128 apart there"
for transforms in standardize min_max; do
    spec time '{csv: {path: time.csv, target: x, drop: y}}' mse 1 "transforms: [$transforms]"
    finds time "200 rows"
    expect_no_text out "32-bit floats"
done
spec time '{csv: {path: time.csv, target: y, drop: time}}' mse 1
finds time "target: the numbers of column 3 (y), 1600000000 to 1600000199, become 32-bit floats, which are 128 apart there"

# ---- classes of other datasets that may stand for nothing
for word in - none n/a; do
    printf 'a 1:1\n%s 1:2\n' "$word" >nothing.svm
    spec nothing '{libsvm: {path: nothing.svm}}'
    if [ $word = n/a ]; then
        refuses nothing "libsvm.path: nothing.svm:2: column 1 (target): missing value ('n/a') in the target"
    else
        refuses nothing "libsvm.path: nothing.svm:2: column 1 (target): is '$word' a class, or does it stand for nothing?"
    fi
    spec nothing '{libsvm: {path: nothing.svm, missing: []}}'
    finds nothing "2 classes"
done
printf 'K\366ln 1:1\nb 1:2\n' >latin.svm
spec latin '{libsvm: {path: latin.svm}}'
refuses latin "latin.svm:1: byte 0xf6 is not UTF-8; save the file as UTF-8, or say encoding: latin1"
spec latin '{libsvm: {path: latin.svm, encoding: latin1}}'
finds latin "2 classes: Köln 1, b 1 rows"
printf 'x,x,y\n1,2,a\n3,4,b\n' >twins.csv
spec twins '{csv: {path: twins.csv, target: y}}'
finds twins "columns 1 and 2 are both called 'x'; a test set's are matched in order"

# ---- several columns where a class is wanted
printf 'x,a,b,c\n1,1,0,0\n2,0,1,0\n3,0,0,1\n' >hot.csv
spec hot '{csv: {path: hot.csv, target: [a, b, c]}}' cross_entropy 3
refuses hot "target: 3 columns are one-hot, a single 1 in each row, but the loss takes classes, in one column that names each row's class, as df[columns].idxmax(axis=1) does"
printf 'x,a,b,c\n1,1,1,0\n2,0,1,0\n3,0,0,1\n' >hot.csv
refuses hot "target: 3 columns are questions of yes and no, but the loss takes classes, in one column; bce_with_logits takes questions, and a class for each step needs shape: [3, numbers] or [3]"

# npy NAME TYPE SHAPE: the head of an array, to which its bytes are added
npy() {
    { printf '\223NUMPY\1\0v\0' && printf "%-117s\n" "{'descr': '$2', 'fortran_order': False, 'shape': $3, }"; } >"$1"
}
# 2^53 + 1 and 2^53, which are one number to a double
npy x.npy '<u8' '(2,)' && printf '\1\0\0\0\0\0\40\0\0\0\0\0\0\0\40\0' >>x.npy
npy y.npy '|u1' '(2,)' && printf '\0\1' >>y.npy
spec long '{npy: {inputs: x.npy, targets: y.npy}}'
finds long "x.npy: row 1: 9007199254740993 has more digits than a double holds; it is read as 9007199254740992"
spec long '{npy: {inputs: y.npy, targets: x.npy}}'
refuses long "targets: x.npy: row 1: 9007199254740993 is not a class (a whole number from 0 to 16777215); np.unique(y, return_inverse=True)[1] numbers them"
printf '9007199254740993 1:3\n9007199254740992 1:4\n' >long.svm
spec long '{libsvm: {path: long.svm}}'
finds long "2 classes: 9007199254740992 1, 9007199254740993 1 rows"
expect_no_text out "the same number"
# 1.7e9 and the next three whole numbers
npy x.npy '|u1' '(4,)' && printf '\0\1\2\3' >>x.npy
npy y.npy '<i4' '(4,)' && printf '\0\361\123\145\1\361\123\145\2\361\123\145\3\361\123\145' >>y.npy
spec long '{npy: {inputs: x.npy, targets: y.npy}}' mse 1
finds long "npy: targets: the numbers, 1700000000 to 1700000003, become 32-bit floats, which are 128 apart there"
npy y.npy '|u1' '(2,)' && printf '\0\1' >>y.npy
# 1e300 is a double and no float
npy x.npy '<f8' '(2,)' && printf '\234\165\0\210\074\344\067\176\0\0\0\0\0\0\360\077' >>x.npy
spec long '{npy: {inputs: x.npy, targets: y.npy}}'
expect_exit 2 "$FELL" run long.yaml --quiet --db long.db
expect_text err "npy: row 1, column 1 of the inputs is too large for a float (1e+300)"
printf '\0\0\10\3\0\0\0\2\0\0\0\1\0\0\0\1ab' >images.idx
printf '\0\0\10\2\0\0\0\2\0\0\0\2\1\0\0\1' >labels.idx
spec hot '{idx: {images: images.idx, labels: labels.idx}}'
refuses hot "labels: labels.idx has 2 numbers a row, one-hot, but the loss takes one class a row; save y.argmax(axis=1)"


# ---- all that is wrong with a file, in one error
printf 'a,b,c,y\n1,,x,1\n2,3,7,2\n,4,8,1\n' >dirt.csv
spec dirt '{csv: {path: dirt.csv, target: y}}'
refuses dirt "dirt.csv:2: column 3 (c): 'x' is not a number; if it stands for nothing, add it to missing, if all are words, say columns: {c: category}; dirt.csv:2: column 2 (b): missing value; in all 2 values of 2 columns are missing (a 1, b 1); fill them with a first transform, impute, or drop the columns"

# ---- a second table, by name
printf 'a,b,city,y\n1,10,Rome,lo\n2,20,Oslo,hi\n3,30,Rome,hi\n' >train.csv
printf 'y,city,b,a\nhi,Oslo,20,2\nlo,Rome,10,1\n' >test.csv
printf 'y,city,b,c\nhi,Oslo,20,2\n' >other.csv
printf 'y,city,b,a\nhi,Bern,20,2\n' >word.csv
spec named '{csv: {path: train.csv, target: y}}' cross_entropy 2 'test: {csv: {path: test.csv, target: y}}'
finds named "city: category of 2: Oslo, Rome" "test set: csv, 2 rows"
spec named '{csv: {path: train.csv, target: y}}' cross_entropy 2 'test: {csv: {path: other.csv, target: y}}'
refuses named "there is no column 'a', which the source has as input; column 'c' is no input of the source; drop it here, or there not"
spec named '{csv: {path: train.csv, target: y}}' cross_entropy 2 'test: {csv: {path: word.csv, target: y}}'
refuses named "word.csv:2: column 2 (city): 'Bern' is not among the 2 words of the source (1 row has such); unknown: zeros takes it as none of them"
spec named '{csv: {path: train.csv, target: y}}' cross_entropy 2 'test: {csv: {path: word.csv, target: y, unknown: zeros}}'
finds named "test set: csv, 1 rows"
printf '1,10,Rome,lo\n' >bare.csv
spec named '{csv: {path: train.csv, target: y}}' cross_entropy 2 'test: {csv: {path: bare.csv, target: 3, header: no}}'
finds named "the source has column names and the other table none, so columns are matched by position"

# ---- an index of rows that were drawn: pandas' train_test_split and to_csv
printf ',a,y\n0,1,u\n1,2,v\n2,3,u\n' >whole.csv
printf ',a,y\n7,1,u\n3,2,v\n5,3,u\n' >drawn.csv
spec index '{csv: {path: whole.csv, target: y}}' cross_entropy 2 'test: {csv: {path: drawn.csv, target: y}}'
finds index "column 1 has no name and counts the rows from 0: left out, as pandas' index" \
    "column 1 has no name and is no input of the source: left out, as pandas' index"
spec index '{csv: {path: drawn.csv, target: y}}' cross_entropy 2 'test: {csv: {path: whole.csv, target: y}}'
finds index "column 1 has no name: is it pandas' index? Then drop it" "column 1: number, 3 to 7"
spec index '{csv: {path: drawn.csv, target: y, drop: [0]}}' cross_entropy 2 'test: {csv: {path: whole.csv, target: y}}'
finds index "counts the rows from 0: left out"

# ---- missing values are filled
printf 'a,city,y\n1,Rome,1\n,Oslo,2\n5,,1\n4,Rome,2\n' >holes.csv
spec holes '{csv: {path: holes.csv, target: y}}' cross_entropy 2 'transforms: [impute, standardize]'
expect_exit 0 "$FELL" plan holes.yaml
expect_text out "data: input 4," "a: number, 1 to 5; 1 missing" "city: category of 2: Oslo, Rome; 1 missing"
spec holes '{csv: {path: holes.csv, target: y}}' cross_entropy 2 'transforms: [standardize, impute]'
refuses holes "standardize: values are missing; the transform that fills them comes first"

# ---- seconds since 1970 keep their digits
awk 'BEGIN { print "time,y"; for (i = 0; i < 200; i++) print 1700000000 + i "," i / 100 }' >time.csv
spec time '{csv: {path: time.csv, target: y}}' mse 1 'transforms: [standardize]'
expect_exit 0 "$FELL" run time.yaml --quiet --db time.db train.epochs=200 metrics=r2
expect_sql time.db 1 "SELECT value > 0.999999 FROM metrics WHERE name = 'r2' AND epoch = 200"

# ---- targets are a part of the one error; what is guessed of numbers
printf 'a,y\n1,3\nx,\n2,many\n' >dirt.csv
spec dirt '{csv: {path: dirt.csv, target: y}}' mse 1
refuses dirt "dirt.csv:3: column 1 (a): 'x' is not a number; if it stands for nothing, add it to missing, if all are words, say columns: {a: category}; dirt.csv:3: column 2 (y): missing value in the target; target: column 2 (y) holds text ('many' on line 4), but the loss takes numbers"
printf 'a,w,y\n1,-2,b\n2,1,\n3,1,c\n' >weighed.csv
spec weighed '{csv: {path: weighed.csv, target: y, weights: w}}' cross_entropy 2
refuses weighed "csv.path: weights: column 2 (w) goes from -2 to 1; weights are 0 or more, and some are more; weighed.csv:3: column 3 (y): missing value in the target"
printf 'a,y\n1.0D5,3\n2.5d-3,1\n' >fortran.csv
spec fortran '{csv: {path: fortran.csv, target: y}}' mse 1
refuses fortran "fortran.csv:2: column 1 (a): '1.0D5' is a number with a sign (nor are 1 others of 2); numbers are digits alone"
printf 'a,y\n1D5,3\n2D3,1\n3D1,1\n' >codes.csv
spec codes '{csv: {path: codes.csv, target: y}}' mse 1
finds codes "a: category of 3: 1D5, 2D3, 3D1" "target: 1 to 3"
printf '2,0,1\n5,6,7\n8,9,7\n' >numbers.csv
spec numbers '{csv: {path: numbers.csv, target: 1, header: true}}' mse 1
finds numbers "target: 1 is taken as the name of column 3, not as a number from 0" "2: number, 5 to 8" "target: 7 to 7" \
    "data: all 2 training rows have the target 7"
printf 'a,y\n1,1.5\n2,2.5\n3,1\n4,1\n' >noisy.csv
spec noisy '{csv: {path: noisy.csv, target: y}}' mse 1 'label_noise: 0.5'
finds noisy "data.label_noise: the targets are numbers, and each of the 3 different ones, 1 to 2.5, is a class"
spec named '{csv: {path: train.csv, target: y}}' cross_entropy 2 'test: {csv: {path: word.csv, target: y, unknown: zeros}}'
finds named "column 2 (city): 'Bern' is not among the 2 words of the source (1 row has such), and is taken as none of them"
printf 'a,b,city,y\n1,,Rome,lo\n' >gap.csv
spec named '{csv: {path: train.csv, target: y}}' cross_entropy 2 'test: {csv: {path: gap.csv, target: y}}'
refuses named "column 2 (b) holds nothing, and no transform impute was fitted that fills it"

# ---- files that are something else
printf 'PAR1\25\4\25\0' >other.csv
spec other '{csv: {path: other.csv, target: y}}'
refuses other "other.csv is no text, but a Parquet file"
printf '<!DOCTYPE html><html>' >page.idx
spec other '{idx: {images: page.idx, labels: labels.idx}}'
refuses other "page.idx is not an idx file, but an HTML page; was the file behind a link or a login?"
spec other '{npy: {inputs: page.idx, targets: y.npy}}'
refuses other "page.idx is not an .npy file, but an HTML page"

# ---- idx holds whole numbers that floats do not: seconds since 1970 and the next three, as inputs and as labels
printf '\0\0\14\2\0\0\0\4\0\0\0\1\145\123\361\0\145\123\361\1\145\123\361\2\145\123\361\3' >seconds.idx
printf '\0\0\10\1\0\0\0\4\0\1\2\3' >counts.idx
spec seconds '{idx: {images: seconds.idx, labels: counts.idx}}' mse 1 'transforms: [standardize]'
expect_exit 0 "$FELL" run seconds.yaml --quiet --db seconds.db train.epochs=100 metrics=r2
expect_sql seconds.db 1 "SELECT value > 0.999999 FROM metrics WHERE name = 'r2' AND epoch = 100"
spec seconds '{idx: {images: counts.idx, labels: seconds.idx}}' mse 1
finds seconds "idx: labels: the numbers, 1700000000 to 1700000003, become 32-bit floats, which are 128 apart there"

# ---- several classes a row are those of a sequence's steps
npy x.npy '|u1' '(2, 2)' && printf '\1\2\3\4' >>x.npy
npy y.npy '|u1' '(2, 3)' && printf '\1\1\0\0\1\1' >>y.npy
spec many '{npy: {inputs: x.npy, targets: y.npy}}' cross_entropy 3
refuses many "the last layer gives 1 row of outputs for each row, but the data has 3 labels, as a sequence's steps have; bce_with_logits takes questions of yes and no, soft_cross_entropy shares"

# ---- weights that leave no row
spec nothing '{csv: {path: train.csv, target: y}}' '{cross_entropy: {class_weights: [0, 0]}}'
refuses nothing "class_weights: all are 0, so that no row counts"

# ---- numbers with more than digits, of which every column is told at once; row names; units
printf 'Ort;Umsatz;Rabatt;Gut\nKöln;1.234,50 €;5,5 %%;ja\nUlm;1.100,00 €;1,0 %%;nein\n' >german.csv
spec german '{csv: {path: german.csv, target: Gut}}'
refuses german "column 2 (Umsatz): '1.234,50 €' is a number with a sign (nor are 1 others of 2); numbers are digits alone, without a sign between thousands and with a point before decimals (or say decimal: \",\"), or say"
expect_text err "column 3 (Rabatt): '5,5 %' is a number with a sign"
printf 'a;y\n1.234,50;p\n2.345.678;q\n' >points.csv
spec points '{csv: {path: points.csv, target: y}}'
refuses points "column 1 (a): '1.234,50' is not a number (nor are 1 others of 2); decimals have a point, or say decimal"
printf 'when,host,y\n01.02.2023,10.0.0.12,p\n02.02.2023,10.0.0.13,q\n' >points.csv
spec points '{csv: {path: points.csv, target: y}}'
finds points "when: category of 2" "host: category of 2"
printf 'Region,Sales,y\nNorth,"$1,200.50",p\nSouth,$980.00,q\n' >sales.csv
spec sales '{csv: {path: sales.csv, target: y}}'
refuses sales "column 2 (Sales): '\$1,200.50' is a number with a sign"
printf 'car,weight,power,y\na,1040 kg,75hp,p\nb,990 kg,80hp,q\nc,1100 kg,75hp,q\n' >units.csv
spec units '{csv: {path: units.csv, target: y}}'
refuses units "column 2 (weight): '1040 kg' is a number with a unit (nor are 2 others of 3); numbers are digits alone, or say columns: {weight: category}"
expect_text err "column 3 (power): '75hp' is a number with a unit"
printf 'car,place,y\na,4th,p\nb,5th,q\nc,1st,q\n' >units.csv
finds_units() {
    spec units "{csv: {path: units.csv, target: y${1-}}}"
    finds units "place: category of"
}
finds_units
printf 'car,place,y\na,4 m,p\nb,5 m,q\nc,5 s,q\n' >units.csv
finds_units
printf 'car,place,y\na,4 m,p\nb,5 m,q\nc,6 m,q\n' >units.csv
finds_units ', columns: {place: category}'
printf '"","mpg","am"\n"Mazda RX4",21,"m"\n"Datsun",22.8,"m"\n"Valiant",18.1,"a"\n' >cars.csv
printf '"","mpg","am"\n"Fiat",32.4,"m"\n"Duster",14.3,"a"\n' >more.csv
spec cars '{csv: {path: cars.csv, target: am}}' cross_entropy 2 'test: {csv: {path: more.csv, target: am}}'
finds cars "column 1 has no name and a text of its own in each row: left out, as the row names that R writes" "mpg: number, 18.1 to 22.8"
printf ',mpg,am\nred,21,m\nred,22.8,m\nblue,18.1,a\n' >cars.csv
spec cars '{csv: {path: cars.csv, target: am}}'
finds cars "column 1: category of 2: blue, red"

# ---- a class for each step of a sequence, in words or numbers, of which all columns have the same
{
    echo x0,x1,x2,y0,y1,y2
    for x in 0,0,0 0,0,1 0,1,0 0,1,1 1,0,0 1,0,1 1,1,0 1,1,1; do
        echo "$x,$x" | awk -F, '{ print $1 "," $2 "," $3 "," ($4 ? "up" : "low") "," ($5 ? "up" : "low") "," ($6 ? "up" : "top") }'
    done
} >tags.csv
tags='target: [y0, y1, y2], shape: [3, 1]'
printf 'seed: 1\ndata: {source: {csv: {path: tags.csv, %s}}}\nmodel: [{rnn: {units: 6, return_sequences: true}}, {dense: {units: classes}}]
loss: cross_entropy\noptimizer: {adam: {lr: 0.05}}\nmetrics: [accuracy]\ntrain: {epochs: 60, batch_size: 4}\n' "$tags" >tags.yaml
expect_exit 0 "$FELL" run tags.yaml --quiet --db tags.db
[ "$(sqlite3 tags.db "SELECT json_extract(metrics, '\$.\"train.accuracy\"') > 0.9 FROM curves ORDER BY epoch DESC LIMIT 1")" = 1 ] ||
    fail "classes of steps are not learnt: $(sqlite3 tags.db 'SELECT metrics FROM curves ORDER BY epoch DESC LIMIT 1')"
printf 'x0,x1,x2\n1,0,0\n' >tags_new.csv
expect_exit 0 "$FELL" predict 1 tags_new.csv --db tags.db
expect_text out 'row,step,class,p_low,p_top,p_up' '1,1,up,' '1,2,low,' '1,3,top,'
sed -i 's/, shape: [^}]*}/}/' tags.yaml
expect_exit 2 "$FELL" check tags.yaml
expect_text err 'column 4 (y0) holds text' 'several targets must be numbers, or with shape: [steps, numbers] a class for each step'

# ---- what is taken as it is written, and may be meant otherwise
awk 'BEGIN { print "temp,age,sign,day,at,y"
    for (i = 0; i < 24; i++) printf "%s,%d,%d,2024-01-%02d,%d,%s\n", i % 8 == 3 ? "-999" : i / 2, i == 5 ? -1 : 20 + i, i % 2 ? 1 : -1, i + 1, 20240101 + i, i % 2 ? "a" : "b" }' >meant.csv
spec meant '{csv: {path: meant.csv, target: y}}'
finds meant "column 1 (temp): -999 stands in 3 of 24 rows, far from the others (0 to 11.5)" "missing: [NA, '-999']" \
    "column 2 (age): -1 stands in 1 of 24 rows, far from the others (20 to 43)" "say columns: {age: number}" \
    "column 4 (day): '2024-01-01' looks like a date or time; its 24 words are taken as a category" \
    "column 5 (at): 20240101 to 20240124 look like dates, and are taken as numbers"
! grep -q "column 3" out || fail "1 and -1 are numbers: $(cat out)"
printf 'x\n10.0.0.1\n10.0.0.2\n10.0.0.1\n' | sed 's/$/,y/;2,$s/y$/1/' >hosts.csv
spec hosts '{csv: {path: hosts.csv, target: y}}' mse 1
finds hosts "x: category of 2: 10.0.0.1, 10.0.0.2"
! grep -q "date" out || fail "addresses are no dates: $(cat out)"
spec lost '{csv: {path: meant.csv, target: temp, drop: [y, day, at]}}' mse 1
finds lost "-999 stands in 3 of 24 rows" "Then leave those rows out of the file"
spec meant "{csv: {path: meant.csv, target: y, missing: ['-999'], columns: {age: number, day: drop}}}" '' '' 'transforms: [impute]'
finds meant "temp: number, 0 to 11.5"
! grep -q "stands in" out || fail "it has been said: $(cat out)"
awk 'BEGIN { print "x,day,y"; for (i = 0; i < 80; i++) printf "%d,%d.%d.2024,%s\n", i, i % 28 + 1, i / 28 + 1, i % 2 }' >days.csv
spec days '{csv: {path: days.csv, target: y}}'
refuses days "more than 64; they look like dates: make numbers of them before"
printf 'item,q,p,y\na,1,10,1\nb,2,20,2\na,4,30,3\nb,5,20,4\nTotal,12,80,9\n' >total.csv
spec total '{csv: {path: total.csv, target: y}}' mse 1
finds total "is the last row, 5 of 5, the sum or mean of those above it (a word for that stands in column 1)?"
spec total '{csv: {path: total.csv, target: y, drop: [item]}}' mse 1
finds total "is the last row, 5 of 5, the sum or mean of those above it (in 2 of 3 columns it is)?"
says_nothing() {
    expect_exit 0 "$FELL" check "$1.yaml"
    ! grep -q 'last row\|stands in\|date' out err || fail "$1: $(cat out err)"
}
# A word for sums in other rows too, a truth table, a last field that is missing.
printf 'item,q,y\nmean,1,1\nsum,2,2\nmean,4,3\nsum,5,4\nmean,9,5\n' >kinds.csv
spec kinds '{csv: {path: kinds.csv, target: y}}' mse 1
says_nothing kinds
printf 'a,b,y\n0,0,0\n0,1,0\n1,0,0\n1,1,1\n' >truth.csv
spec truth '{csv: {path: truth.csv, target: y}}' mse 1
says_nothing truth
printf 'p,q,y\n1,1,1\n2,2,2\n3,3,3\n6,6,4\n,,5\n' >gap.csv
spec gap '{csv: {path: gap.csv, target: y}}' mse 1 'transforms: [impute]'
says_nothing gap
# -999 among 0 and 1, in two spellings.
awk 'BEGIN { print "b,y"; for (i = 0; i < 12; i++) printf "%s,%d\n", i == 3 ? "-999" : i == 5 ? "-999.0" : i % 2, i }' >binary.csv
spec binary '{csv: {path: binary.csv, target: y}}' mse 1
finds binary "column 1 (b): -999 stands in 2 of 12 rows, far from the others (0 to 1)" "missing: [NA, '-999', '-999.0']"
# What is a date, and what only looks like one.
for word in 31.1.2024 1/31/24 '2024-01-31T10:00' '31 Jan 2024' 'Jan 31, 2024' Jan-24 'Sept. 1' 12:30 12:30:59 '9:05 PM' '31 Jan 12:30'; do
    printf 'd,y\n"%s",1\nb,2\n"%s",3\n' "$word" "$word" >day.csv
    spec day '{csv: {path: day.csv, target: y}}' mse 1
    finds day "'$word' looks like a date or time"
done
for word in 555-123-4567 123-45-6789 1.10.2 2:1 'Junior 2' 'Marine 1' 'Jan Mayen' 2024-13-01 32.1.2024 25:10 Jan; do
    printf 'd,y\n"%s",1\nb,2\n"%s",3\n' "$word" "$word" >day.csv
    says_nothing day
done

# ---- a LIMIT without an order, keys that do nothing, splits that weigh nothing
sqlite3 rows.db "CREATE TABLE t (a, y); INSERT INTO t VALUES (1, 0), (2, 1), (3, 0), (4, 1)"
spec limit '{sqlite: {path: rows.db, query: "SELECT a, y FROM (SELECT * FROM t LIMIT 3) ORDER BY a", target: y}}'
finds limit "query: LIMIT without ORDER BY: which rows it leaves is for SQLite to choose; write ORDER BY"
spec limit '{sqlite: {path: rows.db, query: "SELECT a, y AS \"limit\" FROM (SELECT * FROM t ORDER BY a LIMIT 3) -- LIMIT", target: limit}}'
finds limit "3 rows"
! grep -q "LIMIT without" out || fail "there is an ORDER BY: $(cat out)"
spec limit '{sqlite: {path: rows.db, query: "SELECT a, y FROM t WHERE EXISTS (SELECT 1 FROM t AS u WHERE u.a = t.a LIMIT 1)", target: y}}'
finds limit "4 rows"
! grep -q "LIMIT without" out || fail "EXISTS takes any row: $(cat out)"
spec idle '{xor: {rows: 40}}'
printf 'record: {evaluate: {every: 2}}\ncheckpoint: {every: 5}\n' >>idle.yaml
finds idle "record.evaluate does nothing: no rows are held out" \
    "checkpoint.every: the best of every 5 epochs is kept; a better one between them is not"
printf 'x,y\n1,a\n2,b\n' >both.csv
printf 'x,y\n1,a\n2,a\n' >one.csv
spec light '{csv: {path: both.csv, target: y}}' '{cross_entropy: {class_weights: [0, 1]}}' 2 'test: {csv: {path: one.csv, target: y}}'
refuses light "cross_entropy: the 2 test rows weigh 0 in all: they have no loss"
# ---- a row of units below the header, and a sum at the end
printf 'speed,sum,y\n[m/s],3,p\n1.5,4,q\n2.5,5,p\n1,2,p\n1,3,q\n2,4,p\n1,1,p\n3,2,q\n3.5,all,q\n' >below.csv
spec below '{csv: {path: below.csv, target: y}}'
refuses below "column 1 (speed): '[m/s]' is not a number; if line 2 is no row of data (units, a sum), remove it; if it stands for nothing"
expect_text err "column 2 (sum): 'all' is not a number; if line 10 is no row of data"
