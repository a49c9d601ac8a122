/* story.h - between the files story*.c: what they tell about, and the words for it.
 */
#ifndef EXPLAIN_STORY_H
#define EXPLAIN_STORY_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "explain/formula.h"
#include "explain/lesson.h"
#include "explain/number.h"
#include "explain/page.h"

/* What stands on a page without being shortened. */
enum { NEURONS_SHOWN = 6, TERMS_SHOWN = 4, ROWS_SHOWN = 12, CURVE_POINTS = 41 };

struct story {
    struct page *p;
    const struct lesson *l;
    int *number; /* [nentries] of the layer, counted over those with tensors; 0: it has none */
    int *folded; /* [nentries] the activation that follows and is drawn with it, or -1 */
};

/* ---- words (story_words.c) -------------------------------------------------------------- */

/* The formula sign of output INDEX of ENTRY: x_{2}, z_{0}^{(1)}, a_{0}^{(1)}; ENTRY -1: the
 * sample; nentries: L. */
const char *story_sign(const struct story *s, int entry, int64_t index);
/* The same with a letter for the index. */
const char *story_sign_at(const struct story *s, int entry, const char *index);
/* In words, as markup: "`hidden[2]`", "`weight_kg`". */
const char *story_unit(const struct story *s, int entry, int64_t index);
/* The same for labels of diagrams. */
const char *story_short(const struct story *s, int entry, int64_t index);
/* "cat", "class 3"; as markup. */
const char *story_class(const struct story *s, int64_t k);
/* "4 × 6 × 6" */
const char *story_shape(const struct story *s, const fell_shape *shape);
const char *story_moment(const struct story *s); /* "at initialisation", "after epoch 3" */
const char *story_plural(double n, const char *one, const char *many);
const char *story_parameters(const struct story *s); /* "23 {parameter|parameters}", as markup */

/* A plugin's formula in its doc's own words, as markup; NULL: it gives none. */
const char *story_own_words(const struct story *s, const struct item *item);

/* A dense layer over a vector: its neurons can be written out. */
bool story_dense(const struct story *s, int entry);
const struct lesson_tensor *story_tensor(const struct story *s, int entry, const char *name);
/* The size of what an entry reads first. */
int64_t story_inputs(const struct story *s, int entry);
const double *story_input_values(const struct story *s, int entry);

/* The entry and output that the chosen weight acts on directly: neuron and input of a dense
 * layer's weight; false for others. */
bool story_chosen(const struct story *s, int *entry, int64_t *unit, int64_t *input);

/* Up to MOST of N indices worth showing: the first ones, the last, and KEEP (-1: none), in order. */
size_t story_pick(int64_t n, int64_t keep, size_t most, int64_t *out);

/* ---- pictures (story_draw.c) -------------------------------------------------------------- */

/* What the pictures have to show of this net, for the words about them. */
struct story_shown {
    bool neurons, boxes, weights, biases; /* neurons singly; layers as one box; lines of either kind */
    bool chosen;                          /* the weight of the page is one of the lines */
};
struct story_shown story_shows(struct story *s);

enum story_picture { PICTURE_NET, PICTURE_FORWARD, PICTURE_BACK };
void story_draw(struct story *s, enum story_picture which);

/* A chart on the grid X [N]; lines are added to it. */
struct chart *story_chart(struct story *s, const char *title, const char *x_label, const char *y_label,
                          size_t n, const double *x);
struct series *story_line(struct story *s, struct chart *c, const char *name, bool grid, size_t n,
                          const double *x, const double *y);
void story_mark(struct story *s, struct chart *c, const char *label, double x, double y);
/* Axes from LOW to HIGH with some air; then the block. */
void story_place(struct story *s, struct chart *c, double low, double high);

/* ---- the parts, in order ------------------------------------------------------------------- */

void story_begin(struct story *s);             /* title, part 1 */
void story_net(struct story *s);               /* 2 */
void story_forward(struct story *s);           /* 3 */
void story_worked(struct story *s, int entry); /* of it: a layer with its numbers */
void story_loss(struct story *s);              /* 4 */
void story_back(struct story *s);              /* 5 */
void story_partial(struct story *s);           /* 6 */
void story_chain(struct story *s);             /* 7 */
void story_landscape(struct story *s);         /* 8 */
void story_step(struct story *s);              /* 9 */
void story_cycle(struct story *s);             /* 10, glossary */

#endif
