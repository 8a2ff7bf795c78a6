package io.winnow.app;

import io.winnow.lifecycle.jobs.Job;
import io.winnow.lifecycle.jobs.JobContext;
import io.winnow.lifecycle.jobs.JobRun;
import io.winnow.lifecycle.registry.Rollout;
import io.winnow.lifecycle.rollout.PromotionLadder;
import java.util.Map;
import java.util.TreeMap;

/** Takes one step of the open rollout, if the evidence is there. */
final class PromoteJob implements Job {
  private final Node node;

  PromoteJob(Node node) {
    this.node = node;
  }

  @Override
  public JobRun.Outcome run(JobContext context) {
    PromotionLadder.Step step = node.climb();
    Map<String, String> results = new TreeMap<>();
    results.put("moved", String.valueOf(step.moved()));
    Rollout rollout = step.rollout();
    if (rollout != null) {
      results.put("release", rollout.candidate());
      results.put("rollout", rollout.id());
      results.put("stage", rollout.stage().label());
    }
    return JobRun.Outcome.of(step.text() + ".", results);
  }
}
