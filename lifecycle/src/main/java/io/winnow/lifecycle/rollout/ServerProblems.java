package io.winnow.lifecycle.rollout;

import io.winnow.lifecycle.registry.ServerStatus;

/** How servers say, and the ladder reads, that a release cannot be served. */
public final class ServerProblems {
  private static final String CANNOT = " cannot be served: ";

  private ServerProblems() {}

  /** The sentence of a server that cannot serve a release. */
  public static String cannotServe(String version, String why) {
    return "release " + version + CANNOT + why;
  }

  /** Whether a server says that it cannot serve a release. */
  static boolean cannotServe(ServerStatus server, String version) {
    String problem = server.problem();
    return problem != null && problem.contains("release " + version + CANNOT);
  }
}
