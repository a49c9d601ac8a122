/* plugin_tables.c - what a plugin's own tables say, as tables to show. See plugin_tables.h.
 */
#include "cli/plugin_tables.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/targets.h"
#include "host/settings.h"

static void add_choices(const fell_param *p, struct strbuf *b)
{
    for (const char *at = p->choices; at && *at;) {
        const size_t n = strcspn(at, "|");

        strbuf_addf(b, "%s%.*s", at == p->choices ? "" : ", ", (int)n, at);
        at += n + (at[n] == '|');
    }
}

/* A number that is out of range as long as nobody sets it. */
static bool begins_unset(const fell_param *p)
{
    return (p->type == FELL_P_INT || p->type == FELL_P_FLOAT) && !settings_in_range(p, p->def);
}

static bool is_numeric(const fell_param *p)
{
    return p->type == FELL_P_INT || p->type == FELL_P_FLOAT || p->type == FELL_P_INTS ||
           p->type == FELL_P_FLOATS;
}

struct table *settings_table(size_t nparams, const fell_param *params)
{
    struct table *t = table_new();

    table_column(t, (struct table_column){.name = "setting"});
    table_column(t, (struct table_column){.name = "type"});
    table_column(t, (struct table_column){.name = "values"});
    table_column(t, (struct table_column){.name = "default"});
    table_column(t, (struct table_column){.name = "meaning"});
    for (size_t i = 0; i < nparams; i++) {
        const fell_param *p = &params[i];
        struct strbuf text = {0};
        char range[80];

        table_text(t, p->name);
        table_text(t, p->flags & FELL_PATH ? "a file" : settings_type_word(p));
        settings_range_text(p, range);
        add_choices(p, &text);
        table_text(t, is_numeric(p) ? range : text.text);
        strbuf_release(&text);
        if (!begins_unset(p))
            settings_default_text(p, &text);
        table_text(t, p->flags & FELL_REQUIRED ? "required" : text.text);
        strbuf_release(&text);
        table_text(t, p->doc);
    }
    return t;
}

struct table *tensors_table(const struct item *item)
{
    static const char *const roles[] = {
        [FELL_WEIGHT] = "weight", [FELL_BIAS] = "bias", [FELL_STATE] = "state"};
    struct table *t = table_new();

    table_column(t, (struct table_column){.name = "tensor"});
    table_column(t, (struct table_column){.name = "role"});
    table_column(t, (struct table_column){.name = "begins_as"});
    table_column(t, (struct table_column){.name = "meaning"});
    for (uint64_t i = 0; i < item_ntensors(item); i++) {
        const fell_tensor *tensor = &item->layer->tensors[i];

        table_text(t, tensor->name);
        table_text(t, tensor->role <= FELL_STATE ? roles[tensor->role] : NULL);
        table_text(t, tensor->init);
        table_text(t, tensor->doc);
    }
    return t;
}

struct table *slots_table(const struct item *item)
{
    struct table *t = table_new();

    table_column(t, (struct table_column){.name = "slot"});
    table_column(t, (struct table_column){.name = "size"});
    table_column(t, (struct table_column){.name = "only_with"});
    table_column(t, (struct table_column){.name = "meaning"});
    for (uint64_t i = 0; item->kind == FELL_KIND_OPTIMIZER && i < item->optimizer->nslots; i++) {
        const fell_slot *slot = &item->optimizer->slots[i];
        const char *of = item->optimizer->reach == FELL_WHOLE ? "in all" : "a tensor";
        char *size =
            mem_format("%s%s%s%s", slot->scalar ? "1 number " : "as the weights", slot->scalar ? of : "",
                       slot->times ? ", times " : "", slot->times ? slot->times : "");

        table_text(t, slot->name);
        table_text(t, size);
        table_text(t, slot->when);
        table_text(t, slot->doc);
        free(size);
    }
    return t;
}

struct table *numbers_table(const struct item *item)
{
    static const char *const of[] = {[FELL_PER_NET] = "the net",
                                     [FELL_PER_LAYER] = "each layer",
                                     [FELL_PER_TENSOR] = "each tensor",
                                     [FELL_PER_UNIT] = "each unit",
                                     [FELL_PER_ROW] = "each row"};
    struct table *t = table_new();

    table_column(t, (struct table_column){.name = "number"});
    table_column(t, (struct table_column){.name = "of"});
    table_column(t, (struct table_column){.name = "meaning"});
    for (uint64_t i = 0; item->kind == FELL_KIND_PROBE && i < item->probe->nnumbers; i++) {
        const fell_number *n = &item->probe->numbers[i];
        char *what = mem_format("%s%s", of[n->per], n->several ? ", by position" : "");

        table_text(t, n->name);
        table_text(t, what);
        table_text(t, n->doc);
        free(what);
    }
    return t;
}

/* ---- traits --------------------------------------------------------------------------------- */

static const char *meaning(uint64_t what)
{
    static const char *const words[] = {[FELL_REAL] = NULL,
                                        [FELL_PROB] = "probabilities",
                                        [FELL_LOGIT] = "raw outputs (logits)",
                                        [FELL_LOGPROB] = "logarithms of probabilities"};

    return what <= FELL_LOGPROB ? words[what] : NULL;
}

static const char *targets(uint64_t target)
{
    static const char *const words[] = {
        [0] = NULL, [FELL_VALUES] = "values", [FELL_CLASSES] = "classes", [3] = "values or classes"};

    return words[target & (FELL_VALUES | FELL_CLASSES)];
}

/* Whether all that a loss lists is one range: a setting decides only what outputs are. */
static bool one_range(const fell_loss *loss)
{
    for (uint64_t i = 1; i < loss->ntargets; i++)
        if (loss->targets[i].min != loss->targets[0].min || loss->targets[i].max != loss->targets[0].max ||
            (loss->targets[i].flags ^ loss->targets[0].flags) & ~(uint64_t)FELL_LOGS)
            return false;
    return loss->ntargets > 1;
}

/* "from 0 to 1", or all that a loss lists; free() it. */
static char *ranges(const fell_loss *loss)
{
    struct strbuf out = {0};

    if (one_range(loss)) {
        strbuf_add(&out, " ");
        targets_range(&loss->targets[0], &out);
        return out.text;
    }

    for (uint64_t i = 0; i < loss->ntargets; i++) {
        const fell_targets *t = &loss->targets[i];

        strbuf_add(&out, i ? ", or " : " ");
        targets_range(t, &out);
        if (t->when)
            strbuf_addf(&out, " (`%s: %s`)", t->when, t->is != 0.0 ? "true" : "false");
    }
    return out.text ? out.text : mem_string("");
}

static char *loss_traits(const fell_loss *loss)
{
    const char *takes = meaning(loss->expects);
    char *range = ranges(loss), *text = mem_format("Learns %s%s%s%s.", targets(loss->target), range,
                                                   takes ? "; takes " : "", takes ? takes : "");

    free(range);
    return text;
}

char *plugin_traits(const struct item *item)
{
    const fell_layer *layer = item->layer;

    switch (item->kind) {
    case FELL_KIND_LAYER:
        if (layer->max_inputs <= 1)
            return NULL;
        if (layer->max_inputs >= INT32_MAX)
            return mem_format("Takes %u or more inputs, named by `from`.", layer->min_inputs);
        return mem_format("Takes %u to %u inputs, named by `from`.", layer->min_inputs, layer->max_inputs);
    case FELL_KIND_ACTIVATION:
        return meaning(item->activation->yields) ? mem_format("Yields %s.", meaning(item->activation->yields))
                                                 : NULL;
    case FELL_KIND_LOSS:
        return loss_traits(item->loss);
    case FELL_KIND_OPTIMIZER:
        return item->optimizer->reach == FELL_WHOLE
                   ? mem_string("Sees all weights as one vector, so that they share one `lr_factor`.")
                   : NULL;
    case FELL_KIND_METRIC:
        if (item->metric->values == FELL_PER_PAIR)
            return mem_format("Measures %s; one value for each pair.", targets(item->metric->target));
        return mem_format("Measures %s; %s%s is better.", targets(item->metric->target),
                          item->metric->values == FELL_PER_CLASS ? "one value for each class, " : "",
                          item->metric->higher_is_better ? "higher" : "lower");
    default:
        return NULL;
    }
}
