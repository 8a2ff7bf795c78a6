"""Winnow's lifecycle as an Airflow DAG: train, judge, climb; batch; tidy up.

A server can do all of this by itself (`retraining` and `jobs` in winnow.yaml). This DAG is for teams
whose schedules live in Airflow; set no `cadence` there then. Every task is one `winnow jobs run`.
Beside a running server the command queues the job for the server and waits while it prints its log;
exit codes are those of `winnow jobs run --help`.

All tasks but `promote` have the run's date as their key: one that Airflow tries again, or that is
cleared, takes up the same work, and what succeeded is not done twice. So a verdict stays: a release
that the gate refused is refused again (5) and not taken for 'nothing to judge' (0). `promote` has no
key, since each call is another step; with no rollout open it does nothing and succeeds.

A server judges and climbs by itself, too: `evaluate` and `promote` may find that done, and succeed.
A gate that cannot judge yet (6) is a task that is skipped; the server asks it again every ten minutes.
The batch is written by whatever release serves, so it waits for the training's end, not its success.
A run of the DAG fails when the training failed or the gate refused its release.

Needs Airflow 2.7 or later. Airflow variables:
  winnow_home   folder with the launcher `winnow` (default /opt/winnow)
  winnow_data   the data folder (default /var/lib/winnow)
"""

from datetime import datetime, timedelta

from airflow import DAG

try:
    from airflow.providers.standard.operators.bash import BashOperator
except ImportError:  # Airflow 2
    from airflow.operators.bash import BashOperator

WINNOW = "{{ var.value.get('winnow_home', '/opt/winnow') }}/winnow"
DATA = "--data {{ var.value.get('winnow_data', '/var/lib/winnow') }}"

# 3 (no server there, timed out) and 4 (the database is away, or a person has to see to it: the log says
# what to do) may pass by themselves; the same key makes trying again harmless.
DEFAULTS = {
    "retries": 3,
    "retry_delay": timedelta(minutes=5),
    "retry_exponential_backoff": True,
    "max_retry_delay": timedelta(hours=1),
}

with DAG(
    dag_id="winnow_lifecycle",
    description="Train a release, have it judged, write slates of all users, tidy up",
    start_date=datetime(2026, 1, 1),
    schedule="0 3 * * *",
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
) as dag:
    backfill = BashOperator(
        task_id="backfill",
        bash_command=f"{WINNOW} jobs run backfill {DATA} --key {{{{ ds }}}} --timeout 2h",
    )
    train = BashOperator(
        task_id="train",
        bash_command=f"{WINNOW} jobs run train {DATA} --key {{{{ ds }}}} --timeout 4h --json",
        execution_timeout=timedelta(hours=5),
    )
    evaluate = BashOperator(
        task_id="evaluate",
        bash_command=f"{WINNOW} jobs run evaluate {DATA} --key {{{{ ds }}}} --timeout 1h --json",
        skip_on_exit_code=6,
    )
    promote = BashOperator(
        task_id="promote",
        bash_command=f"{WINNOW} jobs run promote {DATA}",
        trigger_rule="none_failed",
    )
    batch = BashOperator(
        task_id="batch",
        bash_command=f"{WINNOW} jobs run batch {DATA} --key {{{{ ds }}}} --items 20 --timeout 3h",
        trigger_rule="all_done",
    )
    compaction = BashOperator(
        task_id="compaction",
        bash_command=f"{WINNOW} jobs run compaction {DATA} --key {{{{ ds }}}}",
        trigger_rule="all_done",
    )
    backfill >> train >> evaluate >> promote
    train >> batch >> compaction
