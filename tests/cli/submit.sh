#!/bin/sh
# fell submit: the script that it writes, with commands in the place of Slurm's that note what they are told, and
# that run the tasks one after the other.
. "${srcdir:-.}/tests/cli/lib.sh"
once "the script of a sweep"
write_sweep sweep.yaml
mkdir bin tmp
TMPDIR=$PWD/tmp
PATH=$PWD/bin:$PATH
export TMPDIR PATH
cat >bin/sbatch <<'END'
#!/bin/sh
echo "$*" >>sbatch.log
array=
for word; do
    case $word in
    --array=*) array=${word#--array=} ;;
    *.sh) script=$word ;;
    esac
done
: "${array:=$(sed -n 's/^#SBATCH --array=0-//p' "$script" | xargs seq 0 | tr '\n' ',')}"
for task in $(echo "$array" | tr ',' ' '); do
    [ "$task" != "${SKIP-none}" ] || continue
    SLURM_ARRAY_JOB_ID=7 SLURM_ARRAY_TASK_ID=$task bash "$script" >>tasks.log 2>&1
done
echo '7;cluster'
END
cat >bin/srun <<'END'
#!/bin/sh
while [ "${1#--}" != "$1" ]; do shift; done
[ -z "${STATUS-}" ] || exit "$STATUS"
exec "$@"
END
cat >bin/scontrol <<'END'
#!/bin/sh
echo "$*" >>scontrol.log
[ "$1" != show ] || echo 'MaxArraySize            = 5'
END
cat >bin/squeue <<'END'
#!/bin/sh
cat queue 2>/dev/null && exit
echo 'slurm_load_jobs error: Invalid job id specified' >&2
exit 1
END
chmod +x bin/*

# The script alone; nothing is made.
expect_exit 0 "$FELL" submit sweep.yaml train.epochs=9 --tasks 3 --share share --cpus 2 --time 90m --dry-run -- --partition=cpu "--comment=a b" -A me
bash -n out || fail "the script is no shell script"
expect_text out "#SBATCH --array=0-2" "#SBATCH --ntasks=1 --cpus-per-task=2" "#SBATCH --time=1:30:00" "#SBATCH --partition=cpu" \
    '#SBATCH "--comment=a b"' "#SBATCH -A me" "sweep.yaml train.epochs=9 --share $PWD/share" '--shard "$SLURM_ARRAY_TASK_ID/3" --jobs 2' \
    'scontrol requeue "${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID"'
[ ! -e share ] || fail "a share was made"

# All tasks but one; then that one.
SKIP=1 expect_exit 0 "$FELL" submit sweep.yaml --tasks 3 --share share
expect_text out "job 7" "squeue -j 7" "fell collect $PWD/share --follow -o sweep.db" "fell submit --again $PWD/share"
expect_exit 0 "$FELL" collect share -o all.db
expect_text out "2 of 3 shards finished"
printf '7_0\n7_1\n' >queue
expect_exit 0 "$FELL" submit --again share
expect_text out "nothing to submit, 1 tasks are in the queue"
expect_exit 0 "$FELL" submit --again share --json
expect_json out "|1" "j->>'job', j->>'queued'"
expect_exit 2 "$FELL" submit sweep.yaml --tasks 3 --share share
expect_text err "tasks of this sweep are in the queue; \`fell submit --again $PWD/share\`"
# What cannot be asked is no empty queue.
rm queue
mkdir queue
sed -i 's/Invalid job id/Unable to contact slurm controller/' bin/squeue
expect_exit 2 "$FELL" submit --again share
expect_text err "squeue does not say which tasks are in the queue"
sed -i 's/Unable to contact slurm controller/Invalid job id/' bin/squeue
rmdir queue
expect_exit 0 "$FELL" submit --again share --dry-run
expect_text out "sbatch --array=1 $PWD/share/"
expect_exit 0 "$FELL" submit --again share --quiet
expect_empty out
expect_exit 0 "$FELL" collect share --follow -o all.db
expect_text out "3 of 3 shards finished"
expect_exit 0 "$FELL" run sweep.yaml --db one.db --quiet
for db in one all; do
    sqlite3 $db.db "SELECT id, uid, trial, repeat, status FROM runs ORDER BY id; SELECT run_id, epoch, train_loss FROM epochs" >rows.$db
done
cmp rows.one rows.all || fail "the rows are not those of one machine"

# A task that is to go on is queued again, by its own number; twice without progress, and no more.
script=$(ls "$PWD"/share/*/submit.sh)
for wanted in 75 1; do
    got=0
    STATUS=75 SLURM_ARRAY_JOB_ID=7 SLURM_ARRAY_TASK_ID=2 bash "$script" >out 2>err || got=$?
    [ $got = $wanted ] || fail "the script ended with $got, not $wanted"
done
expect_text err "two tries have got nowhere"
[ "$(grep -c 'requeue 7_2' scontrol.log)" = 1 ] || fail "requeued: $(cat scontrol.log)"

# What does not go.
expect_exit 2 "$FELL" submit sweep.yaml --tasks 5 --share more
expect_text err "--tasks 5: the sweep has 4 trials"
expect_exit 2 "$FELL" submit sweep.yaml --tasks 4 --share share
expect_text err "has this experiment in 3 shards, not 4"
write_sweep many.yaml
sed -i 's/lr: \[/lr: [0.7, 0.6, /' many.yaml
expect_exit 2 "$FELL" submit many.yaml --tasks 6 --share more
expect_text err "--tasks 6: this Slurm takes at most 5 (MaxArraySize)"
expect_exit 2 "$FELL" submit sweep.yaml --tasks 3 --share 'a"b'
expect_text err "sbatch cannot read a name with quotes"
expect_exit 0 "$FELL" submit sweep.yaml --tasks 3 --share 50% --dry-run
expect_text out "$PWD/50%%/"
expect_exit 2 "$FELL" submit sweep.yaml --tasks 3
expect_text err "give both"
expect_exit 2 "$FELL" submit
expect_exit 2 "$FELL" submit sweep.yaml --tasks 2 --share more --time soon
expect_text err "--time: 'soon' is no time"
expect_exit 2 "$FELL" submit sweep.yaml --tasks 2 --share more loss=nonsense
expect_exit 2 "$FELL" submit --again tmp
expect_text err "no sweep was submitted"
