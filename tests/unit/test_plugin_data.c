/* test_plugin_data.c - datasets: what they read, and the sentence for each kind of
 * bad file.
 */
#include "data_help.h"

/* ---- csv ------------------------------------------------------------------------------------- */

/* What a file of three rows, two inputs and a target reads as. */
static void assert_three_rows(const char *name, const char *text, const char *settings, const char *classes)
{
    static const float x[6] = {5, 6, 3, 4, 1, 2.5f};
    static const int32_t label[3] = {0, 1, 0};
    char names[64] = "";
    struct opened o;

    write_text(name, text);
    data_open(&o, "csv", settings, FELL_CLASSES);
    cr_assert_eq(o.info.rows, 3, "%s", name);
    cr_assert_eq(o.info.x.rank, 1);
    cr_assert_eq(o.info.x.dim[0], 2);
    cr_assert_eq(o.info.is, FELL_CLASSES);
    cr_assert(!memcmp(o.x, x, sizeof x), "%s: inputs", name);
    cr_assert(!memcmp(o.label, label, sizeof label), "%s: labels", name);
    for (int64_t i = 0; i < o.info.nclasses; i++)
        snprintf(names + strlen(names), sizeof names - strlen(names), "%s|", o.info.class_names[i]);
    cr_assert_str_eq(names, classes, "%s", name);
    data_close(&o);
    unlink(in_folder(name));
}

Test(csv, forms_of_the_same_rows)
{
    static const struct {
        const char *name, *text, *settings, *classes;
    } cases[] = {
        {"plain.csv", "a,b,y\n1,2.5,no\n3,4,yes\n5,6,no\n", "{path: %s/plain.csv, target: y}", "no|yes|"},
        {"crlf.csv", "a,b,y\r\n1,2.5,no\r\n3,4,yes\r\n5,6,no\r\n\r\n", "{path: %s/crlf.csv, target: y}",
         "no|yes|"},
        {"mac.csv", "a,b,y\r1,2.5,no\r3,4,yes\r5,6,no", "{path: %s/mac.csv, target: y}", "no|yes|"},
        {"bom.csv",
         "\xef\xbb\xbf"
         "a,b,y\n1,2.5,no\n\n3,4,yes\n5,6,no\n  \n",
         "{path: %s/bom.csv, target: y}", "no|yes|"},
        {"packed.csv.gz", "a,b,y\n1,2.5,no\n3,4,yes\n5,6,no\n", "{path: %s/packed.csv.gz, target: y}",
         "no|yes|"},
        {"quoted.csv",
         "\"a\",\"b\n2\",y\n\"1\",2.5,\"say \"\"no\"\"\"\n3,4,yes\n5,\"6\" ,\"say \"\"no\"\"\"\n",
         "{path: %s/quoted.csv, target: y}", "say \"no\"|yes|"},
        {"semicolon.csv", "a;b;y\n1;2.5;no,no\n3;4;yes\n5;6;no,no\n", "{path: %s/semicolon.csv, target: y}",
         "no,no|yes|"},
        {"tab.csv", "a\tb\ty\n1\t2.5\tno\n3\t4\tyes\n5\t6\tno\n",
         "{path: %s/tab.csv, target: y, delimiter: tab}", "no|yes|"},
        {"bare.csv", "1,2.5,no\n3,4,yes\n5,6,no\n", "{path: %s/bare.csv, target: 2}", "no|yes|"},
        {"last.csv", " 1 , 2.5 , no\n3,4,yes\n5,6,no\n", "{path: %s/last.csv, target: -1}", "no|yes|"},
        {"first.csv", "y,a,b\n-1,1,2.5\n10,3,4\n-1,5,6\n", "{path: %s/first.csv, target: [y]}", "-1|10|"},
        {"numbers.csv", "2.0,1,2.5\n10,3,4\n2,5,6\n", "{path: %s/numbers.csv, target: 0}", "2|10|"},
        {"fractions.csv", "y,a,b\n0.25,1,2.5\n1e20,3,4\n0.25,5,6\n", "{path: %s/fractions.csv, target: y}",
         "0.25|1e20|"},
        {"mixed.csv", "y,a,b\n3,1,2.5\n3D,3,4\n3,5,6\n", "{path: %s/mixed.csv, target: y}", "3|3D|"},
        {"digits.csv", "0,1,y\n1,2.5,no\n3,4,yes\n5,6,no\n", "{path: %s/digits.csv, target: y}", "no|yes|"},
        {"said.csv", "0,1,2\n1,2.5,7\n3,4,8\n5,6,7\n", "{path: %s/said.csv, target: 2, header: yes}", "7|8|"},
        {"column9.csv", "a,b,9\n1,2.5,no\n3,4,yes\n5,6,no\n",
         "{path: %s/column9.csv, target: 9, header: yes}", "no|yes|"},
        {"exact.csv",
         "a,b,y\n+1.0e0,25000000000000000000000E-22,no\n30.00e-1,0.000000000000000000000004e24,yes\n"
         "5.,6,no\n",
         "{path: %s/exact.csv, target: y}", "no|yes|"},
        {"namibia.csv", "a,b,y\n1,2.5,NA\n3,4,ZA\n5,6,NA\n",
         "{path: %s/namibia.csv, target: y, missing: none}", "NA|ZA|"},
    };

    for (size_t i = 0; i < COUNT(cases); i++)
        assert_three_rows(cases[i].name, cases[i].text, cases[i].settings, cases[i].classes);
    remove_files((const char *const[]){NULL});
}

Test(csv, values_and_shapes)
{
    static const float values[3] = {7.5f, 8, -7}, both[6] = {6, 7.5f, 4, 8, 2.5f, -7};
    struct opened o;

    write_text("v.csv", "a,b,c,d,y\n1,2.5,0,0,-7\n3,4,0,0,8\n5,6,0,0,7.5\n");
    data_open(&o, "csv", "{path: %s/v.csv, target: y, shape: [2, 1, 2]}", FELL_VALUES);
    cr_assert_eq(o.info.is, FELL_VALUES);
    cr_assert(!memcmp(&o.info.x, &(fell_shape){3, {2, 1, 2}}, sizeof o.info.x));
    cr_assert(!memcmp(o.target, values, sizeof values));
    data_close(&o);

    data_open(&o, "csv", "{path: %s/v.csv, target: [b, y]}", FELL_VALUES);
    cr_assert_eq(o.info.target.dim[0], 2);
    cr_assert_eq(o.info.x.dim[0], 3);
    cr_assert(!memcmp(o.target, both, sizeof both));
    data_close(&o);
    remove_files((const char *const[]){"v.csv", NULL});
}

Test(csv, bundled_files)
{
    static const struct {
        const char *file, *first, *last;
        int64_t rows, inputs, classes;
    } cases[] = {
        {"iris.csv", "setosa", "virginica", 150, 4, 3},
        {"digits.csv", "0", "9", 1797, 64, 10},
    };
    const char *srcdir = getenv("srcdir");

    for (size_t i = 0; i < COUNT(cases); i++) {
        char *here = path_absolute(srcdir ? srcdir : ".");
        char *settings = mem_format("{path: %s/configs/data/%s, target: target}", here, cases[i].file);
        struct opened o;

        data_open(&o, "csv", settings, FELL_CLASSES);
        cr_assert_eq(o.info.rows, cases[i].rows);
        cr_assert_eq(o.info.x.dim[0], cases[i].inputs);
        cr_assert_eq(o.info.nclasses, cases[i].classes);
        cr_assert_str_eq(o.info.class_names[0], cases[i].first);
        cr_assert_str_eq(o.info.class_names[o.info.nclasses - 1], cases[i].last);
        data_close(&o);
        free(settings), free(here);
    }
}

Test(csv, refusals)
{
    static const struct {
        const char *text, *settings, *message;
        uint64_t wanted;
    } cases[] = {
        {"", "{path: %s/f.csv, target: y}", "path: f.csv is empty", FELL_VALUES},
        {"\n\n", "{path: %s/f.csv, target: y}", "path: f.csv is empty", FELL_VALUES},
        {"a,y\n", "{path: %s/f.csv, target: y}", "path: f.csv has a header and no rows", FELL_VALUES},
        {"a,b,y\n1,2,3\n1,2\n", "{path: %s/f.csv, target: y}", "path: f.csv:3: 2 fields, but line 1 has 3",
         FELL_VALUES},
        {"a,b,y\n1,2,3\n\n\n1\n", "{path: %s/f.csv, target: y}", "path: f.csv:5: 1 field, but line 1 has 3",
         FELL_VALUES},
        {"a,\"b\nb\",y\n1,2,3\n1,2,3,4\n", "{path: %s/f.csv, target: y}",
         "path: f.csv:4: 4 fields, but line 1 has 3", FELL_VALUES},
        {"a,b,y\n1,2,3\n1,zwei,3\n", "{path: %s/f.csv, target: y}",
         "path: f.csv:3: column 2 (b): 'zwei' is not a number; if it stands for nothing, add it to missing, "
         "if all are words, say columns: {b: category}",
         FELL_VALUES},
        {"1,5,3\n1,0x10,3\n", "{path: %s/f.csv, target: 2}",
         "path: f.csv:2: column 2: '0x10' is not a number; if it stands for nothing, add it to missing, if "
         "all are words, say columns: {1: category}",
         FELL_VALUES},
        {"a;b;y\n1;2;3\n1;2,5;3\n", "{path: %s/f.csv, target: y}",
         "path: f.csv:3: column 2 (b): '2,5' is not a number; decimals have a point, or say decimal: \",\"; "
         "thousands have no sign",
         FELL_VALUES},
        {"a,b,y\n1,2,3\n1,,3\n", "{path: %s/f.csv, target: y}",
         "path: f.csv:3: column 2 (b): missing value; fill them with a first transform, impute, or drop the "
         "column",
         FELL_VALUES},
        {"a,b,y\n1,NA,3\n1,1,3\n", "{path: %s/f.csv, target: y}",
         "path: f.csv:2: column 2 (b): missing value ('NA'); fill them with a first transform, impute, or "
         "drop the column",
         FELL_VALUES},
        {"a,b,y\n1,2,3\n1,1,\n", "{path: %s/f.csv, target: y}",
         "path: f.csv:3: column 3 (y): missing value in the target", FELL_CLASSES},
        {"a,b,y\n1,2,3\n1,1,?\n", "{path: %s/f.csv, target: y}",
         "path: f.csv:3: column 3 (y): missing value ('?') in the target", FELL_CLASSES},
        {"a,b,y\n1,1e39,3\n", "{path: %s/f.csv, target: y}",
         "path: f.csv:2: column 2 (b): 1e39 is too large for a 32-bit float", FELL_VALUES},
        {"a,b,y\n1,1,1e999\n", "{path: %s/f.csv, target: y}",
         "path: f.csv:2: column 3 (y): 1e999 is too large for a 32-bit float", FELL_VALUES},
        {"length,width,species\n1,2,3\n", "{path: %s/f.csv, target: speceis}",
         "target: there is no column 'speceis'; did you mean 'species'? (columns: length, width, species)",
         FELL_VALUES},
        {"a,b,c,d,e,f,g,h,i\n1,2,3,4,5,6,7,8,9\n", "{path: %s/f.csv, target: zzzz}",
         "target: there is no column 'zzzz' (columns: a, b, c, d, e, f, g, h, ...)", FELL_VALUES},
        {"1,2,3\n", "{path: %s/f.csv, target: y}",
         "target: the file has no header, so 'y' cannot be looked up; give a number from 0 to 2",
         FELL_VALUES},
        {"1,2,3\n", "{path: %s/f.csv, target: 3}", "target: there is no column 3; the file has 0 to 2",
         FELL_VALUES},
        {"1,2,3\n", "{path: %s/f.csv, target: -4}", "target: there is no column -4; the file has 0 to 2",
         FELL_VALUES},
        {"a,y,y\n1,2,3\n", "{path: %s/f.csv, target: y}", "target: columns 2 and 3 are both called 'y'",
         FELL_VALUES},
        {"a,b,y\n1,2,3\n", "{path: %s/f.csv, target: [y, 2]}", "target: column 3 (y) is named twice",
         FELL_VALUES},
        {"y\n1\n2\n", "{path: %s/f.csv, target: y}",
         "target: every column is a target; none is left as input", FELL_VALUES},
        {"a,b,y\n1,2,no\n", "{path: %s/f.csv, target: y}",
         "target: column 3 (y) holds text ('no' on line 2), but the loss takes numbers; "
         "classes are for cross_entropy, or yes and no as 1 and 0",
         FELL_VALUES},
        {"a,b,y\n1,2,no\n", "{path: %s/f.csv, target: [b, y]}",
         "target: column 3 (y) holds text ('no' on line 2), but several targets must be numbers, or "
         "with shape: [steps, numbers] a class for each step",
         FELL_CLASSES},
        {"a,b,y\n1,2,3\n", "{path: %s/f.csv, target: [b, y]}",
         "target: 2 columns are values, but the loss takes classes, in one column, "
         "and a class for each step needs shape: [2, numbers] or [2]",
         FELL_CLASSES},
        {"1,x,3\n1,2,3\n", "{path: %s/f.csv, target: 2}",
         "path: f.csv:1: column 2: 'x' is not a number, but line 2 has one there; if line 1 names the "
         "columns, "
         "say header: yes",
         FELL_VALUES},
        {"a,b,y\n1,2,3\n", "{path: %s/f.csv, target: y, shape: [2, 2]}",
         "shape: does not fit the 2 inputs of a row of f.csv", FELL_VALUES},
        {"a,b,y\n1,2,3\n", "{path: %s/f.csv, target: y, shape: [1, 1, 1, 1, 2]}",
         "shape: 5 dimensions; at most 4 are possible", FELL_VALUES},
        {"a,b,y\n1,2,3\n", "{path: %s/f.csv, target: y, delimiter: ab}",
         "delimiter: 'ab' is neither auto, nor tab, nor one character like ',' or ';' (' ': blanks)",
         FELL_VALUES},
        {"a,b,y\n1,\"2,3\n4,5,6\n", "{path: %s/f.csv, target: y}",
         "path: f.csv:2: a quote is opened and never closed", FELL_VALUES},
        {"a,b,y\n1,\"2\"3,4\n", "{path: %s/f.csv, target: y}",
         "path: f.csv:2: there is text behind a closing quote", FELL_VALUES},
        {"\xff\xfe"
         "a",
         "{path: %s/f.csv, target: y}", "path: f.csv is UTF-16; save it as UTF-8", FELL_VALUES},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        write_text("f.csv", cases[i].text);
        assert_refused("csv", cases[i].settings, cases[i].wanted, cases[i].message);
    }
    write_file("f.csv", "a,b\0c,d\n", 8);
    assert_refused("csv", "{path: %s/f.csv, target: y}", FELL_VALUES,
                   "path: f.csv is not a text file (it holds zero bytes)");
    remove_files((const char *const[]){"f.csv", NULL});
}

Test(csv, unreadable_files)
{
    char *zip;
    struct error err;
    size_t n;

    assert_refused("csv", "{path: %s/none.csv, target: y}", FELL_VALUES,
                   "path: cannot open %s/none.csv: No such file or directory");
    assert_refused("csv", "{path: %s, target: y}", FELL_VALUES, "path: cannot read %s: Is a directory");

    write_text("cut.csv.gz", "a,b,y\n1,2,3\n4,5,6\n");
    cr_assert_eq(file_read(in_folder("cut.csv.gz"), &zip, &n, &err), OK);
    cr_assert_eq(truncate(in_folder("cut.csv.gz"), (off_t)n - 6), 0);
    free(zip);
    assert_refused("csv", "{path: %s/cut.csv.gz, target: y}", FELL_VALUES,
                   "path: cannot read %s/cut.csv.gz: the file is cut short");
    remove_files((const char *const[]){"cut.csv.gz", NULL});
}

/* ---- idx ---------------------------------------------------------------------------------------- */

#define IMAGES                                                                                               \
    "\0\0\x08\x03"                                                                                           \
    "\0\0\0\x02"                                                                                             \
    "\0\0\0\x02"                                                                                             \
    "\0\0\0\x03" /* [2,2,3] of ubyte */
#define PIXELS                                                                                               \
    "\x00\x01\x02\x03\x04\x05"                                                                               \
    "\xff\xfe\xfd\xfc\xfb\xfa"
#define LABELS                                                                                               \
    "\0\0\x08\x01"                                                                                           \
    "\0\0\0\x02"

Test(idx, images_and_labels)
{
    static const float x[12] = {255, 254, 253, 252, 251, 250, 0, 1, 2, 3, 4, 5};
    struct opened o;

    WRITE("i", IMAGES PIXELS);
    WRITE("l.gz", LABELS "\x07\x02");
    data_open(&o, "idx", "{images: %s/i, labels: %s/l.gz}", FELL_CLASSES);
    cr_assert_eq(o.info.rows, 2);
    cr_assert(!memcmp(&o.info.x, &(fell_shape){3, {1, 2, 3}}, sizeof o.info.x));
    cr_assert_eq(o.info.nclasses, 8);
    cr_assert(!memcmp(o.x, x, sizeof x));
    cr_assert_eq(o.label[0], 2);
    cr_assert_eq(o.label[1], 7);
    data_close(&o);

    data_open(&o, "idx", "{images: %s/i, labels: %s/l.gz, rows: 1}", FELL_VALUES);
    cr_assert_eq(o.info.rows, 1);
    cr_assert(!memcmp(o.x, x + 6, 6 * sizeof *x));
    cr_assert_eq(o.target[0], 7.0f);
    data_close(&o);
    remove_files((const char *const[]){"i", "l.gz", NULL});
}

Test(idx, types_and_ranks)
{
    static const struct {
        const char *bytes;
        size_t n;
        fell_shape row;
        float first, second;
    } cases[] = {
        {"\0\0\x09\x02"
         "\0\0\0\x02"
         "\0\0\0\x01"
         "\xff\x05",
         14,
         {1, {1}},
         -1,
         5},
        {"\0\0\x0b\x02"
         "\0\0\0\x02"
         "\0\0\0\x01"
         "\xff\xfe\x01\x00",
         16,
         {1, {1}},
         -2,
         256},
        {"\0\0\x0c\x01"
         "\0\0\0\x02"
         "\xff\xff\xff\xfd\x00\x01\x00\x00",
         16,
         {1, {1}},
         -3,
         65536},
        {"\0\0\x0d\x01"
         "\0\0\0\x02"
         "\x3f\xc0\x00\x00\xc0\x00\x00\x00",
         16,
         {1, {1}},
         1.5f,
         -2},
        {"\0\0\x0e\x04"
         "\0\0\0\x02"
         "\0\0\0\x01"
         "\0\0\0\x01"
         "\0\0\0\x01"
         "\x3f\xf8\x00\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00\x00",
         36,
         {3, {1, 1, 1}},
         1.5f,
         -2},
    };

    WRITE("l", LABELS "\0\x01");
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct opened o;

        write_file("i", cases[i].bytes, cases[i].n);
        data_open(&o, "idx", "{images: %s/i, labels: %s/l}", FELL_CLASSES);
        cr_assert(!memcmp(&o.info.x, &cases[i].row, sizeof o.info.x), "case %zu", i);
        cr_assert_eq(o.x[1], cases[i].first, "case %zu: %g", i, (double)o.x[1]);
        cr_assert_eq(o.x[0], cases[i].second, "case %zu: %g", i, (double)o.x[0]);
        data_close(&o);
    }
    remove_files((const char *const[]){"i", "l", NULL});
}

Test(idx, refusals)
{
    static const struct {
        const char *images;
        size_t ni;
        const char *labels;
        size_t nl;
        const char *settings, *message;
    } cases[] = {
        {"", 0, LABELS "\0\1", 10, "{images: %s/i, labels: %s/l}", "images: i is empty"},
        {"PK\3\4", 4, LABELS "\0\1", 10, "{images: %s/i, labels: %s/l}",
         "images: i is not an idx file, but a ZIP archive"},
        {"\0\0\x08", 3, LABELS "\0\1", 10, "{images: %s/i, labels: %s/l}",
         "images: i is not an idx file (wrong magic number; it is cut short)"},
        {"\0\0\x08\x05"
         "\0\0\0\1",
         8, LABELS "\0\1", 10, "{images: %s/i, labels: %s/l}",
         "images: i has 5 dimensions; 1 to 4 are possible"},
        {IMAGES, 10, LABELS "\0\1", 10, "{images: %s/i, labels: %s/l}", "images: i is cut short in its head"},
        {IMAGES PIXELS, 27, LABELS "\0\1", 10, "{images: %s/i, labels: %s/l}",
         "images: i is cut short: its head speaks of 28 bytes, it has 27"},
        {IMAGES PIXELS "x", 29, LABELS "\0\1", 10, "{images: %s/i, labels: %s/l}",
         "images: i is longer than the 28 bytes that its head speaks of"},
        {"\0\0\x08\x02"
         "\0\0\0\0"
         "\0\0\0\1",
         12, LABELS "\0\1", 10, "{images: %s/i, labels: %s/l}", "images: i is empty: dimension 1 is 0"},
        {"\0\0\x08\x04"
         "\0\0\0\1"
         "\xff\xff\xff\xff"
         "\xff\xff\xff\xff"
         "\xff\xff\xff\xff",
         20, LABELS "\0\1", 10, "{images: %s/i, labels: %s/l}", "images: i has too large dimensions"},
        {IMAGES PIXELS, 28,
         "\0\0\x08\x01"
         "\0\0\0\x03"
         "\0\1\2",
         11, "{images: %s/i, labels: %s/l}", "labels: l has 3 rows, but i has 2"},
        {LABELS "\0\1", 10, IMAGES PIXELS, 28, "{images: %s/i, labels: %s/l}",
         "labels: l has 3 dimensions; are images and labels exchanged?"},
        {IMAGES PIXELS, 28,
         "\0\0\x09\x01"
         "\0\0\0\x02"
         "\0\xff",
         10, "{images: %s/i, labels: %s/l}", "labels: l: row 2: -1 is not a class (a whole number from 0)"},
        {IMAGES PIXELS, 28, LABELS "\0\1", 10, "{images: %s/i, labels: %s/l, rows: 3}",
         "rows: 3, but i has 2"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        write_file("i", cases[i].images, cases[i].ni);
        write_file("l", cases[i].labels, cases[i].nl);
        assert_refused("idx", cases[i].settings, FELL_CLASSES, cases[i].message);
    }
    assert_refused("idx", "{images: %s/none, labels: %s/l}", FELL_CLASSES,
                   "images: cannot open %s/none: No such file or directory");
    remove_files((const char *const[]){"i", "l", NULL});
}

/* ---- lessons --------------------------------------------------------------------------------------- */

Test(lessons, xor)
{
    static const float x[8] = {1, 1, 1, 0, 0, 1, 0, 0}, y[4] = {0, 1, 1, 0};
    struct opened o;
    double spread = 0.0;

    data_open(&o, "xor", "", FELL_VALUES);
    cr_assert_eq(o.info.rows, 4);
    cr_assert(!memcmp(o.x, x, sizeof x));
    cr_assert(!memcmp(o.target, y, sizeof y));
    data_close(&o);

    data_open(&o, "xor", "{rows: 4000, noise: 0.1}", FELL_CLASSES);
    cr_assert_eq(o.info.nclasses, 2);
    for (int i = 0; i < 4000; i++) {
        const double a = round((double)o.x[2 * i]), b = round((double)o.x[2 * i + 1]);

        spread += pow((double)o.x[2 * i] - a, 2) + pow((double)o.x[2 * i + 1] - b, 2);
        cr_assert_eq(o.label[i], a != b, "row %d", i);
    }
    cr_assert_float_eq(sqrt(spread / 8000), 0.1, 0.005);
    data_close(&o);
}

Test(lessons, spiral)
{
    struct opened o;

    data_open(&o, "spiral", "{rows: 301, classes: 3, noise: 0, turns: 0.5}", FELL_CLASSES);
    cr_assert_eq(o.info.rows, 301);
    cr_assert_eq(o.info.nclasses, 3);
    for (int i = 0; i < 301; i++) { /* read backwards: row 300 - i */
        const int row = 300 - i;
        const double r = (double)(row / 3) / 100.0, turn = 0.5 * r + (double)(row % 3) / 3.0;

        cr_assert_eq(o.label[i], row % 3);
        cr_assert_float_eq(o.x[2 * i], r * cos(2 * M_PI * turn), 1e-6);
        cr_assert_float_eq(o.x[2 * i + 1], r * sin(2 * M_PI * turn), 1e-6);
    }
    data_close(&o);

    data_open(&o, "spiral", "{rows: 6, classes: 2}", FELL_VALUES);
    cr_assert_eq(o.target[0], 1.0f);
    cr_assert_eq(o.target[1], 0.0f);
    data_close(&o);
    assert_refused("spiral", "{rows: 2, classes: 3}", FELL_CLASSES, "rows: 2 rows cannot show 3 classes");
    assert_refused("spiral", "{classes: 3}", FELL_VALUES,
                   "classes: 3, but the loss takes values, which fits 2 alone");
}
