/* submit_script.c - see submit.h. Calls nothing of Slurm's: submit.c does.
 */
#include "cli/submit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "work/deadline.h"

status submit_time(const char *text, char out[32], struct error *err)
{
    double seconds;

    if (*text && strspn(text, "0123456789:-") == strlen(text) && strlen(text) < 32) {
        strcpy(out, text);
        return OK;
    }
    if (!deadline_duration(text, &seconds) || seconds < 60 || seconds > 365.0 * 86400)
        return error_set(err, "--time: '%s' is no time: 4h, 90m, 2d, or as Slurm writes it, 4:00:00", text);
    snprintf(out, 32, "%lld:%02lld:%02lld", (long long)seconds / 3600, (long long)seconds / 60 % 60,
             (long long)seconds % 60);
    return OK;
}

/* As sbatch reads it: what is between quotes is a word, and a backslash takes the next character as it is. */
static void add_option(struct strbuf *b, const char *word)
{
    const bool plain = *word && !strpbrk(word, " \t\"'\\#");

    if (plain) {
        strbuf_add(b, word);
        return;
    }
    strbuf_add(b, "\"");
    for (; *word; word++)
        strbuf_addf(b, "%s%c", strchr("\"\\", *word) ? "\\" : "", *word);
    strbuf_add(b, "\"");
}

/* In the name of a file `%` begins what sbatch replaces. */
static void add_pattern(struct strbuf *b, const char *path)
{
    for (; *path; path++)
        strbuf_addf(b, "%s%c", *path == '%' ? "%" : "", *path);
}

static status check_words(const struct submit_plan *p, struct error *err)
{
    const struct call *c = p->call;

    if (strpbrk(p->folder, "\"\\\n\r"))
        return error_set(err, "--share: sbatch cannot read a name with quotes, backslashes or line ends");
    for (size_t i = c->quoted; i < c->nargs; i++)
        if (strpbrk(c->args[i], "\n\r"))
            return error_set(err, "an option of sbatch has a line end: '%s'", c->args[i]);
    return OK;
}

static void add_options(const struct submit_plan *p, struct strbuf *b)
{
    const struct call *c = p->call;

    strbuf_addf(b, "#SBATCH --job-name=fell-%s\n", p->experiment->name);
    strbuf_addf(b, "#SBATCH --array=0-%lld\n", (long long)c->tasks - 1);
    strbuf_addf(b, "#SBATCH --ntasks=1 --cpus-per-task=%lld\n", (long long)c->cpus);
    if (p->time[0])
        strbuf_addf(b, "#SBATCH --time=%s\n", p->time);
    strbuf_add(b, "#SBATCH --signal=TERM@120 --requeue --open-mode=append\n");
    strbuf_add(b, "#SBATCH --output=\"");
    add_pattern(b, p->folder);
    strbuf_add(b, "/logs/%A_%a.log\"\n");
    for (size_t i = c->quoted; i < c->nargs; i++) { /* `-p cpu` on one line */
        const bool value = i > c->quoted && c->args[i][0] != '-';

        strbuf_add(b, value ? " " : i > c->quoted ? "\n#SBATCH " : "#SBATCH ");
        add_option(b, c->args[i]);
    }
    strbuf_add(b, c->quoted < c->nargs ? "\n" : "");
}

/* The words as a shell needs them; the options of the call itself are not among them. */
static void add_command(const struct submit_plan *p, struct strbuf *b)
{
    const struct call *c = p->call;
    struct strbuf line = {0};

    text_add_word(&line, p->program);
    strbuf_add(&line, " run");
    for (size_t i = 0; i < c->quoted; i++)
        text_add_word(&line, c->args[i]);
    for (size_t i = 0; i < c->nplugins; i++) {
        strbuf_add(&line, " --plugin");
        text_add_word(&line, c->plugins[i]);
    }
    strbuf_add(&line, " --share");
    text_add_word(&line, p->share);
    strbuf_addf(
        b, "srun --cpus-per-task=%lld %s \\\n    --shard \"$SLURM_ARRAY_TASK_ID/%lld\" --jobs %lld --quiet\n",
        (long long)c->cpus, line.text, (long long)c->tasks, (long long)c->cpus);
    strbuf_release(&line);
}

status submit_script(const struct submit_plan *p, struct strbuf *out, struct error *err)
{
    char here[4096];
    struct strbuf folder = {0};

    if (check_words(p, err) != OK)
        return FAILED;
    if (!getcwd(here, sizeof here))
        return error_set(err, "the present folder has no name by which a task finds it: %s", strerror(errno));
    text_add_word(&folder, p->folder);
    strbuf_addf(out,
                "#!/bin/bash\n"
                "# %s: %lld trials, %lld repeats, in %lld shards. Written by fell submit.\n",
                p->experiment->name, (long long)p->experiment->ntrials, (long long)p->experiment->repeats,
                (long long)p->call->tasks);
    add_options(p, out);
    strbuf_add(out, "\ncd");
    text_add_word(out, here);
    strbuf_addf(out,
                " || exit\n"
                "shard=%s/shard-$(printf %%04d \"$SLURM_ARRAY_TASK_ID\")\n"
                "published() { find \"$shard\" -name 'seg-*.db' 2>/dev/null | wc -l; }\n"
                "before=$(published)\n\n",
                folder.text);
    add_command(p, out);
    strbuf_add(out,
               "status=$?\n\n"
               "# 75: the time was up, or the job was asked to end, before all had ended. Any node goes on,\n"
               "# unless two tries in a row have published nothing.\n"
               "if [ $status = 75 ]; then\n"
               "    if [ \"$(published)\" -gt \"$before\" ]; then\n"
               "        rm -f \"$shard/idle\"\n"
               "    elif [ -e \"$shard/idle\" ]; then\n"
               "        rm -f \"$shard/idle\"\n"
               "        echo 'two tries have got nowhere: give it more time' >&2\n"
               "        exit 1\n"
               "    else\n"
               "        : >\"$shard/idle\"\n"
               "    fi\n"
               "    scontrol requeue \"${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID\"\n"
               "fi\n"
               "exit $status\n");
    strbuf_release(&folder);
    return OK;
}
