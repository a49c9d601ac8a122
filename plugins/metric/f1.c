/* f1.c - harmonic mean of precision and recall. */
#include "classes.h"

CLASS_MEAN(
    f1, class_f1,
    "Harmonic mean of precision and recall, from 0 to 1, averaged over the classes.\n\n"
    "2 right / (predicted + there), counted in rows, 0 where that is 0 / 0. The largest "
    "output is the prediction.\n"
    "Classes that are neither there nor predicted are left out. Values of 0 and 1, or -1 and 1, are\n"
    "questions, one a column, yes as in accuracy: one column has the value of yes, several the mean of\n"
    "all. As scikit-learn's f1_score.");

FELL_PLUGIN("1.0", "Fellrunner, MIT", &f1.item);
