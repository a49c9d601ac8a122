/* check.c - the table of checks, and a child process for each. See check.h. */
#include "check/check.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"

#define BIT(kind)                 (1u << FELL_KIND_##kind)
#define OR_BIT(KIND, kind, field) | BIT(KIND)

enum { NETS = BIT(LAYER) | BIT(ACTIVATION), ALL = 0 KINDS(OR_BIT), STEPS = ALL & ~BIT(DATASET) };

const struct check file_checks[] = {
    {"object", "It is a shared object that can be loaded.", 0, TRIES_NOTHING, check_object},
    {"float environment", "Loading it leaves rounding and denormal numbers as they are.", 0, TRIES_NOTHING,
     check_float_environment},
    {"sizes", "The structs have the sizes that their version has, and no two settings share bytes.", 0,
     TRIES_NOTHING, check_sizes},
    {"names", "Names of items and settings are well formed and free.", 0, TRIES_NOTHING, check_names},
    {"exports", "It exports fell_plugin_v1 and nothing else.", 0, TRIES_NOTHING, check_exports},
    {"links", "It links the libraries that it calls.", 0, TRIES_NOTHING, check_links},
    {"globals", "It has no variables that outlive a call.", 0, TRIES_NOTHING, check_globals},
    {"imports", "It calls nothing that reads clocks, prints, ends the process or the like.", 0, TRIES_NOTHING,
     check_imports},
    {"library functions", "It computes with functions that have the same bits everywhere (a warning only).",
     0, TRIES_NOTHING, check_functions},
    {"contraction", "It was built with -ffp-contract=off.", 0, TRIES_NOTHING, check_contraction},
    {0},
};

const struct check item_checks[] = {
    {"docs", "Every text in the tables is a sentence.", ALL, TRIES_NOTHING, check_docs},
    {"defaults", "Defaults lie in their ranges.", ALL, TRIES_NOTHING, check_defaults},
    {"settings", "It takes its defaults, and says why it refuses others.", ALL, TRIES_SETTINGS,
     check_settings},
    {"gradient", "Its gradients are those of its forward pass, by central differences.", NETS | BIT(LOSS),
     TRIES_STEPS, check_gradient},
    {"added gradients", "Parameter gradients are added to what is there.", BIT(LAYER), TRIES_STEPS,
     check_added},
    {"bounds", "It writes inside its buffers.", ALL, TRIES_STEPS, check_bounds},
    {"unset memory", "It reads nothing that has not been set.", ALL, TRIES_STEPS, check_unset},
    {"outside reads", "It reads nothing outside its buffers.", ALL, TRIES_STEPS, check_outside},
    {"output", "It writes nothing to the terminal.", ALL, TRIES_STEPS, check_output},
    {"inputs", "It leaves inputs, weights and settings alone.", STEPS, TRIES_STEPS, check_inputs},
    {"in place", "Its backward pass works where dx is dy.", BIT(ACTIVATION), TRIES_STEPS, check_in_place},
    {"permutation", "What is computed does not depend on the place in the tensor.", BIT(ACTIVATION),
     TRIES_STEPS, check_permutation},
    {"evaluation", "Evaluation leaves state and random numbers alone.", BIT(LAYER), TRIES_STEPS,
     check_evaluation},
    {"batch sizes", "One row, and fewer than max_batch, give what they should.", BIT(LAYER), TRIES_STEPS,
     check_batches},
    {"rows", "A row's evaluation does not depend on the rows beside it.", NETS, TRIES_STEPS, check_rows},
    {"pieces", "Rows that are looked at in other pieces say the same.", BIT(PROBE), TRIES_STEPS,
     check_pieces},
    {"fit", "What is fitted does not depend on the order of rows.", BIT(LAYER), TRIES_STEPS, check_fit},
    {"each row", "Each row's own gradient is that of backward.", BIT(LAYER), TRIES_STEPS, check_each_row},
    {"doubles", "The functions for doubles give what those for floats give.", BIT(LAYER), TRIES_STEPS,
     check_doubles},
    {"fit in parts", "What is fitted in parts is what is fitted at once, to the bit.", BIT(LAYER),
     TRIES_STEPS, check_fit_parts},
    {"unlike inputs", "Inputs of other sizes are refused, or come out right.", BIT(LAYER), TRIES_STEPS,
     check_unlike},
    {"gaps", "What it fills has no gaps left.", BIT(LAYER), TRIES_STEPS, check_gaps},
    {"columns", "What it says of the columns of its output is so.", BIT(LAYER), TRIES_STEPS, check_columns},
    {"unwanted results", "It does without the gradients and the memory that nobody wants.", BIT(LAYER),
     TRIES_STEPS, check_unwanted},
    {"halves", "Two halves of a batch add up to the whole.", BIT(LOSS), TRIES_STEPS, check_halves},
    {"weight", "The weight is set, and not added to.", BIT(LOSS), TRIES_STEPS, check_weight},
    {"empty call", "A call without rows works.", BIT(LOSS) | BIT(METRIC) | BIT(OPTIMIZER), TRIES_STEPS,
     check_empty},
    {"descent", "It finds its way down a quadratic and Rosenbrock's valley.", BIT(OPTIMIZER), TRIES_STEPS,
     check_descent},
    {"learning rate", "The rate of a step is that of the call, not the setting.", BIT(OPTIMIZER), TRIES_STEPS,
     check_rate},
    {"slots", "Saved slots continue with the same bits.", BIT(OPTIMIZER), TRIES_STEPS, check_slots},
    {"joined tensors", "Tensors that are joined get the same steps.", BIT(OPTIMIZER), TRIES_STEPS,
     check_joined},
    {"order of weights", "What a weight gets does not depend on its place in the tensor.", BIT(OPTIMIZER),
     TRIES_STEPS, check_weight_order},
    {"order", "What is asked for in another order is the same.", BIT(SCHEDULE) | BIT(DATASET), TRIES_STEPS,
     check_order},
    {"rows at once", "Rows are the same one by one, and all in one call, in any order and twice.",
     BIT(DATASET), TRIES_STEPS, check_reading},
    {"row marks", "Weights, groups and columns fit the rows.", BIT(DATASET), TRIES_STEPS, check_marks},
    {"incoming rate", "The rate that comes in counts (a warning only).", BIT(SCHEDULE), TRIES_STEPS,
     check_incoming},
    {"short runs", "Runs of one step and of one epoch have rates, too.", BIT(SCHEDULE), TRIES_STEPS,
     check_short_runs},
    {"order of rows", "The value does not depend on the order of rows.", BIT(METRIC), TRIES_STEPS,
     check_metric_rows},
    {"range", "Values lie in the range that it says.", BIT(METRIC), TRIES_STEPS, check_metric_range},
    {"range", "Values lie in the range that it says.", BIT(ACTIVATION), TRIES_STEPS, check_activation_range},
    {"row weights", "Rows of weight 1 count as before, of weight 2 twice, and of weight 0 not at all.",
     BIT(METRIC), TRIES_STEPS, check_metric_weights},
    {"cut", "Yes is what lies above the cut of the call.", BIT(METRIC), TRIES_STEPS, check_metric_cut},
    {"sense", "Predictions that are right are not the worst.", BIT(METRIC), TRIES_STEPS, check_metric_sense},
    {"repetition", "The same inputs give the same bits.", ALL, TRIES_STEPS, check_repeat},
    {"SIMD levels", "Every SIMD level gives the same bits.", ALL, TRIES_STEPS, check_levels},
    {"threads", "1, 2 and 7 threads, and blocks in another order, give the same bits.", STEPS, TRIES_STEPS,
     check_threads},
    {"instances", "Two instances do not disturb each other.", ALL, TRIES_STEPS, check_instances},
    {"allocation", "A step allocates nothing but scratch memory.", STEPS, TRIES_STEPS, check_allocation},
    {"finite numbers", "Inputs of 0, the same, up to 10000 and equal to the target give finite numbers.", ALL,
     TRIES_STEPS, check_finite},
    {"denormals", "Denormal numbers are not ten times as slow (a warning only).", NETS, TRIES_STEPS,
     check_denormals},
    {0},
};

/* ---- the child --------------------------------------------------------------------------------------- */

static void skip(struct finding *f, const char *why)
{
    f->outcome = OUTCOME_SKIPPED;
    error_set(&f->text, "%s", why);
}

static void run_here(const struct check *check, struct checked *c, struct finding *f)
{
    if (check->trying != TRIES_NOTHING)
        setups_make(c->item, c->registry, c->seed, &c->known, &c->setups);
    if (check->trying == TRIES_STEPS && !c->setups.n)
        skip(f, "no settings are taken: see above");
    else
        check->run(c, f);
    if (f->outcome == OUTCOME_FAILED && !f->sure && check->trying == TRIES_STEPS &&
        check->run != check_repeat) {
        struct finding repeats = {0};

        check_repeat(c, &repeats); /* or what is compared says nothing */
        if (repeats.outcome == OUTCOME_FAILED)
            skip(f, "it cannot be told: the same inputs do not give the same bits");
    }
    setups_release(&c->setups);
}

static _Noreturn void be_child(const struct check *check, struct checked *c, struct rig_trace *trace,
                               int answer)
{
    static const int fatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    const struct rlimit none = {0, 0};
    static struct finding f;
    const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

    setpgid(0, 0);
    setrlimit(RLIMIT_CORE, &none);
    for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++)
        signal(fatal[i], SIG_DFL);
    dup2(nowhere, STDOUT_FILENO); /* what the plugin prints is not ours */
    dup2(nowhere, STDERR_FILENO);
    rig_trace(trace);
    run_here(check, c, &f);
    if (write(answer, &f, sizeof f) != (ssize_t)sizeof f)
        _exit(1);
    _exit(0);
}

/* Seconds of processor time that PID has had; 0 if it is gone. */
static double cpu_seconds(pid_t pid)
{
    struct timespec t;
    clockid_t clock;

    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &t) != 0)
        return 0.0;
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* The finding of PID from FD, or false when it ended or its time was over before: that of the processor, so
 * that a busy machine makes no difference, and in any case limits->most of the clock's. */
static bool receive(int fd, pid_t pid, const struct check_limits *limits, struct finding *f)
{
    const double begin = time_monotonic();
    size_t have = 0;

    while (have < sizeof *f) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        const double spent = time_monotonic() - begin;
        double left = limits->seconds - spent;
        ssize_t n;

        if (left <= 0.0)
            left = fmin(limits->most - spent, limits->seconds - cpu_seconds(pid));
        if (left <= 0.0) {
            f->timed_out = true;
            return false;
        }
        if (poll(&p, 1, (int)(left * 1000.0) + 1) == 0)
            continue;
        n = read(fd, (char *)f + have, sizeof *f - have);
        if (n == 0 || (n < 0 && errno != EINTR))
            return false;
        have += n > 0 ? (size_t)n : 0;
    }
    return true;
}

/* The child did not answer: WORD is how it ended. */
static void without_answer(const struct rig_trace *trace, int word, double seconds, struct finding *f)
{
    const char *doing = trace ? trace->doing : NULL, *gap = doing ? ", " : "";
    const char *where = doing ? trace->where : "";

    doing = doing ? doing : "";
    if (f->timed_out)
        finding_fail(f,
                     "it takes more than %.0f seconds%s%s%s%.400s; the checks after this one were not tried",
                     seconds, gap, doing, gap, where);
    else {
        subject_died(word, f->ended, sizeof f->ended);
        finding_fail(f, "%s%s%s%s%.400s", f->ended, *doing ? " " : "", doing, gap, where);
    }
}

void check_run(const struct check *check, struct checked *c, const struct check_limits *limits,
               struct finding *f)
{
    const double begin = time_monotonic();
    void *shared =
        mmap(NULL, sizeof(struct rig_trace), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct rig_trace *trace = shared == MAP_FAILED ? NULL : shared;
    int ends[2], word = 0;
    pid_t pid;
    bool received;

    *f = (struct finding){0};
    if (pipe2(ends, O_CLOEXEC) != 0 || (pid = fork()) < 0) {
        finding_fail(f, "it cannot be tried: %s", strerror(errno));
        goto out;
    }
    if (pid == 0)
        be_child(check, c, trace, ends[1]);
    close(ends[1]);
    received = receive(ends[0], pid, limits, f);
    close(ends[0]);
    kill(pid, SIGKILL); /* it has nothing more to do */
    while (waitpid(pid, &word, 0) < 0 && errno == EINTR)
        ;
    if (!received) {
        *f = (struct finding){.timed_out = f->timed_out};
        without_answer(trace, word, time_monotonic() - begin, f);
    }

out:
    if (trace)
        munmap(trace, sizeof *trace);
}
