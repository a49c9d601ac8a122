#!/bin/bash
# Whether the tests behind docs/security.md would notice: each guard that a sentence rests on is taken out of a copy of the
# sources, and the test that stands in brackets there must fail. A guard that is not found any more, a copy that does
# not build and a test that passes are errors.
#
#     bash tests/mutations.sh SOURCE BUILD SCRATCH [WORD...]      (make mutations; a WORD: guards whose name has it)
#
# BUILD is a configured build of SOURCE, whose compiler is used. Takes some minutes: no part of ./check.
set -u
source=$(cd "$1" && pwd) ordinary=$(cd "$2" && pwd)
mkdir -p "$3" || exit 1
scratch=$(cd "$3" && pwd)
shift 3
words=$*
copy=$scratch/source build=$scratch/build
rm -rf "$copy"
mkdir -p "$copy" "$build"
(cd "$source" && git ls-files -z 2>/dev/null | tar --null -T - -cf -) | tar -xf - -C "$copy" || exit 1
(cd "$source" && tar -cf - configure Makefile.in aclocal.m4 build-aux) | tar -xf - -C "$copy" || exit 1
# The generated files of the build system are as new as what they were made of.
find "$copy" '(' -name '*.am' -o -name '*.ac' ')' -exec touch -d '1 hour ago' '{}' +
[ -f "$build/config.status" ] || (cd "$build" && eval "\"$copy/configure\" --quiet $("$ordinary/config.status" --config)") || exit 1
# An earlier call may have left objects of what it had edited.
sed -n 's/^guard "[^"]*" \([^ ]*\) .*/\1/p' "$0" | sort -u | (cd "$copy" && xargs touch)
make_it() {
    make -C "$build" --silent -j"$(nproc)" "$@" >"$scratch/make.log" 2>&1
}
make_it all || { tail "$scratch/make.log"; echo "the copy does not build"; exit 1; }

tried=0 bad=0 sound=
# passes TEST: tests/cli/x.sh, or tests/unit/test_x.
passes() {
    local programs=
    case $1 in tests/unit/*) programs=$1 ;; esac
    rm -f "$build/${1%.sh}.log" "$build/${1%.sh}.trs"
    FELL_TEST_SECONDS=100 make_it check TESTS="$1" check_PROGRAMS="$programs"
}
# passes_whole TEST: with every guard in its place, which is tried once.
passes_whole() {
    case " $sound " in *" $1 "*) return ;; esac
    make_it all && passes "$1" && sound="$sound $1"
}
# guard NAME FILE TEST: stdin has what is there, a line with --- alone, what is put in its place.
guard() {
    local name=$1 file=$copy/$2 test=$3 said
    case " $words " in
    "  ") ;;
    *) for word in $words; do case $name in *"$word"*) break ;; esac; false; done || { cat >/dev/null; return; } ;;
    esac
    cat >"$scratch/edit"
    cp "$file" "$scratch/kept"
    tried=$((tried + 1))
    # shellcheck disable=SC2016 # Perl's
    if ! passes_whole "$test"; then
        said="FAILS, GUARD OR NOT"
    elif ! perl -0777 -e 'open E, "<", $ARGV[0]; $_ = <E>; ($a, $b) = split /^---\n/m, $_, 2; s/\n\z// for $a, $b;
        open F, "<", $ARGV[1]; $_ = <F>; $n = () = /\Q$a\E/g; $n == 1 or exit 1; s/\Q$a\E/$b/;
        open F, ">", $ARGV[1]; print F $_' "$scratch/edit" "$file"; then
        said="NO GUARD: it is not there, or more than once"
    elif ! make_it all CFLAGS='-O1 -w'; then
        said="NOT BUILT: $(grep -m 1 error "$scratch/make.log")"
    elif passes "$test"; then
        said="NOT NOTICED"
    elif [ -f "$build/${test%.sh}.trs" ] && grep -q ':test-result: FAIL' "$build/${test%.sh}.trs"; then
        said=noticed
    else
        said="NOT RUN: $(tail -n 1 "$scratch/make.log")"
    fi
    [ "$said" = noticed ] || bad=$((bad + 1))
    printf '%-9s %-52s %s\n' "$said" "$name" "$test"
    cp "$scratch/kept" "$file"
}

# ---- a plugin ----------------------------------------------------------------------------------
guard "a crashed run is an end of that run" runner/work/hand.c tests/cli/crash.sh <<'END'
    strbuf_release(&limit);
    return result;
---
    strbuf_release(&limit);
    return sig ? FAILED : result;
END
guard "a worker that does not end is killed" runner/work/process.c tests/cli/crash.sh <<'END'
            kill(pid, SIGKILL);
            late = true;
---
            late = true;
END
guard "sizes within a frame of an epoch" runner/record/packed.c tests/unit/test_frames <<'END'
        size != sizeof *r + r->npositions * sizeof *r->tensors + r->nmetrics * sizeof(double) ||
---
END
guard "places of texts in a frame of a probe" runner/record/packed.c tests/unit/test_frames <<'END'
        if (rows[i].name >= h->text || rows[i].layer >= h->text || rows[i].position < 0)
---
        if (rows[i].position < 0)
END
guard "numbers in JSON of a worker" runner/record/frames_json.c tests/unit/test_frames <<'END'
    return cJSON_IsNumber(v) && v->valuedouble >= least && v->valuedouble <= most &&
---
    return cJSON_IsNumber(v) &&
END
guard "the size of a frame" runner/record/frames.c tests/unit/test_frames <<'END'
    if (head->type < FRAME_CHECK || head->type > FRAME_CRASH || head->size > LARGEST) {
---
    if (head->type < FRAME_CHECK || head->type > FRAME_CRASH) {
END

# ---- a spec -------------------------------------------------------------------------------------
guard "no filter of a .git runs" runner/work/provenance.c tests/cli/git.sh <<'END'
    return good;
}

/* GIT_DIR: HEAD holds
---
    return true;
}

/* GIT_DIR: HEAD holds
END
guard "where is one expression" runner/trials/where.c tests/unit/test_sweep_errors <<'END'
    wrong = not_one_expression(node->text);
---
    wrong = NULL;
END
guard "where asks no pragma" runner/trials/where.c tests/cli/bad.sh <<'END'
    if (action != SQLITE_FUNCTION)
        return SQLITE_DENY;
---
    if (action != SQLITE_FUNCTION)
        return SQLITE_OK;
END
guard "where has no function that varies" runner/trials/where.c tests/unit/test_sweep_errors <<'END'
        if (!sqlite3_stricmp(function, vary[i]))
            return SQLITE_DENY;
---
END
guard "query reads only" plugins/dataset/sqlite.c tests/cli/bad.sh <<'END'
        refuse(q, "it does more than SELECT; only reading is allowed");
        return SQLITE_DENY;
---
        return SQLITE_OK;
END
guard "a pipe is no file" runner/base/file.c tests/cli/security.sh <<'END'
    else if (!S_ISREG(about->st_mode) && (S_ISDIR(about->st_mode) || !is_open_here(path)))
---
    else if (S_ISDIR(about->st_mode))
END
guard "a file of the kernel's is no file" runner/base/file.c tests/cli/security.sh <<'END'
    else if (fstatfs(fd, &system) == 0 && path_is_of_kernel(&system))
---
    else if (false)
END
guard "a worker's standard input is not the user's" runner/base/file.c tests/cli/security.sh <<'END'
    if (others_opened)
---
    if (false)
END

# ---- a data file --------------------------------------------------------------------------------
guard "a log beside a database is refused" plugins/dataset/sqlite.c tests/unit/test_data_files <<'END'
    return has_log(q->s->path) ? refuse_log(q) : FELL_OK;
---
    return FELL_OK;
END
guard "prepared data are a regular file" runner/engine/data_cache_file.c tests/cli/cache.sh <<'END'
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
---
    int fd = open(path, O_RDONLY | O_CLOEXEC);
END
guard "prepared data are one's own" runner/engine/data_cache_file.c tests/cli/cache.sh <<'END'
S_ISREG(about.st_mode) && about.st_uid == geteuid() &&
---
S_ISREG(about.st_mode) &&
END
guard "paths are looked at before a plugin opens them" runner/engine/data_read.c tests/cli/security.sh <<'END'
    if (check_paths(choice, role, p) != OK)
        return FAILED;
---
END

# ---- a results database ---------------------------------------------------------------------------
guard "what is beside a database is a file" runner/record/database.c tests/cli/security.sh <<'END'
        if (stat(file, &about) == 0 && !S_ISREG(about.st_mode))
---
        if (false)
END
guard "a database is no file of the kernel's" runner/record/database.c tests/cli/security.sh <<'END'
        else if (statfs(file, &system) == 0 && path_is_of_kernel(&system))
---
        else if (false)
END
guard "NULL where a text should be" runner/record/database.h tests/cli/security.sh <<'END'
    return text ? (const char *)text : "";
---
    return (const char *)text;
END
guard "a trial's number that cannot be" runner/work/schedule_load.c tests/cli/security.sh <<'END'
    if (number < 0 || repeat < 0 || (size_t)repeat >= s->repeats || number > MOST_RUNS / (int64_t)s->repeats)
---
    if (false)
END
guard "a table is a table" runner/record/database.c tests/cli/security.sh <<'END'
    "  (type <> 'table' OR coalesce(rootpage, 0) = 0)) OR (%d AND type = 'trigger') LIMIT 1";
---
    "  (type NOT IN ('table', 'view'))) OR (%d AND type = 'trigger') LIMIT 1";
END
guard "a table is no virtual one" runner/record/database.c tests/cli/security.sh <<'END'
    "  (type <> 'table' OR coalesce(rootpage, 0) = 0)) OR (%d AND type = 'trigger') LIMIT 1";
---
    "  (type <> 'table')) OR (%d AND type = 'trigger') LIMIT 1";
END
guard "no trigger in a database that is written to" runner/record/database.c tests/cli/security.sh <<'END'
 OR (%d AND type = 'trigger') LIMIT 1";
---
 OR (%d AND type = 'nothing') LIMIT 1";
END
guard "the views are the program's" runner/cli/results_open.c tests/cli/security.sh <<'END'
        schema_read_old(db, version) ||
---
END
guard "a database loads no plugin" runner/again/stored_plugins.c tests/cli/verify.sh <<'END'
    const struct item *item = find_item(p->registry, kind, name);
    struct error ignored;
---
    struct error ignored;
    const struct item *item = registry_add_file(p->registry, path, &ignored) == OK ? find_item(p->registry, kind, name) : find_item(p->registry, kind, name);
END
guard "a database names no file to be read: hashes" runner/again/moved_files.c tests/cli/named_paths.sh <<'END'
        named_paths_check(path, file, &err) == OK && identity_hash_path(path, found, &err) == OK;
---
        identity_hash_path(path, found, &err) == OK;
END
guard "a database names no file to be read: a run again" runner/again/rerun.c tests/cli/named_paths.sh <<'END'
    return r->spec ? spec_check_paths(r->spec, sqlite3_db_filename(db, "main"), err) : OK;
---
    return OK;
END
guard "a database names no file to be read: a run that waits" runner/work/schedule_fetch.c tests/cli/named_paths.sh <<'END'
    return spec_check_paths(read->spec, sqlite3_db_filename(recorder_handle(s->recorder), "main"), err);
---
    return OK;
END
guard "a database names no file to be read: explain" runner/cli/explain.c tests/cli/named_paths.sh <<'END'
    return spec_check_paths(q->run_spec, db, err);
---
    return OK;
END
guard "a database names no file to be read: masks" runner/cli/prune.c tests/cli/named_paths.sh <<'END'
named_paths_check(now, p->c->db, err) == OK
---
true
END
guard "a file of weights names no file to be read" runner/cli/trained.c tests/cli/named_paths.sh <<'END'
    return spec_check_paths(t->spec, t->made ? t->call->db : t->weights, err);
---
    return OK;
END
guard "no link leads out of the folder" runner/base/named_paths.c tests/cli/named_paths.sh <<'END'
(is_below(real, real_folder) && stays_in(real, real_folder, DEPTH))
---
stays_in(real, real_folder, DEPTH)
END
guard "nor one inside of a named folder" runner/base/named_paths.c tests/cli/named_paths.sh <<'END'
(is_below(real, real_folder) && stays_in(real, real_folder, DEPTH))
---
is_below(real, real_folder)
END
guard "no path goes up" runner/base/named_paths.c tests/cli/named_paths.sh <<'END'
    if (path[0] == '/' && !goes_up(path) &&
---
    if (path[0] == '/' &&
END
guard "only hashes of named paths are kept" runner/base/named_paths.c tests/cli/named_paths.sh <<'END'
        strbuf_addf(&lines, "%s\n", named.added[i]);
---
        strbuf_addf(&lines, "%s %s\n", named.added[i], path);
END
guard "all of a home is no project" runner/base/named_paths.c tests/cli/named_paths.sh <<'END'
              (!real_home || strcmp(real_home, real_folder) != 0);
---
              true;
END
guard "checkpoints are found in their folder" runner/work/resume.c tests/cli/copies.sh <<'END'
    char *folder = resume_folder(db_path, run), *path = name ? path_join(folder, name) : NULL;
---
    char *folder = resume_folder(db_path, run), *path = name ? path_join(folder, stored) : NULL;
END
guard "checkpoints are removed behind no link" runner/work/resume.c tests/cli/copies.sh <<'END'
    return openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
---
    return openat(folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
END
guard "a checkpoint's name is one line" runner/work/resume.c tests/cli/copies.sh <<'END'
 && !strchr(name, '\n') ? name : NULL;
---
 ? name : NULL;
END
guard "a reader leaves nothing behind" runner/cli/results_open.c tests/cli/readers.sh <<'END'
    way = choose_way(path, &about);
---
    way = 0;
END
guard "a stranger's name hinders nobody" runner/record/claim.c tests/cli/claims.sh <<'END'
    if (why == EADDRINUSE && claim_sockets_any(c->name, NULL, may_write, c) == CLAIM_NO) {
---
    if (false) {
END
guard "a stranger holds no experiment" runner/record/claim.c tests/cli/claims.sh <<'END'
    if (!(c->file.st_mode & S_IWGRP))
        return false;
---
    if (!(c->file.st_mode & S_IWGRP))
        return true;
END

# ---- files that the program writes --------------------------------------------------------------------
guard "a name that somebody foresaw" runner/base/new_file.c tests/unit/test_new_file <<'END'
        fd = open(f->part, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666); /* O_EXCL follows no link */
---
        fd = open(f->part, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
END
guard "names are drawn" runner/base/new_file.c tests/unit/test_new_file <<'END'
    name = mem_format("%s/.%.*s.%016llx", folder, most, base, digits);
---
    name = mem_format("%s/.%.*s.%016llx", folder, most, base, digits * 0);
END
guard "until a file is whole it has no name" runner/base/new_file.c tests/unit/test_new_file <<'END'
        access("/proc/self/fd", X_OK) == 0 ? open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0666) : -1;
---
        -1;
END

guard "devices and pipes are never replaced" runner/base/new_file.c tests/unit/test_new_file <<'END'
    if (there && !S_ISREG(about.st_mode)) {
---
    if (false) {
END
guard "nobody waits for a pipe's reader" runner/base/new_file.c tests/unit/test_new_file <<'END'
    const int fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
---
    const int fd = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
END
guard "a temporary folder goes when its command is killed" runner/base/scratch.c tests/cli/scratch.sh <<'END'
    for (int i = 0; i < TRIES && !remove_folder(folder); i++)
---
    for (int i = 0; i < 0; i++)
END
guard "a temporary folder goes at an ordinary end" runner/base/scratch.c tests/cli/scratch.sh <<'END'
    remove_folder(s->folder);
    free(s->folder);
---
    free(s->folder);
    kill(s->keeper, SIGKILL);
END
guard "temporary folders are below TMPDIR" runner/base/scratch.c tests/cli/scratch.sh <<'END'
    if (!tmp || tmp[0] != '/')
---
END

# ---- text ---------------------------------------------------------------------------------------------
guard "no control character reaches a terminal" runner/base/safe.c tests/cli/security.sh <<'END'
    safe_add(&safe, whole.text, whole.len - begun, "?");
---
    strbuf_addn(&safe, whole.text, whole.len - begun);
END
guard "C1 controls are controls" runner/base/safe.c tests/unit/test_safe <<'END'
{0x007f, 0x009f}
---
{0x007f, 0x007f}
END
guard "bytes that are no UTF-8" runner/base/safe.c tests/unit/test_safe <<'END'
        if (!n || (!is_safe(c) && c != '\n' && c != '\t'))
            break;
        p += n;
---
        if (n && !is_safe(c) && c != '\n' && c != '\t')
            break;
        p += n ? n : 1;
END
guard "marks of direction are controls" runner/base/safe.c tests/unit/test_safe <<'END'
{0x2028, 0x202e}
---
{0x2028, 0x2029}
END
guard "JSON has none" runner/cli/query.c tests/cli/security.sh <<'END'
        safe_json(&safe, text);
---
        strbuf_add(&safe, text);
END
guard "documents have none" runner/cli/explain.c tests/cli/security.sh <<'END'
            page_write_markdown(page, out);
        page_free(page);
        safe_document(out);
---
            page_write_markdown(page, out);
        page_free(page);
END
guard "names in commands are quoted" runner/cli/watch.c tests/cli/security.sh <<'END'
        text_add_word(&command, w->name);
---
        strbuf_addf(&command, " %s", w->name);
END
guard "pages of reports have none" runner/cli/report_page.c tests/cli/security.sh <<'END'
    safe_document(out);
    cJSON_free(text);
---
    cJSON_free(text);
END
guard "the data of pages have none" runner/cli/report_page.c tests/cli/security.sh <<'END'
    make_safe(data);
---
END
guard "answers of a net have none" runner/cli/predict_write.c tests/cli/security.sh <<'END'
    safe_json(b, printed ? printed : "\"\"");
---
    strbuf_add(b, printed ? printed : "\"\"");
END
guard "a spec that is written has none" runner/cli/new_look.c tests/cli/security.sh <<'END'
        safe_json(b, printed ? printed : "\"\""); /* what YAML takes for the end of a line is escaped, too */
---
        strbuf_add(b, printed ? printed : "\"\"");
END
guard "text in HTML is escaped" runner/explain/html.c tests/unit/test_html <<'END'
{"&amp;", "&lt;", "&gt;", "&quot;"}
---
{"&amp;", "<", "&gt;", "&quot;"}
END
echo "$((tried - bad)) of $tried guards are noticed when they are gone"
[ $bad = 0 ]
