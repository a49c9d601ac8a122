/* data_list.c - which rows each split has, as text and as a hash of that text. See data.h.
 *
 * One row number of the dataset a line, from 0, so that other programs read it and `sha256sum` gives what is
 * recorded.
 */
#include <cjson/cJSON.h>

#include "base/text.h"
#include "engine/data_parts.h"
#include "host/settings.h"

const char *data_list_name(int list)
{
    return list < SPLITS ? split_name((enum split)list) : "noised";
}

int64_t data_list_size(const struct data *d, int list)
{
    return list < SPLITS ? d->split[list].n : d->noised;
}

/* N as digits and a line's end, from the end of TEXT backwards: where they begin. */
static char *digits(int64_t n, char *end)
{
    *--end = '\n';
    do
        *--end = (char)('0' + n % 10);
    while (n /= 10);
    return end;
}

/* PUT the text piece by piece. */
static void each_piece(const struct data *d, int list, void (*put)(void *arg, const char *text, size_t n),
                       void *arg)
{
    const int64_t *row = list < SPLITS ? d->split[list].source_row : d->noised_row;
    char piece[4096], number[24];
    size_t used = 0;

    for (int64_t i = 0; i < data_list_size(d, list); i++) {
        const char *from = digits(row ? row[i] : i, number + sizeof number);
        const size_t n = (size_t)(number + sizeof number - from);

        if (used + n > sizeof piece) {
            put(arg, piece, used);
            used = 0;
        }
        memcpy(piece + used, from, n);
        used += n;
    }
    put(arg, piece, used);
}

static void add_to_text(void *arg, const char *text, size_t n)
{
    strbuf_addn(arg, text, n);
}

static void add_to_hash(void *arg, const char *text, size_t n)
{
    sha256_add(arg, text, n);
}

void data_list_text(const struct data *d, int list, struct strbuf *out)
{
    each_piece(d, list, add_to_text, out);
}

void data_lists_hash(struct data *d)
{
    for (int list = 0; list < DATA_LISTS; list++) {
        struct sha256 *hash;

        if (!data_list_size(d, list))
            continue;
        hash = sha256_new();
        each_piece(d, list, add_to_hash, hash);
        sha256_end(hash, d->list_sha256[list]);
    }
}

cJSON *data_lists_json(const struct data *d)
{
    cJSON *all = cJSON_CreateArray();

    for (int list = 0; list < DATA_LISTS; list++) {
        cJSON *one;

        if (!data_list_size(d, list))
            continue;
        one = cJSON_CreateObject();
        cJSON_AddStringToObject(one, "split", data_list_name(list));
        cJSON_AddItemToObject(one, "rows", settings_json_int(data_list_size(d, list)));
        cJSON_AddStringToObject(one, "sha256", d->list_sha256[list]);
        cJSON_AddItemToArray(all, one);
    }
    return all;
}
