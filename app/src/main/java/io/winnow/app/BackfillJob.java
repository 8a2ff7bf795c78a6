package io.winnow.app;

import io.winnow.lifecycle.jobs.Job;
import io.winnow.lifecycle.jobs.JobContext;
import io.winnow.lifecycle.jobs.JobRun;
import java.util.Map;

/** Has the features computed that the application file asks for and the store does not hold. */
final class BackfillJob implements Job {
  private final Node node;

  BackfillJob(Node node) {
    this.node = node;
  }

  @Override
  public JobRun.Outcome run(JobContext context) {
    boolean computes = node.startFeatures();
    if (!computes) {
      return JobRun.Outcome.of("The store holds every feature that is asked for.", Map.of());
    }
    context.onStop(node::cancelFeatures);
    context.log("computing features beside what serves");
    node.awaitFeatures();
    context.check();
    return JobRun.Outcome.of("The features are there and are served.", Map.of());
  }
}
