/* synonym.c - see synonym.h. One table for all kinds of names: which meaning fits is said by the
 * names that exist where the word stands. A word that is itself a name there never comes here.
 */
#include "base/synonym.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

enum { MEANINGS = 3 };

static const struct synonym {
    const char *word, *means[MEANINGS]; /* the first that exists */
} synonyms[] = {
    /* metrics and losses */
    {"macro_f1", {"f1"}},
    {"micro_f1", {"f1"}},
    {"weighted_f1", {"f1"}},
    {"f_measure", {"f1"}},
    {"f1_macro", {"f1"}},
    {"f1_micro", {"f1"}},
    {"f1_weighted", {"f1"}},
    {"specificity", {"recall"}},
    {"err", {"accuracy"}},
    {"error", {"accuracy"}},
    {"hit_rate", {"top_k", "recall"}},
    {"logloss", {"cross_entropy", "bce"}},
    {"acc", {"accuracy"}},
    {"categorical_accuracy", {"accuracy"}},
    {"binary_accuracy", {"accuracy"}},
    {"error_rate", {"accuracy"}},
    {"roc_auc", {"auc"}},
    {"auroc", {"auc"}},
    {"confusion_matrix", {"confusion"}},
    {"f1_score", {"f1"}},
    {"fscore", {"f1"}},
    {"f_score", {"f1"}},
    {"sensitivity", {"recall"}},
    {"balanced_accuracy", {"recall"}},
    {"tpr", {"recall"}},
    {"ppv", {"precision"}},
    {"r2_score", {"r2"}},
    {"r_squared", {"r2"}},
    {"top5", {"top_k"}},
    {"top_5", {"top_k"}},
    {"topk", {"top_k"}},
    {"mse", {"rmse"}},
    {"root_mean_squared_error", {"rmse"}},
    {"ce", {"cross_entropy"}},
    {"xent", {"cross_entropy"}},
    {"crossentropy", {"cross_entropy"}},
    {"cross_entropy_loss", {"cross_entropy"}},
    {"categorical_crossentropy", {"cross_entropy"}},
    {"sparse_categorical_crossentropy", {"cross_entropy"}},
    {"softmax_cross_entropy", {"cross_entropy"}},
    {"log_loss", {"cross_entropy", "bce"}},
    {"binary_crossentropy", {"bce"}},
    {"binary_cross_entropy", {"bce"}},
    {"bce_loss", {"bce"}},
    {"bce_logits", {"bce_with_logits"}},
    {"bcewithlogits", {"bce_with_logits"}},
    {"bcewithlogitsloss", {"bce_with_logits"}},
    {"sigmoid_cross_entropy", {"bce_with_logits"}},
    {"l1", {"mae"}},
    {"l1_loss", {"mae"}},
    {"mean_absolute_error", {"mae"}},
    {"l2", {"mse", "weight_decay", "rmse"}},
    {"l2_loss", {"mse"}},
    {"mse_loss", {"mse"}},
    {"mean_squared_error", {"mse", "rmse"}},
    {"squared_error", {"mse", "rmse"}},
    {"kl", {"kl_divergence"}},
    {"kld", {"kl_divergence"}},
    {"kl_div", {"kl_divergence"}},
    {"kldiv", {"kl_divergence"}},
    {"kullback_leibler", {"kl_divergence"}},
    {"negative_log_likelihood", {"nll"}},
    {"poisson", {"poisson_nll"}},
    {"logcosh", {"log_cosh"}},
    {"huber_loss", {"huber"}},
    {"smoothl1", {"smooth_l1"}},
    {"focal_loss", {"focal"}},
    /* keys */
    {"clip", {"clip_norm"}},
    {"grad_clip_norm", {"clip_norm"}},
    {"clip_grad_norm", {"clip_norm"}},
    {"max_norm", {"clip_norm"}},
    {"early_stop", {"early_stopping"}},
    {"patience", {"early_stopping"}},
    {"nb_epoch", {"epochs"}},
    {"iterations", {"epochs"}},
    {"decay", {"weight_decay"}},
    {"search", {"sweep"}},
    {"grid", {"sweep"}},
    {"hyperparameters", {"sweep"}},
    {"params", {"sweep"}},
    {"val_size", {"validation"}},
    {"val_ratio", {"validation"}},
    {"valid_size", {"validation"}},
    {"test_split", {"test"}},
    {"test_size", {"test"}},
    {"train_data", {"source"}},
    {"path", {"source"}},
    {"file", {"path", "source"}},
    {"filename", {"path"}},
    {"file_path", {"path"}},
    {"sep", {"delimiter"}},
    {"separator", {"delimiter"}},
    {"label", {"target", "labels"}},
    {"label_column", {"target"}},
    {"target_column", {"target"}},
    {"target_col", {"target"}},
    {"y", {"target", "targets"}},
    {"x", {"inputs"}},
    {"na_values", {"missing"}},
    {"nan", {"missing"}},
    {"ignore", {"drop"}},
    {"exclude", {"drop"}},
    {"index_col", {"drop"}},
    {"size", {"units", "shape"}},
    {"dim", {"units"}},
    {"output_dim", {"units"}},
    {"output_size", {"units"}},
    {"init_weights", {"init"}},
    {"weight_init", {"init"}},
    {"augment", {"transforms"}},
    {"augmentation", {"transforms"}},
    {"preprocessing", {"transforms"}},
    {"learning_rate", {"lr", "optimizer"}},
    {"base_lr", {"lr"}},
    {"lr", {"optimizer"}},
    {"eta", {"lr"}},
    {"bs", {"batch_size"}},
    {"batch", {"batch_size"}},
    {"batchsize", {"batch_size"}},
    {"minibatch", {"batch_size"}},
    {"epochs", {"train"}},
    {"batch_size", {"train"}},
    {"early_stopping", {"train"}},
    {"n_epochs", {"epochs"}},
    {"num_epochs", {"epochs"}},
    {"max_epochs", {"epochs"}},
    {"groups", {"num_groups"}},
    {"steps", {"count"}},
    {"num", {"count"}},
    {"epoch", {"epochs"}},
    {"random_seed", {"seed"}},
    {"random_state", {"seed"}},
    {"wd", {"weight_decay"}},
    {"l2_penalty", {"weight_decay"}},
    {"l2_reg", {"weight_decay"}},
    {"weight_decay_rate", {"weight_decay"}},
    {"eps", {"epsilon"}},
    {"beta_1", {"beta1"}},
    {"beta_2", {"beta2"}},
    {"b1", {"beta1"}},
    {"b2", {"beta2"}},
    {"grad_clip", {"clip_norm"}},
    {"gradient_clip", {"clip_norm"}},
    {"gradient_clipping", {"clip_norm"}},
    {"max_grad_norm", {"clip_norm"}},
    {"clipnorm", {"clip_norm"}},
    {"scheduler", {"schedule"}},
    {"lr_scheduler", {"schedule"}},
    {"lr_schedule", {"schedule"}},
    {"dataset", {"data"}},
    {"network", {"model"}},
    {"net", {"model"}},
    {"layers", {"model"}},
    {"architecture", {"model"}},
    {"criterion", {"loss"}},
    {"objective", {"loss"}},
    {"optim", {"optimizer"}},
    {"optimiser", {"optimizer"}},
    {"training", {"train"}},
    {"val", {"validation"}},
    {"valid", {"validation"}},
    {"val_split", {"validation"}},
    {"validation_split", {"validation"}},
    {"val_loss", {"validation_loss", "validation.loss"}},
    {"pretrained", {"initial_weights"}},
    {"weights", {"initial_weights"}},
    {"hidden", {"units", "dense"}},
    {"n_units", {"units"}},
    {"num_units", {"units"}},
    {"neurons", {"units"}},
    {"width", {"units"}},
    {"out_features", {"units"}},
    {"hidden_size", {"units"}},
    {"out_channels", {"filters"}},
    {"channels", {"filters"}},
    {"n_filters", {"filters"}},
    {"kernel_size", {"kernel"}},
    {"filter_size", {"kernel"}},
    {"strides", {"stride"}},
    {"pad", {"padding"}},
    {"act", {"activation"}},
    {"p", {"rate"}},
    {"dropout_rate", {"rate"}},
    {"kernel_initializer", {"init"}},
    {"initializer", {"init"}},
    {"use_bias", {"bias"}},
    /* optimizers and schedules */
    {"amsgrad", {"adam"}},
    {"cosine_annealing_warm_restarts", {"cosine_restarts"}},
    {"cosineannealingwarmrestarts", {"cosine_restarts"}},
    {"cosine_decay", {"cosine"}},
    {"linear_warmup", {"warmup"}},
    {"sgd_momentum", {"sgd"}},
    {"sgd+momentum", {"sgd"}},
    {"momentum", {"sgd"}},
    {"nesterov", {"sgd"}},
    {"gradient_descent", {"sgd"}},
    {"gd", {"sgd"}},
    {"adam_w", {"adamw"}},
    {"rms_prop", {"rmsprop"}},
    {"l_bfgs", {"lbfgs"}},
    {"bfgs", {"lbfgs"}},
    {"nag", {"sgd"}},
    {"cosine_annealing", {"cosine"}},
    {"cosineannealinglr", {"cosine"}},
    {"warm_restarts", {"cosine_restarts"}},
    {"sgdr", {"cosine_restarts"}},
    {"onecycle", {"one_cycle"}},
    {"onecyclelr", {"one_cycle"}},
    {"steplr", {"step"}},
    {"multistep", {"multi_step"}},
    {"multisteplr", {"multi_step"}},
    {"exponentiallr", {"exponential"}},
    {"exp", {"exponential"}},
    {"exp_decay", {"exponential"}},
    {"poly", {"polynomial"}},
    {"reducelronplateau", {"plateau"}},
    {"reduce_on_plateau", {"plateau"}},
    {"reduce_lr_on_plateau", {"plateau"}},
    /* initialisers */
    {"random", {"uniform"}},
    {"random_normal", {"normal"}},
    {"random_uniform", {"uniform"}},
    {"trunc", {"trunc_normal"}},
    {"kaiming", {"he_normal"}},
    {"kaiming_normal", {"he_normal"}},
    {"kaiming_uniform", {"he_uniform"}},
    {"he", {"he_normal"}},
    {"msra", {"he_normal"}},
    {"xavier", {"glorot_uniform"}},
    {"xavier_uniform", {"glorot_uniform"}},
    {"xavier_normal", {"glorot_normal"}},
    {"glorot", {"glorot_uniform"}},
    {"lecun", {"lecun_normal"}},
    {"gaussian", {"normal", "noise"}},
    {"randn", {"normal"}},
    {"truncated_normal", {"trunc_normal"}},
    {"zero", {"zeros"}},
    {"one", {"ones"}},
    {"identity", {"eye"}},
    /* layers and activations */
    {"gelu_tanh", {"gelu"}},
    {"gelu_new", {"gelu"}},
    {"rms_norm", {"layer_norm"}},
    {"rmsnorm", {"layer_norm"}},
    {"lstm_cell", {"lstm"}},
    {"gru_cell", {"gru"}},
    {"swish", {"silu"}},
    {"silu", {"swish"}},
    {"linear", {"dense", "identity"}},
    {"fc", {"dense"}},
    {"fully_connected", {"dense"}},
    {"affine", {"dense"}},
    {"mlp", {"dense"}},
    {"none", {"identity"}},
    {"conv", {"conv2d"}},
    {"convolution", {"conv2d"}},
    {"conv_2d", {"conv2d"}},
    {"convolution2d", {"conv2d"}},
    {"conv_1d", {"conv1d"}},
    {"batchnorm", {"batch_norm"}},
    {"batchnorm1d", {"batch_norm"}},
    {"batchnorm2d", {"batch_norm"}},
    {"batch_normalization", {"batch_norm"}},
    {"bn", {"batch_norm"}},
    {"layernorm", {"layer_norm"}},
    {"layer_normalization", {"layer_norm"}},
    {"ln", {"layer_norm"}},
    {"groupnorm", {"group_norm"}},
    {"gn", {"group_norm"}},
    {"maxpool", {"max_pool2d"}},
    {"max_pool", {"max_pool2d"}},
    {"maxpool2d", {"max_pool2d"}},
    {"max_pooling2d", {"max_pool2d"}},
    {"avgpool", {"avg_pool2d"}},
    {"avg_pool", {"avg_pool2d"}},
    {"average_pool", {"avg_pool2d"}},
    {"avgpool2d", {"avg_pool2d"}},
    {"gap", {"global_avg_pool2d"}},
    {"global_avg_pool", {"global_avg_pool2d"}},
    {"global_average_pooling2d", {"global_avg_pool2d"}},
    {"drop", {"dropout"}},
    {"emb", {"embedding"}},
    {"embed", {"embedding"}},
    {"view", {"reshape"}},
    {"residual", {"add"}},
    {"concatenate", {"concat"}},
    {"gaussian_noise", {"noise", "jitter"}},
    {"lrelu", {"leaky_relu"}},
    {"leakyrelu", {"leaky_relu"}},
    {"hardtanh", {"hard_tanh"}},
    {"hardsigmoid", {"hard_sigmoid"}},
    {"hardswish", {"hard_swish"}},
    {"logistic", {"sigmoid"}},
    {"logsigmoid", {"log_sigmoid"}},
    {"logsoftmax", {"log_softmax"}},
    {"sin", {"sine"}},
    /* transforms and datasets */
    {"one_hot_encoder", {"one_hot"}},
    {"simple_imputer", {"impute"}},
    {"imputer", {"impute"}},
    {"fillna", {"impute"}},
    {"random_horizontal_flip", {"flip"}},
    {"random_flip", {"flip"}},
    {"random_crop", {"shift"}},
    {"random_translation", {"shift"}},
    {"rescale", {"scale"}},
    {"normalize", {"standardize", "transforms"}},
    {"normalise", {"standardize"}},
    {"standardise", {"standardize"}},
    {"standard_scaler", {"standardize"}},
    {"standardscaler", {"standardize"}},
    {"zscore", {"standardize"}},
    {"minmax", {"min_max"}},
    {"min_max_scaler", {"min_max"}},
    {"onehot", {"one_hot"}},
    {"horizontal_flip", {"flip"}},
    {"imagefolder", {"image_folder"}},
    {"mnist", {"idx"}},
    {"numpy", {"npy"}},
    {"svmlight", {"libsvm"}},
    {"sqlite3", {"sqlite"}},
    {"gaussians", {"blobs"}},
    {"two_moons", {"moons"}},
    {"spirals", {"spiral"}},
};

/* The next character that counts, or 0. */
static int next(const char **text)
{
    while (**text && strchr("-_ .", **text))
        (*text)++;
    return **text ? tolower((unsigned char)*(*text)++) : 0;
}

static bool is_same(const char *a, const char *b)
{
    int ca, cb;

    do {
        ca = next(&a);
        cb = next(&b);
    } while (ca && ca == cb);
    return ca == cb;
}

static const char *among(const char *name, const char *const *candidates, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(candidates[i], name) == 0)
            return candidates[i];
    return NULL;
}

static const char *meaning_of(const char *word, const char *const *candidates, size_t n)
{
    const char *found = NULL;

    for (size_t i = 0; i < sizeof synonyms / sizeof *synonyms && !found; i++)
        for (size_t k = 0; k < MEANINGS && is_same(synonyms[i].word, word) && !found; k++)
            if (synonyms[i].means[k])
                found = among(synonyms[i].means[k], candidates, n);
    for (size_t i = 0; i < n && !found; i++)
        if (is_same(candidates[i], word))
            found = candidates[i];
    return found;
}

const char *synonym_of(const char *word, const char *const *candidates, size_t n)
{
    static const char *const tails[] = {"loss", "lr", "score", "layer", "1d", "2d"};
    const char *found = meaning_of(word, candidates, n);
    char stem[64];
    const size_t len = strlen(word);

    for (size_t i = 0; i < sizeof tails / sizeof *tails && !found && len < sizeof stem; i++) {
        const size_t tail = strlen(tails[i]);

        if (len <= tail || strcasecmp(word + len - tail, tails[i]) != 0)
            continue;
        memcpy(stem, word, len - tail);
        stem[len - tail] = '\0';
        found = meaning_of(stem, candidates, n);
    }
    if (!found && strchr(word, '.')) /* nn.Linear, torch.optim.Adam */
        found = meaning_of(strrchr(word, '.') + 1, candidates, n);
    return found;
}
