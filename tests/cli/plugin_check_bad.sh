#!/bin/sh
# fell plugin check: for each check there is a plugin that it catches, and no other check does; what it says.
. "$srcdir/tests/cli/lib.sh"
. "$srcdir/tests/cli/check_lib.sh"
once "what the check says"

# ---- each bad plugin fails by the check that it names, and no other
for c in "$srcdir"/tests/bad-plugins/*.c; do
    name=$(basename "$c" .c)
    build_plugin "$c" "$name"
    echo "$name"
done >plugins
check_all
for c in "$srcdir"/tests/bad-plugins/*.c; do
    name=$(basename "$c" .c)
    wanted=$(sed -n '1s/^.* fails: //p' "$c")
    got=$(cat "$name.got")
    case $wanted in
    warning:*) [ "$got" = 0 ] || fail "$name: a warning is no failure" ;;
    *) [ "$got" = 1 ] || fail "$name: exit status $got" ;;
    esac
    case $wanted in
    warning:*) found="warning: $(results "$name.json" warning)" ;;
    *) found=$(results "$name.json" FAILED | paste -sd, | sed 's/,/, /g') ;;
    esac
    [ "$found" = "$wanted" ] || {
        cat "$name.json" >&2
        fail "$name: failed '$found', not '$wanted'"
    }
done

# ---- each check has such a plugin
"$FELL" plugin check relu --json >all.json
for kind in layer/dense loss/cross_entropy optimizer/adam schedule/cosine metric/rmse dataset/blobs transform/standardize; do
    "$FELL" plugin check "${builddir:?}/plugins/$kind.so" --json >one.json
    results one.json ok >>names
done
results all.json ok >>names
sort -u names >names.all
while read -r check; do
    grep -Eqx "/\* fails: (warning: )?$check" "$srcdir"/tests/bad-plugins/*.c || fail "no bad plugin for the check '$check'"
done <names.all
[ "$(wc -l <names.all)" -ge 53 ] || fail "only $(wc -l <names.all) checks"

# ---- common mistakes are called by their name
said added_dpred gradient "it adds to dpred (+=), which is to be set (=)"
said gradient_of_mean gradient "dpred is the gradient of the mean; give that of the sum, since the host divides by weight"
said sum_of_mean halves "sum is a mean; give the sum, since the host divides it by weight"
said never_set "unset memory" "it never sets w[32]"
said weight weight "it adds to weight, which is the number of rows before the call"
said imports imports "it calls time(): a result must not depend on the clock"
said output output 'it writes "here" to the terminal'
said learning_rate "learning rate" "the rate of the call, c->lr, has no effect"
said decay_rate "learning rate" "with another setting lr and the same c->lr"
said last_row descent "w[16] of 20 never moves"
said missing_initialiser defaults "the tensor 'shift' begins with 'glorot_uniforn', and there is no such initialiser"
said short_runs "short runs" "nan, in a run of 1 epoch"
said rows rows "beside other rows"
said row_weights "row weights" "where its weight is 0"
said row_alone rows "by itself gives"
said unwanted_input "unwanted results" "where all but dx[0] is wanted"
said unwanted_input "unlike inputs" "inputs that do not fit each other are for plan() to refuse"
said unlike_inputs "unlike inputs" "4 rows of [6] and [4]"
said gradient_in_evaluation gradient "rows in evaluation of"
said no_rate "learning rate" "with a rate of 0, as a warmup begins and a cosine ends, w[0] is"
said promised_range range "it says that it lies between low and high, -1 to 1"
said no_probabilities range "it says that it yields FELL_PROB, probabilities, 0 to 1"
said scratch "unset memory" "it reads working memory of a call that is over (fell_scratch)"
said target_ends "finite numbers" "targets of 0"
said fit_in_parts "fit in parts" "fit_part, of parts of 1, 1, 1 ... rows, gives largest[1] ="
said negative_weight "row marks" "the weight of row 18 is -0.5; weights are finite, and 0 or more"
said short_groups "row marks" "group has room for 18 of 20 rows"
said nameless_column "row marks" "column 1 has no name"
said many_rows gradient "131 rows of [5]"
said float_sum halves "it adds up in float; add in double, as c->sum is"
said float_mean "order of rows" "it adds up in float; add in double"
said row_twice "row weights" "where its weight is 2"
said no_weights_yet "finite numbers" "weights of 0"
said switch_uphill descent "with {nesterov: true}"
said long_run "short runs" "the rate of step 101 of 700 is -0.001, in a run of 700 epochs"
said rows_go_on "rows at once" "row 0, read by itself and then among all 20 in one call, is not the same"
said float_in_double doubles "forward64 gives the same for inputs that differ in their tenth digit"
said first_weights inputs "it changes first[0], which it may only read"
said state_in_backward evaluation "evaluation changes the state 'count' where a backward follows"
said batchwise rows "say FELL_BATCHWISE in flags"
said columns columns "in out_column 1 begins at 1, of a width of 6; what is before it ends at 2"
said header_as_row "unset memory" "it reads allocated memory that it has not set"
said behind_the_last "outside reads" "it reads behind memory that it has allocated"
said more_than_classes "outside reads" "where nothing can be read behind a buffer"
said saved_row bounds "it writes to saved[24] of 24"
said no_class bounds "it writes to gradient[-1] of 35"
said no_class_counts halves "a row of no class (label -1) by itself has sum 0, weight 1 and no gradient"
said row_numbers settings "records loss of row 0, which is none of those in c->row"
said file_rows "rows at once" "row 1, read twice in one call, is not the same"
said before_twice slots "where it comes twice before a step"
said stuck_at_zero descent "a tensor of zeros, as biases begin, never moves"
said slow_from_zero "learning rate" "with a rate of 0, as a warmup begins, w[1] goes from"
said tensor_for_entry settings "records size of entry 3 at position 0, which there is not"
said no_labels settings "of a net that is trained on values"
said short_scratch bounds "it writes to its working memory (fell_scratch), element 23 of 23"
said undefined_history "short runs" "where the watched value is undefined (NaN)"
said weight_of_errors "finite numbers" "weight is 0, and the loss sum / weight no number"
said class_weights gradient "with {class_weights: ["
said empty_mask "finite numbers" "3 rows of [3,4] and [3]"
said cut cut "yes is what lies above c->cut"
said one_name settings "classes 0 and 2 have one name, 'yes'"
said no_history settings "it crashes (SIGSEGV) when it is called, with c->history NULL: it has no setting with the flag FELL_MONITOR"
said never_a_number range "predictions are logits: see c->pred_is"
said incoming_rate "incoming rate" "the rate that comes in, c->lr, has no effect"
said list_by_columns "outside reads" "with {weights: [0]}, 7 rows of [5]"
said drops_again gradient "backward draws random numbers again"
said whole_row rows "beside other elements of its row: say FELL_ROWWISE in flags"
said labels_of_values settings "where targets are values ('label' is NULL)"
said values_as_labels settings "when it reads rows of values (label is NULL, target is filled)"
said weights_on_stack settings "class_names, weight or group point to variables of open()"
said behind_weights "outside reads" "with other memory around its buffers"
said descent descent "its first step goes up, along the gradient"
said library_functions "library functions" "it calls expf(), whose last bit differs between machines; call fell_exp()"

# ---- a rate that is no number ends the run, by the schedule's name
write_spec rate.yaml
expect_exit 1 "$FELL" run rate.yaml --db rate.db --plugin ./short_runs.so schedule=bad train.epochs=1
cat out err >both
expect_text both "bad: gives the learning rate" "for step 1, in epoch 1"
expect_sql rate.db failed "SELECT status FROM runs"
