package io.winnow.lifecycle.rollout;

import io.winnow.lifecycle.registry.ServerStatus;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.OptionalLong;

/** How servers say, and the ladder reads, that a release cannot be served. */
public final class ServerProblems {
  private static final String CANNOT = " cannot be served since ";

  private ServerProblems() {}

  /**
   * The sentence of a server that cannot serve a release.
   *
   * @param sinceMs since when, epoch milliseconds of that server's wall clock
   */
  public static String cannotServe(String version, long sinceMs, String why) {
    return "release " + version + CANNOT + Instant.ofEpochMilli(sinceMs) + ": " + why;
  }

  /**
   * For how long a server could not serve a release when it said so last, in milliseconds; both
   * times are its own. Empty if it does not say so.
   */
  static OptionalLong unservedMs(ServerStatus server, String version) {
    String problem = server.problem() == null ? "" : server.problem();
    String begin = "release " + version + CANNOT;
    int from = problem.indexOf(begin);
    int to = problem.indexOf(": ", Math.max(0, from));
    if (from < 0 || to < 0) {
      return OptionalLong.empty();
    }
    try {
      Instant since = Instant.parse(problem.substring(from + begin.length(), to));
      return OptionalLong.of(Math.max(0, server.seenMs() - since.toEpochMilli()));
    } catch (DateTimeException e) {
      return OptionalLong.empty();
    }
  }
}
