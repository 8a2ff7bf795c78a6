package io.winnow.serving.http;

import io.helidon.http.DirectHandler;
import io.helidon.http.HeaderNames;
import io.helidon.http.ServerResponseHeaders;
import io.helidon.http.Status;
import io.helidon.webserver.http.DirectHandlers;
import io.winnow.core.ErrorCode;
import io.winnow.core.Problem;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers what never becomes a request: a bad request line, bad or too many headers, bad framing.
 * Helidon closes the connection afterwards.
 */
final class TransportErrors implements DirectHandler {
  private static final Logger LOG = LoggerFactory.getLogger(TransportErrors.class);

  private final ProblemDetails problems;
  private final HttpMetrics metrics;
  private final Supplier<UUID> ids;

  TransportErrors(ProblemDetails problems, HttpMetrics metrics, Supplier<UUID> ids) {
    this.problems = problems;
    this.metrics = metrics;
    this.ids = ids;
  }

  /** This handler for every kind of transport error. */
  DirectHandlers handlers() {
    DirectHandlers.Builder builder = DirectHandlers.builder();
    for (EventType type : EventType.values()) {
      builder.addHandler(type, this);
    }
    return builder.build();
  }

  @Override
  public TransportResponse handle(
      TransportRequest request,
      EventType type,
      Status status,
      ServerResponseHeaders headers,
      @Nullable String message) {
    String requestId = ids.get().toString();
    ErrorCode code =
        switch (type) {
          case BAD_REQUEST, HTTP_VERSION_NOT_SUPPORTED -> ErrorCode.MALFORMED_REQUEST;
          case PAYLOAD_TOO_LARGE -> ErrorCode.TOO_LARGE;
          case FORBIDDEN -> ErrorCode.FORBIDDEN;
          // Our handler answers for its own defects. What fails without a request is Helidon's
          // reading of one that ends too early.
          case INTERNAL_ERROR ->
              request.path().isEmpty() ? ErrorCode.MALFORMED_REQUEST : ErrorCode.INTERNAL;
          case OTHER -> status.code() < 500 ? ErrorCode.MALFORMED_REQUEST : ErrorCode.OVERLOADED;
        };
    if (code == ErrorCode.INTERNAL) {
      LOG.error("Request {} met a defect before it was read: {}", requestId, message);
    }
    String detail = message == null || message.isBlank() ? "broken off or not readable" : message;
    Problem problem = new Problem("request", detail, "well-formed HTTP/1.1 within the limits");
    Answer answer = problems.of(code, problem.toString(), List.of(problem), requestId);
    metrics.request("transport", answer.status(), 0);
    TransportResponse.Builder response =
        TransportResponse.builder()
            .status(Status.create(answer.status()))
            .header(HeaderNames.CONTENT_TYPE, answer.contentType())
            .header(HeaderNames.create("X-Request-Id"), requestId)
            .keepAlive(false);
    answer.headers().forEach((name, value) -> response.header(HeaderNames.create(name), value));
    return response.entity(answer.body()).build();
  }
}
