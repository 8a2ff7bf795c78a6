package io.winnow.serving.http;

import io.winnow.core.Nearest;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Finds the route of a request in the table of routes. Immutable. */
final class Router {
  private final List<Route> routes;

  /** A router over a table; of two routes that match, the earlier wins. */
  Router(List<Route> routes) {
    this.routes = List.copyOf(routes);
  }

  /** What a request's method and path lead to. */
  sealed interface Match {
    /** A route, with the raw (still encoded) values of its path's variables. */
    record Found(Route route, Map<String, String> rawVariables) implements Match {}

    /** The path exists, the method does not; {@code allow} lists those that do. */
    record WrongMethod(String allow) implements Match {}

    /** No such path; perhaps one that is near. */
    record NotFound(Optional<String> nearest) implements Match {}
  }

  /** The table. */
  List<Route> routes() {
    return routes;
  }

  /**
   * Matches a request; HEAD finds what GET finds.
   *
   * @param rawPath still percent-encoded, so that an id may contain an encoded slash
   */
  Match match(String method, String rawPath) {
    String[] segments = rawPath.split("/", -1);
    String wanted = method.equals("HEAD") ? "GET" : method;
    TreeSet<String> allow = new TreeSet<>();
    for (Route route : routes) {
      Map<String, String> variables = variables(route.path(), segments);
      if (variables != null) {
        if (route.method().equals(wanted)) {
          return new Match.Found(route, variables);
        }
        allow.add(route.method());
      }
    }
    if (!allow.isEmpty()) {
      if (allow.contains("GET")) {
        allow.add("HEAD");
      }
      return new Match.WrongMethod(String.join(", ", allow));
    }
    List<String> paths = new ArrayList<>();
    routes.forEach(route -> paths.add(route.path()));
    return new Match.NotFound(Nearest.to(rawPath, paths));
  }

  /** The raw values of the path's variables, or null if the path does not match. */
  private static @Nullable Map<String, String> variables(String template, String[] segments) {
    String[] expected = template.split("/", -1);
    if (expected.length != segments.length) {
      return null;
    }
    Map<String, String> variables = new LinkedHashMap<>();
    for (int i = 0; i < expected.length; i++) {
      if (expected[i].startsWith("{")) {
        if (segments[i].isEmpty()) {
          return null;
        }
        variables.put(expected[i].substring(1, expected[i].length() - 1), segments[i]);
      } else if (!expected[i].equals(segments[i])) {
        return null;
      }
    }
    return variables;
  }
}
