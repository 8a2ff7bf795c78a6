package io.winnow.serving.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.winnow.core.ErrorCode;
import io.winnow.core.Problem;
import io.winnow.core.WinnowException;
import io.winnow.events.RecordJson;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Failures as {@code application/problem+json} (RFC 9457). Thread-safe. */
final class ProblemDetails {
  /** More problems than this help nobody; the rest is counted. */
  private static final int MAX_PROBLEMS = 100;

  private static final String RETRY_AFTER_SECONDS = "1";

  private final RecordJson json;

  ProblemDetails(RecordJson json) {
    this.json = json;
  }

  /** The answer to a refusal. */
  Answer of(WinnowException e, String requestId) {
    return of(e.code(), detail(e), e.problems(), requestId);
  }

  /** The answer to a failure. */
  Answer of(ErrorCode code, String detail, List<Problem> problems, String requestId) {
    return of(body(code, detail, problems, requestId), code);
  }

  /** The answer with a body that {@link #body} made and the caller extended. */
  Answer of(ObjectNode body, ErrorCode code) {
    Answer answer = new Answer(code.httpStatus(), Answer.PROBLEM, json.write(body), Map.of());
    return switch (code) {
      case OVERLOADED, UNAVAILABLE -> answer.with("Retry-After", RETRY_AFTER_SECONDS);
      case UNAUTHENTICATED -> answer.with("WWW-Authenticate", "Bearer");
      case INVALID_ARGUMENT,
          MALFORMED_REQUEST,
          FORBIDDEN,
          NOT_FOUND,
          METHOD_NOT_ALLOWED,
          CONFLICT,
          BLOCKED,
          TOO_LARGE,
          UNSUPPORTED_MEDIA_TYPE,
          DEADLINE_EXCEEDED,
          CORRUPT,
          INTERNAL ->
          answer;
    };
  }

  /** The members that every problem has. */
  ObjectNode body(ErrorCode code, String detail, List<Problem> problems, String requestId) {
    ObjectNode body = json.newObject();
    body.put("type", "urn:winnow:error:" + code.name().toLowerCase(Locale.ROOT));
    body.put("title", title(code));
    body.put("status", code.httpStatus());
    body.put("detail", detail);
    body.put("code", code.name());
    body.set("problems", problems(problems));
    body.put("request_id", requestId);
    return body;
  }

  /** Problems as an array. */
  ArrayNode problems(List<Problem> problems) {
    ArrayNode array = json.newObject().arrayNode();
    for (Problem problem : problems.subList(0, Math.min(problems.size(), MAX_PROBLEMS))) {
      array
          .addObject()
          .put("field", problem.field())
          .put("value", problem.value())
          .put("expectation", problem.expectation());
    }
    if (problems.size() > MAX_PROBLEMS) {
      array
          .addObject()
          .put("field", "problems")
          .put("value", String.valueOf(problems.size()))
          .put("expectation", "only the first " + MAX_PROBLEMS + " are listed");
    }
    return array;
  }

  /** Writes JSON. */
  byte[] write(JsonNode node) {
    return json.write(node);
  }

  private static String detail(WinnowException e) {
    if (!e.problems().isEmpty()) {
      Problem first = e.problems().getFirst();
      int more = e.problems().size() - 1;
      return more == 0 ? first.toString() : first + "; and " + more + " more";
    }
    // What our side says about itself may name files; that belongs into the log.
    return switch (e.code().owner()) {
      case CALLER, CAPACITY -> String.valueOf(e.getMessage());
      case US, DEPENDENCY -> title(e.code());
    };
  }

  private static String title(ErrorCode code) {
    return switch (code) {
      case INVALID_ARGUMENT -> "A value is not valid";
      case MALFORMED_REQUEST -> "The request cannot be read";
      case UNAUTHENTICATED -> "An API key is needed";
      case FORBIDDEN -> "The API key does not cover this call";
      case NOT_FOUND -> "There is no such thing";
      case METHOD_NOT_ALLOWED -> "The path does not take this method";
      case CONFLICT -> "It does not go with what is there";
      case BLOCKED -> "A check of what is served speaks against it";
      case TOO_LARGE -> "The request is too large";
      case UNSUPPORTED_MEDIA_TYPE -> "The content type is not read here";
      case OVERLOADED -> "Too many requests at once; retry later";
      case DEADLINE_EXCEEDED -> "The deadline passed";
      case UNAVAILABLE -> "Something that Winnow needs does not answer; retry later";
      case CORRUPT -> "Stored data is damaged";
      case INTERNAL -> "A defect in Winnow";
    };
  }
}
