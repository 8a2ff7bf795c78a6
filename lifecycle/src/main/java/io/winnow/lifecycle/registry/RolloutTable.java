package io.winnow.lifecycle.registry;

import static io.winnow.lifecycle.registry.RegistryRows.bindCause;

import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import io.winnow.lifecycle.registry.Rollout.Decision;
import io.winnow.lifecycle.registry.Rollout.Stage;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jdbi.v3.core.Handle;

/**
 * The rollouts of a registry's database. Changes are made under the lock of the plan's row, which
 * the caller holds. Stateless.
 */
final class RolloutTable {
  Optional<Rollout> open(Handle handle) {
    return handle
        .createQuery("SELECT * FROM rollouts WHERE is_open ORDER BY number DESC LIMIT 1")
        .map((row, _) -> row(row))
        .findOne()
        .map(row -> rollout(handle, row));
  }

  List<Rollout> newest(Handle handle, int limit) {
    return handle
        .createQuery("SELECT * FROM rollouts ORDER BY number DESC LIMIT :limit")
        .bind("limit", limit)
        .map((row, _) -> row(row))
        .list()
        .stream()
        .map(row -> rollout(handle, row))
        .toList();
  }

  Rollout begin(
      Handle handle, String candidate, String champion, long nowMs, long logEnd, Cause cause) {
    handle.createUpdate("UPDATE serving_plan SET last_rollout = last_rollout + 1").execute();
    long number =
        handle.createQuery("SELECT last_rollout FROM serving_plan").mapTo(Long.class).one();
    Rollout rollout =
        new Rollout(
            candidate + "-" + number,
            candidate,
            champion,
            Stage.GATE,
            nowMs,
            nowMs,
            0,
            logEnd,
            List.of());
    handle
        .createUpdate(
            "INSERT INTO rollouts (number, id, candidate, champion, stage, is_open, started_ms,"
                + " stage_since_ms, step, from_offset) VALUES (:number, :id, :candidate, :champion,"
                + " :stage, TRUE, :now, :now, 0, :offset)")
        .bind("number", number)
        .bind("id", rollout.id())
        .bind("candidate", candidate)
        .bind("champion", champion)
        .bind("stage", Stage.GATE.label())
        .bind("now", nowMs)
        .bind("offset", logEnd)
        .execute();
    decide(handle, number, 0, new Decision(nowMs, Stage.GATE, Stage.GATE, cause));
    return rollout(handle, find(handle, rollout.id()));
  }

  Rollout advance(
      Handle handle, Rollout read, Stage to, int step, long nowMs, long logEnd, Cause cause) {
    Row row = find(handle, read.id());
    Rollout now = rollout(handle, row);
    if (!now.isOpen()
        || now.stage() != read.stage()
        || now.step() != read.step()
        || now.decisions().size() != read.decisions().size()) {
      throw new WinnowException(
          ErrorCode.CONFLICT,
          "rollout %s: read at %s, step %d (expected: %s, step %d, to which it came meanwhile)"
              .formatted(
                  read.id(), read.stage().label(), read.step(), now.stage().label(), now.step()));
    }
    handle
        .createUpdate(
            "UPDATE rollouts SET stage = :stage, is_open = :open, step = :step,"
                + " stage_since_ms = :now, from_offset = :offset WHERE number = :number")
        .bind("stage", to.label())
        .bind("open", !to.isEnd())
        .bind("step", step)
        .bind("now", nowMs)
        .bind("offset", logEnd)
        .bind("number", row.number())
        .execute();
    decide(
        handle, row.number(), now.decisions().size(), new Decision(nowMs, now.stage(), to, cause));
    return rollout(handle, find(handle, read.id()));
  }

  void observe(Handle handle, String rollout, String server, String observations) {
    long number = find(handle, rollout).number();
    handle
        .createUpdate(
            "DELETE FROM rollout_observations WHERE rollout = :rollout AND server = :server")
        .bind("rollout", number)
        .bind("server", server)
        .execute();
    handle
        .createUpdate(
            "INSERT INTO rollout_observations VALUES (:rollout, :server, :observations)"
                + " ON CONFLICT DO NOTHING")
        .bind("rollout", number)
        .bind("server", server)
        .bind("observations", observations)
        .execute();
  }

  Map<String, String> observations(Handle handle, String rollout) {
    Map<String, String> byServer = new TreeMap<>();
    handle
        .createQuery(
            "SELECT server, observations FROM rollout_observations o"
                + " JOIN rollouts r ON o.rollout = r.number WHERE r.id = :rollout")
        .bind("rollout", rollout)
        .map((row, _) -> byServer.put(row.getString("server"), row.getString("observations")))
        .list();
    return byServer;
  }

  /** A rollout without its decisions. */
  private record Row(long number, Rollout rollout) {}

  private static Row find(Handle handle, String id) {
    return handle
        .createQuery("SELECT * FROM rollouts WHERE id = :id")
        .bind("id", id)
        .map((row, _) -> row(row))
        .findOne()
        .orElseThrow(() ->
            new WinnowException(
                ErrorCode.NOT_FOUND, "rollout: " + id + " (expected: one of the registry)"));
  }

  private static Row row(java.sql.ResultSet row) throws java.sql.SQLException {
    return new Row(
        row.getLong("number"),
        new Rollout(
            row.getString("id"),
            row.getString("candidate"),
            row.getString("champion"),
            stage(row.getString("stage")),
            row.getLong("started_ms"),
            row.getLong("stage_since_ms"),
            row.getInt("step"),
            row.getLong("from_offset"),
            List.of()));
  }

  private static Rollout rollout(Handle handle, Row row) {
    List<Decision> decisions =
        handle
            .createQuery("SELECT * FROM rollout_decisions WHERE rollout = :rollout ORDER BY number")
            .bind("rollout", row.number())
            .map((decision, _) ->
                new Decision(
                    decision.getLong("at_ms"),
                    stage(decision.getString("from_stage")),
                    stage(decision.getString("to_stage")),
                    RegistryRows.cause(decision)))
            .list();
    Rollout without = row.rollout();
    return new Rollout(
        without.id(),
        without.candidate(),
        without.champion(),
        without.stage(),
        without.startedMs(),
        without.stageSinceMs(),
        without.step(),
        without.fromOffset(),
        decisions);
  }

  private static void decide(Handle handle, long rollout, int number, Decision decision) {
    var insert =
        handle.createUpdate(
            "INSERT INTO rollout_decisions (rollout, number, at_ms, from_stage, to_stage, actor,"
                + " reason, numbers) VALUES (:rollout, :number, :at, :from, :to, :actor, :reason,"
                + " :numbers)");
    bindCause(insert, decision.cause())
        .bind("rollout", rollout)
        .bind("number", number)
        .bind("at", decision.atMs())
        .bind("from", decision.from().label())
        .bind("to", decision.to().label())
        .execute();
  }

  private static Stage stage(String label) {
    for (Stage stage : Stage.values()) {
      if (stage.label().equals(label)) {
        return stage;
      }
    }
    throw new WinnowException(
        ErrorCode.CORRUPT, "rollout stage: " + label + " (expected: one that this Winnow knows)");
  }
}
