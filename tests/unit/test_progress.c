/* test_progress.c - how much time is left, of a run and of all: also of runs that go on from where an
 * earlier process, or this one, had left them.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <unistd.h>

#include "cli/progress.h"
#include "cli/progress_view.h"
#include "engine/train.h"

enum { EPOCHS = 100 };

static struct progress *p;
static const struct run_listener *l;

static void begin(void)
{
    p = progress_new(PROGRESS_QUIET);
    l = progress_listener(p);
    l->begin(p, "one", 2, 1, EPOCHS);
}

static void end(void)
{
    progress_free(p);
}

/* An epoch that takes its time. */
static void train(int64_t run, int64_t epoch)
{
    const struct epoch_report e = {.epoch = epoch, .loss = {1.0, NAN, NAN}, .samples = 1};

    usleep(2000);
    l->tick(p);
    l->epoch(p, 0, run, &e);
}

/* Of the run and of all: as many epochs as are left, each as long as those since BEGAN. */
static void expect_left(double epochs, double began, double trained, double of_all, double trained_of_all)
{
    const double one = (p->stepped - began) / trained, any = (p->stepped - p->began) / trained_of_all;

    cr_expect_float_eq(progress_run_left(p, &p->worker[0]), epochs * one, 1e-9);
    cr_expect_float_eq(progress_left(p), of_all * any, 1e-9);
}

Test(progress, a_run_from_its_beginning, .init = begin, .fini = end)
{
    l->started(p, 0, 1, 0, 0, NULL);
    train(1, 1);
    train(1, 2);
    expect_left(98, p->worker[0].began, 2, 198, 2);
}

Test(progress, a_run_of_an_earlier_process, .init = begin, .fini = end)
{
    l->started(p, 0, 1, 0, 0, NULL);
    l->resumed(p, 0, 1, 60, false);
    cr_expect(isnan(progress_run_left(p, &p->worker[0])), "nothing was trained yet");
    train(1, 61);
    train(1, 62);
    expect_left(38, p->worker[0].began, 2, 138, 2);
    l->ended(p, 0, 1, "crashed", NULL);
    l->again(p, "crashed"); /* from its beginning */
    cr_expect_eq(p->epochs_wanted - p->epochs_before - p->epochs_done, 200);
}

Test(progress, a_run_that_this_process_put_off, .init = begin, .fini = end)
{
    l->started(p, 0, 1, 0, 0, NULL);
    train(1, 1);
    train(1, 2);
    l->started(p, 0, 2, 0, 0, NULL);
    train(2, 1);
    l->started(p, 0, 1, 0, 0, NULL);
    l->resumed(p, 0, 1, 2, true);
    train(1, 3);
    expect_left(97, p->worker[0].began, 1, 196, 4);
}
