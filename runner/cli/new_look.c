/* new_look.c - see new_look.h. */
#include "cli/new_look.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/safe.h"
#include "base/text.h"
#include "cli/experiment_call.h"
#include "cli/new.h"
#include "work/scout.h"

enum { LOOKS = 9 }; /* after which the reader has refused enough */

/* The messages of D, without the places of a file that the user does not know. */
static void take_problems(const struct diag *d, struct strbuf *out)
{
    struct strbuf all = {0};
    const char *line, *at;

    diag_write(d, &all, false);
    for (line = all.len ? all.text : ""; *line;
         line += strcspn(line, "\n") + (line[strcspn(line, "\n")] == '\n')) {
        const size_t n = strcspn(line, "\n");

        at = memmem(line, n, "error: ", 7);
        if (at)
            strbuf_addf(out, "%s%.*s", out->len ? "\n" : "", (int)(n - (size_t)(at + 7 - line)), at + 7);
    }
    strbuf_release(&all);
}

/* The plan of the spec PATH, which a worker makes; NULL: it has errors, in PROBLEMS. */
static cJSON *plan_of(const struct call *c, const char *path, struct strbuf *problems)
{
    struct call check = {.command = c->command, .typed = c->typed, .db = c->db, .nargs = 1, .args = &path};
    struct experiment_call x;
    char *text = NULL;
    cJSON *plan = NULL;

    if (experiment_call_open(&x, &check) == OK) {
        if (scout_all(x.experiment, &x.options, &text, x.diag) == OK)
            plan = cJSON_Parse(text);
        else
            take_problems(x.diag, problems);
    } else {
        strbuf_add(problems, "the table cannot be looked at: see above");
    }
    free(text);
    experiment_call_release(&x);
    return plan;
}

status new_check(const struct call *c, const char *path, struct error *err)
{
    struct strbuf problems = {0};
    cJSON *plan = plan_of(c, path, &problems);
    const status result = plan ? OK : error_set(err, "%.2000s", problems.text);

    cJSON_Delete(plan);
    strbuf_release(&problems);
    return result;
}

/* As it is where it can be nothing else, else in quotes. */
void look_add_word(struct strbuf *b, const char *text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    static const char *const special[] = {"null", "true", "false", "yes", "no", "on",
                                          "off",  "y",    "n",     "nan", "inf"};
    bool plain = *text && strchr(letters, *text);
    cJSON *json = cJSON_CreateString(text);
    char *printed = cJSON_PrintUnformatted(json);

    for (const char *p = text; *p; p++)
        plain = plain && (strchr(letters, *p) || strchr("0123456789_-./", *p));
    for (size_t i = 0; i < sizeof special / sizeof *special; i++)
        plain = plain && strcasecmp(text, special[i]) != 0;
    if (plain)
        strbuf_add(b, text);
    else
        safe_json(b, printed ? printed : "\"\""); /* what YAML takes for the end of a line is escaped, too */
    cJSON_free(printed);
    cJSON_Delete(json);
}

bool look_is_twice(const struct look *l, const char *name)
{
    int n = 0;
    const cJSON *c;

    cJSON_ArrayForEach(c, cJSON_GetObjectItem(l->set, "columns"))
    {
        const char *own = cJSON_GetStringValue(cJSON_GetObjectItem(c, "name"));

        n += own && strcmp(own, name) == 0;
    }
    for (size_t i = 0; i < l->ndropped; i++)
        n += strcmp(l->dropped[i].name, name) == 0;
    return n > 1;
}

void look_add_missing(const struct look *l, struct strbuf *b)
{
    static const char usual[] =
        "\"\", NA, N/A, n/a, <NA>, \"#N/A\", NaN, nan, \"NULL\", \"null\", None, \"?\"";

    strbuf_addf(b, "missing: [%s%s]", usual, l->nothing.text);
}

/* A dropped column by its name where that is certain, as new rows may have another order; else by its number.
 */
void look_add_drop(const struct look *l, struct strbuf *b, const struct dropped *d)
{
    if (*d->name && !look_is_twice(l, d->name))
        look_add_word(b, d->name);
    else
        strbuf_addf(b, "%lld", (long long)d->number);
}

/* One look: the table with TARGET, a list in YAML, and REST of a spec. False: PROBLEMS. */
status look_once(struct look *l, const char *target, const char *rest, struct error *err)
{
    struct strbuf spec = {0};
    status result = FAILED;
    cJSON *plan;
    char *path;

    cJSON_Delete(l->set);
    l->set = NULL;
    l->problems.len = 0;
    if (!(path = scratch_file(&l->scratch, "look.yaml", err)))
        return FAILED;
    strbuf_add(&spec, "data:\n  source: {csv: {path: ");
    look_add_word(&spec, l->path);
    strbuf_addf(&spec, ", target: %s%s%s, ", target, l->decimal, l->encoding);
    if (l->nothing.len) {
        look_add_missing(l, &spec);
        strbuf_add(&spec, ", ");
    }
    strbuf_add(&spec, "drop: [");
    for (size_t i = 0; i < l->ndropped; i++) {
        strbuf_add(&spec, i ? ", " : "");
        look_add_drop(l, &spec, &l->dropped[i]);
    }
    strbuf_addf(&spec, "]}}\n%s", rest);
    if (file_write(path, spec.text, spec.len, err) == OK) {
        plan = plan_of(l->call, path, &l->problems);
        l->set = cJSON_DetachItemFromArray(cJSON_GetObjectItem(plan, "data"), 0);
        cJSON_Delete(plan);
        result =
            l->set ? OK : error_set(err, "%.2000s", l->problems.len ? l->problems.text : "there is no table");
    }
    strbuf_release(&spec);
    free(path);
    return result;
}

void look_drop(struct look *l, int64_t column, const char *name, const char *why, size_t n)
{
    size_t at = 0;

    while (at < l->ndropped && l->dropped[at].number < column)
        at++;
    if (at < l->ndropped && l->dropped[at].number == column)
        return;
    if (l->ndropped == l->room) {
        l->room = l->room ? 2 * l->room : 8;
        l->dropped = mem_grow(l->dropped, l->room, sizeof *l->dropped);
    }
    memmove(&l->dropped[at + 1], &l->dropped[at], (l->ndropped++ - at) * sizeof *l->dropped);
    l->dropped[at] = (struct dropped){column, mem_string(name), mem_format("%.*s", (int)n, why)};
}

char *look_take_back(struct look *l, size_t at)
{
    char *why = l->dropped[at].why;

    free(l->dropped[at].name);
    memmove(&l->dropped[at], &l->dropped[at + 1], (--l->ndropped - at) * sizeof *l->dropped);
    return why;
}

/* ---- what the reader says ------------------------------------------------------------------ */

/* "name" of "column 3 (name) has ..."; "" where it is cut, has parentheses of its own, or something that is
 * not shown. free() it. */
static char *name_in(const char *label)
{
    const char *open = label + strcspn(label, " ;,(");
    size_t n;

    if (strncmp(open, " (", 2) != 0)
        return mem_string("");
    n = strcspn(open + 2, "()\"\\?");
    return n < 100 && open[2 + n] == ')' && open[3 + n] == ' ' ? mem_format("%.*s", (int)n, open + 2)
                                                               : mem_string("");
}

/* How the reader quotes the table: what stands before it, and what behind. */
static const struct {
    const char *before, *behind[3];
} quotes[] = {
    {"('", {"', ...), more than ", "') in the target", "' on "}},
    {" '", {"' is "}},
    {"columns: {", {": {embed: ", ": category}"}},
};
static const char *const behind_name[3] = {") has ", ") holds ", "): "};

/* The first of BEHIND in TEXT; the end of TEXT, where there is none. */
static char *find_behind(char *text, const char *const behind[3])
{
    char *first = text + strlen(text), *at;

    for (int i = 0; i < 3 && behind[i]; i++)
        if ((at = strstr(text, behind[i])) && at < first)
            first = at;
    return first;
}

/* The bytes at TEXT behind which something of the table is quoted, and where that ends; or 0. */
static size_t begin_quote(char *text, char **end)
{
    size_t n;

    for (size_t i = 0; i < sizeof quotes / sizeof *quotes; i++)
        if (strncmp(text, quotes[i].before, strlen(quotes[i].before)) == 0) {
            *end = find_behind(text + strlen(quotes[i].before), quotes[i].behind);
            return strlen(quotes[i].before);
        }
    if (strncmp(text, "column ", 7) != 0)
        return 0;
    n = 7 + strspn(text + 7, "0123456789");
    *end = text + n;
    if (n > 7 && strncmp(text + n, " (", 2) == 0)
        *end = find_behind(text + (n += 2), behind_name);
    return n;
}

/* TEXT without what the table says itself, which is no advice: its words and names are blank. free() it. */
static char *own_words(const char *text)
{
    char *own = mem_string(text), *end;

    for (char *at = own; *at;) {
        const size_t n = begin_quote(at, &end);

        at += n ? n : 1;
        if (n) {
            memset(at, ' ', (size_t)(end - at));
            at = end;
        }
    }
    return own;
}

/* "column 1 (x): 'unknown' is not a number (nor are 7 others of 80); if it stands for nothing": words that
 * few rows have stand for nothing. OWN is TEXT with blanks in the place of the word. False: there is none. */
static bool take_missing(struct look *l, const char *text, const char *own)
{
    static const char says[] = "' is not a number", stands[] = "; if it stands for nothing";
    const char *at = own;
    bool any = false;

    while ((at = strstr(at, says))) {
        const char *begin = at, *end = at + strlen(says);
        long long others = 0, rows = 0;
        char word[64];

        while (begin > own && begin[-1] == ' ')
            begin--;
        sscanf(end, " (nor are %lld others of %lld)", &others, &rows);
        end += *end == ' ' ? strcspn(end, ")") + 1 : 0;
        /* The blanks begin behind ": '". */
        if (strncmp(end, stands, strlen(stands)) == 0 && 4 * others <= rows &&
            at - begin < (long)sizeof word) {
            snprintf(word, sizeof word, "%.*s", (int)(at - begin), text + (begin - own));
            strbuf_add(&l->nothing, ", ");
            look_add_word(&l->nothing, word);
            any = true;
        }
        at++;
    }
    return any;
}

/* What the reader said can be done is done: "column 3 (name) has 200 words ...; drop it", `decimal: ","`,
 * `encoding: latin1`. False: nothing was. */
static bool follow_advice(struct look *l)
{
    const size_t before = l->ndropped;
    const char *text = l->problems.len ? l->problems.text : "";
    char *own = own_words(text);
    bool more = true;

    for (const char *at = own; (at = strstr(at, "column ")); at++) {
        const char *end = strstr(at, "drop it");
        const char *next = strstr(at + 1, "column ");
        char *rest;
        const long number = strtol(at + 7, &rest, 10);

        if (rest > at + 7 && number > 0 && end && (!next || end < next)) {
            char *name = name_in(text + (at + 7 - own));

            look_drop(l, number - 1, name, text + (at - own), (size_t)(end - at) - 2);
            free(name);
        }
    }
    if (!*l->decimal && strstr(own, "decimal: \",\""))
        l->decimal = ", decimal: \",\"";
    else if (!*l->encoding && strstr(own, "encoding: latin1"))
        l->encoding = ", encoding: cp1252";
    else
        more = take_missing(l, text, own) || l->ndropped > before;
    free(own);
    return more;
}

/* Every column. */
status look_at_columns(struct look *l, struct error *err)
{
    static const char rest[] =
        "  target: input\n  transforms: [impute]\nmodel: [{dense: {units: features}}]\n"
        "loss: mse\noptimizer: sgd\ntrain: {epochs: 1}\n";

    for (int i = 0; i < LOOKS; i++) {
        if (look_once(l, "[]", rest, err) == OK)
            return OK;
        if (!follow_advice(l))
            break;
    }
    return FAILED;
}

void look_release(struct look *l)
{
    for (size_t i = 0; i < l->ndropped; i++) {
        free(l->dropped[i].name);
        free(l->dropped[i].why);
    }
    free(l->dropped);
    free(l->path);
    cJSON_Delete(l->set);
    strbuf_release(&l->problems);
    strbuf_release(&l->nothing);
    scratch_end(&l->scratch);
}
