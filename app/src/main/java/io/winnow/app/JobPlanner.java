package io.winnow.app;

import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.ApplicationFile;
import io.winnow.core.application.FeatureDefinition;
import io.winnow.core.application.Jobs;
import io.winnow.core.application.Retraining;
import io.winnow.core.application.Retraining.Schedule;
import io.winnow.features.AuditReport;
import io.winnow.features.FeatureSchema;
import io.winnow.lifecycle.Release;
import io.winnow.lifecycle.ReleaseManifest;
import io.winnow.lifecycle.jobs.JobKind;
import io.winnow.lifecycle.jobs.JobQueue;
import io.winnow.lifecycle.jobs.JobRun;
import io.winnow.lifecycle.jobs.JobState;
import io.winnow.lifecycle.jobs.Schedules;
import io.winnow.lifecycle.registry.Cause;
import io.winnow.lifecycle.registry.Rollout;
import io.winnow.lifecycle.rollout.PromotionLadder;
import io.winnow.lifecycle.triggers.DriftWatch;
import io.winnow.lifecycle.triggers.TriggerReading;
import io.winnow.lifecycle.triggers.Triggers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides what is to be done and when: trainings by schedule and by trigger, the gate of a rollout
 * that waits for it, batches and compaction by schedule. All of it follows from the registry, the
 * log and the queue, so it does not matter which server does it, or how often: each order's key
 * names its cause.
 *
 * <p>Thread-safe.
 */
final class JobPlanner {
  private static final Logger LOG = LoggerFactory.getLogger(JobPlanner.class);

  /** How long until a gate that could not judge is asked again. */
  private static final Duration GATE_AGAIN = Duration.ofMinutes(10);

  /** After so many runs of the gate that gave no verdict a person has to look at it. */
  private static final int GATE_BROKEN_MAX = 3;

  private static final int RUNS_LOOKED_AT = 500;

  /** So much of the log is taken in at a time, to leave the scheduler its thread. */
  private static final long RECORDS_AT_A_TIME = 200_000;

  private final Node node;
  private final JobQueue queue;
  private final boolean trainFirst;
  private final long startedMs;
  private Consumer<JobKind> onOrder = _ -> {};
  private @Nullable DriftWatch drift;
  private @Nullable Champion champion;

  /** What is read of a champion's bundle once. */
  private record Champion(ReleaseManifest manifest, ApplicationFile application) {}

  /**
   * @param trainFirst whether a release is trained where none serves
   */
  JobPlanner(Node node, JobQueue queue, boolean trainFirst) {
    this.trainFirst = trainFirst;
    this.node = node;
    this.queue = queue;
    this.startedMs = node.clock().nowMs();
  }

  /** Has somebody told of each order. */
  void onOrder(Consumer<JobKind> listener) {
    onOrder = listener;
  }

  /** Takes the open rollout a step further, if the evidence is there. */
  void climb() {
    PromotionLadder.Step step = node.climb();
    if (step.moved()) {
      LOG.info("rollout: {}", step.text());
    }
  }

  /** Orders what is due. */
  synchronized void order() {
    ApplicationDefinition now = node.application().definition();
    Optional<Rollout> open = node.registry().openRollout();
    open.ifPresent(this::orderGate);
    Jobs jobs = now.operations().jobs();
    if (jobs.batch() != null && champion() != null) {
      orderDue(JobKind.BATCH, jobs.batch(), startedMs);
    }
    orderDue(JobKind.COMPACTION, jobs.compaction(), startedMs);
    followDrift();
    if (open.isEmpty() && queue.open(JobKind.TRAIN).isEmpty()) {
      if (champion() != null) {
        orderTraining(now.operations().retraining());
      } else if (trainFirst && node.registry().plan().champion() == null) {
        orderFirst();
      }
    }
  }

  private void orderGate(Rollout rollout) {
    if (rollout.stage() != Rollout.Stage.GATE || !queue.open(JobKind.EVALUATE).isEmpty()) {
      return;
    }
    String stuck = stuck(rollout);
    if (stuck != null) {
      giveUp(rollout, stuck);
      return;
    }
    long look = (node.requestClock().nowMs() - rollout.stageSinceMs()) / GATE_AGAIN.toMillis();
    once(
        JobKind.EVALUATE,
        rollout.id() + "/" + Math.max(0, look),
        "Rollout " + rollout.id() + " waits for the offline gate.",
        "job:train",
        Map.of("release", rollout.candidate()));
  }

  /**
   * Why the gate of a rollout is not asked any more, or null: one that only ever breaks off would
   * keep every training waiting.
   */
  private @Nullable String stuck(Rollout rollout) {
    List<JobRun> broken =
        queue.list(JobKind.EVALUATE, RUNS_LOOKED_AT).stream()
            .filter(run -> run.key().startsWith(rollout.id() + "/"))
            .filter(run ->
                run.state() == JobState.FAILED
                    || run.state() == JobState.WAITING
                    || run.state() == JobState.TIMED_OUT)
            .toList();
    return broken.size() < GATE_BROKEN_MAX
        ? null
        : ("the offline gate broke off %d times, last in job %s: %s A person is needed; then"
                + " propose the release again.")
            .formatted(broken.size(), broken.getFirst().id(), broken.getFirst().outcome().text());
  }

  private void giveUp(Rollout rollout, String reason) {
    try {
      var _ =
          node.registry()
              .advance(
                  rollout,
                  Rollout.Stage.CANCELLED,
                  rollout.step(),
                  node.log().endOffset(),
                  node.registry().plan().withoutTrials(),
                  Cause.of("job:evaluate", reason));
      LOG.warn("rollout {} is cancelled: {}", rollout.id(), reason);
    } catch (WinnowException e) {
      if (e.code() != ErrorCode.CONFLICT) {
        throw e;
      }
      // It went on meanwhile.
    }
  }

  /** A log that was too short is tried again each time that it has doubled. */
  private void orderFirst() {
    long end = node.log().endOffset();
    if (end > 0) {
      once(
          JobKind.TRAIN,
          "first/" + (Long.SIZE - Long.numberOfLeadingZeros(end)),
          "No release serves yet.",
          "schedule",
          Map.of());
    }
  }

  private void orderTraining(Retraining retraining) {
    Champion current = champion();
    if (current == null) {
      return;
    }
    if (retraining.schedule() != null) {
      long beganMs = Math.max(current.manifest.createdMs(), lastEndedMs(JobKind.TRAIN));
      long dueMs = Schedules.nextMs(retraining.schedule(), beganMs);
      if (dueMs <= node.clock().nowMs()) {
        ordered(JobKind.TRAIN, "schedule", dueMs);
        return;
      }
    }
    for (TriggerReading reading : readings()) {
      if (retraining.on().contains(reading.trigger()) && reading.fires()) {
        String name = reading.trigger().name().toLowerCase(Locale.ROOT);
        JobRun run =
            once(
                JobKind.TRAIN,
                name + "/" + reading.cause(),
                reading.text(),
                "trigger:" + name,
                Map.of());
        if (run.state() == JobState.FAILED) {
          // Only more events help: again each time that those behind the champion's data doubled.
          long behind = node.log().endOffset() - current.manifest.provenance().toOffset();
          run =
              once(
                  JobKind.TRAIN,
                  name
                      + "/"
                      + reading.cause()
                      + "/"
                      + (Long.SIZE - Long.numberOfLeadingZeros(Math.max(0, behind))),
                  reading.text(),
                  "trigger:" + name,
                  Map.of());
        }
        if (!run.state().isEnd()) {
          return;
        }
      }
    }
  }

  private void orderDue(JobKind kind, Schedule schedule, long sinceMs) {
    if (queue.open(kind).isEmpty()) {
      long dueMs = Schedules.nextMs(schedule, Math.max(lastEndedMs(kind), firstMs(kind, sinceMs)));
      if (dueMs <= node.clock().nowMs()) {
        ordered(kind, "schedule", dueMs);
      }
    }
  }

  /** Waiting for the first begins with the first server, not anew with each restart. */
  private long firstMs(JobKind kind, long sinceMs) {
    return queue.list(kind, 1).isEmpty() ? championSinceMs(sinceMs) : 0;
  }

  private long championSinceMs(long sinceMs) {
    Champion current = champion();
    return current == null ? sinceMs : Math.min(sinceMs, current.manifest.createdMs());
  }

  private long lastEndedMs(JobKind kind) {
    long last = 0;
    for (JobRun run : queue.list(kind, 20)) {
      last = Math.max(last, Math.max(run.progress().endedMs(), run.order().requestedMs()));
    }
    return last;
  }

  private void ordered(JobKind kind, String actor, long dueMs) {
    once(
        kind,
        actor + "/" + Instant.ofEpochMilli(dueMs),
        "Due by schedule at " + Instant.ofEpochMilli(dueMs) + ".",
        actor,
        Map.of());
  }

  private JobRun once(
      JobKind kind, String key, String reason, String actor, Map<String, String> options) {
    int attempts = JobService.attempts(node.application().definition().operations());
    JobRun run =
        queue.requestOnce(new JobQueue.Request(kind, key, reason, actor, attempts, options));
    if (!run.state().isEnd()) {
      onOrder.accept(kind);
    }
    return run;
  }

  /** How far each trigger is; empty before there is a champion. */
  synchronized List<TriggerReading> readings() {
    Champion current = champion();
    if (current == null) {
      return List.of();
    }
    ApplicationDefinition now = node.application().definition();
    Retraining retraining = now.operations().retraining();
    List<TriggerReading> readings = new ArrayList<>();
    readings.add(Triggers.staleness(current.manifest, retraining.schedule(), node.clock().nowMs()));
    readings.add(Triggers.newEvents(current.manifest, retraining, node.log().endOffset()));
    readings.add(
        Triggers.skew(
            current.manifest,
            new AuditReport(0, 0, Map.of(), node.audited(), Map.of(), Map.of(), List.of()),
            now.operations().featureStore().audit().maxMismatches()));
    readings.add(applicationReading(current));
    DriftWatch watch = drift;
    if (watch != null && watch.champion().equals(current.manifest.version())) {
      readings.add(watch.data());
      readings.add(watch.concept());
    }
    return readings;
  }

  /**
   * Compares what a model depends on: what events mean and what is wanted, not where anything is
   * kept or when anything is done.
   */
  private TriggerReading applicationReading(Champion current) {
    ApplicationDefinition then = current.application.definition();
    ApplicationDefinition now = node.application().definition();
    boolean same =
        then.schema().equals(now.schema())
            && then.objectives().equals(now.objectives())
            && then.features().equals(now.features());
    String inForce = id(node.application());
    return Triggers.application(
        current.manifest, same ? inForce : id(current.application) + " before", inForce);
  }

  private static String id(ApplicationFile file) {
    return UUID.nameUUIDFromBytes(file.text().getBytes(StandardCharsets.UTF_8)).toString();
  }

  private void followDrift() {
    Champion current = champion();
    if (current == null) {
      return;
    }
    DriftWatch watch = drift;
    if (watch == null || !watch.champion().equals(current.manifest.version())) {
      ApplicationDefinition trainedFor = current.application.definition();
      List<String> names =
          FeatureSchema.of(trainedFor).definitions().stream()
              .map(FeatureDefinition::qualifiedName)
              .toList();
      watch = new DriftWatch(current.manifest, names, trainedFor.objectives());
      drift = watch;
    }
    watch.follow(node.log(), RECORDS_AT_A_TIME);
  }

  private @Nullable Champion champion() {
    String version = node.registry().plan().champion();
    if (version == null) {
      champion = null;
    } else if (champion == null || !champion.manifest.version().equals(version)) {
      try {
        champion =
            new Champion(
                node.releases().manifest(version), Release.applicationOf(node.releases(), version));
      } catch (WinnowException e) {
        LOG.warn("triggers wait for the champion's bundle: {}", e.getMessage());
        champion = null;
      }
    }
    return champion;
  }
}
