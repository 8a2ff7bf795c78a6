package io.winnow.app;

import io.winnow.core.application.Jobs;
import io.winnow.core.application.Operations;
import io.winnow.lifecycle.jobs.Job;
import io.winnow.lifecycle.jobs.JobContext;
import io.winnow.lifecycle.jobs.JobQueue;
import io.winnow.lifecycle.jobs.JobRun;
import io.winnow.lifecycle.registry.Retention;
import io.winnow.serving.ServedExperiments;
import java.util.List;
import java.util.Map;

/**
 * Deletes the files of releases that nobody needs any more, and the oldest runs of jobs. State
 * stores compact themselves while they are written.
 */
final class CompactionJob implements Job {
  private final Node node;

  CompactionJob(Node node) {
    this.node = node;
  }

  @Override
  public JobRun.Outcome run(JobContext context) {
    Operations operations = node.application().definition().operations();
    Jobs.Keep keep = operations.jobs().keep();
    List<String> deleted =
        new Retention(node.registry(), node.releases(), keep, node.requestClock(), node.clock())
            .apply(ServedExperiments.releasesOf(operations.experiments()))
            .deleted();
    deleted.forEach(version -> context.log("deleted the files of release " + version));
    context.check();
    int checkpoints = StaleFiles.delete(node.data(), keep.window(), node.clock().nowMs());
    int runs = new JobQueue(node.registry().dataSource(), node.clock()).prune();
    return JobRun.Outcome.of(
        "Deleted %d releases, %d stale files of trainings and batches, %d old runs."
            .formatted(deleted.size(), checkpoints, runs),
        Map.of(
            "releases", String.valueOf(deleted.size()),
            "files", String.valueOf(checkpoints),
            "runs", String.valueOf(runs)));
  }
}
