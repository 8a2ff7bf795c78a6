package io.winnow.serving.http;

import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.RequestException;
import io.helidon.http.ServerRequestHeaders;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.Handler;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.winnow.core.ErrorCode;
import io.winnow.core.Problem;
import io.winnow.core.WinnowException;
import io.winnow.serving.http.Router.Match;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way of every request: route, host, key, parameters, body, bound, handler, answer. The body is
 * read before the request counts against the bound, so that slow senders cannot fill it.
 */
final class Dispatcher implements Handler {
  private static final Logger LOG = LoggerFactory.getLogger(Dispatcher.class);
  private static final String UNMATCHED = "unmatched";
  private static final Pattern ADDRESS = Pattern.compile("\\[[0-9a-fA-F:.%]+]|[0-9.]+");

  private volatile Router router;
  private final ApiKeys keys;
  private final HttpConfig.Limits limits;
  private final ProblemDetails problems;
  private final HttpMetrics metrics;
  private final Supplier<UUID> ids;
  private final Semaphore permits;
  private final ReadWatch readWatch;

  Dispatcher(
      Router router,
      HttpConfig config,
      Semaphore permits,
      ReadWatch readWatch,
      ProblemDetails problems,
      HttpMetrics metrics,
      Supplier<UUID> ids) {
    this.router = router;
    this.keys = new ApiKeys(config.apiKeys());
    this.limits = config.limits();
    this.permits = permits;
    this.readWatch = readWatch;
    this.problems = problems;
    this.metrics = metrics;
    this.ids = ids;
  }

  /** Answers from the next request on by another table of routes. */
  void route(Router next) {
    router = next;
  }

  @Override
  public void handle(ServerRequest request, ServerResponse response) {
    long startNanos = System.nanoTime();
    String requestId = ids.get().toString();
    Match match =
        router.match(request.prologue().method().text(), request.prologue().uriPath().rawPath());
    RequestBody body =
        request.content().hasEntity()
            ? new RequestBody(request.content().inputStream(), limits.bodyBytesMax())
            : RequestBody.none();
    Answer answer = answer(match, request, body, requestId);
    if (!drain(body) || request.headers().contains(HeaderValues.CONNECTION_CLOSE)) {
      answer = answer.with("Connection", "close");
    }
    send(answer, request, response, requestId);
    metrics.request(
        match instanceof Match.Found found ? found.route().path() : UNMATCHED,
        answer.status(),
        System.nanoTime() - startNanos);
    if (answer.headers().containsKey("Connection")) {
      // Helidon writes the header but would wait for the next request all the same.
      throw new CloseConnectionException("closed after the answer, as it said");
    }
  }

  private Answer answer(Match match, ServerRequest request, RequestBody body, String requestId) {
    try {
      return switch (match) {
        case Match.Found found -> call(found, request, body, requestId);
        case Match.WrongMethod wrong ->
            problems
                .of(
                    ErrorCode.METHOD_NOT_ALLOWED,
                    "method: %s (expected: %s)"
                        .formatted(request.prologue().method().text(), wrong.allow()),
                    List.of(
                        new Problem("method", request.prologue().method().text(), wrong.allow())),
                    requestId)
                .with("Allow", wrong.allow());
        case Match.NotFound missing -> notFound(missing, request, requestId);
      };
    } catch (WinnowException e) {
      if (e.code().owner() != ErrorCode.Owner.CALLER) {
        LOG.warn("Request {} failed with {}", requestId, e.code(), e);
      }
      return problems.of(e, requestId);
    } catch (RuntimeException | StackOverflowError e) {
      LOG.error("Request {} met a defect", requestId, e);
      return problems.of(
          ErrorCode.INTERNAL,
          "Please report it with the request id, under which the server's log has the details",
          List.of(),
          requestId);
    }
  }

  private Answer notFound(Match.NotFound missing, ServerRequest request, String requestId) {
    String expectation =
        missing
            .nearest()
            .map(path -> "a path of /openapi.json; did you mean " + path + "?")
            .orElse("a path of /openapi.json");
    Problem problem = new Problem("path", request.prologue().uriPath().rawPath(), expectation);
    return problems.of(ErrorCode.NOT_FOUND, problem.toString(), List.of(problem), requestId);
  }

  private Answer call(
      Match.Found found, ServerRequest request, RequestBody body, String requestId) {
    Route route = found.route();
    checkHost(request.headers());
    keys.check(
        route.scope(),
        request.headers().first(HeaderNames.AUTHORIZATION).orElse(null),
        request.headers().first(HeaderNames.create("X-API-Key")).orElse(null));
    Map<String, String> variables = new LinkedHashMap<>();
    found
        .rawVariables()
        .forEach((name, raw) -> variables.put(name, PercentDecoder.decode(name, raw, false)));
    QueryParameters query =
        QueryParameters.parse(request.prologue().query().rawValue(), route.query());
    String contentType = "";
    byte[] bytes = new byte[0];
    if (route.body() != null) {
      contentType = contentType(route.body(), request.headers());
      bytes = read(body);
    }
    Route.Call call = new Route.Call(requestId, variables, query, contentType, bytes);
    if (!route.bounded()) {
      return route.handler().handle(call);
    }
    if (!permits.tryAcquire()) {
      throw new WinnowException(
          ErrorCode.OVERLOADED,
          "requests in work: " + limits.concurrentRequestsMax() + " (that is the bound)");
    }
    try {
      return route.handler().handle(call);
    } finally {
      permits.release();
    }
  }

  /**
   * A server without keys trusts whoever reaches its loopback address. A web page could make a
   * browser do that under a name of its own that resolves here (DNS rebinding), so a name other
   * than localhost is refused.
   */
  private void checkHost(ServerRequestHeaders headers) {
    if (keys.required()) {
      return;
    }
    String host = headers.first(HeaderNames.HOST).orElse("localhost");
    String name = host.replaceFirst(":[0-9]*$", "");
    if (!name.equalsIgnoreCase("localhost") && !ADDRESS.matcher(name).matches()) {
      throw WinnowException.invalid(
          "host", host, "localhost or an address, as the server runs without API keys");
    }
  }

  private static String contentType(Route.Body body, ServerRequestHeaders headers) {
    String header = headers.first(HeaderNames.CONTENT_TYPE).orElse("");
    String[] parts = header.split(";", -1);
    String type = parts[0].strip().toLowerCase(Locale.ROOT);
    boolean utf8 = true;
    for (int i = 1; i < parts.length; i++) {
      String parameter = parts[i].strip().toLowerCase(Locale.ROOT);
      if (parameter.startsWith("charset=")) {
        utf8 &= parameter.replace("\"", "").equals("charset=utf-8");
      }
    }
    if (!utf8 || !body.contentTypes().contains(type)) {
      Problem problem =
          new Problem(
              "Content-Type",
              header.isEmpty() ? "absent" : header,
              String.join(" or ", body.contentTypes()) + ", in UTF-8");
      throw new WinnowException(
          ErrorCode.UNSUPPORTED_MEDIA_TYPE, problem.toString(), List.of(problem), null);
    }
    return type;
  }

  private boolean drain(RequestBody body) {
    if (body.hasEnded()) {
      return true;
    }
    try (ReadWatch.Reading _ = readWatch.start()) {
      return body.drain();
    }
  }

  private byte[] read(RequestBody body) {
    try (ReadWatch.Reading _ = readWatch.start()) {
      return body.read();
    } catch (WinnowException e) {
      throw e;
    } catch (RequestException | IOException e) {
      throw broken(e);
    } catch (RuntimeException e) {
      // Helidon reports the end of a connection in several unchecked exceptions of its own.
      throw broken(e);
    }
  }

  private static WinnowException broken(Exception cause) {
    Problem problem = new Problem("body", "broken off or broken framing", "a complete body");
    return new WinnowException(
        ErrorCode.MALFORMED_REQUEST, problem.toString(), List.of(problem), cause);
  }

  private static void send(
      Answer answer, ServerRequest request, ServerResponse response, String requestId) {
    response.status(answer.status());
    response.header("Content-Type", answer.contentType());
    response.header("X-Request-Id", requestId);
    response.header("X-Content-Type-Options", "nosniff");
    response.header("Cache-Control", "no-store");
    answer.headers().forEach(response::header);
    if (request.prologue().method().text().equals("HEAD")) {
      response.header("Content-Length", String.valueOf(answer.body().length));
      response.send();
    } else {
      response.send(answer.body());
    }
  }
}
