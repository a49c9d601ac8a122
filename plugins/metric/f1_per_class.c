/* f1_per_class.c - harmonic mean of precision and recall, for each class. */
#include "classes.h"

CLASS_EACH(f1_per_class, class_f1,
           "Harmonic mean of precision and recall, from 0 to 1, for each class.\n\n"
           "2 right / (predicted + there), counted in rows; recorded as f1_per_class.CLASS. "
           "There is no value for a\n"
           "class that is neither there nor predicted. As scikit-learn's f1_score without\n"
           "average.");

FELL_PLUGIN("1.0", "Fellrunner, MIT", &f1_per_class.item);
