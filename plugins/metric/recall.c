/* recall.c - right predictions of a class among all its rows. */
#include "classes.h"

CLASS_MEAN(
    recall, class_recall,
    "How many of the rows of a class are found, from 0 to 1, averaged over the classes.\n\n"
    "right / there, counted in rows, 0 where that is 0 / 0. The largest output is the prediction.\n"
    "Classes that are neither there nor predicted are left out. Values of 0 and 1, or -1 and 1, are\n"
    "questions, one a column, yes as in accuracy: one column has the value of yes, several the mean of\n"
    "all. As scikit-learn's recall_score.");

FELL_PLUGIN("1.0", "Fellrunner, MIT", &recall.item);
