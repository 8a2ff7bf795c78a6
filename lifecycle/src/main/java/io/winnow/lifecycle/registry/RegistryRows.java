package io.winnow.lifecycle.registry;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Map;
import org.jdbi.v3.core.statement.SqlStatement;

/** The registry's rows as records, and back. Stateless. */
final class RegistryRows {
  /** A plan's columns, in the table of the plan and in the ledger. */
  static final String PLAN_COLUMNS =
      "revision, champion, previous, challenger, canary_salt, canary_share, shadow, shadow_share";

  /** The parameters of {@link #bindPlan}, in the order of {@link #PLAN_COLUMNS}. */
  static final String PLAN_PARAMETERS =
      ":revision, :champion, :previous, :challenger, :canary_salt, :canary_share, :shadow, :shadow_share";

  /** A cause's columns; after them come the parameters of the same names. */
  static final String CAUSE_COLUMNS = "actor, reason, numbers";

  private static final int MAX_TEXT_LENGTH = 10_000;
  private static final ObjectMapper JSON = JsonMapper.builder().build();

  private RegistryRows() {}

  static ServingPlan plan(ResultSet row) throws SQLException {
    return new ServingPlan(
        row.getLong("revision"),
        row.getString("champion"),
        row.getString("previous"),
        row.getString("challenger"),
        new ServingPlan.Canary(row.getString("canary_salt"), row.getDouble("canary_share")),
        row.getString("shadow"),
        row.getDouble("shadow_share"));
  }

  static <S extends SqlStatement<S>> S bindPlan(S statement, ServingPlan plan) {
    return statement
        .bind("revision", plan.revision())
        .bind("champion", plan.champion())
        .bind("previous", plan.previous())
        .bind("challenger", plan.challenger())
        .bind("canary_salt", plan.canary().salt())
        .bind("canary_share", plan.canary().share())
        .bind("shadow", plan.shadow())
        .bind("shadow_share", plan.shadowShare());
  }

  static LedgerEntry ledgerEntry(ResultSet row) throws SQLException {
    return new LedgerEntry(
        row.getLong("at_ms"),
        row.getString("action"),
        plan(row),
        row.getString("application"),
        cause(row));
  }

  static Cause cause(ResultSet row) throws SQLException {
    try {
      return new Cause(
          row.getString("actor"),
          row.getString("reason"),
          JSON.readValue(row.getString("numbers"), new TypeReference<Map<String, Double>>() {}));
    } catch (JsonProcessingException e) {
      throw new WinnowException(
          ErrorCode.CORRUPT, "registry: numbers of a decision (expected: JSON as written)", e);
    }
  }

  static <S extends SqlStatement<S>> S bindCause(S statement, Cause cause) {
    try {
      return statement
          .bind("actor", text(cause.actor(), 200))
          .bind("reason", text(cause.reason(), MAX_TEXT_LENGTH))
          .bind("numbers", JSON.writeValueAsString(cause.numbers()));
    } catch (JsonProcessingException e) {
      throw new AssertionError("a map of numbers can be written", e);
    }
  }

  static ServerStatus server(ResultSet row) throws SQLException {
    return new ServerStatus(
        row.getString("server"),
        row.getString("address"),
        row.getLong("revision"),
        row.getString("champion"),
        row.getString("problem"),
        row.getLong("seen_ms"));
  }

  /**
   * A text for people as a column takes it: cut at its bound, since no rollback should fail for a
   * long message, and without the one character that PostgreSQL does not store.
   */
  static String text(String text, int maxLength) {
    String stored = text.replace('\0', '\uFFFD');
    return stored.length() <= maxLength ? stored : stored.substring(0, maxLength - 1) + "…";
  }

  static String problem(String text) {
    return text(text, MAX_TEXT_LENGTH);
  }
}
