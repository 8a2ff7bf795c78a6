package io.winnow.serving.http;

import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import io.winnow.core.application.Retraining.Trigger;
import io.winnow.lifecycle.jobs.JobKind;
import io.winnow.lifecycle.jobs.JobQueue;
import io.winnow.lifecycle.jobs.JobRun;
import io.winnow.lifecycle.jobs.JobState;
import io.winnow.lifecycle.triggers.TriggerReading;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Jobs in memory that nobody carries out. */
final class RecordedJobs implements JobControl {
  private final Map<String, JobRun> runs = new LinkedHashMap<>();

  @Override
  public JobRun order(JobKind kind, String key, String reason, Map<String, String> options) {
    String id = kind.label() + "-" + key;
    return runs.computeIfAbsent(
        id,
        _ ->
            new JobRun(
                id,
                kind,
                key,
                new JobRun.Order(reason, "person:http", TestServer.NOW_MS, options),
                JobState.QUEUED,
                new JobRun.Progress(0, 3, "", 0, 0, 0),
                JobRun.Outcome.NONE));
  }

  @Override
  public List<JobRun> list(@Nullable JobKind kind, int limit) {
    return new ArrayList<>(runs.values())
        .reversed().stream()
            .filter(run -> kind == null || run.kind() == kind)
            .limit(limit)
            .toList();
  }

  @Override
  public JobRun get(String id) {
    JobRun run = runs.get(id);
    if (run == null) {
      throw new WinnowException(ErrorCode.NOT_FOUND, "job " + id + ": no such run");
    }
    return run;
  }

  @Override
  public List<JobQueue.Line> lines(String id, int after, int limit) {
    return List.of(new JobQueue.Line(1, TestServer.NOW_MS, "one"), new JobQueue.Line(2, 1, "two"))
        .stream()
        .filter(line -> line.number() > after)
        .limit(limit)
        .toList();
  }

  @Override
  public JobRun cancel(String id) {
    JobRun run = get(id);
    JobRun cancelled =
        new JobRun(
            run.id(),
            run.kind(),
            run.key(),
            run.order(),
            JobState.CANCELLED,
            run.progress(),
            run.outcome());
    runs.put(id, cancelled);
    return cancelled;
  }

  @Override
  public List<TriggerReading> triggers() {
    return List.of(
        new TriggerReading(Trigger.NEW_EVENTS, 5, 100, "c", "Five of a hundred."),
        new TriggerReading(Trigger.DATA_DRIFT, Double.NaN, 0.25, "c", "Too little."));
  }
}
