/* test_text.c - words, numbers, files, paths and hashes of base/text.h. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <locale.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

Test(text, nearest)
{
    static const char *const names[] = {"lr", "momentum", "weight_decay", "nesterov", "relu", "cross_entropy",
                                        "l2"};
    static const struct {
        const char *word, *expected;
    } cases[] = {
        {"momentun", "momentum"},
        {"momnetum", "momentum"},
        {"ReLU", "relu"},
        {"rl", "lr"},
        {"lrr", "lr"},
        {"weightdecay", "weight_decay"},
        {"cross-entropy", "cross_entropy"},
        {"CrossEntropy", "cross_entropy"},
        {"l1", "lr"},
        {"zz", NULL},
        {"q", NULL},
        {"", NULL},
        {"momentum_of_it_all", NULL},
        {"nestrov", "nesterov"},
        {"rleu", "relu"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *found = text_nearest(cases[i].word, names, COUNT(names));

        cr_expect(found == cases[i].expected ||
                      (found && cases[i].expected && !strcmp(found, cases[i].expected)),
                  "%s: %s, not %s", cases[i].word, found ? found : "none",
                  cases[i].expected ? cases[i].expected : "none");
    }
    cr_expect_null(text_nearest("lr", NULL, 0));
}

static void check_numbers(void)
{
    static const struct {
        const char *text;
        double value;
    } good[] = {
        {"0", 0},
        {"1", 1},
        {"-1", -1},
        {"+1", 1},
        {"1e-3", 1e-3},
        {".5", .5},
        {"1.", 1},
        {"-.5", -.5},
        {"1_000", 1000},
        {"1_0.2_5e1_0", 10.25e10},
        {"1E5", 1e5},
        {"1e+5", 1e5},
        {"007", 7},
        {"inf", (double)INFINITY},
        {".inf", (double)INFINITY},
        {"-.INF", -(double)INFINITY},
        {"+inf", (double)INFINITY},
        {"Infinity", (double)INFINITY},
        {"1e-400", 0},
        {"0.1", 0.1},
        {"1.7976931348623157e308", 1.7976931348623157e308},
        {"3.14", 3.14},
    };
    static const char *const bad[] = {"",    " 1",    "1 ",     "1__0",    "_1",    "1_",    "1._5",
                                      ".",   "e5",    "1e",     "1e+",     "--1",   "0x10",  "1,5",
                                      "one", "1e999", "-1e999", "1.2.3",   "1e5.0", "infin", "+",
                                      "na",  "..inf", "1f",     "\xd9\xa1"};
    double v;

    for (size_t i = 0; i < COUNT(good); i++) {
        cr_expect(text_to_double(good[i].text, &v), "%s", good[i].text);
        cr_expect(v == good[i].value, "%s gave %g", good[i].text, v);
    }
    for (size_t i = 0; i < COUNT(bad); i++)
        cr_expect(!text_to_double(bad[i], &v), "%s gave %g", bad[i], v);
    cr_expect(text_to_double(".NaN", &v) && isnan(v));
    cr_expect(text_to_double("nan", &v) && isnan(v));
}

Test(text, numbers)
{
    check_numbers();
}

/* A comma as decimal point, in the locales that have one. */
Test(text, numbers_in_another_locale)
{
    char out[32];

    if (!setlocale(LC_ALL, "de_DE.UTF-8") && !setlocale(LC_ALL, "fr_FR.UTF-8"))
        cr_skip("no locale with a decimal comma is installed");
    check_numbers();
    text_from_double(0.5, out);
    cr_expect_str_eq(out, "0.5");
}

Test(text, whole_numbers)
{
    static const struct {
        const char *text;
        int64_t value;
    } good[] = {
        {"0", 0},
        {"-0", 0},
        {"1e3", 1000},
        {"1_000", 1000},
        {"1.0", 1},
        {"1.5e1", 15},
        {"1500e-2", 15},
        {"0e99", 0},
        {"0.000e-5", 0},
        {"+7", 7},
        {"0012", 12},
        {"-2.50e1", -25},
        {"9223372036854775807", INT64_MAX},
        {"-9223372036854775808", INT64_MIN},
        {"9007199254740993", 9007199254740993},
        {"92233720368547758.07e2", INT64_MAX},
        {"0e99999999999999999999", 0},
        {"1e18", 1000000000000000000},
    };
    static const char *const bad[] = {"1.5",
                                      "1e-3",
                                      "9223372036854775808",
                                      "-9223372036854775809",
                                      "1e19",
                                      "inf",
                                      "nan",
                                      "",
                                      "x",
                                      "1e999999999999999999999",
                                      "0.1",
                                      "5e-1",
                                      "1e-99999999999999999"};
    int64_t v;

    for (size_t i = 0; i < COUNT(good); i++) {
        cr_expect(text_to_int(good[i].text, &v), "%s", good[i].text);
        cr_expect(v == good[i].value, "%s gave %lld", good[i].text, (long long)v);
    }
    for (size_t i = 0; i < COUNT(bad); i++)
        cr_expect(!text_to_int(bad[i], &v), "%s gave %lld", bad[i], (long long)v);
}

Test(text, truth)
{
    static const char *const yes[] = {"true", "True", "TRUE", "yes", "on", "On"};
    static const char *const no[] = {"false", "False", "no", "NO", "off"};
    static const char *const neither[] = {"", "1", "0", "y", "truely", "tru", "none", "offf"};
    bool v;

    for (size_t i = 0; i < COUNT(yes); i++)
        cr_expect(text_to_bool(yes[i], &v) && v, "%s", yes[i]);
    for (size_t i = 0; i < COUNT(no); i++)
        cr_expect(text_to_bool(no[i], &v) && !v, "%s", no[i]);
    for (size_t i = 0; i < COUNT(neither); i++)
        cr_expect(!text_to_bool(neither[i], &v), "%s", neither[i]);
}

Test(text, shortest_double)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {0, "0"},
        {1, "1"},
        {-3, "-3"},
        {100, "100"},
        {1e6, "1000000"},
        {0.1, "0.1"},
        {1e-3, "0.001"},
        {1e-5, "1e-05"},
        {1.0 / 3, "0.3333333333333333"},
        {0.1 + 0.2, "0.30000000000000004"},
        {1e22, "1e+22"},
        {1.5e15, "1500000000000000"},
        {(double)INFINITY, "inf"},
        {-(double)INFINITY, "-inf"},
        {5e-324, "5e-324"},
        {123456789.125, "123456789.125"},
        {9007199254740993.0, "9007199254740992"},
    };
    uint64_t state = 1;
    char out[32];

    for (size_t i = 0; i < COUNT(cases); i++) {
        text_from_double(cases[i].value, out);
        cr_expect_str_eq(out, cases[i].text);
    }
    text_from_double((double)NAN, out);
    cr_expect_str_eq(out, "nan");
    for (int i = 0; i < 20000; i++) { /* any bits at all read back */
        double v, back;

        state = state * 6364136223846793005u + 1442695040888963407u;
        memcpy(&v, &state, sizeof v);
        if (!isfinite(v))
            continue;
        text_from_double(v, out);
        cr_assert(text_to_double(out, &back) && back == v, "%s", out);
    }
}

Test(text, characters)
{
    static const struct {
        const char *bytes;
        size_t n;
        uint32_t c;
    } cases[] = {
        {"a", 1, 'a'},
        {"\xc3\xa4", 2, 0xe4},
        {"\xe2\x82\xac", 3, 0x20ac},
        {"\xf0\x9f\x98\x80", 4, 0x1f600},
        {"\xf4\x8f\xbf\xbf", 4, 0x10ffff},
        {"\x80", 0, 0},             /* a continuation alone */
        {"\xc0\xaf", 0, 0},         /* overlong */
        {"\xe0\x80\xaf", 0, 0},     /* overlong */
        {"\xed\xa0\x80", 0, 0},     /* a surrogate */
        {"\xf4\x90\x80\x80", 0, 0}, /* beyond Unicode */
        {"\xc3", 0, 0},             /* cut off */
        {"\xc3"
         "a",
         0, 0},
        {"\xff", 0, 0},
        {"", 0, 0},
    };
    static const char breaks[] = "\r\nx\xc2\x85\xe2\x80\xa8";
    const char *end = breaks + sizeof breaks - 1;

    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *p = cases[i].bytes;
        uint32_t c = 0;

        cr_expect_eq(text_character(p, p + strlen(p), &c), cases[i].n, "case %zu", i);
        cr_expect_eq(c, cases[i].c, "case %zu", i);
    }
    cr_expect_eq(text_length("a\xc3\xa4\xe2\x82\xac", 6), 3);
    cr_expect_eq(text_break(breaks, end), 2);
    cr_expect_eq(text_break(breaks + 1, end), 1);
    cr_expect_eq(text_break(breaks, breaks + 1), 1);
    cr_expect_eq(text_break(breaks + 2, end), 0);
    cr_expect_eq(text_break(breaks + 3, end), 2);
    cr_expect_eq(text_break(breaks + 5, end), 3);
    cr_expect_eq(text_break(end, end), 0);
}

static char *scratch(void)
{
    char *folder = mem_format("%s/fell-text-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");

    cr_assert(mkdtemp(folder) != NULL);
    return folder;
}

static void write_file(const char *path, const void *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");

    cr_assert(f != NULL);
    cr_assert(fwrite(bytes, 1, n, f) == n);
    fclose(f);
}

Test(text, files)
{
    char *folder = scratch(), *path = path_join(folder, "a.bin"), *deep = path_join(folder, "x//y/z/"),
         *bytes;
    char *blocked = path_join(path, "b"), *big = mem_array(200000, 1), *list, sum[65];
    struct error err;
    struct stat about;
    size_t len;

    write_file(path, "a\0b", 3);
    cr_assert(file_read(path, &bytes, &len, &err) == OK);
    cr_expect(len == 3 && !memcmp(bytes, "a\0b", 4), "content and its closing NUL");
    free(bytes);
    write_file(path, "", 0);
    cr_assert(file_read(path, &bytes, &len, &err) == OK);
    cr_expect(len == 0 && bytes[0] == 0);
    free(bytes);
    cr_expect(file_read(folder, &bytes, &len, &err) == FAILED);
    cr_expect(strstr(err.text, "folder") != NULL, "%s", err.text);
    cr_expect(file_read("/nowhere/at/all", &bytes, &len, &err) == FAILED);
    cr_expect_str_eq(err.text, "cannot read '/nowhere/at/all': No such file or directory");

    cr_expect(path_make_folder(deep, &err) == OK, "%s", err.text);
    cr_expect(path_make_folder(deep, &err) == OK, "twice is fine");
    cr_expect(stat(deep, &about) == 0 && S_ISDIR(about.st_mode));
    cr_expect(path_make_folder(blocked, &err) == FAILED);
    cr_expect(strstr(err.text, "a file is in its place") != NULL, "%s", err.text);

    memset(big, 'a', 200000); /* longer than a block of the reader */
    write_file(path, big, 200000);
    cr_expect(sha256_file(path, sum, &err) == OK);
    {
        char other[65];

        sha256_text(big, 200000, other);
        cr_expect_str_eq(sum, other);
    }
    cr_expect(sha256_file(folder, sum, &err) == FAILED);
    list = mem_format("rm -rf '%s'", folder);
    cr_expect_eq(system(list), 0);
    free(list);
    free(folder), free(path), free(deep), free(blocked), free(big);
}

static void expect_file(const char *path, const char *text)
{
    char *bytes;
    struct error err;
    size_t len;

    cr_assert(file_read(path, &bytes, &len, &err) == OK, "%s", err.text);
    cr_expect_str_eq(bytes, text);
    free(bytes);
}

/* What a file held stays until all that is new is there. */
Test(text, writing_files)
{
    static char big[100000];
    const struct rlimit limit = {50000, 50000};
    char *folder = scratch(), *path = path_join(folder, "a"), *link = path_join(folder, "link");
    char *none = path_join(folder, "none/a"), *list;
    struct error err;
    struct stat about;

    cr_expect(file_write(path, "first", 5, &err) == OK);
    cr_assert(chmod(path, 0640) == 0 && symlink("a", link) == 0);
    cr_expect(file_write(link, "second", 6, &err) == OK, "%s", err.text);
    expect_file(path, "second");
    cr_expect(lstat(link, &about) == 0 && S_ISLNK(about.st_mode), "a symbolic link stays one");
    cr_expect(stat(path, &about) == 0 && (about.st_mode & 0777) == 0640);

    signal(SIGXFSZ, SIG_IGN);
    cr_assert(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    cr_expect(file_write(path, big, sizeof big, &err) == FAILED);
    cr_expect(strstr(err.text, "cannot write '") && strstr(err.text, "/a': File too large"), "%s", err.text);
    expect_file(path, "second");
    list = mem_format("rm '%s' '%s' && rmdir '%s'", path, link, folder);
    cr_expect(system(list) == 0, "nothing else is left");
    cr_expect(file_write(none, "", 0, &err) == FAILED);
    cr_expect(strstr(err.text, "none/a': No such file or directory"), "%s", err.text);
    cr_expect(file_write("/dev/full", "text", 4, &err) == FAILED);
    cr_expect_str_eq(err.text, "cannot write '/dev/full': No space left on device");
    free(folder), free(path), free(link), free(none), free(list);
}

/* The vectors of FIPS 180-4's examples. */
Test(text, sha256)
{
    char sum[65];

    sha256_text("abc", 3, sum);
    cr_expect_str_eq(sum, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    sha256_text("", 0, sum);
    cr_expect_str_eq(sum, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

Test(text, paths)
{
    static const char *const folded[][2] = {{"/a/../b", "/b"},
                                            {"/a/b/../../c/", "/c"},
                                            {"/..", "/"},
                                            {"/a/..", "/"},
                                            {"/../../a", "/a"},
                                            {"/a..b/...", "/a..b/..."},
                                            {"/proc/self/../x", "/proc/self/../x"}}; /* a symbolic link */
    static const struct {
        const char *path, *folder, *base;
    } cases[] = {{"a/b.yaml", "a", "b.yaml"}, {"b.yaml", ".", "b.yaml"}, {"/b", "/", "b"},
                 {"/a/b/c", "/a/b", "c"},     {"a//b", "a", "b"},        {"../x", "..", "x"}};
    static const struct {
        const char *folder, *path, *joined;
    } joins[] = {{"a", "b", "a/b"}, {"a/", "b", "a/b"}, {".", "b", "b"},
                 {"", "b", "b"},    {"a", "/b", "/b"},  {"/", "b", "/b"}};
    char here[4096], *expected, *got;

    for (size_t i = 0; i < COUNT(cases); i++) {
        got = path_folder(cases[i].path);
        cr_expect_str_eq(got, cases[i].folder);
        cr_expect_str_eq(path_base(cases[i].path), cases[i].base);
        free(got);
    }
    for (size_t i = 0; i < COUNT(joins); i++) {
        got = path_join(joins[i].folder, joins[i].path);
        cr_expect_str_eq(got, joins[i].joined);
        free(got);
    }
    cr_assert(getcwd(here, sizeof here) != NULL);
    expected = mem_format("%s/a/../b", here);
    got = path_absolute("./a//.././b/");
    cr_expect_str_eq(got, expected);
    free(expected), free(got);
    for (size_t i = 0; i < sizeof folded / sizeof *folded; i++) {
        got = path_fold(folded[i][0]);
        cr_expect_str_eq(got, folded[i][1], "%s", folded[i][0]);
        free(got);
    }
    got = path_absolute("//x/./y");
    cr_expect_str_eq(got, "/x/y");
    free(got);
    got = path_absolute("/");
    cr_expect_str_eq(got, "/");
    free(got);
}

Test(text, clocks)
{
    char now[32];
    int y, mo, d, h, mi, s, ms, end = 0;
    double before = time_monotonic();

    time_now_text(now);
    cr_expect(sscanf(now, "%4d-%2d-%2dT%2d:%2d:%2d.%3dZ%n", &y, &mo, &d, &h, &mi, &s, &ms, &end) == 7, "%s",
              now);
    cr_expect(end == 24 && strlen(now) == 24, "%s", now);
    cr_expect(time_monotonic() >= before);
}

Test(text, descriptors_are_closed)
{
    int low = dup(STDERR_FILENO), high = fcntl(STDERR_FILENO, F_DUPFD, 200), how;
    const pid_t child = fork();

    if (child == 0) {
        file_close_from(low + 1);
        _exit(fcntl(low, F_GETFD) < 0 || fcntl(low + 1, F_GETFD) >= 0 || fcntl(high, F_GETFD) >= 0);
    }
    cr_assert(waitpid(child, &how, 0) == child);
    cr_expect(WIFEXITED(how) && WEXITSTATUS(how) == 0);
}
