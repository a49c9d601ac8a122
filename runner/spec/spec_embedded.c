/* spec_embedded.c - columns of the data whose words the model learns vectors for: the entry of each.
 *
 * A dataset with a setting `columns`, a map of words, may say `{embed: 8}` of a column, which arrives as
 * "embed 8". How many words there are is known when the data are (net_words.c).
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "spec/spec_model.h"

#define EMBED "embed "

/* How long a vector may be is the dataset's to say; but a layer is made of what is one. */
static bool is_embedded(const char *word)
{
    int64_t n;

    return !strncmp(word, EMBED, strlen(EMBED)) && text_to_int(word + strlen(EMBED), &n) && n >= 1;
}

/* The setting of the source; empty without one. */
static fell_map columns(const struct spec_reader *r)
{
    const struct choice *source = &r->spec->data.source;

    for (size_t i = 0; source->item && source->settings && i < source->item->nparams; i++) {
        const fell_param *p = &source->item->params[i];

        if (p->type == FELL_P_MAP && !strcmp(p->name, "columns"))
            return *(const fell_map *)(const void *)((const char *)source->settings + p->offset);
    }
    return (fell_map){0};
}

size_t spec_embedded_count(const struct spec_reader *r)
{
    const fell_map map = columns(r);
    size_t n = 0;

    for (int64_t i = 0; i < map.n; i++)
        n += is_embedded(map.value[i]);
    return n;
}

/* What a name for entries and tensors has in the place of C. */
static char letter_of(char c)
{
    return c && strchr(SPEC_NAME_LETTERS "-", c) ? c : '_';
}

static bool are_alike(const char *a, const char *b)
{
    for (; *a && *b; a++, b++)
        if (letter_of(*a) != letter_of(*b))
            return false;
    return *a == *b;
}

/* A name for entries and tensors; false: an earlier column has the same. */
static bool name_of(struct arena *arena, const fell_map *map, int64_t at, const char **out)
{
    char *name = arena_format(arena, "embed_%s", map->key[at]);

    for (char *c = name; *c; c++)
        *c = letter_of(*c);
    *out = name;
    for (int64_t i = 0; i < at; i++)
        if (is_embedded(map->value[i]) && are_alike(map->key[i], map->key[at]))
            return false;
    return true;
}

static struct node *scalar(struct arena *arena, const struct place *at, const char *text)
{
    struct node *n = arena_alloc(arena, sizeof *n);

    *n = (struct node){.kind = NODE_SCALAR, .place = *at, .text = text, .plain = true};
    return n;
}

const struct node *spec_embedded_entry(struct spec_reader *r, size_t i, const struct node *at,
                                       struct spec_named *named)
{
    const fell_map map = columns(r);
    const struct place *place = r->spec->data.source.item ? &r->spec->data.source.at : &at->place;
    struct node *settings = arena_alloc(r->arena, sizeof *settings);
    const char *name;
    int64_t k = 0;

    for (size_t left = i; !is_embedded(map.value[k]) || left--; k++)
        ;
    if (!name_of(r->arena, &map, k, &name))
        name = arena_format(r->arena, "%s_%zu", name, i + 1);
    *settings = (struct node){.kind = NODE_MAP, .place = *place, .n = 2};
    settings->key = arena_alloc(r->arena, settings->n * sizeof *settings->key);
    settings->item = arena_alloc(r->arena, settings->n * sizeof *settings->item);
    settings->key[0] = scalar(r->arena, place, "num_embeddings");
    settings->item[0] = scalar(r->arena, place, "1");
    settings->key[1] = scalar(r->arena, place, "embedding_dim");
    settings->item[1] = scalar(r->arena, place, map.value[k] + strlen(EMBED));
    *named = (struct spec_named){.name = "embed_column", .at = *place, .settings = settings};
    return scalar(r->arena, place, name);
}
