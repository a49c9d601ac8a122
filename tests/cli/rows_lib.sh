# rows_lib.sh - whether two databases have the same rows:
#
#     . "$srcdir/tests/cli/rows_lib.sh"        (after lib.sh)

# every_row DATABASE: without what differs from time to time, and from machine to machine.
every_row() {
    sqlite3 -bail "$1" "SELECT id, uid, identity, name, spec, spec_sha256, objective, goal, objective_at, strategy, version FROM experiments;
        SELECT * FROM data_files;
        SELECT id, uid, experiment_id, trial, repeat, seed, status, epochs_done, resolved, error, signal FROM runs ORDER BY id;
        SELECT run_id, kind, detail FROM events ORDER BY run_id, events.id;
        SELECT run_id, epoch, path, sha256, is_best FROM checkpoints ORDER BY 1, 2, 3"
    for table in run_params splits parameters gradients metrics steps step_gradients probes plugins; do
        sqlite3 -bail "$1" "SELECT * FROM $table"
    done
    columns=$(sqlite3 "$1" "SELECT group_concat(name) FROM pragma_table_info('epochs') WHERE name NOT IN ('seconds', 'samples_per_second')")
    sqlite3 -bail "$1" "SELECT $columns FROM epochs"
}

expect_same() {
    every_row "$1" >rows.1
    every_row "$2" >rows.2
    [ "$(wc -l <rows.1)" -gt 30 ] || fail "$1 has no rows"
    cmp rows.1 rows.2 || { diff rows.1 rows.2 | head; fail "$1 and $2 differ"; }
}
