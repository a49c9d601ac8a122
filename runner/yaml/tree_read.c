/* tree_read.c - YAML text to nodes, from libyaml's events. Anchors, aliases and merge
 * keys are resolved here; duplicate keys, cycles, bombs and deep nesting are refused
 * here, for libyaml knows none of them (and takes quadratic time for deep nesting, so
 * depth is counted while it parses). Syntax errors are put into words by tree_syntax.c;
 * files and `extends` are tree_load.c's.
 *
 * An alias shares the children of what it names, as nodes never change; only its root
 * is its own, since it has the place of the alias.
 */
#include "yaml/tree_parts.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/text.h"

struct anchor {
    const char *name;
    struct node *node; /* NULL while it is being read: an alias then is a cycle */
};

struct reader {
    struct tree *tree;
    const struct source *source;
    struct diag *diag;
    yaml_parser_t parser;
    yaml_event_t event; /* the current one */
    bool stopped;       /* by an error after which nothing can be read */
    size_t characters;  /* of the text */
    struct anchor *anchors;
    size_t nanchors, visits;
};

/* The children of a collection while it is read. */
struct children {
    struct node **key, **item;
    size_t n, room;
};

static void children_add(struct children *c, struct node *key, struct node *item)
{
    if (c->n == c->room) {
        c->room = c->room ? 2 * c->room : 8;
        c->key = mem_grow(c->key, c->room, sizeof *c->key);
        c->item = mem_grow(c->item, c->room, sizeof *c->item);
    }
    c->key[c->n] = key;
    c->item[c->n++] = item;
}

static void children_release(struct children *c)
{
    free(c->key);
    free(c->item);
}

static struct place place_of(const struct reader *r, yaml_mark_t start, yaml_mark_t end)
{
    return (struct place){r->source, (int)start.line + 1, (int)start.column + 1, (int)end.line + 1,
                          (int)end.column + 1};
}

static struct place place_here(const struct reader *r)
{
    return place_of(r, r->event.start_mark, r->event.end_mark);
}

/* ---- events ---------------------------------------------------------------------- */

/* On to the next event; false when there is none, because of an error in D. */
static bool next(struct reader *r)
{
    yaml_event_delete(&r->event);
    if (!yaml_parser_parse(&r->parser, &r->event)) {
        r->stopped = true;
        tree_report_syntax(&r->parser, r->source, r->characters, r->diag);
        return false;
    }
    return true;
}

static struct node *stop(struct reader *r)
{
    r->stopped = true;
    return NULL;
}

/* The text, by its address, of what stands where a value could not be had, so that
 * reading goes on. */
static const char missing[] = "";

static struct node *nothing(struct reader *r, const struct place *at)
{
    struct node *n = tree_scalar(r->tree, at, missing);

    n->text = missing;
    return n;
}

/* ---- anchors and aliases ---------------------------------------------------------- */

/* The index of a new anchor, or SIZE_MAX when the node has none. */
static size_t anchor_open(struct reader *r, const yaml_char_t *name, const struct place *at)
{
    const char *text = (const char *)name;

    if (!text)
        return SIZE_MAX;
    if (r->nanchors == TREE_ANCHORS) {
        diag_error(r->diag, at, "more than %d anchors in one document", TREE_ANCHORS);
        stop(r);
        return SIZE_MAX;
    }
    r->anchors[r->nanchors].name = arena_string(tree_arena(r->tree), text, strlen(text));
    r->anchors[r->nanchors].node = NULL;
    return r->nanchors++;
}

static void anchor_close(struct reader *r, size_t index, struct node *node)
{
    if (index != SIZE_MAX)
        r->anchors[index].node = node;
}

/* Walks over all that an alias stands for, as everyone after us will: too much of it is
 * a bomb, and it counts for the depth of the place where it is put. */
static bool admit(struct reader *r, const struct node *n, int depth, const struct place *at)
{
    if (++r->visits > TREE_VISITS) {
        diag_error(r->diag, at, "the aliases stand for more than %d values: an alias bomb", TREE_VISITS);
        return false;
    }
    if (n->kind == NODE_SCALAR)
        return true;
    if (depth > TREE_DEPTH) {
        diag_error(r->diag, at, "with its aliases this is nested too deep: more than %d levels", TREE_DEPTH);
        return false;
    }
    for (size_t i = 0; i < n->n; i++)
        if (!admit(r, n->item[i], depth + 1, at))
            return false;
    return true;
}

static struct node *read_alias(struct reader *r, int depth)
{
    const char *name = (const char *)r->event.data.alias.anchor;
    struct place at = place_here(r);
    size_t i = r->nanchors;
    struct node *copy;

    /* A name may be given again; the last one before the alias counts. */
    while (i > 0 && strcmp(r->anchors[i - 1].name, name) != 0)
        i--;
    if (i == 0) {
        diag_error(r->diag, &at, "the alias '*%s' has no anchor '&%s' before it", name, name);
        return nothing(r, &at);
    }
    if (!r->anchors[i - 1].node) {
        diag_error(r->diag, &at, "the alias '*%s' stands inside what it names: a cycle", name);
        return nothing(r, &at);
    }
    if (!admit(r, r->anchors[i - 1].node, depth, &at))
        return stop(r);
    copy = tree_node(r->tree, NODE_SCALAR, &at);
    *copy = *r->anchors[i - 1].node;
    copy->place = at;
    return copy;
}

/* ---- nodes ---------------------------------------------------------------------- */

static struct node *read_node(struct reader *r, int depth);

/* YAML's own types change nothing, for the settings say what type a value has; others
 * (!!python/object ...) would be promises that nobody keeps. */
static void check_tag(struct reader *r, const yaml_char_t *tag, const struct place *at)
{
    static const char *const known[] = {"str", "int", "float", "bool", "null", "map", "seq"};
    static const char prefix[] = "tag:yaml.org,2002:";
    const char *text = (const char *)tag;

    if (!text || strcmp(text, "!") == 0)
        return;
    if (strncmp(text, prefix, sizeof prefix - 1) == 0)
        for (size_t i = 0; i < sizeof known / sizeof *known; i++)
            if (strcmp(text + sizeof prefix - 1, known[i]) == 0)
                return;
    diag_error(r->diag, at, "the tag '%s' is not known here", text);
}

static struct node *read_scalar(struct reader *r)
{
    const char *text = (const char *)r->event.data.scalar.value;
    const char *tag = (const char *)r->event.data.scalar.tag;
    size_t len = r->event.data.scalar.length, anchor;
    struct place at = place_here(r);
    struct node *n;

    check_tag(r, r->event.data.scalar.tag, &at);
    anchor = anchor_open(r, r->event.data.scalar.anchor, &at);
    n = tree_scalar(r->tree, &at, text);
    n->plain = r->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    /* libyaml's mark is in front of an anchor or a tag: find the text behind them. */
    if (n->plain && at.line == at.end_line)
        n->place.column = at.end_column - (int)text_length(text, len);
    if (tag && strcmp(tag, "tag:yaml.org,2002:str") == 0)
        n->plain = false;
    if (strlen(text) != len)
        diag_error(r->diag, &at, "a text cannot hold the character NUL");
    anchor_close(r, anchor, n);
    return n;
}

/* libyaml's end of a block collection is where the next token starts, so its last child
 * says where it ends, and its first child where it starts behind an anchor. */
static struct place collection_place(const struct reader *r, struct place opened, bool block,
                                     const struct place *first, const struct place *last)
{
    struct place closed = place_here(r);

    if (block && first) {
        opened.line = first->line;
        opened.column = first->column;
        closed = *last;
    }
    opened.end_line = closed.end_line;
    opened.end_column = closed.end_column;
    return opened;
}

static bool too_deep(struct reader *r, int depth)
{
    struct place at = place_here(r);

    if (depth <= TREE_DEPTH)
        return false;
    diag_error(r->diag, &at, "nested too deep: more than %d levels", TREE_DEPTH);
    return true;
}

static struct node *read_list(struct reader *r, int depth)
{
    struct place at = place_here(r);
    bool block = r->event.data.sequence_start.style != YAML_FLOW_SEQUENCE_STYLE;
    struct children c = {0};
    struct node *list = NULL;
    size_t anchor;

    if (too_deep(r, depth))
        return stop(r);
    check_tag(r, r->event.data.sequence_start.tag, &at);
    anchor = anchor_open(r, r->event.data.sequence_start.anchor, &at);
    while (!r->stopped && next(r) && r->event.type != YAML_SEQUENCE_END_EVENT) {
        struct node *item = read_node(r, depth + 1);

        if (item)
            children_add(&c, NULL, item);
    }
    if (!r->stopped) {
        /* Only the `-` itself marks the start, which libyaml has right. */
        at = collection_place(r, at, block, c.n ? &at : NULL, c.n ? &c.item[c.n - 1]->place : NULL);
        list = tree_collection(r->tree, NODE_LIST, &at, c.n, NULL, c.item);
        anchor_close(r, anchor, list);
    }
    children_release(&c);
    return list;
}

static struct node *find_key(const struct children *c, const char *text)
{
    for (size_t i = 0; i < c->n; i++)
        if (strcmp(c->key[i]->text, text) == 0)
            return c->key[i];
    return NULL;
}

static void report_duplicate(struct reader *r, const struct node *key, const struct node *first)
{
    diag_error(r->diag, &key->place, "duplicate key '%s'; first on line %d", key->text, first->place.line);
}

/* KEY may be added to C; errors are reported. */
static bool accept_key(struct reader *r, const struct children *c, const struct node *key)
{
    const struct node *first;

    if (key->kind != NODE_SCALAR) {
        diag_error(r->diag, &key->place, "a key must be a word, not %s", tree_describe(r->tree, key));
        return false;
    }
    if (text_length(key->text, strlen(key->text)) > TREE_KEY_LENGTH) {
        diag_error(r->diag, &key->place, "a key of more than %d characters", TREE_KEY_LENGTH);
        return false;
    }
    first = find_key(c, key->text);
    if (first)
        report_duplicate(r, key, first);
    return !first;
}

static void merge_map(struct reader *r, struct children *c, const struct node *map)
{
    if (map->text == missing)
        return;
    if (map->kind != NODE_MAP) {
        diag_error(r->diag, &map->place, "'<<' merges a map or a list of maps, not %s",
                   tree_describe(r->tree, map));
        return;
    }
    for (size_t i = 0; i < map->n; i++)
        if (!find_key(c, map->key[i]->text))
            children_add(c, map->key[i], map->item[i]);
}

/* `<<: *a` or `<<: [*a, *b]` (yaml.org/type/merge.html): what is written in the map
 * wins, and earlier maps win over later ones. */
static void merge(struct reader *r, struct children *c, const struct node *from)
{
    if (from->kind != NODE_LIST) {
        merge_map(r, c, from);
        return;
    }
    for (size_t i = 0; i < from->n; i++)
        merge_map(r, c, from->item[i]);
}

static struct node *read_map(struct reader *r, int depth)
{
    struct place at = place_here(r), first = at, last = at;
    bool block = r->event.data.mapping_start.style != YAML_FLOW_MAPPING_STYLE, any = false;
    struct node *merge_key = NULL, *merged = NULL, *map = NULL;
    struct children c = {0};
    size_t anchor;

    if (too_deep(r, depth))
        return stop(r);
    check_tag(r, r->event.data.mapping_start.tag, &at);
    anchor = anchor_open(r, r->event.data.mapping_start.anchor, &at);
    while (!r->stopped && next(r) && r->event.type != YAML_MAPPING_END_EVENT) {
        struct node *key = read_node(r, depth + 1), *value;

        if (!key || !next(r))
            break;
        value = read_node(r, depth + 1);
        if (!value)
            break;
        if (!any)
            first = key->place;
        last = value->place;
        any = true;
        if (key->kind == NODE_SCALAR && key->plain && strcmp(key->text, "<<") == 0) {
            if (merge_key)
                report_duplicate(r, key, merge_key);
            merge_key = key;
            merged = value;
        } else if (accept_key(r, &c, key)) {
            children_add(&c, key, value);
        }
        if (c.n > TREE_KEYS) {
            diag_error(r->diag, &at, "a map of more than %d keys", TREE_KEYS);
            stop(r);
        }
    }
    if (!r->stopped) {
        if (merged)
            merge(r, &c, merged);
        at = collection_place(r, at, block, any ? &first : NULL, &last);
        map = tree_collection(r->tree, NODE_MAP, &at, c.n, c.key, c.item);
        anchor_close(r, anchor, map);
    }
    children_release(&c);
    return map;
}

/* The node that starts with the current event; its last event is current afterwards.
 * DEPTH is what a collection here has. NULL when reading has stopped. */
static struct node *read_node(struct reader *r, int depth)
{
    switch (r->event.type) {
    case YAML_SCALAR_EVENT:
        return read_scalar(r);
    case YAML_ALIAS_EVENT:
        return read_alias(r, depth);
    case YAML_SEQUENCE_START_EVENT:
        return read_list(r, depth);
    case YAML_MAPPING_START_EVENT:
        return read_map(r, depth);
    default:
        return stop(r); /* no other event starts a node */
    }
}

/* ---- the document ------------------------------------------------------------------ */

static struct node *read_document(struct reader *r)
{
    struct place start = {r->source, 1, 1, 1, 1}, at;
    struct node *root;

    if (!next(r) || !next(r)) /* the start of the stream; of the document */
        return NULL;
    if (r->event.type != YAML_DOCUMENT_START_EVENT) {
        diag_error(r->diag, &start, "there is nothing in it: an empty document");
        return NULL;
    }
    if (!next(r))
        return NULL;
    root = read_node(r, 1);
    if (!root || !next(r) || !next(r)) /* the end of the document; what follows */
        return root;
    at = place_here(r);
    if (r->event.type == YAML_DOCUMENT_START_EVENT)
        diag_error(r->diag, &at, "several documents in one text; a spec is a single one");
    if (root->kind == NODE_SCALAR && root->plain && !*root->text)
        diag_error(r->diag, &start, "there is nothing in it: an empty document");
    return root;
}

struct node *tree_read(struct tree *t, const struct source *source, const char *yaml, size_t len,
                       struct diag *d)
{
    struct reader r = {.tree = t, .source = source, .diag = d};
    struct node *root = NULL;

    if (tree_check_characters(source, yaml, len, &r.characters, d) != OK)
        return NULL;
    r.anchors = mem_array(TREE_ANCHORS, sizeof *r.anchors);
    if (!yaml_parser_initialize(&r.parser)) {
        tree_memory_is_out(d);
        goto out;
    }
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)yaml, len);
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    root = read_document(&r);
    yaml_event_delete(&r.event);
    yaml_parser_delete(&r.parser);
out:
    free(r.anchors);
    return root;
}
