/* show_page.c - `fell show RUN --html`: one run as a page that needs no network: its curves, the norms of its
 * tensors, what probes recorded, its events and files. On what the page of a report is made of
 * (report_page.c), with `kind` "run" in its data.
 */
#include "cli/report.h"

#include <stdlib.h>

#include "cli/display.h"
#include "cli/follow.h"

/* ---- the head -------------------------------------------------------------------------- */

/* V as a line of text; NULL: nothing to say. free() it. */
static char *say(const cJSON *v)
{
    char number[32];

    if (cJSON_IsString(v))
        return mem_string(v->valuestring);
    if (cJSON_IsRaw(v))
        return mem_string(v->valuestring);
    if (!cJSON_IsNumber(v))
        return NULL;
    display_number(v->valuedouble, number);
    return mem_string(number);
}

static void add_settings(struct strbuf *head, const cJSON *params)
{
    struct strbuf b = {0};

    for (const cJSON *p = params ? params->child : NULL; p; p = p->next) {
        char *text = say(p);

        strbuf_addf(&b, "%s%s = %s", b.len ? "\n" : "", p->string, text ? text : "null");
        free(text);
    }
    report_page_fact(head, "settings", b.text);
    strbuf_release(&b);
}

/* The facts of the run, as `fell show` has them, and what makes it again. */
static void add_facts(struct strbuf *head, const cJSON *facts)
{
    const cJSON *again = cJSON_GetObjectItem(facts, "again");

    strbuf_add(head, "<dl class=\"facts\">\n");
    for (const cJSON *f = facts->child; f; f = f->next) {
        char *text = say(f), *name = mem_string(f->string);

        for (char *p = name; *p; p++)
            if (*p == '_')
                *p = ' ';
        report_page_fact(head, name, text);
        free(name);
        free(text);
    }
    add_settings(head, cJSON_GetObjectItem(facts, "params"));
    report_page_fact(head, "the experiment again", report_text_of(again, "experiment"));
    report_page_fact(head, "this trial alone", report_text_of(again, "trial"));
    strbuf_add(head, "</dl>\n");
}

/* ---- the data ------------------------------------------------------------------------------ */

/* What the scripts know of trials: this one alone. */
static void add_trial(cJSON *page)
{
    cJSON *rows = cJSON_AddArrayToObject(cJSON_AddObjectToObject(page, "trials"), "rows");
    cJSON *row = cJSON_CreateObject();
    const cJSON *params = cJSON_GetObjectItem(page, "params");

    cJSON_AddItemToArray(rows, row);
    cJSON_AddItemToObject(row, "trial", cJSON_Duplicate(cJSON_GetObjectItem(page, "trial"), true));
    cJSON_AddItemToObject(row, "mean", cJSON_Duplicate(cJSON_GetObjectItem(page, "best"), true));
    if (params)
        cJSON_AddItemToObject(row, "params", cJSON_Duplicate(params, true));
    cJSON_AddArrayToObject(cJSON_AddObjectToObject(page, "points"), "settings");
}

status show_page_write(sqlite3 *db, const struct call *c, int64_t run, cJSON *facts, struct strbuf *out,
                       struct error *err)
{
    static const char *const parts[][2] = {{"curves", "Curves"},
                                           {"gradients", "Gradients"},
                                           {"probes", "Probes"},
                                           {"lists", "What happened"},
                                           {NULL, NULL}};
    static const char *const in_pictures[] = {"epochs", "gradients", "probes", "probe_values"};
    struct strbuf head = {0};
    char *title = mem_format("%s, run %lld", report_text_of(facts, "experiment"), (long long)run);
    int64_t experiment = 0;
    status st = FAILED;

    for (size_t i = 0; i < sizeof in_pictures / sizeof *in_pictures; i++)
        cJSON_DeleteItemFromObject(facts, in_pictures[i]);
    add_facts(&head, facts);
    cJSON_AddStringToObject(facts, "kind", "run");
    add_trial(facts);
    follow_tell(c, facts);
    if (results_number(db, "SELECT experiment_id FROM runs WHERE id = ?1", 1, &run, 0, &experiment, err) ==
            OK &&
        report_curves_json(db, experiment, run, facts, err) == OK &&
        report_gradients_json(db, run, facts, err) == OK && report_probes_json(db, run, facts, err) == OK) {
        report_page_fill(out, title, head.text, parts, facts);
        st = OK;
    } else {
        cJSON_Delete(facts);
    }
    strbuf_release(&head);
    free(title);
    return st;
}
