/* recall_per_class.c - right predictions of a class among all its rows, for each class. */
#include "classes.h"

CLASS_EACH(recall_per_class, class_recall,
           "How many of the rows of a class are found, from 0 to 1, for each class.\n\n"
           "right / there, counted in rows; recorded as recall_per_class.CLASS. There is no value for a\n"
           "class that is neither there nor predicted. As scikit-learn's recall_score without\n"
           "average.");

FELL_PLUGIN("1.0", "Fellrunner, MIT", &recall_per_class.item);
