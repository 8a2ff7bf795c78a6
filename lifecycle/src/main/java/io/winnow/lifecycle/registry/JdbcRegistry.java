package io.winnow.lifecycle.registry;

import static io.winnow.lifecycle.registry.RegistryRows.CAUSE_COLUMNS;
import static io.winnow.lifecycle.registry.RegistryRows.PLAN_COLUMNS;
import static io.winnow.lifecycle.registry.RegistryRows.PLAN_PARAMETERS;
import static io.winnow.lifecycle.registry.RegistryRows.bindCause;
import static io.winnow.lifecycle.registry.RegistryRows.bindPlan;

import io.winnow.core.ErrorCode;
import io.winnow.core.TimeSource;
import io.winnow.core.WinnowException;
import io.winnow.lifecycle.ManifestJson;
import io.winnow.lifecycle.ReleaseManifest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import javax.sql.DataSource;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * A registry in a database that speaks the SQL that H2 and PostgreSQL have in common.
 *
 * <p>Whatever changes what serves first locks the one row of {@code serving_plan}. So changes
 * happen one after another, each sees the whole of the one before, and the ledger's entries are
 * numbered without a gap, whatever the isolation of the database.
 *
 * <p>The ledger's time never goes back: an entry is stamped with the clock of requests, or with the
 * time of the entry before if that is later, as after a restart over a historic data set.
 */
final class JdbcRegistry implements Registry {
  private static final int MAX_TAGS = 100;
  private static final int MAX_TAG_LENGTH = 1_000;
  private static final int MAX_METRICS = 1_000;
  private static final int MAX_METRIC_NAME_LENGTH = 200;
  private static final int MAX_OBSERVATIONS_LENGTH = 1_000_000;
  private static final long SERVER_KEPT_MS = 24 * 3_600_000L;
  private static final Pattern TAG = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");

  private final Database database;
  private final TimeSource requestClock;
  private final RolloutTable rollouts = new RolloutTable();

  JdbcRegistry(Database database, TimeSource requestClock) {
    this.database = database;
    this.requestClock = requestClock;
  }

  @Override
  public void register(ReleaseManifest manifest) {
    database.transaction(handle ->
        handle
            .createUpdate(
                "INSERT INTO releases (version, registered_ms, manifest)"
                    + " VALUES (:version, :now, :manifest) ON CONFLICT DO NOTHING")
            .bind("version", manifest.version())
            .bind("now", requestClock.nowMs())
            .bind("manifest", ManifestJson.write(manifest))
            .execute());
  }

  @Override
  public List<RegisteredRelease> releases() {
    return database.transaction(handle -> releases(handle, null));
  }

  @Override
  public Optional<RegisteredRelease> release(String version) {
    return database.transaction(handle -> releases(handle, version).stream().findFirst());
  }

  private static List<RegisteredRelease> releases(Handle handle, @Nullable String version) {
    String which = version == null ? "" : " WHERE version = :version";
    Map<String, Map<String, String>> tags = new HashMap<>();
    var tagQuery = handle.createQuery("SELECT version, name, tag_value FROM release_tags" + which);
    var metricQuery =
        handle.createQuery("SELECT version, name, metric_value FROM release_metrics" + which);
    var query =
        handle.createQuery(
            "SELECT version, registered_ms, deleted_ms, manifest FROM releases"
                + which
                + " ORDER BY registered_ms, version");
    if (version != null) {
      tagQuery.bind("version", version);
      metricQuery.bind("version", version);
      query.bind("version", version);
    }
    tagQuery
        .map((row, _) ->
            tags.computeIfAbsent(row.getString("version"), _ -> new TreeMap<>())
                .put(row.getString("name"), row.getString("tag_value")))
        .list();
    Map<String, Map<String, Double>> measured = new HashMap<>();
    metricQuery
        .map((row, _) ->
            measured
                .computeIfAbsent(row.getString("version"), _ -> new TreeMap<>())
                .put(row.getString("name"), row.getDouble("metric_value")))
        .list();
    return query
        .map((row, _) -> {
          String name = row.getString("version");
          ReleaseManifest manifest = ManifestJson.read(name, row.getString("manifest"));
          Map<String, Double> metrics = new TreeMap<>(manifest.metrics());
          metrics.putAll(measured.getOrDefault(name, Map.of()));
          return new RegisteredRelease(
              manifest,
              row.getLong("registered_ms"),
              tags.getOrDefault(name, Map.of()),
              metrics,
              row.getLong("deleted_ms"));
        })
        .list();
  }

  @Override
  public void tag(String version, String name, @Nullable String value) {
    if (!TAG.matcher(name).matches()) {
      throw WinnowException.invalid("tag", name, "letters, digits, '.', '_' and '-', at most 64");
    }
    if (value != null
        && (value.length() > MAX_TAG_LENGTH || value.chars().anyMatch(Character::isISOControl))) {
      throw WinnowException.invalid(
          "tag " + name,
          value.length() > MAX_TAG_LENGTH ? value.length() + " characters" : value,
          "at most " + MAX_TAG_LENGTH + " characters, none of them a control character");
    }
    database.run(handle -> {
      lockRelease(handle, version);
      handle
          .createUpdate("DELETE FROM release_tags WHERE version = :version AND name = :name")
          .bind("version", version)
          .bind("name", name)
          .execute();
      if (value == null) {
        return;
      }
      if (count(handle, "release_tags", version) >= MAX_TAGS) {
        throw tooLarge("tags of release " + version, MAX_TAGS);
      }
      handle
          .createUpdate("INSERT INTO release_tags VALUES (:version, :name, :value)")
          .bind("version", version)
          .bind("name", name)
          .bind("value", value)
          .execute();
    });
  }

  @Override
  public void measure(String version, Map<String, Double> metrics) {
    metrics.forEach((name, value) -> {
      if (name.isEmpty() || name.length() > MAX_METRIC_NAME_LENGTH) {
        throw WinnowException.invalid(
            "metric", name, "a name of at most " + MAX_METRIC_NAME_LENGTH + " characters");
      }
      if (!Double.isFinite(value)) {
        throw WinnowException.invalid("metric " + name, value, "a finite number");
      }
    });
    database.run(handle -> {
      lockRelease(handle, version);
      new TreeMap<>(metrics)
          .forEach((name, value) -> {
            handle
                .createUpdate(
                    "DELETE FROM release_metrics WHERE version = :version AND name = :name")
                .bind("version", version)
                .bind("name", name)
                .execute();
            handle
                .createUpdate("INSERT INTO release_metrics VALUES (:version, :name, :value)")
                .bind("version", version)
                .bind("name", name)
                .bind("value", value)
                .execute();
          });
      if (count(handle, "release_metrics", version) > MAX_METRICS) {
        throw tooLarge("metrics of release " + version, MAX_METRICS);
      }
    });
  }

  private static int count(Handle handle, String table, String version) {
    return handle
        .createQuery("SELECT COUNT(*) FROM " + table + " WHERE version = :version")
        .bind("version", version)
        .mapTo(Integer.class)
        .one();
  }

  private static WinnowException tooLarge(String what, int limit) {
    return new WinnowException(ErrorCode.TOO_LARGE, what + " (expected: at most " + limit + ")");
  }

  /** Locks a release's row, so that its tags and metrics are changed by one at a time. */
  private static void lockRelease(Handle handle, String version) {
    boolean there =
        handle
            .createQuery("SELECT version FROM releases WHERE version = :version FOR UPDATE")
            .bind("version", version)
            .mapTo(String.class)
            .findOne()
            .isPresent();
    if (!there) {
      throw notFound(version);
    }
  }

  private static WinnowException notFound(String version) {
    return new WinnowException(
        ErrorCode.NOT_FOUND, "release: " + version + " (expected: a registered one)");
  }

  @Override
  public void delete(String version) {
    database.run(handle -> {
      ServingPlan plan = lock(handle).plan();
      lockRelease(handle, version);
      if (plan.versions().contains(version)) {
        throw new WinnowException(
            ErrorCode.CONFLICT,
            "release: %s (expected: one that the plan does not name: %s)"
                .formatted(version, plan.versions()));
      }
      rollouts
          .open(handle)
          .filter(open -> open.candidate().equals(version) || open.champion().equals(version))
          .ifPresent(open -> {
            throw new WinnowException(
                ErrorCode.CONFLICT,
                "release: %s (expected: one that open rollout %s does not name)"
                    .formatted(version, open.id()));
          });
      handle
          .createUpdate(
              "UPDATE releases SET deleted_ms = :now WHERE version = :version AND deleted_ms = 0")
          .bind("version", version)
          .bind("now", Math.max(1, requestClock.nowMs()))
          .execute();
    });
  }

  @Override
  public void restore(String version) {
    database.run(handle -> {
      lockRelease(handle, version);
      handle
          .createUpdate("UPDATE releases SET deleted_ms = 0 WHERE version = :version")
          .bind("version", version)
          .execute();
    });
  }

  @Override
  public ServingPlan plan() {
    return database.transaction(handle ->
        handle
            .createQuery("SELECT " + PLAN_COLUMNS + " FROM serving_plan WHERE id = 1")
            .map((row, _) -> RegistryRows.plan(row))
            .one());
  }

  @Override
  public ServingPlan change(ServingPlan next, String action, Cause cause) {
    check(next);
    return database.transaction(handle -> put(handle, lock(handle), next, action, cause));
  }

  @Override
  public void applicationChanged(String hash, Cause cause) {
    database.run(handle -> {
      Head head = lock(handle);
      if (!head.application().equals(hash)) {
        enter(handle, head, head.plan(), "application", hash, cause);
      }
    });
  }

  @Override
  public List<LedgerEntry> ledger(long fromMs, long toMs, int limit) {
    return database.transaction(handle ->
        handle
            .createQuery(
                "SELECT * FROM ledger WHERE at_ms >= :from AND at_ms < :to"
                    + " ORDER BY entry DESC LIMIT :limit")
            .bind("from", fromMs)
            .bind("to", toMs)
            .bind("limit", limit)
            .map((row, _) -> RegistryRows.ledgerEntry(row))
            .list());
  }

  @Override
  public Optional<LedgerEntry> servedAt(long timeMs) {
    return database.transaction(handle -> servedAt(handle, timeMs));
  }

  private static Optional<LedgerEntry> servedAt(Handle handle, long timeMs) {
    return handle
        .createQuery("SELECT * FROM ledger WHERE at_ms <= :time ORDER BY entry DESC LIMIT 1")
        .bind("time", timeMs)
        .map((row, _) -> RegistryRows.ledgerEntry(row))
        .findOne();
  }

  @Override
  public Set<String> servedBetween(long fromMs, long toMs) {
    return database.transaction(handle -> {
      Set<String> served = new TreeSet<>();
      servedAt(handle, fromMs).ifPresent(entry -> served.addAll(entry.plan().versions()));
      handle
          .createQuery(
              "SELECT DISTINCT champion, previous, challenger, shadow FROM ledger"
                  + " WHERE at_ms >= :from AND at_ms < :to")
          .bind("from", fromMs)
          .bind("to", toMs)
          .mapToMap(String.class)
          .forEach(row -> row.values().stream().filter(v -> v != null).forEach(served::add));
      return served;
    });
  }

  @Override
  public Rollout begin(String candidate, long logEnd, Cause cause) {
    return database.transaction(handle -> {
      Head head = lock(handle);
      String champion = head.plan().champion() == null ? "" : head.plan().champion();
      checkThere(handle, Set.of(candidate));
      if (candidate.equals(champion)) {
        throw new WinnowException(
            ErrorCode.CONFLICT, "candidate: " + candidate + " (expected: not the champion)");
      }
      rollouts
          .open(handle)
          .ifPresent(open -> {
            throw new WinnowException(
                ErrorCode.CONFLICT,
                "rollout %s of %s is open, at %s (expected: none)"
                    .formatted(open.id(), open.candidate(), open.stage().label()));
          });
      return rollouts.begin(handle, candidate, champion, head.nowMs(), logEnd, cause);
    });
  }

  @Override
  public Optional<Rollout> openRollout() {
    return database.transaction(rollouts::open);
  }

  @Override
  public List<Rollout> rollouts(int limit) {
    return database.transaction(handle -> rollouts.newest(handle, limit));
  }

  @Override
  public Rollout advance(
      Rollout rollout, Rollout.Stage to, int step, long logEnd, ServingPlan plan, Cause cause) {
    check(plan);
    return database.transaction(handle -> {
      Head head = lock(handle);
      if (plan.revision() != head.plan().revision()) {
        throw changedMeanwhile(plan, head.plan());
      }
      if (!plan.equals(head.plan())) {
        put(handle, head, plan, action(to, head.plan(), plan), cause);
      }
      return rollouts.advance(handle, rollout, to, step, head.nowMs(), logEnd, cause);
    });
  }

  /**
   * What the ledger calls it; a rollout may also end since a person put another release in place.
   */
  private static String action(Rollout.Stage to, ServingPlan before, ServingPlan after) {
    return switch (to) {
      case GATE -> "gate";
      case SHADOW -> "shadow";
      case CANARY -> "canary";
      case LIVE -> "promote";
      case ROLLED_BACK -> "rollback";
      case DONE, REJECTED, CANCELLED ->
          Objects.equals(before.champion(), after.champion())
              ? "end_trial"
              : Objects.equals(before.previous(), after.champion()) ? "rollback" : "promote";
    };
  }

  @Override
  public void observe(String rollout, String server, String observations) {
    if (observations.length() > MAX_OBSERVATIONS_LENGTH) {
      throw tooLarge("characters of observations", MAX_OBSERVATIONS_LENGTH);
    }
    database.run(handle -> {
      rollouts.observe(handle, rollout, server, observations);
    });
  }

  @Override
  public Map<String, String> observations(String rollout) {
    return database.transaction(handle -> rollouts.observations(handle, rollout));
  }

  @Override
  public void report(ServerStatus status) {
    database.run(handle -> {
      handle
          .createUpdate("DELETE FROM servers WHERE server = :server OR seen_ms < :old")
          .bind("server", status.server())
          .bind("old", status.seenMs() - SERVER_KEPT_MS)
          .execute();
      String problem = status.problem();
      handle
          .createUpdate(
              "INSERT INTO servers (server, address, revision, champion, problem, seen_ms) VALUES"
                  + " (:server, :address, :revision, :champion, :problem, :seen)"
                  + " ON CONFLICT DO NOTHING")
          .bind("server", status.server())
          .bind("address", RegistryRows.text(status.address(), 500))
          .bind("revision", status.revision())
          .bind("champion", status.champion())
          .bind("problem", problem == null ? null : RegistryRows.problem(problem))
          .bind("seen", status.seenMs())
          .execute();
    });
  }

  @Override
  public void leave(String server) {
    database.run(handle ->
        handle
            .createUpdate("DELETE FROM servers WHERE server = :server")
            .bind("server", server)
            .execute());
  }

  @Override
  public List<ServerStatus> servers() {
    return database.transaction(handle ->
        handle
            .createQuery("SELECT * FROM servers ORDER BY server")
            .map((row, _) -> RegistryRows.server(row))
            .list());
  }

  @Override
  public DataSource dataSource() {
    return database.dataSource();
  }

  @Override
  public void close() {
    database.close();
  }

  /**
   * The row that every change locks.
   *
   * @param nowMs the time of the change, never before the one before
   */
  private record Head(ServingPlan plan, String application, long lastEntry, long nowMs) {}

  private Head lock(Handle handle) {
    return handle
        .createQuery("SELECT * FROM serving_plan WHERE id = 1 FOR UPDATE")
        .map((row, _) ->
            new Head(
                RegistryRows.plan(row),
                row.getString("application"),
                row.getLong("last_entry"),
                Math.max(row.getLong("last_entry_ms"), requestClock.nowMs())))
        .one();
  }

  private static ServingPlan put(
      Handle handle, Head head, ServingPlan next, String action, Cause cause) {
    if (next.revision() != head.plan().revision()) {
      throw changedMeanwhile(next, head.plan());
    }
    checkThere(handle, next.versions());
    ServingPlan plan =
        new ServingPlan(
            next.revision() + 1,
            next.champion(),
            next.previous(),
            next.challenger(),
            next.canary(),
            next.shadow(),
            next.shadowShare());
    enter(handle, head, plan, action, head.application(), cause);
    return plan;
  }

  private static void enter(
      Handle handle, Head head, ServingPlan plan, String action, String application, Cause cause) {
    long entry = head.lastEntry() + 1;
    var insert =
        handle.createUpdate(
            "INSERT INTO ledger (entry, at_ms, action, application, %s, %s) VALUES (:entry, :at, :action, :application, %s, :actor, :reason, :numbers)"
                .formatted(PLAN_COLUMNS, CAUSE_COLUMNS, PLAN_PARAMETERS));
    bindCause(bindPlan(insert, plan), cause)
        .bind("entry", entry)
        .bind("at", head.nowMs())
        .bind("action", RegistryRows.text(action, 64))
        .bind("application", application)
        .execute();
    var update =
        handle.createUpdate(
            "UPDATE serving_plan SET revision = :revision, champion = :champion,"
                + " previous = :previous, challenger = :challenger, canary_salt = :canary_salt,"
                + " canary_share = :canary_share, shadow = :shadow, shadow_share = :shadow_share,"
                + " application = :application, last_entry = :entry, last_entry_ms = :at"
                + " WHERE id = 1");
    bindPlan(update, plan)
        .bind("application", application)
        .bind("entry", entry)
        .bind("at", head.nowMs())
        .execute();
  }

  private static WinnowException changedMeanwhile(ServingPlan made, ServingPlan now) {
    return new WinnowException(
        ErrorCode.CONFLICT,
        "plan: made from revision %d (expected: %d, which came into force meanwhile)"
            .formatted(made.revision(), now.revision()));
  }

  private static void check(ServingPlan plan) {
    double share = plan.canary().share();
    if (!(share >= 0 && share <= 0.5)) {
      throw WinnowException.invalid("canary share", share, "in [0, 0.5]");
    }
    if (!(plan.shadowShare() >= 0 && plan.shadowShare() <= 1)) {
      throw WinnowException.invalid("shadow share", plan.shadowShare(), "in [0, 1]");
    }
  }

  private static void checkThere(Handle handle, Iterable<String> versions) {
    List<String> wanted = new ArrayList<>();
    versions.forEach(wanted::add);
    if (wanted.isEmpty()) {
      return;
    }
    Set<String> there =
        new HashSet<>(
            handle
                .createQuery(
                    "SELECT version FROM releases WHERE deleted_ms = 0 AND version IN (<versions>)")
                .bindList("versions", wanted)
                .mapTo(String.class)
                .list());
    for (String version : wanted) {
      if (!there.contains(version)) {
        throw new WinnowException(
            ErrorCode.NOT_FOUND,
            "release: " + version + " (expected: a registered one whose files are there)");
      }
    }
  }
}
