package io.winnow.lifecycle.jobs;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.winnow.core.ErrorCode;
import io.winnow.core.TimeSource;
import io.winnow.core.WinnowException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Consumer;
import javax.sql.DataSource;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.HandleCallback;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.jdbi.v3.core.statement.StatementContext;
import org.jdbi.v3.core.statement.UnableToExecuteStatementException;
import org.jspecify.annotations.Nullable;

/**
 * The orders for work and what became of each, in tables of the registry's database. Any process
 * that reaches the database may order, ask and cancel; {@link JobRunner} carries out.
 *
 * <p>Thread-safe. Every method throws {@link WinnowException} with {@code UNAVAILABLE} where the
 * database does not answer; nothing has changed then.
 */
public final class JobQueue {
  /** So many lines of a run's log are kept, the newest. */
  static final int LINES_MAX = 2_000;

  /** So many runs are kept, the newest, besides those that are not at their end. */
  static final int RUNS_MAX = 2_000;

  private static final int LINE_CHARS = 1_000;
  private static final int TEXT_CHARS = 4_000;
  private static final int KEY_CHARS = 200;
  private static final String UNIQUE_VIOLATION = "23505";
  private static final ObjectMapper JSON = JsonMapper.builder().build();
  private static final TypeReference<TreeMap<String, String>> STRINGS = new TypeReference<>() {};

  private final Jdbi jdbi;
  private final TimeSource clock;

  /**
   * A queue in a database that has its tables.
   *
   * @param clock the wall clock
   */
  public JobQueue(DataSource database, TimeSource clock) {
    this.jdbi = Jdbi.create(database);
    this.clock = clock;
  }

  /**
   * An order for work.
   *
   * @param kind what is to be done
   * @param key the same key is the same work; empty for work of its own
   * @param reason a sentence
   * @param actor {@code person:NAME}, {@code schedule}, {@code trigger:NAME} or {@code job:KIND}
   * @param attempts how often it is tried before a person is needed, at least 1
   * @param options of the work
   */
  public record Request(
      JobKind kind,
      String key,
      String reason,
      String actor,
      int attempts,
      Map<String, String> options) {
    /** Copies the map and checks the key. */
    public Request {
      options = Map.copyOf(options);
      if (key.length() > KEY_CHARS || key.chars().anyMatch(c -> c < ' ')) {
        throw WinnowException.invalid("key", key, "at most 200 printable characters");
      }
      if (attempts < 1) {
        throw WinnowException.invalid("attempts", attempts, ">= 1");
      }
    }
  }

  /**
   * A line of a run's log.
   *
   * @param number ascends from 1 within a run
   */
  public record Line(int number, long atMs, String text) {}

  /**
   * Orders work. Of a key that was ordered before, nothing is done twice: what succeeded is
   * answered, what is under way goes on; what came to another end is queued again under the same
   * id.
   */
  public JobRun request(Request request) {
    return request(request, true);
  }

  /** Orders work of a key that was never ordered; of any other, answers what became of it. */
  public JobRun requestOnce(Request request) {
    return request(request, false);
  }

  private JobRun request(Request request, boolean again) {
    if (!request.key.isEmpty()) {
      Optional<JobRun> known = find(request.kind, request.key);
      if (known.isPresent()) {
        return again ? requeue(known.get(), request) : known.get();
      }
    }
    String id = request.kind.label() + "-" + UUID.randomUUID();
    try {
      inDatabase(handle -> insert(handle, id, request));
    } catch (UnableToExecuteStatementException e) {
      if (e.getCause() instanceof SQLException sql && UNIQUE_VIOLATION.equals(sql.getSQLState())) {
        // Somebody else ordered it at the same moment.
        return find(request.kind, request.key).orElseThrow();
      }
      throw unavailable(e);
    }
    return get(id);
  }

  private int insert(Handle handle, String id, Request request) {
    return handle
        .createUpdate(
            """
            INSERT INTO job_runs (id, kind, job_key, reason, actor, options, requested_ms, state,
                attempts, attempts_max, server, started_ms, ended_ms, not_before_ms, cancel,
                outcome, advice, results)
            VALUES (:id, :kind, :key, :reason, :actor, :options, :now, 'QUEUED',
                0, :attempts, '', 0, 0, 0, FALSE, '', '', '{}')
            """)
        .bind("id", id)
        .bind("kind", request.kind.name())
        .bind("key", request.key.isEmpty() ? id : request.key)
        .bind("reason", cut(request.reason, TEXT_CHARS))
        .bind("actor", cut(request.actor, KEY_CHARS))
        .bind("options", json(request.options))
        .bind("now", clock.nowMs())
        .bind("attempts", request.attempts)
        .execute();
  }

  /** What ended without success is tried again; its log and its count of attempts go on. */
  private JobRun requeue(JobRun known, Request request) {
    if (!known.state().isEnd() || known.state() == JobState.SUCCEEDED) {
      return known;
    }
    update(
        """
        UPDATE job_runs SET state = 'QUEUED', attempts_max = attempts + :more, reason = :reason,
            actor = :actor, options = :options, requested_ms = :now, not_before_ms = 0,
            ended_ms = 0, cancel = FALSE
        WHERE id = :id AND state = :state
        """,
        Map.of(
            "id", known.id(),
            "state", known.state().name(),
            "more", request.attempts,
            "reason", cut(request.reason, TEXT_CHARS),
            "actor", cut(request.actor, KEY_CHARS),
            "options", json(request.options),
            "now", clock.nowMs()));
    return get(known.id());
  }

  /** One run. */
  public Optional<JobRun> find(String id) {
    return inDatabase(handle ->
        handle
            .createQuery("SELECT * FROM job_runs WHERE id = :id")
            .bind("id", id)
            .map(JobQueue::run)
            .findOne());
  }

  /** The run of a key. */
  public Optional<JobRun> find(JobKind kind, String key) {
    return inDatabase(handle ->
        handle
            .createQuery("SELECT * FROM job_runs WHERE kind = :kind AND job_key = :key")
            .bind("kind", kind.name())
            .bind("key", key)
            .map(JobQueue::run)
            .findOne());
  }

  /**
   * One run.
   *
   * @throws WinnowException with {@code NOT_FOUND}
   */
  public JobRun get(String id) {
    return find(id)
        .orElseThrow(() ->
            new WinnowException(
                ErrorCode.NOT_FOUND,
                "job " + id + ": no such run (expected: an id that 'jobs list' shows)"));
  }

  /** The newest runs, newest first; those of one kind if it is given. */
  public List<JobRun> list(@Nullable JobKind kind, int limit) {
    return inDatabase(handle ->
        handle
            .createQuery(
                "SELECT * FROM job_runs WHERE kind = :kind OR :kind = ''"
                    + " ORDER BY requested_ms DESC, id LIMIT :limit")
            .bind("kind", kind == null ? "" : kind.name())
            .bind("limit", limit)
            .map(JobQueue::run)
            .list());
  }

  /** The runs of a kind that are queued or running. */
  public List<JobRun> open(JobKind kind) {
    return inDatabase(handle ->
        handle
            .createQuery(
                "SELECT * FROM job_runs WHERE kind = :kind AND state IN ('QUEUED', 'RUNNING')"
                    + " ORDER BY requested_ms, id")
            .bind("kind", kind.name())
            .map(JobQueue::run)
            .list());
  }

  /** The lines of a run's log behind a number, oldest first. */
  public List<Line> lines(String id, int after, int limit) {
    return inDatabase(handle ->
        handle
            .createQuery(
                "SELECT line, at_ms, text FROM job_log WHERE run_id = :id AND line > :after"
                    + " ORDER BY line LIMIT :limit")
            .bind("id", id)
            .bind("after", after)
            .bind("limit", limit)
            .map((row, _) -> new Line(row.getInt(1), row.getLong(2), row.getString(3)))
            .list());
  }

  /**
   * Waits for the end of a run.
   *
   * @param lines takes those of its log as they come; those that are there first
   * @param poll how often to look
   * @throws WinnowException with {@code NOT_FOUND}; with {@code UNAVAILABLE} only if the database
   *     does not answer at first: later the wait goes on until it does
   */
  public JobRun awaitEnd(String id, Consumer<Line> lines, Duration poll)
      throws InterruptedException {
    JobRun run = get(id);
    int seen = 0;
    while (true) {
      try {
        run = get(id);
        List<Line> next = lines(id, seen, LINES_MAX);
        while (!next.isEmpty()) {
          next.forEach(lines);
          seen = next.getLast().number();
          next = lines(id, seen, LINES_MAX);
        }
        if (run.state().isEnd()) {
          return run;
        }
      } catch (WinnowException e) {
        if (e.code() != ErrorCode.UNAVAILABLE) {
          throw e;
        }
      }
      Thread.sleep(poll);
    }
  }

  /**
   * Ends a run: one that is queued at once, one that is running as soon as its server hears of it.
   *
   * @return the run as it is now
   * @throws WinnowException with {@code NOT_FOUND}, or {@code CONFLICT} if it is at its end
   */
  public JobRun cancel(String id) {
    JobRun run = get(id);
    if (run.state().isEnd()) {
      throw new WinnowException(
          ErrorCode.CONFLICT,
          "job %s: %s (expected: queued or running)".formatted(id, run.state().label()));
    }
    int ended =
        update(
            """
            UPDATE job_runs SET state = 'CANCELLED', ended_ms = :now, outcome = :text, advice = ''
            WHERE id = :id AND state = 'QUEUED'
            """,
            Map.of("id", id, "now", clock.nowMs(), "text", "Cancelled before it began."));
    if (ended == 0) {
      update(
          "UPDATE job_runs SET cancel = TRUE WHERE id = :id AND state = 'RUNNING'",
          Map.of("id", id));
    }
    return get(id);
  }

  /**
   * Begins the next attempt of a kind: what a server left behind that went away, else the oldest
   * order that is due. Only for whoever holds the kind's place in the scheduler.
   */
  Optional<JobRun> take(JobKind kind, String server) {
    long now = clock.nowMs();
    return inDatabase(handle -> {
      Optional<JobRun> next =
          handle
              .createQuery(
                  """
                  SELECT * FROM job_runs WHERE kind = :kind
                      AND (state = 'RUNNING' OR state = 'QUEUED' AND not_before_ms <= :now)
                  ORDER BY CASE state WHEN 'RUNNING' THEN 0 ELSE 1 END, requested_ms, id LIMIT 1
                  """)
              .bind("kind", kind.name())
              .bind("now", now)
              .map(JobQueue::run)
              .findOne();
      if (next.isEmpty()) {
        return next;
      }
      JobRun.Progress progress = next.get().progress();
      int taken =
          handle
              .createUpdate(
                  """
                  UPDATE job_runs SET state = 'RUNNING', server = :server, attempts = attempts + 1,
                      started_ms = :now
                  WHERE id = :id AND state = :state AND attempts = :attempts
                  """)
              .bind("server", server)
              .bind("now", now)
              .bind("id", next.get().id())
              .bind("state", next.get().state().name())
              .bind("attempts", progress.attempts())
              .execute();
      return taken == 0 ? Optional.empty() : next.map(run -> begun(run, server, now));
    });
  }

  private static JobRun begun(JobRun run, String server, long nowMs) {
    JobRun.Progress before = run.progress();
    return new JobRun(
        run.id(),
        run.kind(),
        run.key(),
        run.order(),
        run.state(),
        new JobRun.Progress(
            before.attempts() + 1,
            before.attemptsMax(),
            server,
            nowMs,
            before.endedMs(),
            before.notBeforeMs()),
        run.outcome());
  }

  /** What became of an attempt. */
  record Attempt(JobState state, JobRun.Outcome outcome, long notBeforeMs, boolean counts) {}

  /** Writes down what became of an attempt, unless another one began meanwhile. */
  boolean finish(JobRun run, Attempt attempt) {
    return update(
            """
            UPDATE job_runs SET state = :state, ended_ms = :ended, not_before_ms = :notBefore,
                attempts = attempts - :back, outcome = :outcome, advice = :advice,
                results = :results
            WHERE id = :id AND state = 'RUNNING' AND server = :server AND attempts = :attempts
            """,
            Map.of(
                "id", run.id(),
                "server", run.progress().server(),
                "attempts", run.progress().attempts(),
                "state", attempt.state.name(),
                "ended", attempt.state.isEnd() ? clock.nowMs() : 0,
                "notBefore", attempt.notBeforeMs,
                "back", attempt.counts ? 0 : 1,
                "outcome", cut(attempt.outcome.text(), TEXT_CHARS),
                "advice", cut(attempt.outcome.advice(), TEXT_CHARS),
                "results", json(attempt.outcome.results())))
        > 0;
  }

  /** Why an attempt should stop, or null. */
  JobContext.@Nullable Stop stopOf(JobRun run) {
    return inDatabase(handle ->
            handle
                .createQuery("SELECT cancel, state, server, attempts FROM job_runs WHERE id = :id")
                .bind("id", run.id())
                .map((row, _) -> Optional.ofNullable(stop(run, row)))
                .findOne()
                .orElse(Optional.of(JobContext.Stop.LOST)))
        .orElse(null);
  }

  private static JobContext.@Nullable Stop stop(JobRun run, ResultSet row) throws SQLException {
    if (!row.getString(2).equals(JobState.RUNNING.name())
        || !row.getString(3).equals(run.progress().server())
        || row.getInt(4) != run.progress().attempts()) {
      return JobContext.Stop.LOST;
    }
    return row.getBoolean(1) ? JobContext.Stop.CANCELLED : null;
  }

  /** Adds lines to a run's log; the oldest beyond the bound go. */
  void append(String id, List<Line> lines) {
    inDatabase(handle -> {
      int last =
          handle
              .createQuery("SELECT COALESCE(MAX(line), 0) FROM job_log WHERE run_id = :id")
              .bind("id", id)
              .mapTo(Integer.class)
              .one();
      var batch =
          handle.prepareBatch(
              "INSERT INTO job_log (run_id, line, at_ms, text) VALUES (:id, :line, :at, :text)");
      for (Line line : lines) {
        last++;
        batch
            .bind("id", id)
            .bind("line", last)
            .bind("at", line.atMs)
            .bind("text", cut(line.text, LINE_CHARS))
            .add();
      }
      batch.execute();
      return handle
          .createUpdate("DELETE FROM job_log WHERE run_id = :id AND line <= :until")
          .bind("id", id)
          .bind("until", last - LINES_MAX)
          .execute();
    });
  }

  /** Deletes the oldest runs at their end beyond the bound, with their logs; returns how many. */
  public int prune() {
    return inDatabase(handle -> {
      List<String> old =
          handle
              .createQuery(
                  "SELECT id FROM job_runs WHERE state NOT IN ('QUEUED', 'RUNNING')"
                      + " ORDER BY requested_ms DESC, id OFFSET :kept ROWS")
              .bind("kept", RUNS_MAX)
              .mapTo(String.class)
              .list();
      for (String id : old) {
        handle.createUpdate("DELETE FROM job_log WHERE run_id = :id").bind("id", id).execute();
        handle.createUpdate("DELETE FROM job_runs WHERE id = :id").bind("id", id).execute();
      }
      return old.size();
    });
  }

  private int update(String sql, Map<String, Object> values) {
    return inDatabase(handle -> handle.createUpdate(sql).bindMap(values).execute());
  }

  private <T> T inDatabase(HandleCallback<T, SQLException> work) {
    try {
      return jdbi.inTransaction(work);
    } catch (UnableToExecuteStatementException e) {
      if (e.getCause() instanceof SQLException sql && UNIQUE_VIOLATION.equals(sql.getSQLState())) {
        throw e;
      }
      throw unavailable(e);
    } catch (JdbiException | SQLException e) {
      throw unavailable(e);
    }
  }

  private static WinnowException unavailable(Exception e) {
    return new WinnowException(
        ErrorCode.UNAVAILABLE, "jobs: the database does not answer: " + e.getMessage(), e);
  }

  private static JobRun run(ResultSet row, StatementContext context) throws SQLException {
    return new JobRun(
        row.getString("id"),
        JobKind.valueOf(row.getString("kind")),
        row.getString("job_key"),
        new JobRun.Order(
            row.getString("reason"),
            row.getString("actor"),
            row.getLong("requested_ms"),
            strings(row.getString("options"))),
        JobState.valueOf(row.getString("state")),
        new JobRun.Progress(
            row.getInt("attempts"),
            row.getInt("attempts_max"),
            row.getString("server"),
            row.getLong("started_ms"),
            row.getLong("ended_ms"),
            row.getLong("not_before_ms")),
        new JobRun.Outcome(
            row.getString("outcome"), row.getString("advice"), strings(row.getString("results"))));
  }

  private static String cut(String text, int chars) {
    return text.length() <= chars ? text : text.substring(0, chars - 1) + "…";
  }

  private static String json(Map<String, String> values) {
    try {
      String text = JSON.writeValueAsString(new TreeMap<>(values));
      if (text.length() > TEXT_CHARS) {
        throw WinnowException.invalid(
            "options", text.length() + " characters", "at most " + TEXT_CHARS);
      }
      return text;
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("strings that cannot be written as JSON", e);
    }
  }

  private static Map<String, String> strings(String text) {
    try {
      return JSON.readValue(text, STRINGS);
    } catch (JsonProcessingException e) {
      throw new WinnowException(
          ErrorCode.CORRUPT, "jobs: a run's options are not JSON: " + text, e);
    }
  }

  /** A line of now. */
  Line line(String text) {
    return new Line(0, clock.nowMs(), text);
  }
}
