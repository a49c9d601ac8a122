/* check_imports.c - the functions that a shared object calls, by the names of its undefined symbols, and
 * what is wrong with some of them. Which are called when shows elsewhere: see check_allocation(). See
 * check.h.
 */
#include <dlfcn.h>
#include <string.h>

#include "check/check.h"
#include "check/object.h"

/* Names one after another, with blanks between. A name that the compiler makes of another,
 * __printf_chk, counts as that. */
static const struct import {
    const char *names, *why;
    bool dataset_may; /* files with a dataset in them may */
} imports[] = {
    {"time clock gettimeofday clock_gettime timespec_get times ftime localtime localtime_r gmtime gmtime_r",
     "a result must not depend on the clock", false},
    {"rand srand rand_r random srandom random_r initstate drand48 srand48 erand48 lrand48 nrand48 mrand48 "
     "jrand48 getrandom getentropy arc4random arc4random_buf arc4random_uniform",
     "random numbers come from fell_uniform() and fell_normal(), so that a run can be repeated", false},
    {"getpid getppid gettid pthread_self sched_getcpu sysconf get_nprocs gethostname uname getuid",
     "a result must not depend on the machine or the process", false},
    {"exit _exit _Exit quick_exit abort raise kill pthread_exit __assert_fail",
     "it ends the program; return fell_fail() instead", false},
    {"printf vprintf puts putchar perror psignal wprintf putwchar",
     "it prints into the program's output; tell something with fell_warn()", false},
    {"fprintf vfprintf fputs fputc putc fwrite dprintf vdprintf syslog",
     "it prints into the program's output; tell something with fell_warn()", true},
    {"getenv secure_getenv setenv putenv", "what it does must come from its settings, which are recorded",
     false},
    {"system popen fork vfork posix_spawn execv execve execvp execl execlp clone",
     "a plugin starts no programs", false},
    {"pthread_create thrd_create", "threads are the host's: fell_parallel()", true},
    {"fopen fopen64 freopen open open64 openat creat socket tmpfile mkstemp", "only datasets read files",
     true},
    {"pthread_mutex_lock mtx_lock sem_wait pthread_rwlock_wrlock",
     "an instance is never entered by two threads at once, and needs no lock", true},
    {"asprintf vasprintf strndup reallocarray memalign valloc open_memstream getline getdelim",
     "it allocates memory; working memory is fell_scratch()", true},
    {"setlocale fesetround feenableexcept fesetenv fesetexceptflag signal sigaction chdir umask",
     "it changes the whole program", false},
    {"sleep usleep nanosleep clock_nanosleep sched_yield", "it waits", false},
};

/* Whether NAME, as it is imported, is among NAMES. */
static bool is_among(const char *name, const char *names)
{
    size_t n = strlen(name);

    if (n > 6 && strncmp(name, "__", 2) == 0 && strcmp(name + n - 4, "_chk") == 0) {
        name += 2;
        n -= 6;
    }
    for (const char *p = names; *p; p += strspn(p, " ")) {
        const size_t len = strcspn(p, " ");

        if (len == n && strncmp(p, name, n) == 0)
            return true;
        p += len;
    }
    return false;
}

/* Functions of the C library in single precision, whose last bit differs between versions and processors, and
 * what to call instead. */
static const struct {
    const char *names, *instead;
} functions[] = {
    {"expf exp2f exp10f", "fell_exp()"},
    {"expm1f", "fell_expm1()"},
    {"logf log2f log10f", "fell_log()"},
    {"log1pf", "fell_log1p()"},
    {"tanhf", "fell_tanh()"},
    {"erff erfcf", "fell_erf()"},
    {"powf sinf cosf sincosf tanf sinhf coshf asinf acosf atanf atan2f cbrtf hypotf lgammaf tgammaf",
     "the function in double, rounded once"},
};

/* Does the file hold a dataset? */
static bool has_dataset(const char *path)
{
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    const fell_plugin *root = handle ? dlsym(handle, "fell_plugin_v1") : NULL;

    for (size_t i = 0; root && root->items && root->items[i]; i++)
        if (root->items[i]->kind == FELL_KIND_DATASET)
            return true;
    return false;
}

void check_imports(struct checked *c, struct finding *f)
{
    const bool dataset = has_dataset(c->path);
    struct object o;
    struct symbols s;
    struct error err;

    if (object_read(c->path, &o, &err) != OK) {
        finding_fail(f, "%s", err.text);
        return;
    }
    for (size_t i = 1; object_symbols(&o, SHT_DYNSYM, &s) && i < s.n; i++)
        for (size_t k = 0; k < sizeof imports / sizeof *imports && s.v[i].st_shndx == SHN_UNDEF; k++)
            if (is_among(symbol_name(&s, i), imports[k].names) && !(dataset && imports[k].dataset_may))
                finding_fail(f, "it calls %s(): %s", symbol_name(&s, i), imports[k].why);
    object_release(&o);
}

/* One symbol that is called, among those of the table. */
static void check_function(const char *name, struct finding *f)
{
    for (size_t k = 0; k < sizeof functions / sizeof *functions && f->outcome == OUTCOME_PASSED; k++)
        if (is_among(name, functions[k].names)) {
            f->outcome = OUTCOME_WARNED;
            error_set(&f->text, "it calls %s(), whose last bit differs between machines; call %s", name,
                      functions[k].instead);
        }
}

void check_functions(struct checked *c, struct finding *f)
{
    struct object o;
    struct symbols s;
    struct error err;

    if (object_read(c->path, &o, &err) != OK)
        return; /* check_object() says why */
    for (size_t i = 1; object_symbols(&o, SHT_DYNSYM, &s) && i < s.n; i++)
        if (s.v[i].st_shndx == SHN_UNDEF)
            check_function(symbol_name(&s, i), f);
    object_release(&o);
}
