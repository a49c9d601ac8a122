/* glossary.c - see glossary.h. One table; the sentences are ours. */
#include "explain/glossary.h"

#include <string.h>

static const struct {
    const char *term, *sentence;
} terms[] = {
    {"activation", "What a {neuron} hands on: a function, the activation function, of its {weighted sum}; "
                   "it bends straight lines, without which many layers could do no more than one."},
    {"backpropagation", "Finding how much every {parameter} changes the {loss}, by carrying the loss's "
                        "slopes backwards through the net, layer after layer, with the {chain rule}."},
    {"batch", "The rows that one {step} looks at together; their {gradient|gradients} are averaged."},
    {"bias", "A number that a {neuron} adds to its {weighted sum}, whatever its inputs are."},
    {"blame", "How much the {loss} would change, per unit, if one output in the net changed: the "
              "derivative of the loss by that output, also called the error signal."},
    {"chain rule", "When one quantity changes a second and that one a third, the rates of change "
                   "multiply; over several paths the products add up."},
    {"checkpoint", "A file with all {parameter|parameters} of a net at one moment of its training."},
    {"class", "One of the answers that a net may choose from."},
    {"derivative", "How fast one quantity changes when another does: the slope of the curve at a point."},
    {"epoch", "One pass of the training over all training rows."},
    {"exploding gradient", "A {gradient} that grows from layer to layer on its way back, until the steps "
                           "are too large to help."},
    {"forward pass", "Computing the net's answer from its inputs, layer after layer."},
    {"gradient", "The list of the {loss}'s {partial derivative|partial derivatives}, one for each "
                 "{parameter}; it points where the loss rises fastest."},
    {"gradient descent", "Moving every {parameter} a little against its {gradient}, again and again, "
                         "so that the {loss} falls."},
    {"hidden layer", "A {layer} between the inputs and the output."},
    {"initialisation", "The first values of the {parameter|parameters}, drawn at random from the seed."},
    {"label", "The right answer of a row, which the net is to learn."},
    {"layer", "A group of outputs that are computed together from the outputs before them."},
    {"learning rate", "The factor, written η, between {gradient} and step: how far a {parameter} moves."},
    {"logit", "A raw output of a net that chooses among classes, before {softmax} makes it a probability."},
    {"loss", "One number that says how wrong the net's answer is; training makes it small."},
    {"momentum", "A running average of the {gradient|gradients}, which an {optimizer} moves along "
                 "in place of the last one alone."},
    {"neuron", "One output of a layer: it weighs its inputs, adds them up with a {bias}, and passes the "
               "sum through its {activation}."},
    {"norm", "The length of a list of numbers: the square root of the sum of their squares."},
    {"optimizer", "The rule that turns {gradient|gradients} into changes of the {parameter|parameters}."},
    {"parameter", "A number in the net that training changes: a {weight} or a {bias}."},
    {"partial derivative", "The {derivative} by one quantity while all others are held."},
    {"prediction", "What the net answers."},
    {"softmax", "The function that turns a list of {logit|logits} into probabilities: each is "
                "exponentiated and divided by the sum of all."},
    {"step", "One change of all {parameter|parameters} by the {optimizer}."},
    {"tangent", "The straight line that touches a curve at a point and has its slope there."},
    {"vanishing gradient", "A {gradient} that shrinks from layer to layer on its way back, until the "
                           "first layers hardly learn."},
    {"weight", "The factor that a {neuron} gives to one of its inputs."},
    {"weighted sum", "Each input times its {weight}, all added up, and the {bias} with them."},
};
enum { NTERMS = sizeof terms / sizeof *terms };
_Static_assert(NTERMS <= 64, "struct page notes the terms that were used in 64 places");

int glossary_find(const char *term)
{
    for (int i = 0; i < NTERMS; i++)
        if (strcmp(terms[i].term, term) == 0)
            return i;
    return -1;
}

const char *glossary_term(int i)
{
    return i < NTERMS ? terms[i].term : NULL;
}

const char *glossary_sentence(int i)
{
    return terms[i].sentence;
}

const char *glossary_anchor(struct arena *arena, const char *term)
{
    char *anchor = arena_format(arena, "term-%s", term);

    for (char *c = anchor; *c; c++)
        if (*c == ' ')
            *c = '-';
    return anchor;
}
