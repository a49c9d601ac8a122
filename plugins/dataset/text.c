/* text.c - a text as rows of units (characters, bytes, words), each with the unit that follows as its target.
 *
 * The text is read once, becomes numbers, and is let go; how a file of text becomes UTF-8 is text.h.
 */
#define _POSIX_C_SOURCE 200809L

#include <math.h>

#include "fell/plugin.h"
#include "file.h"
#include "text.h"

enum { CHAR, BYTE, WORD };

struct settings {
    const char *path;
    int32_t unit, encoding;
    int64_t length, stride;
    fell_floats part;
};

static const fell_param params[] = {
    FELL_STRING(struct settings, path, NULL, FELL_REQUIRED | FELL_PATH,
                "The text file; may be compressed by gzip."),
    FELL_ENUM(struct settings, unit, "char", "char|byte|word",
              "What the text is made of: characters, bytes, or words between blanks."),
    FELL_INT(struct settings, length, 0, 1, 1 << 24, FELL_REQUIRED, "Units in a row, at least 1."),
    FELL_INT(
        struct settings, stride, 0, 0, 1LL << 40, 0,
        "Units from the beginning of a row to that of the next; 0: as many as the row has, side by side."),
    FELL_FLOATS(struct settings, part, "[0, 1]", 0, 1, 0,
                "Where in the text the rows are, as two shares of its units: [0, 0.9] is all but the last "
                "tenth. The vocabulary is that of the whole text."),
    FELL_ENUM(struct settings, encoding, "utf8", TEXT_ENCODINGS,
              "How characters are written; of unit byte "
              "nothing is asked."),
};

static const char *const unit_words[] = {"character", "byte", "word"};

/* A unit of the vocabulary. */
struct unit {
    const char *text; /* where it stands first */
    size_t len;
    int64_t count;
    int32_t number; /* in the vocabulary */
    char *name;     /* for people */
};

/* A text while it is opened. */
struct reading {
    fell_ctx *ctx;
    const struct settings *s;
    const char *file;
    char *text; /* [n] with a NUL behind it */
    size_t n;
    int64_t units; /* in all of it */
    struct unit *unit;
    int64_t nunits;
    int64_t *slot; /* [slots] of a hash table: index in `unit` + 1, or 0 */
    int64_t slots;
};

/* What is left of it. */
struct corpus {
    int32_t *number; /* [n] the units of the part */
    int64_t n;
    int64_t nnames;
    char **name; /* [nnames] the vocabulary */
    char found[200];
};

static fell_status out_of_memory(const struct reading *r)
{
    return file_out_of_memory(r->ctx, "path", r->s->path);
}

/* ---- units -------------------------------------------------------------------------------- */

/* The length of the blank (White_Space of Unicode, and the separators 0x1c to 0x1f) at P; 0: none. */
static size_t blank_length(const unsigned char *p)
{
    if (*p == ' ' || (*p >= 0x09 && *p <= 0x0d) || (*p >= 0x1c && *p <= 0x1f))
        return 1;
    if (*p == 0xc2 && (p[1] == 0x85 || p[1] == 0xa0))
        return 2;
    if ((*p == 0xe1 && p[1] == 0x9a && p[2] == 0x80) || (*p == 0xe3 && p[1] == 0x80 && p[2] == 0x80) ||
        (*p == 0xe2 && p[1] == 0x81 && p[2] == 0x9f) ||
        (*p == 0xe2 && p[1] == 0x80 &&
         ((p[2] >= 0x80 && p[2] <= 0x8a) || p[2] == 0xa8 || p[2] == 0xa9 || p[2] == 0xaf)))
        return 3;
    return 0;
}

/* The unit at or behind byte *AT, which is moved to its beginning; its length, 0 at the end of the text. */
static size_t next_unit(const struct reading *r, size_t *at)
{
    const unsigned char *p = (const unsigned char *)r->text;
    size_t n;

    if (r->s->unit != WORD)
        return *at >= r->n ? 0 : r->s->unit == BYTE ? 1 : text_utf8_length(p + *at);
    while (*at < r->n && (n = blank_length(p + *at)) > 0)
        *at += n;
    for (n = 0; *at + n < r->n && !blank_length(p + *at + n);)
        n += text_utf8_length(p + *at + n);
    return n;
}

/* Where in the table the unit TEXT is, or would be: Fowler, Noll and Vo's hash 1a. */
static int64_t *find_slot(const struct reading *r, const char *text, size_t len)
{
    uint64_t hash = 0xcbf29ce484222325u;

    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (unsigned char)text[i]) * 0x100000001b3u;
    for (uint64_t at = (hash ^ hash >> 32) & (uint64_t)(r->slots - 1);;
         at = (at + 1) & (uint64_t)(r->slots - 1)) {
        const struct unit *u = r->slot[at] ? &r->unit[r->slot[at] - 1] : NULL;

        if (!u || (u->len == len && !memcmp(u->text, text, len)))
            return &r->slot[at];
    }
}

/* The table is kept at most half full. */
static bool make_room(struct reading *r)
{
    const int64_t slots = r->slots ? 2 * r->slots : 1024;
    struct unit *larger;
    int64_t *slot;

    if (2 * r->nunits < r->slots)
        return true;
    larger = realloc(r->unit, (size_t)slots / 2 * sizeof *larger);
    if (!larger)
        return false;
    r->unit = larger;
    slot = calloc((size_t)slots, sizeof *slot);
    if (!slot)
        return false;
    free(r->slot);
    r->slot = slot;
    r->slots = slots;
    for (int64_t i = 0; i < r->nunits; i++)
        *find_slot(r, r->unit[i].text, r->unit[i].len) = i + 1;
    return true;
}

static fell_status count_units(struct reading *r)
{
    for (size_t at = 0, len; (len = next_unit(r, &at)) > 0; at += len) {
        int64_t *slot;

        if (!make_room(r))
            return out_of_memory(r);
        slot = find_slot(r, r->text + at, len);
        if (!*slot) {
            r->unit[r->nunits++] = (struct unit){.text = r->text + at, .len = len};
            *slot = r->nunits;
        }
        r->unit[*slot - 1].count++;
        r->units++;
    }
    return r->units ? FELL_OK : fell_fail(r->ctx, "path: %s holds blanks alone, and no word", r->file);
}

/* ---- the vocabulary ----------------------------------------------------------------------- */

/* UTF-8 sorts by bytes as its code points do. */
static int by_text(const void *a, const void *b)
{
    const struct unit *x = *(const struct unit *const *)a, *y = *(const struct unit *const *)b;
    const int order = memcmp(x->text, y->text, x->len < y->len ? x->len : y->len);

    return order ? order : (x->len > y->len) - (x->len < y->len);
}

static int by_count(const void *a, const void *b)
{
    const struct unit *x = *(const struct unit *const *)a, *y = *(const struct unit *const *)b;

    if (x->count != y->count)
        return x->count < y->count ? 1 : -1;
    return by_text(a, b);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(**(char *const *const *)a, **(char *const *const *)b);
}

/* The unit as it is told: what does not print as C has it, so that no two have one name. */
static char *make_name(const struct settings *s, const struct unit *u)
{
    static const char special[] = "\n\t\r\\", letter[] = "ntr\\";
    char *name = malloc(4 * u->len + 1), *to = name;

    for (size_t i = 0; name && i < u->len; i++) {
        const unsigned char c = (unsigned char)u->text[i];
        const char *known = c ? strchr(special, c) : NULL;

        if (known)
            to += sprintf(to, "\\%c", letter[known - special]);
        else if (c < 0x20 || c == 0x7f || (c >= 0x80 && s->unit == BYTE))
            to += sprintf(to, "\\x%02x", c);
        else
            *to++ = (char)c;
    }
    if (name)
        *to = '\0';
    return name;
}

/* Names for all units, which are numbered in order: the text's own vocabulary. */
static fell_status make_vocabulary(const struct reading *r, struct corpus *c)
{
    struct unit **order = malloc((size_t)r->nunits * sizeof *order);

    c->name = calloc((size_t)r->nunits, sizeof *c->name);
    if (!order || !c->name) {
        free(order);
        return out_of_memory(r);
    }
    for (int64_t i = 0; i < r->nunits; i++)
        order[i] = &r->unit[i];
    qsort(order, (size_t)r->nunits, sizeof *order, r->s->unit == WORD ? by_count : by_text);
    for (; c->nnames < r->nunits; c->nnames++) {
        order[c->nnames]->number = (int32_t)c->nnames;
        c->name[c->nnames] = make_name(r->s, order[c->nnames]);
        if (!c->name[c->nnames]) {
            free(order);
            return out_of_memory(r);
        }
    }
    free(order);
    return FELL_OK;
}

/* A unit by its name among those of the source. */
static fell_status number_unit(const struct reading *r, struct unit *u, const char *const **order, int64_t n,
                               const char *const *first)
{
    char *name = make_name(r->s, u);
    const char *const *key = (const char *const *)&name, *const * *found;
    fell_status result = FELL_OK;

    if (!name)
        return out_of_memory(r);
    found = bsearch(&key, order, (size_t)n, sizeof *order, by_name);
    if (found)
        u->number = (int32_t)(*found - first);
    else
        result = fell_fail(r->ctx, "path: %s:%lld: the %s '%.64s' is not among the %lld of the source",
                           r->file, text_line(r->text, (size_t)(u->text - r->text)), unit_words[r->s->unit],
                           name, (long long)n);
    free(name);
    return result;
}

/* A test set's units are numbered as the source's; their names are the source's. */
static fell_status match_vocabulary(struct reading *r, const fell_data_info *source, struct corpus *c)
{
    const int64_t n = source->nclasses;
    const char *const **order;
    fell_status result = FELL_OK;

    if (!source->vocabulary || source->vocabulary != n || !source->class_names)
        return fell_fail(r->ctx, "path: %s is a text, but the source is none", r->file);
    order = malloc((size_t)n * sizeof *order);
    c->name = calloc((size_t)n, sizeof *c->name);
    if (!order || !c->name)
        result = out_of_memory(r);
    for (; result == FELL_OK && c->nnames < n; c->nnames++) {
        order[c->nnames] = &source->class_names[c->nnames];
        c->name[c->nnames] = strdup(source->class_names[c->nnames]);
        if (!c->name[c->nnames])
            result = out_of_memory(r);
    }
    if (result == FELL_OK)
        qsort(order, (size_t)n, sizeof *order, by_name);
    for (int64_t i = 0; result == FELL_OK && i < r->nunits; i++)
        result = number_unit(r, &r->unit[i], order, n, source->class_names);
    free(order);
    return result;
}

/* ---- the part ----------------------------------------------------------------------------- */

static fell_status check_part(fell_ctx *ctx, const fell_floats *part)
{
    if (part->n != 2)
        return fell_fail(ctx, "part: %lld number%s; two are wanted, where the part begins and ends: [0, 0.9]",
                         (long long)part->n, part->n == 1 ? "" : "s");
    if (part->v[0] >= part->v[1])
        return fell_fail(ctx, "part: it begins at %g and ends at %g; the first must be smaller", part->v[0],
                         part->v[1]);
    return FELL_OK;
}

static int64_t stride(const struct settings *s)
{
    return s->stride ? s->stride : s->length;
}

/* The units of the part as numbers. */
static fell_status take_part(const struct reading *r, struct corpus *c)
{
    const struct settings *s = r->s;
    const int64_t begin = (int64_t)floor(s->part.v[0] * (double)r->units),
                  end = (int64_t)floor(s->part.v[1] * (double)r->units);
    const char *word = unit_words[s->unit];
    int64_t i = 0;

    if (end - begin < s->length + 1)
        return fell_fail(r->ctx,
                         "%s: %s has %lld %s%s%s; a row of length %lld wants %lld, with the one that follows",
                         end - begin < r->units ? "part" : "length", r->file, (long long)(end - begin), word,
                         end - begin == 1 ? "" : "s", end - begin < r->units ? " in this part" : "",
                         (long long)s->length, (long long)s->length + 1);
    c->number = malloc((size_t)(end - begin) * sizeof *c->number);
    if (!c->number)
        return out_of_memory(r);
    for (size_t at = 0, len; i < end && (len = next_unit(r, &at)) > 0; at += len, i++)
        if (i >= begin)
            c->number[c->n++] = r->unit[*find_slot(r, r->text + at, len) - 1].number;
    snprintf(c->found, sizeof c->found,
             "%lld %ss, %lld different, %lld in this part; rows of %lld, one every %lld", (long long)r->units,
             word, (long long)r->nunits, (long long)c->n, (long long)s->length, (long long)stride(s));
    return FELL_OK;
}

/* ---- the dataset -------------------------------------------------------------------------- */

static void close_text(void *self)
{
    struct corpus *c = self;

    for (int64_t i = 0; c->name && i < c->nnames; i++)
        free(c->name[i]);
    free(c->name);
    free(c->number);
    free(c);
}

static fell_status read_text(struct reading *r)
{
    const fell_status result = r->s->unit == BYTE
                                   ? file_read(r->ctx, "path", r->s->path, SIZE_MAX, &r->text, &r->n)
                                   : text_read(r->ctx, r->s->path, r->s->encoding, &r->text, &r->n);

    if (result == FELL_OK && r->n == 0)
        return fell_fail(r->ctx, "path: %s is empty", r->file);
    return result;
}

static fell_status settle(struct reading *r, const fell_data_info *info, struct corpus *c)
{
    if (info->wanted == FELL_VALUES)
        return fell_fail(r->ctx, "its targets are classes, the %s that follows; the loss takes values",
                         unit_words[r->s->unit]);
    if (check_part(r->ctx, &r->s->part) != FELL_OK || read_text(r) != FELL_OK || count_units(r) != FELL_OK)
        return FELL_ERROR;
    if ((info->source ? match_vocabulary(r, info->source, c) : make_vocabulary(r, c)) != FELL_OK)
        return FELL_ERROR;
    return take_part(r, c);
}

static fell_status open_text(fell_data_info *info)
{
    const struct settings *s = info->settings;
    struct reading r = {.ctx = info->ctx, .s = s, .file = file_name(s->path)};
    struct corpus *c = calloc(1, sizeof *c);
    const fell_status result = c ? settle(&r, info, c) : out_of_memory(&r);

    free(r.text);
    free(r.unit);
    free(r.slot);
    if (result != FELL_OK) {
        if (c)
            close_text(c);
        return result;
    }
    info->self = c;
    info->rows = (c->n - s->length - 1) / stride(s) + 1;
    info->x = info->target = fell_vec(s->length);
    info->is = FELL_CLASSES;
    info->nclasses = info->vocabulary = c->nnames;
    info->class_names = (const char *const *)c->name;
    info->found = c->found;
    info->step = stride(s);
    return FELL_OK;
}

static fell_status read_rows(fell_read_call *call)
{
    const struct settings *s = call->settings;
    const struct corpus *c = call->self;

    for (int64_t i = 0; i < call->n; i++) {
        const int32_t *at = c->number + call->row[i] * stride(s);

        for (int64_t j = 0; j < s->length; j++) {
            call->x[i * s->length + j] = (float)at[j];
            if (call->label)
                call->label[i * s->length + j] = at[j + 1];
        }
    }
    return FELL_OK;
}

static const fell_dataset text = {
    FELL_ITEM(
        FELL_KIND_DATASET, fell_dataset, "text",
        "A text file as rows of characters, bytes or words; the target of each is the one that follows.\n\n"
        "Inputs are whole numbers (for embedding), targets classes: the places of the units in the\n"
        "vocabulary of the whole text, which is in the order of code points, or of words by how often\n"
        "they stand there, of equally frequent ones by code points. Words stand between blanks and are\n"
        "taken as they are. Rows that overlap (a stride below the length) take no more memory than the\n"
        "text. A test set's units are numbered as the source's; one that the source lacks is an error.",
        struct settings, params),
    open_text, read_rows, close_text};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &text.item);
