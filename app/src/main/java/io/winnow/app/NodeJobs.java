package io.winnow.app;

import io.winnow.lifecycle.jobs.JobKind;
import io.winnow.lifecycle.jobs.JobQueue;
import io.winnow.lifecycle.jobs.JobRun;
import io.winnow.lifecycle.triggers.TriggerReading;
import io.winnow.serving.http.JobControl;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The jobs of a node, as HTTP orders and shows them. */
record NodeJobs(Node node, JobService jobs) implements JobControl {
  @Override
  public JobRun order(JobKind kind, String key, String reason, Map<String, String> options) {
    return jobs.request(
        new JobQueue.Request(
            kind,
            key,
            reason,
            "person:http",
            JobService.attempts(node.application().definition().operations()),
            JobOptions.checked(kind, options)));
  }

  @Override
  public List<JobRun> list(@Nullable JobKind kind, int limit) {
    return jobs.queue().list(kind, limit);
  }

  @Override
  public JobRun get(String id) {
    return jobs.queue().get(id);
  }

  @Override
  public List<JobQueue.Line> lines(String id, int after, int limit) {
    return jobs.queue().lines(id, after, limit);
  }

  @Override
  public JobRun cancel(String id) {
    return jobs.queue().cancel(id);
  }

  @Override
  public List<TriggerReading> triggers() {
    return jobs.triggers();
  }
}
