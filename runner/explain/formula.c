/* formula.c - see formula.h. Formulas of activations and losses are those of their plugins' docs.
 * What is written with numbers is computed here once more and compared with the engine first,
 * so that settings which change a formula (label smoothing, weights of classes) show no wrong one.
 */
#include "explain/formula.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "explain/number.h"
#include "host/settings.h"

/* ---- plugins' own words ---------------------------------------------------------------- */

const char *words_on_one_line(struct arena *arena, const char *text)
{
    char *out = arena_string(arena, text, strlen(text)), *to = out;

    for (const char *at = text; *at; at++)
        if (!strchr(" \t\r\n", *at))
            *to++ = *at;
        else if (to > out && to[-1] != ' ')
            *to++ = ' ';
    while (to > out && to[-1] == ' ')
        to--;
    *to = 0;
    return *out ? out : NULL;
}

const char *formula_of_doc(struct arena *arena, const char *doc)
{
    const char *from = strstr(doc, "\n\n"), *end, *stop;

    if (!from)
        return NULL;
    from += strspn(from, "\n");
    end = strstr(from, "\n\n");
    end = end ? end : from + strlen(from);
    for (stop = from; stop < end; stop++)
        if (*stop == '.' && (stop + 1 == end || stop[1] == ' ' || stop[1] == '\n'))
            break;
    /* Without a sign of equality it is no formula. */
    if (!memchr(from, '=', (size_t)(stop - from)))
        return NULL;
    return words_on_one_line(arena, arena_string(arena, from, (size_t)(stop - from)));
}

/* ---- activations --------------------------------------------------------------------- */

static const struct formula activations[] = {
    {"relu", "\\max(0, z)", "1 \\text{ if } z > 0 \\text{, else } 0",
     "lets positive numbers through and makes the rest 0"},
    {"leaky_relu", NULL, NULL, "lets positive numbers through and a small share of negative ones"},
    {"sigmoid", "\\frac{1}{1 + e^{-z}}", "a \\cdot (1 - a)",
     "squashes any number into the range from 0 to 1"},
    {"tanh", "\\tanh(z)", "1 - a^2", "squashes any number into the range from −1 to 1"},
    {"identity", "z", "1", "hands its input on as it is"},
    {"softplus", "\\ln(1 + e^{z})", "\\frac{1}{1 + e^{-z}}", "is a smooth relu"},
    {"silu", "\\frac{z}{1 + e^{-z}}", NULL, "is the number times its own sigmoid"},
    {"softsign", "\\frac{z}{1 + \\lvert z \\rvert}", "\\frac{1}{(1 + \\lvert z \\rvert)^2}",
     "squashes any number into the range from −1 to 1"},
    {"relu6", "\\min(\\max(0, z), 6)", "1 \\text{ if } 0 < z < 6 \\text{, else } 0",
     "is relu with a ceiling at 6"},
    {"sine", NULL, NULL, "is a wave"},
    {"softmax", "\\frac{e^{z_j}}{\\sum_k e^{z_k}}", NULL, "turns a list of numbers into probabilities"},
    {"log_softmax", "z_j - \\ln \\sum_k e^{z_k}", NULL,
     "turns a list of numbers into logarithms of probabilities"},
    {"gelu", NULL, NULL, "is a smooth relu that dips a little below 0"},
    {"elu", NULL, NULL, "is relu with a smooth end below 0"},
    {"selu", NULL, NULL, "is elu scaled so that its outputs keep their spread"},
    {"mish", "z \\cdot \\tanh(\\ln(1 + e^{z}))", NULL, "is a smooth relu that dips a little below 0"},
    {"tanh_shrink", "z - \\tanh(z)", "\\tanh^2(z)", "is what tanh takes away"},
};

const struct formula *formula_of_activation(const struct lesson_entry *e)
{
    for (size_t i = 0; e->bundled && i < sizeof activations / sizeof *activations; i++)
        if (strcmp(activations[i].name, e->plugin) == 0)
            return &activations[i];
    return NULL;
}

/* ---- losses ---------------------------------------------------------------------------- */

/* A loss of one row: its value, and its text with numbers when there are few enough to write. */
struct worked {
    double value;
    struct strbuf text;
};

enum { TERMS = 4 };

/* The terms of a mean over the outputs, shortened: FMT of one is written by ADD. */
static void write_mean(struct worked *w, const struct lesson *l, double (*term)(double y, double t),
                       void (*add)(struct strbuf *b, double y, double t))
{
    double sum = 0.0;

    if (l->cols > 1)
        strbuf_addf(&w->text, "\\frac{1}{%lld} \\left(", (long long)l->cols);
    for (int64_t i = 0; i < l->cols; i++) {
        sum += term(l->output[i], l->target[i]);
        if (i < TERMS) {
            strbuf_add(&w->text, i ? " + " : "");
            add(&w->text, l->output[i], l->target[i]);
        } else if (i == TERMS) {
            strbuf_add(&w->text, " + \\dots");
        }
    }
    if (l->cols > 1)
        strbuf_add(&w->text, " \\right)");
    w->value = sum / (double)l->cols;
}

static double square(double y, double t)
{
    return (y - t) * (y - t);
}

static void add_square(struct strbuf *b, double y, double t)
{
    strbuf_addf(b, "(%s - %s)^2", NE(y), NF(t));
}

static double distance(double y, double t)
{
    return fabs(y - t);
}

static void add_distance(struct strbuf *b, double y, double t)
{
    strbuf_addf(b, "\\lvert %s - %s \\rvert", NE(y), NF(t));
}

static double cross(double p, double t)
{
    return -(t * log(p) + (1.0 - t) * log(1.0 - p));
}

static void add_cross(struct strbuf *b, double p, double t)
{
    if (t == 1.0)
        strbuf_addf(b, "-\\ln(%s)", NE(p));
    else if (t == 0.0)
        strbuf_addf(b, "-\\ln(1 - %s)", NE(p));
    else
        strbuf_addf(b, "-(%s \\ln(%s) + %s \\ln(1 - %s))", NE(t), NE(p), NE(1.0 - t), NE(p));
}

static double logistic(double z)
{
    return 1.0 / (1.0 + exp(-z));
}

static double cross_of_logit(double z, double t)
{
    return cross(logistic(z), t);
}

static void add_cross_of_logit(struct strbuf *b, double z, double t)
{
    add_cross(b, logistic(z), t);
}

static void work_mse(struct worked *w, const struct lesson *l)
{
    write_mean(w, l, square, add_square);
}

static void work_mae(struct worked *w, const struct lesson *l)
{
    write_mean(w, l, distance, add_distance);
}

static void work_bce(struct worked *w, const struct lesson *l)
{
    write_mean(w, l, cross, add_cross);
}

static void work_bce_logits(struct worked *w, const struct lesson *l)
{
    write_mean(w, l, cross_of_logit, add_cross_of_logit);
}

/* -ln p of the right class, for logits and for logarithms of probabilities. */
static void work_classes(struct worked *w, const struct lesson *l)
{
    const double p = l->probability[l->label[0]];

    strbuf_addf(&w->text, "-\\ln(%s)", NE(p));
    w->value = -log(p);
}

static const struct {
    const char *name, *formula, *words;
    void (*work)(struct worked *w, const struct lesson *l);
    bool classes;
} losses[] = {
    {"cross_entropy", "-\\ln p_c",
     "It looks at one number only: the probability $p_c$ that the net gives to the "
     "right answer. If that is 1 the loss is 0; the smaller it is, the faster the loss grows.",
     work_classes, true},
    {"nll", "-\\ln p_c",
     "It looks at one number only: the probability $p_c$ that the net gives to the right "
     "answer. If that is 1 the loss is 0; the smaller it is, the faster the loss grows.",
     work_classes, true},
    {"mse", "\\frac{1}{n} \\sum_i (y_i - t_i)^2",
     "It takes the distance between each output $y$ and its target "
     "$t$, squares it, so that large mistakes weigh much more than small ones, and takes the mean.",
     work_mse, false},
    {"mae", "\\frac{1}{n} \\sum_i \\lvert y_i - t_i \\rvert",
     "It is the mean distance between outputs $y$ and "
     "targets $t$.",
     work_mae, false},
    {"bce", "-\\frac{1}{n} \\sum_i \\left( t_i \\ln y_i + (1 - t_i) \\ln(1 - y_i) \\right)",
     "Each output $y$ is "
     "the probability of a yes; the loss is large where the net was sure and wrong.",
     work_bce, false},
    {"bce_with_logits",
     "-\\frac{1}{n} \\sum_i \\left( t_i \\ln \\sigma(y_i) + (1 - t_i) \\ln(1 - \\sigma(y_i)) \\right)",
     "Each output $y$ becomes, by the sigmoid $\\sigma$, the probability of a yes; the loss is large where "
     "the "
     "net was sure and wrong.",
     work_bce_logits, false},
};
enum { NLOSSES = sizeof losses / sizeof *losses };

/* With a weight for each output a loss is not what is written above. */
static bool weighs_outputs(const struct lesson *l)
{
    const struct item *item = l->loss_item;

    for (size_t i = 0; i < item->nparams; i++) {
        const fell_param *p = &item->params[i];
        const void *field = (const char *)l->spec->loss.settings + p->offset;

        if (p->type == FELL_P_FLOATS && strcmp(p->name, "weight") == 0)
            return ((const fell_floats *)field)->n > 0;
    }
    return false;
}

static int find_loss(const struct lesson *l)
{
    if (weighs_outputs(l))
        return -1;
    for (int i = 0; l->loss_item->file->bundled && i < NLOSSES; i++)
        if (strcmp(losses[i].name, l->loss_item->name) == 0)
            return i;
    return -1;
}

const char *formula_of_loss(const struct lesson *l)
{
    const int i = find_loss(l);

    return i < 0 ? NULL : losses[i].formula;
}

const char *formula_loss_words(const struct lesson *l)
{
    const int i = find_loss(l);

    return i < 0 ? "" : losses[i].words;
}

const char *formula_loss_numbers(struct arena *arena, const struct lesson *l)
{
    const int i = find_loss(l);
    struct worked w = {.value = NAN};
    const char *text = NULL;

    if (i < 0 || l->rows != 1 || (losses[i].classes ? !l->probability : !l->target))
        return NULL;
    losses[i].work(&w, l);
    if (fabs(w.value - l->loss) <= 1e-4 * fmax(1.0, fabs(l->loss)))
        text = arena_string(arena, w.text.text, w.text.len);
    strbuf_release(&w.text);
    return text;
}

/* ---- optimizers -------------------------------------------------------------------------- */

static bool setting(const struct lesson *l, const char *name, double *out)
{
    return settings_number(l->spec->optimizer.item, l->spec->optimizer.settings, name, out);
}

static const struct lesson_slot *slot(const struct lesson *l, const char *name)
{
    for (size_t i = 0; i < l->update.nslots; i++)
        if (strcmp(l->update.slot[i].name, name) == 0)
            return &l->update.slot[i];
    return NULL;
}

/* Whether the rule worked out here is what the optimizer did. */
static bool same_step(const struct lesson *l, double w_new)
{
    const double moved = l->update.w_new - l->update.w_old;

    return fabs(w_new - l->update.w_new) <= 2e-3 * fabs(moved) + 1e-6 * fabs(l->update.w_old);
}

static size_t rule_of_sgd(const struct lesson *l, const char *lines[4])
{
    const struct lesson_step *u = &l->update;
    const struct lesson_slot *v = slot(l, "momentum");
    const double g = l->weight.gradient * u->clip;
    double momentum = 0.0;
    size_t n = 0;

    if (v && setting(l, "momentum", &momentum)) {
        if (!same_step(l, u->w_old - u->rate * v->after))
            return 0;
        lines[n++] = arena_format(
            l->arena, "v_{\\text{new}} &= \\mu \\cdot v_{\\text{old}} + g = %s \\cdot %s + %s = %s",
            NE(momentum), NF(v->before), NF(g), NE(v->after));
        lines[n++] = arena_format(
            l->arena,
            "w_{\\text{new}} &= w_{\\text{old}} - \\eta \\cdot v_{\\text{new}} = %s - %s \\cdot %s = %s",
            NE(u->w_old), NE(u->rate), NF(v->after), NE(u->w_new));
        return n;
    }
    if (!same_step(l, u->w_old - u->rate * g))
        return 0;
    lines[n++] = arena_format(
        l->arena, "w_{\\text{new}} &= w_{\\text{old}} - \\eta \\cdot \\frac{\\partial L}{\\partial w}");
    lines[n++] =
        arena_format(l->arena, "&= %s - %s \\cdot %s = %s", NE(u->w_old), NE(u->rate), NF(g), NE(u->w_new));
    return n;
}

static size_t rule_of_adam(const struct lesson *l, const char *lines[4])
{
    const struct lesson_step *u = &l->update;
    const struct lesson_slot *m = slot(l, "m"), *v = slot(l, "v");
    double beta1, beta2, epsilon, mean, square_mean;
    size_t n = 0;

    if (!m || !v || !setting(l, "beta1", &beta1) || !setting(l, "beta2", &beta2) ||
        !setting(l, "epsilon", &epsilon))
        return 0;
    mean = m->after / (1.0 - pow(beta1, (double)u->t));
    square_mean = v->after / (1.0 - pow(beta2, (double)u->t));
    if (!same_step(l, u->w_old - u->rate * mean / (sqrt(square_mean) + epsilon)))
        return 0;
    lines[n++] = arena_format(
        l->arena, "m &= \\beta_1 m_{\\text{old}} + (1 - \\beta_1) g = %s \\cdot %s + %s \\cdot %s = %s",
        NE(beta1), NF(m->before), NE(1.0 - beta1), NF(l->weight.gradient * u->clip), NE(m->after));
    lines[n++] = arena_format(
        l->arena, "v &= \\beta_2 v_{\\text{old}} + (1 - \\beta_2) g^2 = %s \\cdot %s + %s \\cdot %s^2 = %s",
        NE(beta2), NF(v->before), NE(1.0 - beta2), NF(l->weight.gradient * u->clip), NE(v->after));
    lines[n++] = arena_format(
        l->arena, "w_{\\text{new}} &= w_{\\text{old}} - \\eta \\cdot \\frac{m / (1 - \\beta_1^t)}{\\sqrt{v / "
                  "(1 - \\beta_2^t)} + \\varepsilon}");
    lines[n++] = arena_format(l->arena, "&= %s - %s \\cdot \\frac{%s}{\\sqrt{%s} + %s} = %s", NE(u->w_old),
                              NE(u->rate), NE(mean), NE(square_mean), NE(epsilon), NE(u->w_new));
    return n;
}

size_t formula_of_optimizer(const struct lesson *l, const char *lines[4])
{
    if (!l->spec->optimizer.item->file->bundled)
        return 0;
    if (strcmp(l->update.optimizer, "sgd") == 0)
        return rule_of_sgd(l, lines);
    if (strcmp(l->update.optimizer, "adam") == 0)
        return rule_of_adam(l, lines);
    return 0;
}
