/* database.c - a results database of somebody else under each command that reads one. The input is
 * the commands that are asked, and changes to a sound one whose tables keep nothing of what ours promise
 * (FUZZ_DATABASE): table, column, row, and a value; what is left of it replaces the file's bytes at a place.
 */
#include <sqlite3.h>

#include "cli/command.h"
#include "fuzz.h"

static char *original;
static size_t length;

static void read_original(void)
{
    const char *path = getenv("FUZZ_DATABASE");
    FILE *f = path ? fopen(path, "r") : NULL;
    struct stat about;

    if (!f || fstat(fileno(f), &about) != 0)
        abort();
    length = (size_t)about.st_size;
    original = malloc(length);
    if (!original || fread(original, 1, length, f) != length)
        abort();
    fclose(f);
}

static void bind_value(sqlite3_stmt *s, unsigned kind, const uint8_t *bytes, size_t n)
{
    int64_t i = 0;
    double x;

    memcpy(&i, bytes, n < sizeof i ? n : sizeof i);
    memcpy(&x, &i, sizeof x);
    switch (kind % 6) {
    case 0:
        sqlite3_bind_null(s, 1);
        break;
    case 1:
        sqlite3_bind_int64(s, 1, i);
        break;
    case 2:
        sqlite3_bind_double(s, 1, x);
        break;
    case 3:
        sqlite3_bind_blob(s, 1, bytes, (int)n, SQLITE_STATIC);
        break;
    case 4:
        sqlite3_bind_int64(s, 1, (int64_t)(int8_t)i);
        break;
    default:
        sqlite3_bind_text(s, 1, (const char *)bytes, (int)n, SQLITE_STATIC);
    }
}

/* The first text of SQL's answer. */
static void ask_name(sqlite3 *db, char *sql, char name[64])
{
    sqlite3_stmt *s = NULL;

    name[0] = 0;
    if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW)
        snprintf(name, 64, "%s", (const char *)sqlite3_column_text(s, 0));
    sqlite3_finalize(s);
    sqlite3_free(sql);
}

/* One change; the bytes that it took. */
static size_t change(sqlite3 *db, const uint8_t *p, size_t n)
{
    const size_t most = n - 4, size = p[3] % 32 < most ? p[3] % 32 : most;
    char table[64], name[64];
    sqlite3_stmt *s = NULL;
    char *sql;

    ask_name(db,
             sqlite3_mprintf("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name LIMIT 1"
                             " OFFSET %d %% (SELECT count(*) FROM sqlite_schema WHERE type = 'table')",
                             p[0]),
             table);
    ask_name(db,
             sqlite3_mprintf("SELECT name FROM pragma_table_info(%Q) LIMIT 1 OFFSET %d %%"
                             " max(1, (SELECT count(*) FROM pragma_table_info(%Q)))",
                             table, p[1], table),
             name);
    sql = sqlite3_mprintf("UPDATE \"%w\" SET \"%w\" = ?1 WHERE %d = 0 OR rowid = %d", table, name, p[2] % 8,
                          p[2] % 8);
    if (name[0] && sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK) {
        bind_value(s, p[3] / 32, p + 4, size);
        sqlite3_step(s);
    }
    sqlite3_finalize(s);
    sqlite3_free(sql);
    return 4 + size;
}

/* What the first byte chooses, two next to each other. DB stands for the database, OUT for a file that is
 * not there. */
static void ask(const char *db, const char *out, unsigned first)
{
    static const char *const calls[][6] = {{"runs", "--db", "DB"},
                                           {"report", "--db", "DB"},
                                           {"show", "1", "--db", "DB"},
                                           {"watch", "--once", "--db", "DB"},
                                           {"verify", "1", "--db", "DB"},
                                           {"best", "1", "--db", "DB"},
                                           {"merge", "DB", "-o", "OUT"},
                                           {"compare", "1", "2", "--db", "DB"},
                                           {"export", "1", "--safetensors", "OUT", "--db", "DB"},
                                           {"runs", "--json", "--db", "DB"},
                                           {"report", "--json", "--db", "DB"},
                                           {"show", "2", "--json", "--db", "DB"},
                                           {"watch", "--once", "--json", "--db", "DB"},
                                           {"verify", "2", "--json", "--db", "DB"},
                                           {"compare", "2", "1", "--db", "DB"},
                                           {"retry", "1", "--db", "DB"}};
    static const struct command *const commands[] = {&command_runs,
                                                     &command_show,
                                                     &command_best,
                                                     &command_report,
                                                     &command_watch,
                                                     &command_merge,
                                                     &command_compare,
                                                     &command_verify,
                                                     &command_export,
                                                     &command_retry,
                                                     NULL};
    const size_t n = sizeof calls / sizeof *calls;

    for (size_t i = 0; i < 2; i++) {
        char words[7][160] = {"fell"}, *argv[8] = {words[0]};
        int argc = 1;

        for (const char *const *w = calls[(first + i) % n]; argc < 7 && w[argc - 1]; argc++) {
            const char *word = w[argc - 1];

            snprintf(words[argc], sizeof words[0], "%s",
                     strcmp(word, "DB") == 0    ? db
                     : strcmp(word, "OUT") == 0 ? out
                                                : word);
            argv[argc] = words[argc];
        }
        cli_main(commands, argc, argv);
        unlink(out);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    char path[128], out[128];
    const unsigned first = n ? bytes[0] : 0;
    sqlite3 *db = NULL;

    if (n < 2)
        return 0;
    bytes++;
    n--;
    if (!original)
        read_original();
    snprintf(path, sizeof path, "%s", fuzz_file("fell.db", original, length));
    snprintf(out, sizeof out, "%s/out", fuzz_folder());
    if (sqlite3_open(path, &db) != SQLITE_OK)
        abort();
    sqlite3_exec(db, "PRAGMA synchronous = OFF; PRAGMA journal_mode = OFF; BEGIN", NULL, NULL, NULL);
    for (int k = 0; k < 6 && n > 4; k++) {
        const size_t used = change(db, bytes, n);

        bytes += used;
        n -= used;
    }
    sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    sqlite3_close(db);
    if (n > 3 && bytes[0] == 0xff) {
        FILE *f = fopen(path, "r+");

        fseek(f, (bytes[1] << 8 | bytes[2]) % (long)length, SEEK_SET);
        fwrite(bytes + 3, 1, n - 3, f);
        fclose(f);
    }
    ask(path, out, first);
    return 0;
}
