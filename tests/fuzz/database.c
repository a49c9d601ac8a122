/* database.c - a results database of somebody else under each command that reads one. The input is the
 * command that is asked, and changes to a sound one whose tables keep nothing of what ours promise
 * (FUZZ_DATABASE): table, column, row, and a value; what is left of it replaces the file's bytes at a place.
 *
 * The changes are made in memory, in a transaction of a database that stays open, and taken back after the
 * file was written: its schema is read once. The commands read the file as they always do.
 */
#include <ftw.h>
#include <sqlite3.h>

#include "cli/command.h"
#include "fuzz.h"
#include "sqlite_pool.h"

enum { MOST_TABLES = 32, MOST_COLUMNS = 48, MOST_CHANGES = 6 };

static sqlite3 *db;
static size_t ntables;
static struct {
    char name[64], column[MOST_COLUMNS][64];
    size_t ncolumns;
} table[MOST_TABLES];

static void must(int rc, int wanted)
{
    if (rc != wanted)
        abort(); /* the harness is wrong */
}

static void read_names(void)
{
    sqlite3_stmt *s;

    must(sqlite3_prepare_v2(db,
                            "SELECT t.name, c.name FROM sqlite_schema AS t, pragma_table_info(t.name) AS c"
                            " WHERE t.type = 'table' ORDER BY t.name, c.cid",
                            -1, &s, NULL),
         SQLITE_OK);
    while (sqlite3_step(s) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(s, 0);

        if (ntables == 0 || strcmp(table[ntables - 1].name, name) != 0) {
            must(ntables < MOST_TABLES, 1);
            snprintf(table[ntables++].name, sizeof table->name, "%s", name);
        }
        must(table[ntables - 1].ncolumns < MOST_COLUMNS, 1);
        snprintf(table[ntables - 1].column[table[ntables - 1].ncolumns++], sizeof table->name, "%s",
                 (const char *)sqlite3_column_text(s, 1));
    }
    sqlite3_finalize(s);
    must(ntables > 0, 1);
}

static void open_original(void)
{
    const char *path = getenv("FUZZ_DATABASE");
    sqlite3 *file = NULL;
    sqlite3_int64 size = 0;
    unsigned char *bytes;

    must(pool_install(), SQLITE_OK);
    must(sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0), SQLITE_OK);
    must(sqlite3_config(SQLITE_CONFIG_SINGLETHREAD), SQLITE_OK);
    must(path ? sqlite3_open_v2(path, &file, SQLITE_OPEN_READONLY, NULL) : SQLITE_ERROR, SQLITE_OK);
    bytes = sqlite3_serialize(file, "main", &size, 0);
    must(bytes && size > 0, 1);
    must(sqlite3_close(file), SQLITE_OK);
    must(sqlite3_open(":memory:", &db), SQLITE_OK);
    must(sqlite3_deserialize(db, "main", bytes, size, size,
                             SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_RESIZEABLE),
         SQLITE_OK);
    read_names();
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

/* One change; the bytes that it took. */
static size_t change(const uint8_t *p, size_t n)
{
    const size_t most = n - 4, size = p[3] % 32 < most ? p[3] % 32 : most, t = p[0] % ntables;
    sqlite3_stmt *s = NULL;
    char *sql = sqlite3_mprintf("UPDATE \"%w\" SET \"%w\" = ?1 WHERE %d = 0 OR rowid = %d", table[t].name,
                                table[t].column[p[1] % table[t].ncolumns], p[2] % 8, p[2] % 8);

    if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK) {
        bind_value(s, p[3] / 32, p + 4, size);
        sqlite3_step(s);
    }
    sqlite3_finalize(s);
    sqlite3_free(sql);
    return 4 + size;
}

/* The file with the changes that BYTES are; its path. */
static const char *write_changed(const uint8_t *bytes, size_t n)
{
    sqlite3_int64 size = 0;
    unsigned char *file;
    const char *path;

    must(sqlite3_exec(db, "BEGIN", NULL, NULL, NULL), SQLITE_OK);
    for (int k = 0; k < MOST_CHANGES && n > 4; k++) {
        const size_t used = change(bytes, n);

        bytes += used;
        n -= used;
    }
    file = sqlite3_serialize(db, "main", &size, 0);
    must(file != NULL, 1);
    must(sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    if (n > 3 && bytes[0] == 0xff) {
        const size_t at = (size_t)(bytes[1] << 8 | bytes[2]) % (size_t)size, room = (size_t)size - at;

        memcpy(file + at, bytes + 3, n - 3 < room ? n - 3 : room);
    }
    path = fuzz_file("fell.db", file, (size_t)size);
    sqlite3_free(file);
    return path;
}

static int remove_it(const char *path, const struct stat *about, int what, struct FTW *at)
{
    (void)about;
    (void)what;
    (void)at;
    return remove(path);
}

/* What FIRST chooses. DB stands for the database, OUT and FOLDER for what is not there, SOUND and SPEC for
 * the database that it was made of and its spec. */
static void ask(const char *changed, const char *out, const char *folder, unsigned first)
{
    static const char *const calls[][8] = {{"runs", "--db", "DB"},
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
                                           {"best", "1", "--json", "--db", "DB"},
                                           {"compare", "2", "1", "--json", "--db", "DB"},
                                           {"retry", "1", "--db", "DB"},
                                           {"merge", "SOUND", "-o", "DB"},
                                           {"explain", "SPEC", "--run", "1", "--db", "DB"},
                                           {"replay", "2", "--db", "DB"},
                                           {"run", "SPEC", "--quiet", "--db", "DB"},
                                           {"report", "--html", "-o", "OUT", "--db", "DB"},
                                           {"show", "1", "--html", "-o", "OUT", "--db", "DB"},
                                           {"export", "1", "--csv", "OUT", "--db", "DB"},
                                           {"export", "1", "--tensorboard", "FOLDER", "--db", "DB"},
                                           {"export", "1", "--csv", "FOLDER", "--db", "DB"},
                                           {"predict", "1", "--split", "train", "-o", "OUT", "--db", "DB"},
                                           {"prune", "1", "--share", "0.5", "-o", "OUT", "--db", "DB"}};
    static const struct command *const commands[] = {
        &command_runs,   &command_show,    &command_best,    &command_report,
        &command_watch,  &command_merge,   &command_compare, &command_verify,
        &command_export, &command_retry,   &command_explain, &command_replay,
        &command_run,    &command_predict, &command_prune,   NULL};
    const struct {
        const char *word, *is;
    } names[] = {{"DB", changed},
                 {"OUT", out},
                 {"FOLDER", folder},
                 {"SOUND", getenv("FUZZ_SOUND")},
                 {"SPEC", getenv("FUZZ_SPEC")}};
    const char *const *w = calls[first % (sizeof calls / sizeof *calls)];
    char words[9][160] = {"fell"}, *argv[10] = {words[0]};
    int argc = 1;

    for (; argc < 9 && w[argc - 1]; argc++) {
        const char *word = w[argc - 1];

        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            if (strcmp(names[i].word, w[argc - 1]) == 0)
                word = names[i].is ? names[i].is : "";
        snprintf(words[argc], sizeof words[0], "%s", word);
        argv[argc] = words[argc];
    }
    cli_main(commands, argc, argv);
    unlink(out);
    nftw(folder, remove_it, 4, FTW_DEPTH | FTW_PHYS);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    char path[128], out[128], folder[128];
    sqlite3_int64 used;

    if (n < 2)
        return 0;
    if (!db)
        open_original();
    snprintf(path, sizeof path, "%s", write_changed(bytes + 1, n - 1));
    snprintf(out, sizeof out, "%s/out.csv", fuzz_folder());
    snprintf(folder, sizeof folder, "%s/made", fuzz_folder());
    used = sqlite3_memory_used();
    ask(path, out, folder, bytes[0]);
    if (sqlite3_memory_used() != used)
        abort(); /* something of a database was left open */
    return 0;
}
