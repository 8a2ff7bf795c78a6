package io.winnow.lifecycle.registry;

import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/** What an exception of a database means, for whatever lies in the registry's. */
public final class SqlFailures {
  private static final String UNIQUE_VIOLATION = "23505";

  private SqlFailures() {}

  /**
   * The failure at this boundary: {@code INTERNAL} where the database refused the statement or its
   * values (SQL states 22, 23 and 42), which no waiting mends; else {@code UNAVAILABLE}.
   *
   * @param what of the database, for people; without a password
   */
  public static WinnowException of(String what, Exception e) {
    String state = sqlState(e);
    if (state.startsWith("22") || state.startsWith("23") || state.startsWith("42")) {
      return new WinnowException(ErrorCode.INTERNAL, what + ": " + message(e), e);
    }
    return new WinnowException(ErrorCode.UNAVAILABLE, what + " does not answer: " + message(e), e);
  }

  /** Another transaction was in the way: 40001 and 40P01; not what a constraint says. */
  public static boolean isRetriable(Exception e) {
    return sqlState(e).startsWith("40");
  }

  /** A row with this key is there. */
  public static boolean isDuplicate(Exception e) {
    return sqlState(e).equals(UNIQUE_VIOLATION);
  }

  private static String sqlState(Throwable e) {
    SQLException sql = sqlException(e);
    String state = sql == null ? null : sql.getSQLState();
    return state == null ? "" : state;
  }

  static String message(Throwable e) {
    SQLException sql = sqlException(e);
    String message = sql == null ? e.getMessage() : sql.getMessage();
    return message == null ? e.toString() : message.lines().findFirst().orElse("");
  }

  static @Nullable SQLException sqlException(Throwable e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof SQLException sql) {
        return sql;
      }
    }
    return null;
  }
}
