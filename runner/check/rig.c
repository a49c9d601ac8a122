/* rig.c - see rig.h: a step from its beginning to its end. Its memory is in rig_memory.c, what came out in
 * rig_results.c, what is special to a kind in the other files rig_*.c.
 */
#include "check/rig_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "host/settings.h"

static const uint32_t USUAL_UNSET = 0x7fc0beef, USUAL_SCRATCH = 0x7fc0feed, USUAL_GONE = 0x7fc0dead,
                      USUAL_GUARD = 0xa5a5a5a5;

enum { MOST_LISTS = 24 }; /* buffers for settings: there are few lists */

/* ---- a step ----------------------------------------------------------------------------------------- */

struct conditions usual_conditions(uint64_t seed, enum simd_level level)
{
    return (struct conditions){.seed = seed,
                               .level = level,
                               .threads = 1,
                               .unset = USUAL_UNSET,
                               .scratch = USUAL_SCRATCH,
                               .gone = USUAL_GONE,
                               .guard = USUAL_GUARD};
}

static void trace_where(const struct rig *g);

static void set_lr(struct rig *g)
{
    const struct item *item = g->s.item;

    for (size_t i = 0; i < item->nparams; i++)
        if (strcmp(item->params[i].name, "lr") == 0 && item->params[i].type == FELL_P_FLOAT)
            memcpy((char *)g->s.settings + item->params[i].offset, &g->how.lr_setting,
                   sizeof g->how.lr_setting);
}

/* A copy of N elements of SIZE bytes between guards, in place of those that *V points to; a list that is
 * empty stays as it is, which may be NULL. */
static void lend_list(struct rig *g, const char *of, const char *field, const void *v, int64_t n, size_t size)
{
    char name[64];
    void *from;
    int b;

    memcpy(&from, v, sizeof from);
    if (n < 1 || !from || g->nbuffers >= MOST_LISTS)
        return;
    snprintf(name, sizeof name, "settings->%.40s.%s", of, field);
    b = rig_buffer(g, USE_SETTING, n, (int)size, name);
    g->buffer[b].floats = false;
    memcpy(g->buffer[b].v, from, (size_t)n * size);
    rig_keep(g, b);
    memcpy((void *)(uintptr_t)v, &g->buffer[b].v, sizeof from);
}

/* The settings and their lists lie between guards like any buffer: who takes a list for longer than it is
 * reads past it. */
static void lend_settings(struct rig *g)
{
    const struct item *item = g->s.item;
    const int b = rig_buffer(g, USE_SETTING, (int64_t)item->settings_size, 1, "settings, byte ");

    if (item->settings_size)
        memcpy(g->buffer[b].v, g->s.settings, item->settings_size);
    g->s.settings = g->buffer[b].v;
    for (size_t i = 0; i < item->nparams; i++) {
        const fell_param *p = &item->params[i];
        const char *at = (const char *)g->s.settings + p->offset;
        fell_floats list;
        fell_map map;

        if (p->type == FELL_P_INTS || p->type == FELL_P_FLOATS || p->type == FELL_P_STRINGS) {
            memcpy(&list, at, sizeof list); /* the three are alike but for what they point to */
            lend_list(g, p->name, "v", at + offsetof(fell_floats, v), list.n, sizeof *list.v);
        } else if (p->type == FELL_P_MAP) {
            memcpy(&map, at, sizeof map);
            lend_list(g, p->name, "key", at + offsetof(fell_map, key), map.n, sizeof *map.key);
            lend_list(g, p->name, "value", at + offsetof(fell_map, value), map.n, sizeof *map.value);
        }
    }
    rig_keep(g, b);
}

status rig_open(struct rig *g, const struct item *item, struct registry *r, const struct setup *u,
                const struct conditions *how, struct error *err)
{
    *g = (struct rig){.setup = u, .s.item = item, .how = *how};
    rig_memory_open(g);
    trace_where(g);
    rig_note("while it is set up");
    if (subject_open_item(&g->s, item, r, u->settings, how->level, err) != OK ||
        rig_memory_lend(g, err) != OK)
        return FAILED;
    if (how->lr_setting != 0.0)
        set_lr(g);
    lend_settings(g);
    g->draw = rng_stream(how->seed, RNG_DATA, 1, 1);
    if (kind_work(item->kind)->prepare(g, err) != OK)
        return FAILED;
    trace_where(g);
    return OK;
}

void rig_close(struct rig *g)
{
    rig_memory_close(g);
    subject_close(&g->s);
    pool_free(g->pool);
}

static void put_back_state(struct rig *g)
{
    for (int i = 0; i < g->nbuffers; i++)
        if (g->buffer[i].use == USE_STATE)
            memcpy(g->buffer[i].v, g->buffer[i].start, (size_t)(g->buffer[i].n * g->buffer[i].size));
    g->s.in.stream = rng_stream(g->how.seed, RNG_LAYER, 1, 1);
}

bool rig_goes_back(enum fell_kind kind)
{
    return kind_work(kind)->backward != NULL;
}

status rig_forward(struct rig *g, struct error *err)
{
    put_back_state(g);
    rig_memory_forget(g);
    rig_note(rig_goes_back(g->s.item->kind) ? "in its forward pass" : "when it is called");
    return kind_work(g->s.item->kind)->forward(g, err);
}

status rig_backward(struct rig *g, struct error *err)
{
    rig_note("in its backward pass");
    return kind_work(g->s.item->kind)->backward(g, err);
}

status rig_step(struct rig *g, struct error *err)
{
    const bool backward = rig_goes_back(g->s.item->kind) && !g->how.no_saved;

    if (rig_forward(g, err) != OK)
        return FAILED;
    return backward ? rig_backward(g, err) : OK;
}

/* ---- what it was -------------------------------------------------------------------------------- */

/* What the inputs are, where they are not the usual ones. */
static int where_fill(const struct rig *g, char *out, size_t size)
{
    const double reach = (double)g->how.reach;

    switch (g->how.fill) {
    case FILL_SAME:
        return snprintf(out, size, ", inputs that are all %g", reach);
    case FILL_SIGNS:
        return snprintf(out, size, ", inputs of %g and %g", reach, -reach);
    case FILL_EVEN:
        return snprintf(out, size, ", inputs from %g to %g", -reach, reach);
    case FILL_TARGET:
        return snprintf(out, size, ", predictions that are the targets");
    case FILL_NONE:
        return snprintf(out, size, ", targets of 0");
    case FILL_LEAST:
        return snprintf(out, size, ", targets that are the least it takes");
    case FILL_MOST:
        return snprintf(out, size, ", targets that are the largest it takes");
    default:
        return 0;
    }
}

const char *rig_where(const struct rig *g, char out[512])
{
    const struct setup *u = g->setup;
    const bool tensor = u->nin && g->s.item &&
                        (g->s.item->kind == FELL_KIND_INITIALISER || g->s.item->kind == FELL_KIND_OPTIMIZER);
    int n = snprintf(out, 512, "with %.300s", u->settings[0] ? u->settings : "its defaults");

    if (tensor)
        n += snprintf(out + n, 512 - (size_t)n, ", a %s of [", u->joined ? "joined tensor" : "tensor");
    else if (u->nin)
        n += snprintf(out + n, 512 - (size_t)n, ", %lld row%s%s of [", (long long)rig_rows(g),
                      rig_rows(g) == 1 ? "" : "s", g->how.evaluate ? " in evaluation" : "");
    for (int64_t i = 0; i < u->nin; i++) {
        n += snprintf(out + n, 512 - (size_t)n, i ? " and [" : "");
        for (int64_t d = 0; d < u->in[i].rank; d++)
            n += snprintf(out + n, 512 - (size_t)n, "%s%lld", d ? "," : "", (long long)u->in[i].dim[d]);
        n += snprintf(out + n, 512 - (size_t)n, "]");
    }
    if (g->s.item && g->s.item->kind == FELL_KIND_PROBE && u->targets != TARGET_REAL)
        n += snprintf(out + n, 512 - (size_t)n, ", of a net that is trained on values");
    if (u->table)
        n += snprintf(out + n, 512 - (size_t)n, ", of a table with columns");
    n += where_fill(g, out + n, 512 - (size_t)n);
    snprintf(out + n, 512 - (size_t)n, "%s%s", g->how.no_weights ? ", weights of 0" : "",
             g->how.no_loss ? ", a loss of 0" : "");
    return out;
}

/* And what is NULL in its calls, which a crash may come of. */
static void trace_where(const struct rig *g)
{
    const struct item *item = g->s.item;
    struct rig_trace *trace = rig_traced();
    size_t n;

    if (!trace)
        return;
    rig_where(g, trace->where);
    n = strlen(trace->where);
    if (item->kind == FELL_KIND_LAYER && item->layer->backward && g->how.no_saved)
        snprintf(trace->where + n, sizeof trace->where - n, ", where 'saved' is NULL");
    n = strlen(trace->where);
    if (g->how.fence)
        snprintf(trace->where + n, sizeof trace->where - n, ", where nothing can be read behind a buffer");
    n = strlen(trace->where);
    if ((item->kind == FELL_KIND_METRIC && g->metric.pred) || (item->kind == FELL_KIND_LOSS && g->loss.pred))
        snprintf(trace->where + n, sizeof trace->where - n, ", where %s",
                 g->metric.label || g->loss.label ? "targets are classes ('target' is NULL)"
                                                  : "targets are values ('label' is NULL)");
    if (item->kind != FELL_KIND_OPTIMIZER || !g->optimizer.w)
        return;
    if (!g->optimizer.shape)
        snprintf(trace->where + n, sizeof trace->where - n, ", where 'shape' is NULL");
    for (uint64_t i = 0; i < item->optimizer->nslots; i++) {
        n = strlen(trace->where);
        if (!g->slot[i])
            snprintf(trace->where + n, sizeof trace->where - n, ", without the slot '%.40s'",
                     item->optimizer->slots[i].name);
    }
}
