package io.winnow.app;

import io.winnow.core.application.Operations;
import io.winnow.core.application.Retraining;
import io.winnow.lifecycle.jobs.Job;
import io.winnow.lifecycle.jobs.JobKind;
import io.winnow.lifecycle.jobs.JobQueue;
import io.winnow.lifecycle.jobs.JobRun;
import io.winnow.lifecycle.jobs.JobRunner;
import io.winnow.lifecycle.triggers.TriggerReading;
import java.time.Duration;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * The jobs of a node: carries out what is ordered, orders what schedules and triggers ask for, and
 * takes the open rollout up its ladder.
 *
 * <p>Thread-safe.
 */
final class JobService implements AutoCloseable {
  /** How often the open rollout is looked at. */
  private static final Duration LADDER_PAUSE = Duration.ofSeconds(2);

  /** How often schedules and triggers are looked at. */
  private static final Duration PLAN_PAUSE = Duration.ofSeconds(5);

  private final JobQueue queue;
  private final JobRunner runner;
  private final JobPlanner planner;

  private JobService(JobQueue queue, JobRunner runner, JobPlanner planner) {
    this.queue = queue;
    this.runner = runner;
    this.planner = planner;
  }

  /**
   * How a service works.
   *
   * @param environment of the process: {@code WINNOW_} variables go on to workers
   * @param byItself whether it orders what schedules and triggers ask for and moves the ladder;
   *     else it only carries out what is ordered
   * @param trainFirst whether it then trains a release where none serves
   * @param runner how orders are carried out
   * @param kinds what it carries out; other orders stay where they are
   */
  record Options(
      Map<String, String> environment,
      boolean byItself,
      boolean trainFirst,
      JobRunner.Config runner,
      Set<JobKind> kinds) {
    /** Carries out every kind. */
    Options(
        Map<String, String> environment,
        boolean byItself,
        boolean trainFirst,
        JobRunner.Config runner) {
      this(environment, byItself, trainFirst, runner, EnumSet.allOf(JobKind.class));
    }

    /** Of a server. */
    static Options server(Node node, Map<String, String> environment, boolean trainFirst) {
      return new Options(environment, true, trainFirst, config(node));
    }

    /** Of a command, which carries out what it orders itself and nothing that waits besides. */
    static Options command(Node node, Map<String, String> environment, JobKind kind) {
      return new Options(environment, false, false, config(node), Set.of(kind));
    }

    private static JobRunner.Config config(Node node) {
      Duration timeout =
          node.application().definition().operations().retraining().limits().timeout();
      return JobRunner.Config.of(node.status().server(), timeout);
    }
  }

  /** Starts the jobs of a node; the caller closes them before it. */
  static JobService start(Node node, Options options) {
    JobQueue queue = new JobQueue(node.registry().dataSource(), node.clock());
    WorkerProcess worker = WorkerProcess.of(options.environment);
    JobPlanner planner = new JobPlanner(node, queue, options.trainFirst);
    List<JobRunner.Tick> ticks =
        options.byItself
            ? List.of(
                new JobRunner.Tick("ladder", LADDER_PAUSE, planner::climb),
                new JobRunner.Tick("plan", PLAN_PAUSE, planner::order))
            : List.of();
    JobRunner runner =
        JobRunner.start(
            node.registry().dataSource(),
            jobs(node, worker, options.kinds),
            ticks,
            options.runner,
            node.clock());
    planner.onOrder(runner::wake);
    return new JobService(queue, runner, planner);
  }

  private static Map<JobKind, Job> jobs(Node node, WorkerProcess worker, Set<JobKind> kinds) {
    Map<JobKind, Job> jobs = new EnumMap<>(JobKind.class);
    for (JobKind kind : kinds) {
      jobs.put(
          kind,
          switch (kind) {
            case TRAIN -> new TrainJob(node, worker);
            case EVALUATE -> new EvaluateJob(node, worker);
            case PROMOTE -> new PromoteJob(node);
            case BATCH -> new BatchJob(node);
            case BACKFILL -> new BackfillJob(node);
            case COMPACTION -> new CompactionJob(node);
          });
    }
    return jobs;
  }

  /** Orders work as a person does; the same key is the same work. */
  JobRun request(JobQueue.Request request) {
    JobRun run = queue.request(request);
    runner.wake(request.kind());
    return run;
  }

  /** Orders work, waits for its end and hears its lines. */
  JobRun run(JobQueue.Request request, Consumer<JobQueue.Line> lines) throws InterruptedException {
    return queue.awaitEnd(request(request).id(), lines, Duration.ofMillis(200));
  }

  JobQueue queue() {
    return queue;
  }

  /** How far each trigger is. */
  List<TriggerReading> triggers() {
    return planner.readings();
  }

  /** How often work is tried that a person orders. */
  static int attempts(Operations operations) {
    Retraining.Limits limits = operations.retraining().limits();
    return limits.attempts();
  }

  /** Stops what runs, which goes back into the queue. */
  @Override
  public void close() {
    runner.close();
  }
}
