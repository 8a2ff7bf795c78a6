"""Winnow's lifecycle as an Airflow DAG: train, judge, climb, batch, tidy up.

A server can do all of this by itself (`retraining` and `jobs` in winnow.yaml). This DAG is for teams
whose schedules live in Airflow; set no `cadence` there then. Every task is one `winnow jobs run`
with the run's date as its key: a task that Airflow tries again, or that is cleared, never does the
same work twice. Beside a running server the command queues the job for the server and waits while it
prints its log; exit codes are those of `winnow jobs run --help`.

Airflow variables:
  winnow_home   folder with the launcher `winnow` (default /opt/winnow)
  winnow_data   the data folder (default /var/lib/winnow)
"""

from datetime import datetime, timedelta

from airflow import DAG
from airflow.operators.bash import BashOperator

WINNOW = "{{ var.value.get('winnow_home', '/opt/winnow') }}/winnow"
DATA = "--data {{ var.value.get('winnow_data', '/var/lib/winnow') }}"

# Evaluate answers 3 while there is too little to judge by: Airflow asks again later. 5 is a release
# that the gate refused, 4 waits for a person: both fail the task, and the log says what to do.
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
        bash_command=f"{WINNOW} jobs run evaluate {DATA} --timeout 1h --json",
    )
    promote = BashOperator(
        task_id="promote",
        bash_command=f"{WINNOW} jobs run promote {DATA}",
    )
    batch = BashOperator(
        task_id="batch",
        bash_command=f"{WINNOW} jobs run batch {DATA} --key {{{{ ds }}}} --items 20 --timeout 3h",
    )
    compaction = BashOperator(
        task_id="compaction",
        bash_command=f"{WINNOW} jobs run compaction {DATA} --key {{{{ ds }}}}",
        trigger_rule="all_done",
    )
    backfill >> train >> evaluate >> promote >> batch >> compaction
