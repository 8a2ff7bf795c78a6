package io.winnow.app;

import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import io.winnow.lifecycle.cadence.TrainingPlan;
import io.winnow.lifecycle.jobs.Job;
import io.winnow.lifecycle.jobs.JobContext;
import io.winnow.lifecycle.jobs.JobFailure;
import io.winnow.lifecycle.jobs.JobFailure.Remedy;
import io.winnow.lifecycle.jobs.JobRun;
import io.winnow.lifecycle.registry.Cause;
import io.winnow.lifecycle.registry.Rollout;
import io.winnow.lifecycle.registry.ServingPlan;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Trains a release in a process of its own, and sends it up the ladder; where nothing serves yet,
 * it serves at once.
 */
final class TrainJob implements Job {
  /** Among so many of the newest rollouts is one that an earlier attempt began. */
  private static final int PROPOSED_MAX = 20;

  private final Node node;
  private final WorkerProcess worker;

  TrainJob(Node node, WorkerProcess worker) {
    this.node = node;
    this.worker = worker;
  }

  @Override
  public JobRun.Outcome run(JobContext context) throws InterruptedException {
    Optional<String> made = made(context.run().id());
    if (made.isPresent()) {
      context.log("release " + made.get() + " was made by an earlier attempt");
      return propose(made.get(), context);
    }
    JobRun.Order order = context.run().order();
    ServingPlan plan = node.registry().plan();
    String parent = parent(order, plan, context);
    WorkerOrder.Training training =
        new WorkerOrder.Training(
            Long.parseLong(order.option("seed").orElse("1")),
            order.option("settings").orElse(null),
            parent,
            order.option("from").isPresent(),
            plan.champion(),
            plan.champion() != null);
    WorkerOrder.Answer answer =
        worker.carryOut(order(context, new WorkerOrder.Work(training, null)), folder(), context);
    String version = answer.release();
    context.log("release " + version);
    return propose(version, context);
  }

  /** What an earlier attempt published, if all that is left to do is to tell of it. */
  private Optional<String> made(String run) {
    return WorkerOrder.finished(folder(), run)
        .map(finished -> finished.answer().release())
        .filter(version -> node.releases().versions().contains(version));
  }

  private Path folder() {
    return node.data().training().resolve("job");
  }

  /** Another attempt goes on where the one before was, however much the log grew meanwhile. */
  private WorkerOrder order(JobContext context, WorkerOrder.Work work) {
    String run = context.run().id();
    return WorkerOrder.begun(folder(), run, work).orElseGet(() -> node.workerOrder(run, work));
  }

  private @Nullable String parent(JobRun.Order order, ServingPlan plan, JobContext context) {
    String asked = order.option("from").orElse("");
    if (asked.equals("none") || plan.champion() == null) {
      return null;
    }
    if (!asked.isEmpty() && !asked.equals("champion")) {
      return asked;
    }
    if (asked.equals("champion")) {
      return plan.champion();
    }
    TrainingPlan decided =
        TrainingPlan.decide(
            node.application().definition().operations().retraining(),
            node.registry().releases(),
            plan.champion(),
            node.clock().nowMs());
    return switch (decided) {
      case TrainingPlan.Full(String reason) -> {
        context.log("a full training: " + reason);
        yield null;
      }
      case TrainingPlan.Incremental(String parent, String reason) -> {
        context.log("goes on from " + parent + ": " + reason);
        yield parent;
      }
    };
  }

  private JobRun.Outcome propose(String version, JobContext context) {
    // Whoever lost the run is not to propose beside the one that took it over.
    context.confirm();
    Cause cause = Cause.of("job:train", context.run().order().reason());
    node.registry().register(node.releases().manifest(version));
    Optional<Rollout> proposed =
        node.registry().rollouts(PROPOSED_MAX).stream()
            .filter(rollout -> rollout.candidate().equals(version))
            .findFirst();
    if (proposed.isPresent()) {
      return JobRun.Outcome.of(
          "Release " + version + " was proposed by an earlier attempt.",
          Map.of("release", version, "rollout", proposed.get().id()));
    }
    String champion = node.registry().plan().champion();
    if (version.equals(champion)) {
      return JobRun.Outcome.of("Release " + version + " serves.", Map.of("release", version));
    }
    if (champion == null) {
      node.promote(version, PromotionGate.Promotion.AUDITED, cause);
      return JobRun.Outcome.of(
          "Release " + version + " serves: it is the first.", Map.of("release", version));
    }
    try {
      Rollout rollout = node.propose(version, cause);
      return JobRun.Outcome.of(
          "Release " + version + " waits for the offline gate.",
          Map.of("release", version, "rollout", rollout.id()));
    } catch (WinnowException e) {
      if (e.code() != ErrorCode.CONFLICT) {
        throw e;
      }
      throw new JobFailure(
          Remedy.PERSON,
          "Release " + version + " is published, but another rollout is open: " + e.getMessage(),
          "Wait for the end of that rollout or cancel it; then propose the release (winnow rollout"
              + " propose "
              + version
              + ").",
          e);
    }
  }
}
