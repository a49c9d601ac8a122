/* precision_per_class.c - right predictions of a class among all predictions of it, for each class. */
#include "classes.h"

CLASS_EACH(
    precision_per_class, class_precision,
    "How many of the rows that are taken for a class are of it, from 0 to 1, for each class.\n\n"
    "right / predicted, counted in rows; recorded as precision_per_class.CLASS. There is no value for a\n"
    "class that is neither there nor predicted. As scikit-learn's precision_score without\n"
    "average.");

FELL_PLUGIN("1.0", "Fellrunner, MIT", &precision_per_class.item);
