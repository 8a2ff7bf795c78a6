package io.winnow.lifecycle.jobs;

import com.github.kagkarlsson.scheduler.Scheduler;
import com.github.kagkarlsson.scheduler.SchedulerBuilder;
import com.github.kagkarlsson.scheduler.SchedulerName;
import com.github.kagkarlsson.scheduler.exceptions.DbSchedulerException;
import com.github.kagkarlsson.scheduler.jdbc.DefaultJdbcCustomization;
import com.github.kagkarlsson.scheduler.logging.LogLevel;
import com.github.kagkarlsson.scheduler.task.CompletionHandler;
import com.github.kagkarlsson.scheduler.task.FailureHandler;
import com.github.kagkarlsson.scheduler.task.TaskInstanceId;
import com.github.kagkarlsson.scheduler.task.helper.CustomTask;
import com.github.kagkarlsson.scheduler.task.helper.Tasks;
import com.github.kagkarlsson.scheduler.task.schedule.FixedDelay;
import com.github.kagkarlsson.shaded.jdbc.SQLRuntimeException;
import io.winnow.core.ErrorCode;
import io.winnow.core.TimeSource;
import io.winnow.core.WinnowException;
import io.winnow.lifecycle.jobs.JobFailure.Remedy;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries out what {@link JobQueue} takes, on one of several servers.
 *
 * <p>Each kind is one execution of db-scheduler, its lane: whichever server holds it works off the
 * kind's orders one after another, so that over all servers one run of a kind goes on at a time. A
 * server that dies stops its heartbeats; the lane goes to another server or to the same one started
 * anew. A run that is under way is another matter: it is taken up only by a server that saw with
 * its own eyes, over that time, that nobody counts up the run's beats. So neither a database that
 * was away nor clocks that differ cost a healthy run its attempt. An attempt that learns that it
 * lost its run (a process that stood still too long) is stopped, and what it says afterwards is not
 * written down.
 *
 * <p>Thread-safe.
 */
public final class JobRunner implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(JobRunner.class);
  private static final String INSTANCE = "lane";

  private final JobQueue queue;
  private final Map<JobKind, Job> jobs;
  private final Config config;
  private final TimeSource clock;
  private final DataSource database;
  private final List<Tick> ticks;
  private final Semaphore slots;
  private final Map<JobContext, Long> running = new ConcurrentHashMap<>();
  private final ScheduledExecutorService watch;
  private final Abandoned abandoned;
  private final CountDownLatch closing = new CountDownLatch(1);

  /** Null until the database answered for the first time; guarded by this. */
  private @Nullable Scheduler scheduler;

  /**
   * How a runner works.
   *
   * @param server its id, unique among those that run
   * @param concurrent most runs at a time in this server
   * @param poll how often it looks for due work
   * @param heartbeat how often it says that it lives; after {@value #HEARTBEATS_MISSED} without a
   *     word its work is taken over
   * @param retry the pause after a first attempt; doubles, up to an hour
   * @param timeout of an attempt whose order names none
   */
  public record Config(
      String server,
      int concurrent,
      Duration poll,
      Duration heartbeat,
      Duration retry,
      Duration timeout) {
    /** So many are missed before a server counts as gone. */
    static final int HEARTBEATS_MISSED = 4;

    /** How long after its last sign a server counts as gone. */
    Duration goneAfter() {
      return heartbeat.multipliedBy(HEARTBEATS_MISSED);
    }

    /** Two runs at a time, looks once a second, counts as gone after 20 seconds. */
    public static Config of(String server, Duration timeout) {
      return new Config(
          server, 2, Duration.ofSeconds(1), Duration.ofSeconds(5), Duration.ofSeconds(30), timeout);
    }
  }

  /**
   * Something that one server at a time does again and again, and that leaves no run.
   *
   * @param name unique
   * @param pause between the end of one and the beginning of the next
   */
  public record Tick(String name, Duration pause, Runnable work) {}

  private JobRunner(
      DataSource database,
      JobQueue queue,
      Map<JobKind, Job> jobs,
      List<Tick> ticks,
      Config config,
      TimeSource clock) {
    this.queue = queue;
    this.database = database;
    this.jobs = new TreeMap<>(jobs);
    this.config = config;
    this.clock = clock;
    this.slots = new Semaphore(config.concurrent);
    this.abandoned = new Abandoned(config.goneAfter(), config.goneAfter().dividedBy(2));
    this.ticks = List.copyOf(ticks);
    this.watch =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("winnow-job-watch").factory());
  }

  /**
   * Starts to work off a queue.
   *
   * @param database the queue's, with the table {@code scheduled_tasks}
   * @param jobs what this server can do
   * @param ticks done by one server at a time
   * @param clock the wall clock
   */
  public static JobRunner start(
      DataSource database,
      Map<JobKind, Job> jobs,
      List<Tick> ticks,
      Config config,
      TimeSource clock) {
    JobRunner runner =
        new JobRunner(database, new JobQueue(database, clock), jobs, ticks, config, clock);
    long pollMs = config.poll.toMillis();
    var _ =
        runner.watch.scheduleWithFixedDelay(
            runner::watchRuns, pollMs, pollMs, TimeUnit.MILLISECONDS);
    runner.startScheduler();
    return runner;
  }

  /** Begins, or tries again later where the database does not answer. */
  private synchronized void startScheduler() {
    if (closing.getCount() == 0) {
      return;
    }
    try {
      Scheduler next = build();
      next.start();
      scheduler = next;
    } catch (SQLException | SQLRuntimeException | DbSchedulerException | WinnowException e) {
      LOG.warn("jobs wait for the database: {}", e.getMessage());
      var _ =
          watch.schedule(this::startScheduler, config.heartbeat.toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  private Scheduler build() throws SQLException {
    List<CustomTask<Void>> lanes = new ArrayList<>();
    jobs.keySet().forEach(kind -> lanes.add(lane(kind)));
    ticks.forEach(tick -> lanes.add(tick(tick)));
    SchedulerBuilder builder =
        Scheduler.create(database)
            .startTasks(lanes)
            .schedulerName(new SchedulerName.Fixed(config.server))
            .threads(config.concurrent + jobs.size() + ticks.size())
            .pollingInterval(config.poll)
            .heartbeatInterval(config.heartbeat)
            .missedHeartbeatsLimit(Config.HEARTBEATS_MISSED)
            .shutdownMaxWait(Duration.ofSeconds(30))
            .alwaysPersistTimestampInUTC()
            .failureLogging(LogLevel.WARN, false)
            .clock(() -> Instant.ofEpochMilli(clock.nowMs()));
    try (Connection connection = database.getConnection()) {
      if (connection.getMetaData().getDatabaseProductName().equals("H2")) {
        // It needs none of its own, which the scheduler would warn of.
        builder.jdbcCustomization(new DefaultJdbcCustomization(true));
      }
    }
    return builder.build();
  }

  /** Where to order work. */
  public JobQueue queue() {
    return queue;
  }

  private CustomTask<Void> lane(JobKind kind) {
    // Orders of this process wake the lane; those of others are seen within two polls.
    FixedDelay pause = FixedDelay.of(config.poll.multipliedBy(2));
    return Tasks.custom(name(kind), Void.class)
        .scheduleOnStartup(INSTANCE, null, now -> now)
        .onFailure(new FailureHandler.OnFailureReschedule<>(pause))
        .onDeadExecutionRevive()
        .execute((_, _) -> {
          workOff(kind);
          return new CompletionHandler.OnCompleteReschedule<>(pause);
        });
  }

  private CustomTask<Void> tick(Tick tick) {
    FixedDelay pause = FixedDelay.of(tick.pause);
    return Tasks.custom("winnow-" + tick.name, Void.class)
        .scheduleOnStartup(INSTANCE, null, now -> now)
        .onFailure(new FailureHandler.OnFailureReschedule<>(pause))
        .onDeadExecutionRevive()
        .execute((_, _) -> {
          if (closing.getCount() > 0) {
            tick.work.run();
          }
          return new CompletionHandler.OnCompleteReschedule<>(pause);
        });
  }

  private static String name(JobKind kind) {
    return "winnow-job-" + kind.label();
  }

  /** Has a kind's lane looked at soon; without it, it is looked at within two polls. */
  public void wake(JobKind kind) {
    Scheduler current;
    synchronized (this) {
      current = scheduler;
    }
    if (current == null) {
      return;
    }
    try {
      if (current.reschedule(
          TaskInstanceId.of(name(kind), INSTANCE), Instant.ofEpochMilli(clock.nowMs()))) {
        current.triggerCheckForDueExecutions();
      }
    } catch (DbSchedulerException e) {
      // It runs at this moment, or does not exist yet: it looks into the queue by itself.
      LOG.debug("lane of {}: {}", kind.label(), e.getMessage());
    }
  }

  private void workOff(JobKind kind) {
    while (closing.getCount() > 0 && slots.tryAcquire()) {
      try {
        Optional<JobRun> next = queue.take(kind, config.server, abandoned::test);
        if (next.isEmpty()) {
          return;
        }
        attempt(next.get());
      } finally {
        slots.release();
      }
    }
  }

  private void attempt(JobRun run) {
    RunLog log = new RunLog(queue, run.id());
    JobContext context = new JobContext(run, log::add, () -> queue.beat(run));
    if (run.state() == JobState.RUNNING) {
      log.add("taken up again: the server that worked on it went away");
    }
    JobQueue.Attempt result;
    if (run.progress().attempts() > run.progress().attemptsMax()) {
      result = worn(run);
    } else {
      log.add(
          "attempt %d of %d on %s: %s"
              .formatted(
                  run.progress().attempts(),
                  run.progress().attemptsMax(),
                  config.server,
                  run.order().reason()));
      result = work(run, context, log);
    }
    log.add(result.outcome().text());
    if (!result.outcome().advice().isEmpty()) {
      log.add("what to do: " + result.outcome().advice());
    }
    finish(run, result, log);
  }

  private static JobQueue.Attempt worn(JobRun run) {
    return new JobQueue.Attempt(
        JobState.WAITING,
        new JobRun.Outcome(
            "Its server went away in the last of %d attempts."
                .formatted(run.progress().attemptsMax()),
            "See the server's log for why it ended; then run the job again with the same key.",
            Map.of()),
        0,
        false);
  }

  private JobQueue.Attempt work(JobRun run, JobContext context, RunLog log) {
    try {
      running.put(context, System.nanoTime() + timeout(run).toNanos());
      if (closing.getCount() == 0) {
        // It was closed between the order's taking and this line, and did not see this context.
        context.stop(JobContext.Stop.CLOSING);
      }
      JobRun.Outcome outcome = Objects.requireNonNull(jobs.get(run.kind())).run(context);
      return new JobQueue.Attempt(JobState.SUCCEEDED, outcome, 0, true);
    } catch (JobFailure e) {
      return failed(run, context, e);
    } catch (InterruptedException | JobStoppedException e) {
      return failed(run, context, unexpected(e));
    } catch (WinnowException e) {
      return failed(run, context, JobFailures.of(e));
    } catch (RuntimeException | StackOverflowError | OutOfMemoryError e) {
      LOG.error("job {}", run.id(), e);
      log.add(String.valueOf(e));
      return failed(run, context, unexpected(e));
    } finally {
      running.remove(context);
    }
  }

  private static JobFailure unexpected(Throwable e) {
    return new JobFailure(
        Remedy.RETRY, "Failed with " + e + ".", "If it fails again, report it as a defect.", e);
  }

  /** The timeout of an order, or this server's. */
  private Duration timeout(JobRun run) {
    return run.order().option("timeout").map(Duration::parse).orElse(config.timeout);
  }

  private JobQueue.Attempt failed(JobRun run, JobContext context, JobFailure failure) {
    JobContext.Stop stop = context.stopped();
    return switch (stop) {
      case null -> afterFailure(run, failure);
      case CANCELLED ->
          new JobQueue.Attempt(
              JobState.CANCELLED,
              JobRun.Outcome.of("Cancelled while it ran; what ran was stopped.", Map.of()),
              0,
              true);
      case CLOSING, LOST ->
          new JobQueue.Attempt(
              JobState.QUEUED,
              JobRun.Outcome.of("The server stopped; another attempt goes on from here.", Map.of()),
              0,
              false);
      case TIMEOUT -> {
        String text = "Stopped after %s, its timeout.".formatted(timeout(run));
        String advice =
            "Give it more time (retraining.timeout, or --timeout) or less to do; it goes on from"
                + " its last checkpoint.";
        yield again(run, text, advice, JobState.TIMED_OUT);
      }
    };
  }

  private JobQueue.Attempt afterFailure(JobRun run, JobFailure failure) {
    return switch (failure.remedy()) {
      case RETRY -> again(run, failure.text(), failure.advice(), JobState.WAITING);
      case PERSON -> end(JobState.WAITING, failure.text(), failure.advice());
      case NONE -> end(JobState.FAILED, failure.text(), failure.advice());
    };
  }

  private static JobQueue.Attempt end(JobState state, String text, String advice) {
    return new JobQueue.Attempt(state, new JobRun.Outcome(text, advice, Map.of()), 0, true);
  }

  private JobQueue.Attempt again(JobRun run, String text, String advice, JobState last) {
    int attempt = run.progress().attempts();
    if (attempt >= run.progress().attemptsMax()) {
      return end(last, text, advice);
    }
    long pauseMs = new Backoff(config.retry, Duration.ofHours(1)).afterMs(attempt);
    return new JobQueue.Attempt(
        JobState.QUEUED,
        new JobRun.Outcome(
            "%s Attempt %d of %d; the next in %s."
                .formatted(text, attempt, run.progress().attemptsMax(), Duration.ofMillis(pauseMs)),
            advice,
            Map.of()),
        clock.nowMs() + pauseMs,
        true);
  }

  /** Writes down what became of it, when the database answers again if it does not now. */
  private void finish(JobRun run, JobQueue.Attempt result, RunLog log) {
    boolean closed = false;
    while (true) {
      try {
        log.flush();
        if (!queue.finish(run, result)) {
          LOG.warn("job {}: taken over by another server meanwhile", run.id());
        }
        return;
      } catch (WinnowException e) {
        if (e.code() != ErrorCode.UNAVAILABLE) {
          finishRefused(run, e);
          return;
        }
        if (closed) {
          LOG.warn("job {}: not written down: {}", run.id(), e.getMessage());
          return;
        }
        LOG.warn("job {}: {}; tried again until it is written down", run.id(), e.getMessage());
      }
      try {
        closed = closing.await(config.poll.toMillis(), TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  /** The database is there and does not take it, which trying again does not change. */
  private void finishRefused(JobRun run, WinnowException refused) {
    LOG.error("job {}: what became of it cannot be written down", run.id(), refused);
    try {
      var _ =
          queue.finish(
              run,
              end(
                  JobState.WAITING,
                  "What became of it cannot be written down: " + refused.getMessage(),
                  "See the server's log; then run the job again with the same key."));
    } catch (WinnowException e) {
      LOG.error("job {}: nor can that", run.id(), e);
    }
  }

  private void watchRuns() {
    try {
      abandoned.look(queue.beats(), System.nanoTime());
    } catch (WinnowException e) {
      LOG.debug("runs: {}", e.getMessage());
    } catch (RuntimeException e) {
      // Whatever it is: who does not look any more gives no sign of life either.
      LOG.warn("runs", e);
    }
    running.forEach((context, deadline) -> {
      if (System.nanoTime() - deadline > 0) {
        context.stop(JobContext.Stop.TIMEOUT);
        return;
      }
      try {
        JobContext.Stop why = queue.beat(context.run());
        if (why != null) {
          context.stop(why);
        }
      } catch (WinnowException e) {
        LOG.debug("job {}: {}", context.run().id(), e.getMessage());
      } catch (RuntimeException e) {
        LOG.warn("job {}", context.run().id(), e);
      }
    });
  }

  /** Stops what runs, which goes back into the queue, and lets go of the lanes. */
  @Override
  public void close() {
    closing.countDown();
    running.keySet().forEach(context -> context.stop(JobContext.Stop.CLOSING));
    Scheduler last;
    synchronized (this) {
      last = scheduler;
      scheduler = null;
    }
    if (last != null) {
      last.stop();
    }
    watch.shutdown();
  }
}
