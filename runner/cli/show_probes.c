/* show_probes.c - see show_probes.h. Opens nothing and prints nothing. */
#include "cli/show_probes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/display.h"
#include "cli/results.h"

enum { FEW = 6 /* values that are listed, not drawn */, WIDE = 32 };

/* The first and the last look of each probe. */
#define LOOKS                                                                                                \
    "WITH looks AS (SELECT probe, min(epoch) AS a, max(epoch) AS b FROM probes WHERE run_id = ?1 GROUP BY "  \
    "probe)\n"

const char show_probes_single[] =
    LOOKS "SELECT p.probe, p.name AS number, p.layer, max(p.value) FILTER (WHERE p.epoch = a) AS first,\n"
          "       max(p.value) FILTER (WHERE p.epoch = b) AS last, b AS epoch\n"
          "FROM looks JOIN probes AS p ON p.probe = looks.probe AND p.epoch IN (a, b) WHERE p.run_id = ?1\n"
          "GROUP BY 1, 2, 3 HAVING max(p.position) = 0 ORDER BY 1, 2, 3";

#define MANY(values)                                                                                         \
    LOOKS                                                                                                    \
    "SELECT probe, name AS number, layer, epoch, count(*) AS count, min(value) AS min,\n"                    \
    "       avg(value) AS mean, max(value) AS max, " values "\n"                                             \
    "FROM (SELECT p.probe, p.name, p.layer, p.epoch, p.position, p.value FROM looks JOIN probes AS p\n"      \
    "      ON p.probe = looks.probe AND p.epoch = b WHERE p.run_id = ?1\n"                                   \
    "      ORDER BY p.probe, p.name, p.layer, p.position)\n"                                                 \
    "GROUP BY 1, 2, 3 HAVING max(position) > 0 ORDER BY 1, 2, 3"

const char show_probes_many[] = MANY("shown(value) AS \"values\"");
const char show_probes_many_json[] =
    MANY("json_group_array(position) AS positions, json_group_array(value) AS \"values\"");

/* ---- shown(value) ------------------------------------------------------------------------------- */

struct values {
    double *v;
    size_t n;
};

static void add_value(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    struct values *all = sqlite3_aggregate_context(context, sizeof *all);

    (void)argc;
    if (!all)
        return;
    all->v = mem_grow(all->v, all->n + 1, sizeof *all->v);
    all->v[all->n++] = sqlite3_value_type(argv[0]) == SQLITE_NULL ? NAN : sqlite3_value_double(argv[0]);
}

static void end_values(sqlite3_context *context)
{
    struct values *all = sqlite3_aggregate_context(context, 0);
    struct strbuf text = {0};
    char number[32];

    if (!all)
        return;
    strbuf_add(&text, "");
    for (size_t i = 0; all->n <= FEW && i < all->n; i++) {
        display_number(all->v[i], number);
        strbuf_addf(&text, "%s%s", i ? " " : "", number);
    }
    if (all->n > FEW)
        display_curve(&text, all->v, all->n, WIDE);
    sqlite3_result_text(context, text.text, -1, SQLITE_TRANSIENT);
    strbuf_release(&text);
    free(all->v);
}

status show_probes_begin(sqlite3 *db, struct error *err)
{
    return sqlite3_create_function(db, "shown", 1, SQLITE_UTF8, NULL, NULL, add_value, end_values) ==
                   SQLITE_OK
               ? OK
               : results_error(db, err);
}

/* ---- JSON ------------------------------------------------------------------------------------------ */

void show_probes_parse(cJSON *rows)
{
    static const char *const keys[] = {"positions", "values"};
    cJSON *row;

    cJSON_ArrayForEach(row, rows)
    {
        for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
            const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(row, keys[i]));
            cJSON *array = text ? cJSON_Parse(text) : NULL;

            if (array)
                cJSON_ReplaceItemInObject(row, keys[i], array);
        }
    }
}
