/* fann_peer.c - FANN on the small workloads: fann_peer WORKLOAD BATCH EPOCHS DATA.
 *
 * FANN updates once an epoch (batch) or once a row (incremental); batch 0 is the
 * first, everything else the second. DATA holds rows of inputs and outputs as text,
 * "ROWS INPUTS OUTPUTS" in front: FANN's own training file. Prints what common.py says.
 */
#include <fann.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

int main(int argc, char **argv)
{
    struct fann_train_data *data;
    struct fann *net;
    unsigned hidden, epochs;
    int whole;
    double start, loss = 0;

    if (argc != 5)
        return 2;
    hidden = strcmp(argv[1], "xor") == 0 ? 8 : strcmp(argv[1], "iris") == 0 ? 16 : 64;
    whole = atoi(argv[2]) == 0;
    epochs = (unsigned)atoi(argv[3]);
    data = fann_read_train_from_file(argv[4]);
    if (!data)
        return 1;
    net = fann_create_standard(3, fann_num_input_train_data(data), hidden, fann_num_output_train_data(data));
    fann_set_activation_function_hidden(net, FANN_SIGMOID_SYMMETRIC);
    fann_set_activation_function_output(net, FANN_SIGMOID);
    fann_set_training_algorithm(net, whole ? FANN_TRAIN_BATCH : FANN_TRAIN_INCREMENTAL);
    fann_set_learning_rate(net, 0.5f);
    start = now();
    for (unsigned e = 0; e < epochs; e++) {
        if (!whole)
            fann_shuffle_train_data(data);
        loss = fann_train_epoch(net, data);
    }
    printf("{\"train_seconds\": %.9f, \"loss\": %.9g}\n", now() - start, loss);
    fann_destroy(net);
    fann_destroy_train(data);
    return 0;
}
