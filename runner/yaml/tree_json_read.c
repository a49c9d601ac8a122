/* tree_json_read.c - JSON as this program writes it, to the nodes that libyaml's events would give.
 *
 * A resolved spec is one line of JSON, read by the runner and by a worker for every run, and so are lists
 * that are defaults of settings; libyaml takes ten times as long for it as this does. Whatever is not such a
 * line, or has a fault, is read by tree_read(), which finds the words for it: nothing is reported here. See
 * tree_parse_json() in tree.h.
 */
#include "yaml/tree_parts.h"

#include <string.h>

enum { ITEMS = 128 }; /* of one collection; a longer one is for tree_read() */

struct line {
    struct tree *tree;
    const struct source *source;
    const char *at, *end;
};

static struct node *read_value(struct line *l, int depth);

/* From the byte BEGIN to where L stands: all characters are one byte. */
static struct place place_from(const struct line *l, const char *begin)
{
    return (struct place){l->source, 1, (int)(begin - l->source->text) + 1, 1,
                          (int)(l->at - l->source->text) + 1};
}

static bool take(struct line *l, char c)
{
    if (l->at == l->end || *l->at != c)
        return false;
    l->at++;
    return true;
}

/* The character that \uXXXX at P is; 0: none of ASCII that a text can hold. */
static char escaped_number(const char *p, const char *end)
{
    int c = 0;

    if (end - p < 4)
        return 0;
    for (int i = 0; i < 4; i++) {
        const char *digit = memchr("0123456789abcdef", p[i], 16);

        if (!digit)
            return 0;
        c = c << 4 | (int)(digit - "0123456789abcdef");
    }
    return c < 0x80 ? (char)c : 0;
}

/* What stands behind a backslash, which is taken; 0: no escape of JSON. */
static char escaped(struct line *l)
{
    static const char letters[] = "\"\\/bfnrt", mean[] = "\"\\/\b\f\n\r\t";
    const char *letter = l->at < l->end ? memchr(letters, *l->at, sizeof letters - 1) : NULL;
    char c;

    if (letter) {
        l->at++;
        return mean[letter - letters];
    }
    if (!take(l, 'u') || !(c = escaped_number(l->at, l->end)))
        return 0;
    l->at += 4;
    return c;
}

static struct node *read_string(struct line *l)
{
    const char *begin = l->at, *quote = memchr(begin + 1, '"', (size_t)(l->end - begin - 1));
    struct node *n;
    struct place at;
    char *text, *to;

    while (quote && quote[-1] == '\\') /* or the end of an escaped backslash: then too much room is had */
        quote = memchr(quote + 1, '"', (size_t)(l->end - quote - 1));
    if (!quote)
        return NULL;
    to = text = arena_alloc(tree_arena(l->tree), (size_t)(quote - begin));
    for (l->at++; l->at < l->end && *l->at != '"'; to++) {
        if (*l->at < ' ' || *l->at > '~')
            return NULL;
        *to = *l->at++;
        if (*to == '\\' && !(*to = escaped(l)))
            return NULL;
    }
    if (!take(l, '"'))
        return NULL;
    at = place_from(l, begin);
    n = tree_node(l->tree, NODE_SCALAR, &at);
    n->text = text;
    return n;
}

/* A number or one of three words: the same in YAML as a plain scalar. */
static struct node *read_plain(struct line *l)
{
    static const char characters[] = "+-.0123456789abcdefghijklmnopqrstuvwxyzE";
    const char *begin = l->at;
    struct node *n;
    struct place at;

    l->at += strspn(l->at, characters);
    if (l->at == begin || (*begin != '-' && !(*begin >= '0' && *begin <= '9') && *begin != 't' &&
                           *begin != 'f' && *begin != 'n'))
        return NULL;
    if (*begin == '-' && (l->at == begin + 1 || !(begin[1] >= '0' && begin[1] <= '9')))
        return NULL;
    at = place_from(l, begin);
    n = tree_node(l->tree, NODE_SCALAR, &at);
    n->text = arena_string(tree_arena(l->tree), begin, (size_t)(l->at - begin));
    n->plain = true;
    return n;
}

static bool is_new_key(struct node *const *keys, size_t n, const struct node *key)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(keys[i]->text, key->text) == 0)
            return false;
    return strlen(key->text) <= TREE_KEY_LENGTH;
}

static void skip_blanks(struct line *l)
{
    while (take(l, ' ')) {
    }
}

/* A list, or a map when CLOSES is '}'; its first bracket is taken. */
static struct node *read_items(struct line *l, char closes, int depth)
{
    const char *begin = l->at - 1;
    struct node *key[ITEMS], *item[ITEMS];
    const bool map = closes == '}';
    struct place at;
    size_t n = 0;

    if (depth > TREE_DEPTH)
        return NULL;
    while (!take(l, closes)) {
        if (n == ITEMS || (n && !take(l, ',')))
            return NULL;
        skip_blanks(l);
        if (map && (l->at == l->end || *l->at != '"' || !(key[n] = read_string(l)) ||
                    !is_new_key(key, n, key[n]) || !take(l, ':')))
            return NULL;
        skip_blanks(l);
        if (!(item[n] = read_value(l, depth + 1)))
            return NULL;
        n++;
    }
    at = place_from(l, begin);
    return tree_collection(l->tree, map ? NODE_MAP : NODE_LIST, &at, n, map ? key : NULL, item);
}

static struct node *read_value(struct line *l, int depth)
{
    if (take(l, '{'))
        return read_items(l, '}', depth);
    if (take(l, '['))
        return read_items(l, ']', depth);
    return l->at < l->end && *l->at == '"' ? read_string(l) : read_plain(l);
}

struct node *tree_parse_json(struct tree *t, const char *path, const char *folder, const char *text,
                             struct diag *d)
{
    const struct source *source = tree_source(t, path, folder, text, strlen(text));
    struct line l = {t, source, source->text, source->text + source->len};
    struct node *root = *l.at == '{' || *l.at == '[' ? read_value(&l, 1) : NULL;

    return root && l.at == l.end ? root : tree_parse_text(t, path, folder, text, strlen(text), false, d);
}
