package io.winnow.serving.http;

import io.winnow.serving.http.Route.Parameter.Kind;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One line of the interface: method and path, who may call it, what it takes, who answers.
 *
 * @param path literal segments and {@code {name}} segments, such as {@code /v1/items/{id}/similar}
 * @param scope what a key needs, or null if no key is needed
 * @param tag the group it is listed in
 * @param summary one sentence
 * @param query the query parameters that it takes; any other is refused
 * @param body what it reads, or null if nothing
 * @param bounded whether it counts against the bound of concurrent requests; probes do not
 * @param success the status of an answer that is no problem
 */
record Route(
    String method,
    String path,
    @Nullable Scope scope,
    String tag,
    String summary,
    List<Parameter> query,
    @Nullable Body body,
    boolean bounded,
    int success,
    Handler handler) {
  private static final int OK = 200;

  Route {
    query = List.copyOf(query);
  }

  /** A line that answers with status 200. */
  Route(
      String method,
      String path,
      @Nullable Scope scope,
      String tag,
      String summary,
      List<Parameter> query,
      @Nullable Body body,
      boolean bounded,
      Handler handler) {
    this(method, path, scope, tag, summary, query, body, bounded, OK, handler);
  }

  /** The same line with another status of success. */
  Route answering(int status) {
    return new Route(method, path, scope, tag, summary, query, body, bounded, status, handler);
  }

  /** A read that needs the read scope. */
  static Route get(
      String path, String tag, String summary, List<Parameter> query, Handler handler) {
    return new Route("GET", path, Scope.READ, tag, summary, query, null, true, handler);
  }

  /** A read that anyone may do, at any load. */
  static Route open(String path, String tag, String summary, Handler handler) {
    return new Route("GET", path, null, tag, summary, List.of(), null, false, handler);
  }

  /** A call with a body. */
  static Route withBody(
      String method,
      String path,
      Scope scope,
      String tag,
      String summary,
      Body body,
      Handler handler) {
    return new Route(method, path, scope, tag, summary, List.of(), body, true, handler);
  }

  /** Answers a call; throws {@link io.winnow.core.WinnowException} for a refusal. */
  @FunctionalInterface
  interface Handler {
    Answer handle(Route.Call call);
  }

  /**
   * A query parameter.
   *
   * @param name ends in {@code *} if it stands for a family such as {@code context.*}
   */
  record Parameter(String name, Kind kind, boolean required, String description) {
    /** How its text is read. */
    enum Kind {
      TEXT,
      /** May be given several times. */
      TEXTS,
      INTEGER
    }

    boolean isFamily() {
      return name.endsWith("*");
    }

    boolean covers(String actual) {
      return isFamily()
          ? actual.length() >= name.length()
              && actual.startsWith(name.substring(0, name.length() - 1))
          : actual.equals(name);
    }
  }

  /**
   * A request body.
   *
   * @param schema name of the schema in {@code /openapi.json}
   * @param contentTypes what is read, the usual one first
   * @param example a body that works, as JSON text
   */
  record Body(String schema, List<String> contentTypes, String example) {
    static Body json(String schema, String example) {
      return new Body(schema, List.of(Answer.JSON), example);
    }
  }

  static Parameter text(String name, boolean required, String description) {
    return new Parameter(name, Kind.TEXT, required, description);
  }

  static Parameter texts(String name, boolean required, String description) {
    return new Parameter(name, Kind.TEXTS, required, description);
  }

  static Parameter integer(String name, String description) {
    return new Parameter(name, Kind.INTEGER, false, description);
  }

  /**
   * A request that found its route.
   *
   * @param path values of the path's {@code {name}} segments
   * @param contentType without parameters, lower case; empty if there is no body
   * @param body owned by the call; empty if the route reads none
   */
  record Call(
      String requestId,
      Map<String, String> path,
      QueryParameters query,
      String contentType,
      byte[] body) {}
}
