package io.winnow.lifecycle.jobs;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.winnow.core.ErrorCode;
import io.winnow.core.TimeSource;
import io.winnow.core.WinnowException;
import io.winnow.lifecycle.registry.SqlFailures;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Predicate;
import javax.sql.DataSource;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.HandleCallback;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.jdbi.v3.core.statement.StatementContext;
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
  private static final int RESULT_CHARS = 500;

  /** So often something is done again where somebody else was in its way. */
  private static final int TRIES_MAX = 20;

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
    boolean inserted = unlessDuplicate(handle -> insert(handle, id, request));
    if (!inserted) {
      // Somebody else ordered it at the same moment.
      return find(request.kind, request.key).orElseThrow();
    }
    return get(id);
  }

  private int insert(Handle handle, String id, Request request) {
    return handle
        .createUpdate(
            """
            INSERT INTO job_runs (id, kind, job_key, reason, actor, options, requested_ms, state,
                attempts, attempts_max, server, started_ms, ended_ms, not_before_ms, cancel,
                beats, outcome, advice, results)
            VALUES (:id, :kind, :key, :reason, :actor, :options, :now, 'QUEUED',
                0, :attempts, '', 0, 0, 0, FALSE, 0, '', '', '{}')
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
    while (true) {
      JobRun run = get(id);
      if (run.state().isEnd()) {
        throw new WinnowException(
            ErrorCode.CONFLICT,
            "job %s: %s (expected: queued or running)".formatted(id, run.state().label()));
      }
      int changed =
          run.state() == JobState.QUEUED
              ? update(
                  """
                  UPDATE job_runs SET state = 'CANCELLED', ended_ms = :now, outcome = :text,
                      advice = ''
                  WHERE id = :id AND state = 'QUEUED'
                  """,
                  Map.of("id", id, "now", clock.nowMs(), "text", "Cancelled before it began."))
              : update(
                  "UPDATE job_runs SET cancel = TRUE WHERE id = :id AND state = 'RUNNING'",
                  Map.of("id", id));
      if (changed > 0) {
        return get(id);
      }
      // It went on meanwhile: looked at again, which ends, since attempts do.
    }
  }

  /**
   * Begins the next attempt of a kind: what a server left behind that went away, else the oldest
   * order that is due. None while a server works on one of the kind.
   *
   * @param abandoned whether the server of a run that is under way is gone
   */
  Optional<JobRun> take(JobKind kind, String server, Predicate<JobRun> abandoned) {
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
      if (next.isEmpty()
          || (next.get().state() == JobState.RUNNING && !abandoned.test(next.get()))) {
        return Optional.empty();
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

  /**
   * That a server works on an attempt: as long as it does, the number of beats grows.
   *
   * @param run its id
   */
  record Beat(String run, int attempts, long beats) {}

  /** What is under way, on any server. */
  List<Beat> beats() {
    return inDatabase(handle ->
        handle
            .createQuery("SELECT id, attempts, beats FROM job_runs WHERE state = 'RUNNING'")
            .map((row, _) -> new Beat(row.getString(1), row.getInt(2), row.getLong(3)))
            .list());
  }

  /** What became of an attempt. */
  record Attempt(JobState state, JobRun.Outcome outcome, long notBeforeMs, boolean counts) {}

  /**
   * Writes down what became of an attempt, unless another one began meanwhile. What was cancelled
   * does not go back into the queue.
   */
  boolean finish(JobRun run, Attempt attempt) {
    return update(
            """
            UPDATE job_runs SET
                state = CASE WHEN cancel AND :state = 'QUEUED' THEN 'CANCELLED' ELSE :state END,
                ended_ms = CASE WHEN cancel AND :state = 'QUEUED' THEN :now ELSE :ended END,
                not_before_ms = :notBefore, attempts = attempts - :back, outcome = :outcome,
                advice = :advice, results = :results
            WHERE id = :id AND state = 'RUNNING' AND server = :server AND attempts = :attempts
            """,
            Map.ofEntries(
                Map.entry("id", run.id()),
                Map.entry("server", run.progress().server()),
                Map.entry("attempts", run.progress().attempts()),
                Map.entry("state", attempt.state.name()),
                Map.entry("now", clock.nowMs()),
                Map.entry("ended", attempt.state.isEnd() ? clock.nowMs() : 0L),
                Map.entry("notBefore", attempt.notBeforeMs),
                Map.entry("back", attempt.counts ? 0 : 1),
                Map.entry("outcome", cut(attempt.outcome.text(), TEXT_CHARS)),
                Map.entry("advice", cut(attempt.outcome.advice(), TEXT_CHARS)),
                Map.entry("results", results(attempt.outcome.results()))))
        > 0;
  }

  /** Says that this attempt is worked on, and asks why it should stop; null if it should not. */
  JobContext.@Nullable Stop beat(JobRun run) {
    return inDatabase(
            handle -> {
              handle
                  .createUpdate(
                      """
                      UPDATE job_runs SET beats = beats + 1
                      WHERE id = :id AND state = 'RUNNING' AND server = :server
                          AND attempts = :attempts
                      """)
                  .bind("id", run.id())
                  .bind("server", run.progress().server())
                  .bind("attempts", run.progress().attempts())
                  .execute();
              return handle
                  .createQuery(
                      "SELECT cancel, state, server, attempts FROM job_runs WHERE id = :id")
                  .bind("id", run.id())
                  .map((row, _) -> Optional.ofNullable(stop(run, row)))
                  .findOne()
                  .orElse(Optional.of(JobContext.Stop.LOST));
            })
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

  /**
   * Adds lines to a run's log; the oldest beyond the bound go. An attempt that lost its run may do
   * so at the same moment as the one that took it over: then one of both numbers its lines anew.
   */
  void append(String id, List<Line> lines) {
    for (int i = 0; i < TRIES_MAX; i++) {
      if (unlessDuplicate(handle -> append(handle, id, lines))) {
        return;
      }
    }
    throw new WinnowException(
        ErrorCode.UNAVAILABLE, "jobs: the log of " + id + " is written to by others all the time");
  }

  private static int append(Handle handle, String id, List<Line> lines) {
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
    for (int attempt = 1; ; attempt++) {
      try {
        return jdbi.inTransaction(work);
      } catch (JdbiException | SQLException e) {
        if (attempt == TRIES_MAX || !SqlFailures.isRetriable(e)) {
          throw SqlFailures.of("jobs: the database", e);
        }
      }
    }
  }

  /** Does it; false if a row with such a key is there, and nothing has changed then. */
  private boolean unlessDuplicate(HandleCallback<Integer, SQLException> work) {
    try {
      inDatabase(work);
      return true;
    } catch (WinnowException e) {
      if (e.getCause() instanceof Exception cause && SqlFailures.isDuplicate(cause)) {
        return false;
      }
      throw e;
    }
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

  /** No database takes the character 0 in a text. */
  private static String cut(String given, int chars) {
    String text = given.replace('\0', '\uFFFD');
    return text.length() <= chars ? text : text.substring(0, chars - 1) + "…";
  }

  /** Results as JSON that has room: long ones are cut, and the last ones go if need be. */
  private static String results(Map<String, String> results) {
    TreeMap<String, String> room = new TreeMap<>();
    results.forEach((name, value) -> room.put(name, cut(value, RESULT_CHARS)));
    String text = written(room);
    while (text.length() > TEXT_CHARS) {
      room.pollLastEntry();
      text = written(room);
    }
    return text;
  }

  private static String json(Map<String, String> values) {
    String text = written(new TreeMap<>(values));
    if (text.length() > TEXT_CHARS) {
      throw WinnowException.invalid(
          "options", text.length() + " characters", "at most " + TEXT_CHARS);
    }
    return text;
  }

  private static String written(Map<String, String> values) {
    try {
      return JSON.writeValueAsString(values);
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
