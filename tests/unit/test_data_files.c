/* test_data_files.c - npy, libsvm and sqlite: what they read, and the sentence for each
 * kind of bad file or query.
 */
#include <sqlite3.h>

#include "data_help.h"

/* ---- npy --------------------------------------------------------------------------------- */

/* An .npy file of format VERSION (1 to 3) with the head DICT and N bytes of DATA. */
static void write_npy(const char *name, int version, const char *dict, const void *data, size_t n)
{
    const size_t length = strlen(dict), fixed = version == 1 ? 10 : 12;
    char file[4096] = "\x93NUMPY";

    cr_assert_leq(fixed + length + n, sizeof file);
    file[6] = (char)version;
    file[8] = (char)(length & 255);
    file[9] = (char)(length >> 8);
    memcpy(file + fixed, dict, length);
    if (n)
        memcpy(file + fixed + length, data, n);
    write_file(name, file, fixed + length + n);
}

#define DICT(descr, order, shape)                                                                            \
    "{'descr': '" descr "', 'fortran_order': " order ", 'shape': " shape ", }      \n"

static const unsigned char ids[3] = {2, 0, 1};

static void write_ids(void)
{
    write_npy("t.npy", 1, DICT("|u1", "False", "(3,)"), ids, 3);
}

/* The same three numbers 1, -2 (unsigned: 2), 3 in every type, or in booleans 1, 1, 0. */
Test(npy, types)
{
    static const struct {
        const char *dict;
        const char *bytes;
        size_t n;
        float x[3];
    } cases[] = {
        {DICT("|i1", "False", "(3,)"), "\x01\xfe\x03", 3, {1, -2, 3}},
        {DICT("|u1", "False", "(3,)"), "\x01\xfe\x03", 3, {1, 254, 3}},
        {DICT("|u1", "False", "(3L,)"), "\x01\xfe\x03", 3, {1, 254, 3}},
        {DICT("|b1", "False", "(3,)"), "\x01\x01\x00", 3, {1, 1, 0}},
        {DICT("<i2", "False", "(3,)"), "\x01\x00\xfe\xff\x03\x01", 6, {1, -2, 259}},
        {DICT(">i2", "False", "(3,)"), "\x00\x01\xff\xfe\x01\x03", 6, {1, -2, 259}},
        {DICT("<u2", "False", "(3,)"), "\x01\x00\xfe\xff\x03\x01", 6, {1, 65534, 259}},
        {DICT("<i4", "False", "(3,)"), "\x01\0\0\0\xfe\xff\xff\xff\x00\0\x01\0", 12, {1, -2, 65536}},
        {DICT(">u4", "False", "(3,)"), "\0\0\0\x01\0\0\0\xfe\0\x01\0\0", 12, {1, 254, 65536}},
        {DICT("<i8", "False", "(3,)"),
         "\x01\0\0\0\0\0\0\0\xfe\xff\xff\xff\xff\xff\xff\xff\0\0\0\0\0\x01\0\0",
         24,
         {1, -2, 1099511627776.0f}},
        {DICT("<f2", "False", "(3,)"), "\x00\x3c\x00\xc0\x01\x00", 6, {1, -2, 0x1p-24f}},
        {DICT("<f4", "False", "(3,)"), "\0\0\x80\x3f\0\0\0\xc0\0\0\x40\x40", 12, {1, -2, 3}},
        {DICT(">f4", "False", "(3,)"), "\x3f\x80\0\0\xc0\0\0\0\x40\x40\0\0", 12, {1, -2, 3}},
        {DICT("<f8", "False", "(3,)"),
         "\0\0\0\0\0\0\xf0\x3f\0\0\0\0\0\0\0\xc0\0\0\0\0\0\0\x08\x40",
         24,
         {1, -2, 3}},
        {DICT(">f8", "True", "(3,)"),
         "\x3f\xf0\0\0\0\0\0\0\xc0\0\0\0\0\0\0\0\x40\x08\0\0\0\0\0\0",
         24,
         {1, -2, 3}},
    };

    write_ids();
    for (size_t i = 0; i < COUNT(cases); i++)
        for (int version = 1; version <= 3; version++) {
            struct opened o;

            write_npy("x.npy", version, cases[i].dict, cases[i].bytes, cases[i].n);
            data_open(&o, "npy", "{inputs: %s/x.npy, targets: %s/t.npy}", FELL_CLASSES);
            cr_assert_eq(o.info.rows, 3);
            cr_assert(!memcmp(&o.info.x, &(fell_shape){1, {1}}, sizeof o.info.x));
            cr_assert_eq(o.info.nclasses, 3);
            for (int k = 0; k < 3; k++) {
                cr_assert_eq(o.x[2 - k], cases[i].x[k], "case %zu: %g", i, (double)o.x[2 - k]);
                cr_assert_eq(o.label[2 - k], ids[k]);
            }
            data_close(&o);
        }
    remove_files((const char *const[]){"x.npy", "t.npy", NULL});
}

/* [2,3,2]: element (i,j,k) is 100 i + 10 j + k in both orders, plain and gzip. */
Test(npy, orders_and_shapes)
{
    static const float x[12] = {100, 101, 110, 111, 120, 121, 0, 1, 10, 11, 20, 21};
    static const char *const dicts[] = {DICT("|u1", "False", "(2, 3, 2)"), DICT("|u1", "True", "(2, 3, 2)")};
    unsigned char bytes[2][12];
    const float targets[] = {0.5f, 7, -1, 8};
    struct opened o;

    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 3; j++)
            for (int k = 0; k < 2; k++)
                bytes[0][i * 6 + j * 2 + k] = bytes[1][i + 2 * j + 6 * k] =
                    (unsigned char)(100 * i + 10 * j + k);
    write_npy("t.npy", 1, DICT("<f4", "False", "(2, 2)"), targets, sizeof targets);
    for (int order = 0; order < 2; order++) {
        write_npy("x.npy.gz", 1, dicts[order], bytes[order], 12);
        data_open(&o, "npy", "{inputs: %s/x.npy.gz, targets: %s/t.npy}", FELL_VALUES);
        cr_assert(!memcmp(&o.info.x, &(fell_shape){2, {3, 2}}, sizeof o.info.x));
        cr_assert(!memcmp(o.x, x, sizeof x), "order %d", order);
        cr_assert_eq(o.info.target.dim[0], 2);
        cr_assert_eq(o.target[0], -1.0f);
        cr_assert_eq(o.target[3], 7.0f);
        data_close(&o);
        data_open(&o, "npy", "{inputs: %s/x.npy.gz, targets: %s/t.npy, shape: [1, 2, 3], rows: 1}",
                  FELL_VALUES);
        cr_assert_eq(o.info.rows, 1);
        cr_assert(!memcmp(&o.info.x, &(fell_shape){3, {1, 2, 3}}, sizeof o.info.x));
        cr_assert(!memcmp(o.x, x + 6, 6 * sizeof *x));
        data_close(&o);
    }
    remove_files((const char *const[]){"x.npy.gz", "t.npy", NULL});
}

Test(npy, refusals)
{
    static const struct {
        const char *dict, *message;
        size_t n;
    } heads[] = {
        {DICT("<f4", "False", "(3, 2)"),
         "inputs: x.npy is cut short: its head speaks of 100 bytes, it has 96", 20},
        {DICT("<f4", "False", "(3, 2)"), "inputs: x.npy is longer than the 100 bytes that its head speaks of",
         25},
        {DICT("<U5", "False", "(3,)"),
         "inputs: x.npy holds elements of type '<U5' (text); booleans, whole numbers and floats of up to 64 "
         "bits "
         "are "
         "read",
         60},
        {DICT("<c8", "False", "(3,)"),
         "inputs: x.npy holds elements of type '<c8' (complex numbers); booleans, whole numbers and floats "
         "of up to 64 bits "
         "are "
         "read",
         24},
        {"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (3,)}",
         "inputs: x.npy holds records of several fields; plain numbers are read", 12},
        {DICT("<f4", "False", "()"), "inputs: x.npy has 0 dimensions; 1 to 5 are possible", 4},
        {DICT("<f4", "False", "(1,1,1,1,1,1)"), "inputs: x.npy has 6 dimensions; 1 to 5 are possible", 4},
        {DICT("<f4", "False", "(3, 0)"), "inputs: x.npy is empty: dimension 2 is 0", 0},
        {DICT("<f4", "False", "(-3,)"),
         "inputs: x.npy has a head that cannot be read: a dimension of shape is not a whole number", 12},
        {DICT("<f4", "False", "(99999999999999999999,)"),
         "inputs: x.npy has a head that cannot be read: a dimension of shape is too large", 12},
        {DICT("<f4", "False", "(60000000, 60000000)"),
         "inputs: x.npy has a head that cannot be read: its dimensions are too large", 12},
        {DICT("<f4", "False", "(3, 1000000000000)"),
         "inputs: x.npy is cut short: its head speaks of 12000000000088 bytes, it has 100", 12},
        {DICT("<f4", "False", "3"), "inputs: x.npy has a head that cannot be read: shape is no tuple", 12},
        {DICT("<f4", "maybe", "(3,)"),
         "inputs: x.npy has a head that cannot be read: fortran_order is neither True nor False", 12},
        {"{'descr': '<f4', 'shape': (3,)}",
         "inputs: x.npy has a head that cannot be read: one of descr, fortran_order and shape is missing",
         12},
        {"{'descr': '<f4', 'descr': '<f4'}",
         "inputs: x.npy has a head that cannot be read: an unknown or repeated key", 12},
        {"{'descr", "inputs: x.npy has a head that cannot be read: a quote is not closed", 12},
        {"import os", "inputs: x.npy has a head that cannot be read: it is no dictionary", 12},
    };
    static const char zeros[64];
    static const char *const settings = "{inputs: %s/x.npy, targets: %s/t.npy}";

    write_ids();
    for (size_t i = 0; i < COUNT(heads); i++) {
        write_npy("x.npy", 1, heads[i].dict, zeros, heads[i].n);
        assert_refused("npy", settings, FELL_CLASSES, heads[i].message);
    }
    WRITE("x.npy", "");
    assert_refused("npy", settings, FELL_CLASSES, "inputs: x.npy is empty");
    WRITE("x.npy", "PK\3\4 and so on");
    assert_refused("npy", settings, FELL_CLASSES,
                   "inputs: x.npy is an .npz archive; save each array with np.save");
    WRITE("x.npy", "a,b,c\n1,2,3\n");
    assert_refused("npy", settings, FELL_CLASSES, "inputs: x.npy is not an .npy file (wrong magic number)");
    WRITE("x.npy", "\x93NUM");
    assert_refused("npy", settings, FELL_CLASSES,
                   "inputs: x.npy is not an .npy file (wrong magic number; it is cut short)");
    WRITE("x.npy", "\x93NUMPY\x04\x00\x10\x00");
    assert_refused("npy", settings, FELL_CLASSES,
                   "inputs: x.npy has version 4.0 of the format; 1.0 to 3.0 are read");
    WRITE("x.npy", "\x93NUMPY\x01\x00\x10\x00{");
    assert_refused("npy", settings, FELL_CLASSES, "inputs: x.npy is cut short in its head");
    WRITE("x.npy", "\x93NUMPY\x02\x00\xff\xff\xff\xff{");
    assert_refused("npy", settings, FELL_CLASSES,
                   "inputs: x.npy has a head of 4294967295 bytes; at most 65524 are read");
    remove_files((const char *const[]){"x.npy", "t.npy", NULL});
}

Test(npy, refused_pairs)
{
    static const float half[3] = {0, 0.5f, 1}, minus[3] = {0, 1, -2};
    static const char zeros[48];

    write_ids();
    write_npy("x.npy", 1, DICT("|u1", "False", "(4, 2)"), zeros, 8);
    assert_refused("npy", "{inputs: %s/x.npy, targets: %s/t.npy}", FELL_CLASSES,
                   "targets: t.npy has 3 rows, but x.npy has 4");
    write_npy("x.npy", 1, DICT("|u1", "False", "(3, 2)"), zeros, 6);
    assert_refused("npy", "{inputs: %s/x.npy, targets: %s/t.npy, rows: 4}", FELL_CLASSES,
                   "rows: 4, but x.npy has 3");
    assert_refused("npy", "{inputs: %s/x.npy, targets: %s/t.npy, shape: [3]}", FELL_CLASSES,
                   "shape: does not fit the 2 inputs of a row of x.npy");
    write_npy("t.npy", 1, DICT("|u1", "False", "(3, 2, 2)"), zeros, 12);
    assert_refused("npy", "{inputs: %s/x.npy, targets: %s/t.npy}", FELL_CLASSES,
                   "targets: t.npy has 3 dimensions; are inputs and targets exchanged?");
    write_npy("t.npy", 1, DICT("<f4", "False", "(3,)"), half, 12);
    assert_refused("npy", "{inputs: %s/x.npy, targets: %s/t.npy}", FELL_CLASSES,
                   "targets: t.npy: row 2: 0.5 is not a class (a whole number from 0 to 16777215); "
                   "np.unique(y, return_inverse=True)[1] numbers them");
    write_npy("t.npy", 1, DICT("<f4", "False", "(3,)"), minus, 12);
    assert_refused("npy", "{inputs: %s/x.npy, targets: %s/t.npy}", FELL_CLASSES,
                   "targets: t.npy: row 3: -2 is not a class (a whole number from 0 to 16777215); "
                   "np.unique(y, return_inverse=True)[1] numbers them");
    assert_refused("npy", "{inputs: %s/none.npy, targets: %s/t.npy}", FELL_CLASSES,
                   "inputs: cannot open %s/none.npy: No such file or directory");
    remove_files((const char *const[]){"x.npy", "t.npy", NULL});
}

/* ---- libsvm --------------------------------------------------------------------------------- */

Test(libsvm, rows)
{
    static const float x[9] = {0, 0, 0, 0, -1000, 0, 0.5f, 0, 2};
    static const int32_t label[3] = {1, 0, 1};
    struct opened o;

    write_text("a.svm.gz", "+1 1:0.5 3:2 # a comment\n\n# another\n-1 qid:7 2:-1e3\r\n1");
    data_open(&o, "libsvm", "{path: %s/a.svm.gz}", FELL_CLASSES);
    cr_assert_eq(o.info.rows, 3);
    cr_assert(!memcmp(&o.info.x, &(fell_shape){1, {3}}, sizeof o.info.x));
    cr_assert(!memcmp(o.x, x, sizeof x));
    cr_assert(!memcmp(o.label, label, sizeof label));
    cr_assert_eq(o.info.nclasses, 2);
    cr_assert_str_eq(o.info.class_names[0], "-1");
    cr_assert_str_eq(o.info.class_names[1], "1");
    data_close(&o);

    write_text("b.svm", "0.25 0:1\n-3\t2:4\n");
    data_open(&o, "libsvm", "{path: %s/b.svm, zero_based: true, features: 4, shape: [2, 2]}", FELL_VALUES);
    cr_assert(!memcmp(&o.info.x, &(fell_shape){2, {2, 2}}, sizeof o.info.x));
    cr_assert(!memcmp(o.x, (float[]){0, 0, 4, 0, 1, 0, 0, 0}, 8 * sizeof(float)));
    cr_assert(!memcmp(o.target, (float[]){-3, 0.25f}, 2 * sizeof(float)));
    data_close(&o);
    remove_files((const char *const[]){"a.svm.gz", "b.svm", NULL});
}

Test(libsvm, refusals)
{
    static const struct {
        const char *text, *more, *message;
        uint64_t wanted;
    } cases[] = {
        {"", "", "path: f.svm is empty", FELL_CLASSES},
        {"# nothing\n\n", "", "path: f.svm has no rows", FELL_CLASSES},
        {"1\n2\n", "", "path: f.svm has targets alone, and no INDEX:VALUE", FELL_CLASSES},
        {"1 1:2\n1:2 2:3\n", "", "path: f.svm:2: it begins with '1:2', without a target", FELL_CLASSES},
        {"1,2 1:2\n", "", "path: f.svm:1: '1,2' is several targets; one is possible", FELL_CLASSES},
        {"1 1:2 two\n", "", "path: f.svm:1: 'two' is not INDEX:VALUE", FELL_CLASSES},
        {"1 1:2 x:3\n", "", "path: f.svm:1: 'x:3' is not INDEX:VALUE", FELL_CLASSES},
        {"1 1:2 -2:3\n", "", "path: f.svm:1: '-2:3' is not INDEX:VALUE", FELL_CLASSES},
        {"1 1:2 2:nan\n", "", "path: f.svm:1: '2:nan' is not INDEX:VALUE", FELL_CLASSES},
        {"1 1:2 2:\n", "", "path: f.svm:1: '2:' is not INDEX:VALUE", FELL_CLASSES},
        {"1 :2\n", "", "path: f.svm:1: ':2' is not INDEX:VALUE", FELL_CLASSES},
        {"1 1:1e39\n", "", "path: f.svm:1: 1e39 is too large for a 32-bit float", FELL_CLASSES},
        {"1 0:2\n", "",
         "path: f.svm:1: index 0, but indices count from 1; zero_based: true counts them from 0",
         FELL_CLASSES},
        {"1 2:2 2:3\n", "", "path: f.svm:1: index 2 is not above the one before it", FELL_CLASSES},
        {"1 3:2 2:3\n", "", "path: f.svm:1: index 2 is not above the one before it", FELL_CLASSES},
        {"1 4:2\n", ", features: 3", "path: f.svm:1: index 4, but a row has at most 3 features",
         FELL_CLASSES},
        {"1 99999999999999999999:2\n", "",
         "path: f.svm:1: index 99999999999999999999, but a row has at most 16777216 features", FELL_CLASSES},
        {"1 3:2\n", ", shape: [2]", "shape: does not fit the 3 inputs of a row of f.svm", FELL_CLASSES},
        {"no 3:2\n", "",
         "target: column 1 (target) holds text ('no' on line 1), but the loss takes numbers; "
         "classes are for cross_entropy, or yes and no as 1 and 0",
         FELL_VALUES},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        char *settings = mem_format("{path: %%s/f.svm%s}", cases[i].more);

        write_text("f.svm", cases[i].text);
        assert_refused("libsvm", settings, cases[i].wanted, cases[i].message);
        free(settings);
    }
    write_file("f.svm", "1 1:2\0\n", 7);
    assert_refused("libsvm", "{path: %s/f.svm}", FELL_CLASSES,
                   "path: f.svm is not a text file (it holds zero bytes)");
    remove_files((const char *const[]){"f.svm", NULL});
}

/* ---- sqlite ----------------------------------------------------------------------------------- */

/* Runs SQL on the database NAME of the scratch folder; closed again, or left open in *DB. */
static void run_sql(const char *name, const char *sql, sqlite3 **db)
{
    sqlite3 *own;
    char *message = NULL;

    cr_assert_eq(sqlite3_open(in_folder(name), &own), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(own, sql, NULL, NULL, &message), SQLITE_OK, "%s", message);
    if (db)
        *db = own;
    else
        sqlite3_close(own);
}

#define TABLE                                                                                                \
    "CREATE TABLE t(a REAL, b INTEGER, c TEXT, y TEXT);"                                                     \
    "INSERT INTO t VALUES (0.5, 3, '7', 'no'), (1e300, -2, ' 2.5 ', 'yes'), (-1, 0, '1e1', 'no');"

Test(sqlite, rows_of_a_query)
{
    struct opened o;

    run_sql("d.db", TABLE, NULL);
    data_open(&o, "sqlite", "{path: %s/d.db, query: 'SELECT b, y, c FROM t ORDER BY a', target: y}",
              FELL_CLASSES);
    cr_assert_eq(o.info.rows, 3);
    cr_assert_eq(o.info.x.dim[0], 2);
    cr_assert(!memcmp(o.x, (float[]){-2, 2.5f, 3, 7, 0, 10}, 6 * sizeof(float)));
    cr_assert(!memcmp(o.label, (int32_t[]){1, 0, 0}, 3 * sizeof(int32_t)));
    cr_assert_str_eq(o.info.class_names[0], "no");
    cr_assert_str_eq(o.info.class_names[1], "yes");
    data_close(&o);

    data_open(&o, "sqlite",
              "{path: %s/d.db, query: 'WITH s AS (SELECT b AS x, b * 0.25 AS v FROM t) SELECT x, v, x, x, x "
              "FROM s ORDER BY x; -- all', target: [1, -1], shape: [1, 3]}",
              FELL_VALUES);
    cr_assert(!memcmp(&o.info.x, &(fell_shape){2, {1, 3}}, sizeof o.info.x));
    cr_assert(!memcmp(o.target, (float[]){0.75f, 3, 0, 0, -0.5f, -2}, 6 * sizeof(float)));
    data_close(&o);

    /* Numbers are classes for a loss that takes classes, named as they are. */
    data_open(&o, "sqlite", "{path: %s/d.db, query: 'SELECT a / 10 AS v, b FROM t WHERE a < 9', target: v}",
              FELL_CLASSES);
    cr_assert_eq(o.info.nclasses, 2);
    cr_assert_str_eq(o.info.class_names[0], "-0.1");
    cr_assert_str_eq(o.info.class_names[1], "0.05");
    data_close(&o);
    remove_files((const char *const[]){"d.db", NULL});
}

/* More text than one block holds, all of it alive at the end. */
Test(sqlite, many_classes)
{
    struct opened o;

    run_sql(
        "d.db",
        "CREATE TABLE t(x, y); WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 4999)"
        " INSERT INTO t SELECT i, printf('class %04d of a long name, %070d', i, i) FROM n",
        NULL);
    data_open(&o, "sqlite", "{path: %s/d.db, query: SELECT * FROM t, target: y}", FELL_CLASSES);
    cr_assert_eq(o.info.nclasses, 5000);
    for (int i = 0; i < 5000; i++)
        cr_assert_eq(o.label[4999 - i], i);
    data_close(&o);
    remove_files((const char *const[]){"d.db", NULL});
}

Test(sqlite, refused_queries)
{
    static const struct {
        const char *query, *more, *message;
        uint64_t wanted;
    } cases[] = {
        {"SELECT", ", target: y", "query: incomplete input", FELL_CLASSES},
        {"SELECT zilch FROM t", ", target: y", "query: no such column: zilch", FELL_CLASSES},
        {"SELECT * FROM u", ", target: y", "query: no such table: u", FELL_CLASSES},
        {"''", ", target: y", "query: it is empty", FELL_CLASSES},
        {"-- a comment", ", target: y", "query: it is empty", FELL_CLASSES},
        {"SELECT 1; SELECT 2", ", target: y", "query: it holds more than one statement", FELL_CLASSES},
        {"SELECT 1 AS y; what", ", target: y", "query: it holds more than one statement", FELL_CLASSES},
        {"DELETE FROM t", ", target: y", "query: it does more than SELECT; only reading is allowed",
         FELL_CLASSES},
        {"DELETE FROM t RETURNING *", ", target: y",
         "query: it does more than SELECT; only reading is allowed", FELL_CLASSES},
        {"INSERT INTO t SELECT * FROM t", ", target: y",
         "query: it does more than SELECT; only reading is allowed", FELL_CLASSES},
        {"PRAGMA journal_mode", ", target: y", "query: it does more than SELECT; only reading is allowed",
         FELL_CLASSES},
        {"ATTACH 'x.db' AS x", ", target: y", "query: it does more than SELECT; only reading is allowed",
         FELL_CLASSES},
        {"EXPLAIN SELECT * FROM t", ", target: y", "query: it is no SELECT", FELL_CLASSES},
        {"SELECT * FROM t ORDER BY random()", ", target: y",
         "query: random() would give other rows each time", FELL_CLASSES},
        {"SELECT length(sqlite_version()) AS a, y FROM t", ", target: y",
         "query: sqlite_version() would give other rows elsewhere", FELL_CLASSES},
        {"SELECT julianday('now') - b AS a, y FROM t", ", target: y",
         "query: it reads the clock ('now', or a date without a time), which would give other rows each time",
         FELL_CLASSES},
        {"SELECT julianday('n' || 'OW') AS a, y FROM t", ", target: y",
         "query: it reads the clock ('now', or a date without a time), which would give other rows each time",
         FELL_CLASSES},
        {"SELECT unixepoch() AS a, y FROM t", ", target: y",
         "query: it reads the clock ('now', or a date without a time), which would give other rows each time",
         FELL_CLASSES},
        {"SELECT strftime('%s') AS a, y FROM t", ", target: y",
         "query: it reads the clock ('now', or a date without a time), which would give other rows each time",
         FELL_CLASSES},
        {"SELECT b, y FROM t WHERE datetime() > '2020'", ", target: y",
         "query: it reads the clock ('now', or a date without a time), which would give other rows each time",
         FELL_CLASSES},
        {"SELECT b, y FROM t ORDER BY time('now', '+' || b || ' days')", ", target: y",
         "query: it reads the clock ('now', or a date without a time), which would give other rows each time",
         FELL_CLASSES},
        {"SELECT b, date(CASE WHEN b > 0 THEN 'now' ELSE '2020-01-01' END) AS y FROM t", ", target: y",
         "query: it reads the clock ('now', or a date without a time), which would give other rows each time",
         FELL_CLASSES},
        {"SELECT julianday('2020-01-01', 'LocalTime') AS a, y FROM t", ", target: y",
         "query: 'localtime' is the time zone of this machine, and gives other rows elsewhere", FELL_CLASSES},
        {"SELECT julianday('2020-01-01', 'local' || 'time') AS a, y FROM t", ", target: y",
         "query: it asks for the time zone of this machine, and gives other rows elsewhere", FELL_CLASSES},
        {"SELECT b, y FROM t WHERE b < current_date", ", target: y",
         "query: current_date() would give other rows each time", FELL_CLASSES},
        {"SELECT b, y FROM t WHERE b < current_time", ", target: y",
         "query: current_time() would give other rows each time", FELL_CLASSES},
        {"SELECT b, y FROM t WHERE b < current_timestamp", ", target: y",
         "query: current_timestamp() would give other rows each time", FELL_CLASSES},
        {"SELECT * FROM t WHERE b > 5", ", target: y", "query: it gives no rows", FELL_CLASSES},
        {"SELECT b, y FROM t", ", target: z", "target: there is no column 'z' (columns: b, y)", FELL_CLASSES},
        {"SELECT b, y FROM t", ", target: 2", "target: there is no column 2; the query has 0 to 1",
         FELL_CLASSES},
        {"SELECT y FROM t", ", target: y", "target: every column is a target; none is left as input",
         FELL_CLASSES},
        {"SELECT a, y FROM t", ", target: y",
         "query: row 2: column 1 (a): 1e+300 is too large for a 32-bit float", FELL_CLASSES},
        {"SELECT CASE b WHEN 0 THEN 'zero' ELSE b END AS b, y FROM t", ", target: y",
         "query: row 3: column 1 (b): 'zero' is not a number; if it stands for nothing, add it to missing, "
         "if all are words, say columns: {b: category}",
         FELL_CLASSES},
        {"SELECT nullif(b, 0) AS b, y FROM t", ", target: y",
         "query: row 3: column 1 (b): missing value; fill them with a first transform, impute, or drop the "
         "column",
         FELL_CLASSES},
        {"SELECT b, nullif(b, 0) AS y FROM t", ", target: y",
         "query: row 3: column 2 (y): missing value in the target", FELL_CLASSES},
        {"SELECT x'00' AS b, y FROM t", ", target: y",
         "query: row 1: column 1 (b) is a blob; numbers and text are read", FELL_CLASSES},
        {"SELECT b, y || char(0) AS y FROM t", ", target: y", "query: row 1: column 2 (y) holds zero bytes",
         FELL_CLASSES},
        {"SELECT b, 9e999 AS y FROM t", ", target: y",
         "query: row 1: column 2 (y) is inf, which is not finite", FELL_CLASSES},
        {"SELECT b, y FROM t", ", target: y",
         "target: column 2 (y) holds text ('no' on row 1), but the loss takes numbers; "
         "classes are for cross_entropy, or yes and no as 1 and 0",
         FELL_VALUES},
        {"SELECT b, y FROM t", ", target: y, shape: [2]",
         "shape: does not fit the 1 input of a row of the query", FELL_CLASSES},
    };

    run_sql("d.db", TABLE, NULL);
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *settings = cases[i].query[0] == '\''
                             ? mem_format("{path: %%s/d.db, query: ''%s}", cases[i].more)
                             : mem_format("{path: %%s/d.db, query: \"%s\"%s}", cases[i].query, cases[i].more);

        assert_refused("sqlite", settings, cases[i].wanted, cases[i].message);
        free(settings);
    }
    remove_files((const char *const[]){"d.db", NULL});
}

Test(sqlite, refused_files)
{
    static const char *const settings = "{path: %s/d.db, query: SELECT b FROM t, target: b}";
    char *bytes;
    struct error err;
    sqlite3 *db;
    size_t n;

    assert_refused("sqlite", settings, FELL_CLASSES, "path: cannot open %s/d.db: No such file or directory");
    assert_refused("sqlite", "{path: %s, query: SELECT 1, target: b}", FELL_CLASSES,
                   "path: cannot read %s: Is a directory");
    WRITE("d.db", "");
    assert_refused("sqlite", settings, FELL_CLASSES, "path: d.db is empty");
    WRITE("d.db", "a,b\n1,2\nthis is a text that is longer than a head\n");
    assert_refused("sqlite", settings, FELL_CLASSES, "path: d.db is no SQLite database, or is encrypted");
    unlink(in_folder("d.db"));

    run_sql("d.db",
            TABLE "CREATE TABLE big AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
                  "WHERE i < 5000) SELECT i FROM n",
            NULL);
    cr_assert_eq(file_read(in_folder("d.db"), &bytes, &n, &err), OK);
    cr_assert_eq(truncate(in_folder("d.db"), (off_t)n - 8192), 0);
    assert_refused("sqlite", "{path: %s/d.db, query: 'SELECT i, i AS b FROM big', target: b}", FELL_CLASSES,
                   "path: d.db is damaged (database disk image is malformed)");
    unlink(in_folder("d.db"));
    free(bytes);

    run_sql("d.db", TABLE "BEGIN EXCLUSIVE", &db);
    assert_refused("sqlite", settings, FELL_CLASSES, "path: d.db is locked by another program");
    sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    sqlite3_close(db);

    /* Changes in a write-ahead log are none of the file whose hash is recorded. */
    run_sql("d.db", "PRAGMA journal_mode = wal; DELETE FROM t WHERE b = 0", &db);
    assert_refused("sqlite", settings, FELL_CLASSES,
                   "path: changes to d.db lie in d.db-wal and are no part of the file yet; close the program "
                   "that writes it, or copy it with VACUUM INTO");
    sqlite3_close(db);
    {
        struct opened o;

        data_open(&o, "sqlite", "{path: %s/d.db, query: 'SELECT b, y FROM t', target: y}", FELL_CLASSES);
        cr_assert_eq(o.info.rows, 2);
        data_close(&o);
    }
    cr_assert_neq(access(in_folder("d.db-shm"), F_OK), 0, "files were made beside the database");

    /* Nor one that was left beside a file which says that it has none. */
    run_sql("d.db", "PRAGMA journal_mode = delete", NULL);
    write_file("d.db-wal", "left", 4);
    assert_refused("sqlite", settings, FELL_CLASSES,
                   "path: changes to d.db lie in d.db-wal and are no part of the file yet; close the program "
                   "that writes it, or copy it with VACUUM INTO");
    remove_files((const char *const[]){"d.db", "d.db-wal", NULL});
}
