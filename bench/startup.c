/* startup.c - start a command N times: startup N COMMAND ARGUMENTS...
 *
 * Each "%d" argument is replaced by the round. Prints every wall time in milliseconds and
 * the largest resident memory of any process in MB, as JSON. A small program does this
 * because a child's peak memory counts that of the process it was forked from.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

int main(int argc, char **argv)
{
    struct rusage use;
    int rounds = argc > 2 ? atoi(argv[1]) : 0;

    printf("{\"milliseconds\": [");
    for (int i = 0; i < rounds; i++) {
        double start = now();
        char text[64][256];
        pid_t child;
        int status;

        for (int a = 2; a < argc && a < 64; a++) {
            const char *mark = strstr(argv[a], "%d");

            if (mark)
                snprintf(text[a], sizeof text[a], "%.*s%d%s", (int)(mark - argv[a]), argv[a], i + 1,
                         mark + 2);
            else
                snprintf(text[a], sizeof text[a], "%s", argv[a]);
        }
        child = fork();
        if (child == 0) {
            char *words[64] = {0};

            for (int a = 2; a < argc && a < 64; a++)
                words[a - 2] = text[a];
            execv(words[0], words);
            _exit(127);
        }
        if (waitpid(child, &status, 0) < 0 || status != 0) {
            fprintf(stderr, "startup: the command failed\n");
            return 1;
        }
        printf("%s%.3f", i ? ", " : "", now() - start);
    }
    getrusage(RUSAGE_CHILDREN, &use);
    printf("], \"megabytes\": %.1f}\n", (double)use.ru_maxrss / 1024);
    return 0;
}
