/* subject.c - see subject.h. */
#include "check/subject.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "engine/targets.h"
#include "host/settings.h"

status subject_open(struct subject *s, struct registry *r, enum role role, const char *name,
                    const char *settings, enum simd_level level, struct error *err)
{
    const struct item *item = registry_find(r, role, name, err);

    if (item)
        return subject_open_item(s, item, r, settings, level, err);
    *s = (struct subject){.item = NULL};
    s->tree = tree_new();
    return FAILED;
}

status subject_open_item(struct subject *s, const struct item *item, struct registry *r, const char *settings,
                         enum simd_level level, struct error *err)
{
    static const struct place nowhere;
    struct diag *d = diag_new();
    struct node *map = NULL;

    *s = (struct subject){.item = item, .tree = tree_new()};
    s->env = (struct host_env){.kernels = kernels_get(level), .registry = r};
    instance_init(&s->in, item, item->name, &s->env);
    if (settings[0])
        map = tree_parse_text(s->tree, item->name, "", settings, strlen(settings), false, d);
    s->settings = settings_parse(tree_arena(s->tree), s->item, map, NULL, map ? &map->place : &nowhere, d);
    if (!s->settings) {
        struct strbuf text = {0};

        diag_write(d, &text, false);
        error_set(err, "%s", text.text ? text.text : "its settings are refused");
        strbuf_release(&text);
    }
    s->in.stream = rng_stream(11, RNG_LAYER, 1, 1);
    diag_free(d);
    return s->settings ? OK : FAILED;
}

void subject_close(struct subject *s)
{
    if (s->item)
        instance_release(&s->in);
    tree_free(s->tree);
    for (size_t i = 0; i < s->nowned; i++)
        free(s->owned[i]);
    free(s->owned);
}

void *subject_bytes(struct subject *s, int64_t n)
{
    s->owned = mem_grow(s->owned, s->nowned + 1, sizeof *s->owned);
    return s->owned[s->nowned++] = mem_try_aligned((size_t)(n > 0 ? n : 1), 1);
}

float *subject_floats(struct subject *s, int64_t n, float value)
{
    float *x = subject_bytes(s, n * (int64_t)sizeof *x);

    for (int64_t i = 0; x && i < n; i++)
        x[i] = value;
    return x;
}

status subject_call(struct subject *s, fell_status result, struct error *err)
{
    status st = OK;

    if (result != FELL_OK)
        st = instance_error(&s->in, NULL, err);
    instance_reset(&s->in);
    return st;
}

status subject_slots(const struct subject *s, const fell_slot *slot, int64_t *n, struct error *err)
{
    double on = 1.0, times = 1.0;

    if ((slot->when && !settings_number(s->item, s->settings, slot->when, &on)) ||
        (slot->times && !settings_number(s->item, s->settings, slot->times, &times)))
        return error_set(err, "its slot '%s' names a setting that it has not", slot->name);
    *n = on != 0.0 ? (int64_t)times : 0;
    return OK;
}

status subject_fits(const struct subject *s, struct error *err)
{
    const bool layer = s->item->kind == FELL_KIND_LAYER;
    const size_t n = layer ? s->item->layer->ntensors : s->item->optimizer->nslots;

    return n <= SUBJECT_TENSORS
               ? OK
               : error_set(err, "it has more than %d %s", SUBJECT_TENSORS, layer ? "tensors" : "slots");
}

status subject_targets(const struct subject *s, int64_t cols, int64_t *out, struct error *err)
{
    *out = targets_cols(&(struct choice){.item = s->item, .settings = s->settings}, cols);
    return *out ? OK : error_set(err, "it takes no %lld outputs, whatever the targets", (long long)cols);
}

void subject_died(int word, char *out, size_t size)
{
    if (WIFSIGNALED(word))
        snprintf(out, size, "it crashes (SIG%s%s)", sigabbrev_np(WTERMSIG(word)),
                 WTERMSIG(word) == SIGABRT ? ": it writes far outside its buffers, or calls abort()" : "");
    else
        snprintf(out, size, "it ends the process (exit status %d)", WEXITSTATUS(word));
}
