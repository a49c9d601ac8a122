# numbers_lib.sh - for the tests that compare what two runs of one experiment recorded:
#
#     . "$srcdir/tests/cli/numbers_lib.sh"
#     numbers one.db >one; numbers other.db >other; cmp one other

# Everything that was recorded but ids, times, places and processes, in a defined order, to the last bit.
numbers() {
    sqlite3 "$1" "
        SELECT 'run', trial, repeat, seed, status, epochs_done FROM runs ORDER BY 2, 3;
        SELECT 'epoch', trial, repeat, epoch, printf('%!.17g %!.17g %!.17g %!.17g %!.17g %!.17g', train_loss,
            validation_loss, test_loss, grad_norm_mean, grad_norm_max, lr), samples
            FROM epochs JOIN runs ON id = run_id ORDER BY 2, 3, 4;
        SELECT 'gradient', trial, repeat, epoch, position, printf('%!.17g %!.17g %!.17g %!.17g', grad_norm_mean,
            grad_norm_max, weight_norm, update_norm), nonfinite
            FROM gradients JOIN runs ON id = run_id ORDER BY 2, 3, 4, 5;
        SELECT 'metric', trial, repeat, epoch, split, name, printf('%!.17g', value)
            FROM metrics JOIN runs ON id = run_id ORDER BY 2, 3, 4, 5, 6;
        SELECT 'step', trial, repeat, step, printf('%!.17g %!.17g %!.17g', loss, lr, grad_norm)
            FROM steps JOIN runs ON id = run_id ORDER BY 2, 3, 4;
        SELECT 'step tensor', trial, repeat, step, position, printf('%!.17g', grad_norm)
            FROM step_gradients JOIN runs ON id = run_id ORDER BY 2, 3, 4, 5;"
}
