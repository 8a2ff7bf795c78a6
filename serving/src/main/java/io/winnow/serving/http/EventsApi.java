package io.winnow.serving.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.winnow.core.ErrorCode;
import io.winnow.core.Event;
import io.winnow.core.LogRecord;
import io.winnow.core.Problem;
import io.winnow.core.WinnowException;
import io.winnow.events.EventLog;
import io.winnow.events.EventLog.Verdict;
import io.winnow.events.EventLog.Verdict.Status;
import io.winnow.events.RecordJson;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** {@code POST /v1/events}: one event, an array or NDJSON; each gets its own verdict. */
final class EventsApi {
  private static final List<String> CONTENT_TYPES =
      List.of(Answer.JSON, "application/x-ndjson", "application/ndjson", "application/jsonl");

  private final EventLog log;
  private final RecordJson json;
  private final ProblemDetails problems;
  private final HttpMetrics metrics;
  private final int eventsMax;

  EventsApi(
      EventLog log, RecordJson json, ProblemDetails problems, HttpMetrics metrics, int eventsMax) {
    this.log = log;
    this.json = json;
    this.problems = problems;
    this.metrics = metrics;
    this.eventsMax = eventsMax;
  }

  Route route(String example) {
    return Route.withBody(
        "POST",
        "/v1/events",
        Scope.WRITE,
        "events",
        "Logs one event, an array of them, or one on each line (NDJSON), with a verdict for each;"
            + " events answered 'accepted' are on disk",
        new Route.Body("Events", CONTENT_TYPES, example),
        this::post);
  }

  /**
   * One event of the call on its way to a verdict.
   *
   * @param where the path of its problems, such as {@code events[3]}; empty for a lone event
   * @param event null if it could not be read
   * @param problems why not
   */
  private record Entry(
      String where, @Nullable String id, @Nullable Event event, List<Problem> problems) {}

  private Answer post(Route.Call call) {
    List<Entry> entries = call.contentType().equals(Answer.JSON) ? document(call) : lines(call);
    List<LogRecord> records = new ArrayList<>();
    for (Entry entry : entries) {
      if (entry.event() != null) {
        records.add(new LogRecord.Happened(entry.event()));
      }
    }
    List<Verdict> verdicts = records.isEmpty() ? List.of() : log.append(records);
    return answer(entries, verdicts, call.requestId());
  }

  private List<Entry> document(Route.Call call) {
    JsonNode document = json.parse(call.body());
    if (!document.isArray()) {
      return List.of(entry("", document));
    }
    checkCount(document.size());
    List<Entry> entries = new ArrayList<>(document.size());
    for (int i = 0; i < document.size(); i++) {
      entries.add(entry("events[" + i + "]", document.get(i)));
    }
    return entries;
  }

  private List<Entry> lines(Route.Call call) {
    List<Entry> entries = new ArrayList<>();
    byte[] body = call.body();
    int line = 0;
    for (int start = 0; start < body.length; ) {
      int end = start;
      while (end < body.length && body[end] != '\n') {
        end++;
      }
      line++;
      byte[] bytes = java.util.Arrays.copyOfRange(body, start, end);
      start = end + 1;
      if (isBlank(bytes)) {
        continue;
      }
      checkCount(entries.size() + 1);
      String where = "line " + line;
      try {
        entries.add(entry(where, json.parse(bytes)));
      } catch (WinnowException e) {
        entries.add(new Entry(where, null, null, e.problems()));
      }
    }
    checkCount(entries.size());
    return entries;
  }

  private static boolean isBlank(byte[] line) {
    for (byte b : line) {
      if (b != ' ' && b != '\t' && b != '\r') {
        return false;
      }
    }
    return true;
  }

  private void checkCount(int count) {
    if (count == 0) {
      throw WinnowException.invalid("events", "none", "1 to " + eventsMax + " events");
    }
    if (count > eventsMax) {
      Problem problem =
          new Problem("events", count + " or more", "at most " + eventsMax + " in one call");
      throw new WinnowException(ErrorCode.TOO_LARGE, problem.toString(), List.of(problem), null);
    }
  }

  private Entry entry(String where, JsonNode node) {
    try {
      Event event = json.event(node);
      return new Entry(where, event.id(), event, List.of());
    } catch (WinnowException e) {
      return new Entry(where, RecordJson.idOf(node), null, e.problems());
    }
  }

  private Answer answer(List<Entry> entries, List<Verdict> verdicts, String requestId) {
    Map<Status, Integer> counts = new EnumMap<>(Status.class);
    ArrayNode list = json.newObject().arrayNode();
    List<Problem> all = new ArrayList<>();
    int next = 0;
    for (Entry entry : entries) {
      Status status = Status.REJECTED;
      List<Problem> found = entry.problems();
      if (entry.event() != null) {
        Verdict verdict = verdicts.get(next++);
        status = verdict.status();
        found = verdict.problem() == null ? List.of() : List.of(verdict.problem());
      }
      counts.merge(status, 1, Integer::sum);
      ObjectNode line = list.addObject();
      line.put("id", entry.id());
      line.put("status", status.name().toLowerCase(Locale.ROOT));
      if (status == Status.REJECTED) {
        line.set("problems", problems.problems(found));
        found.forEach(p -> all.add(within(entry.where(), p)));
      }
    }
    counts.forEach(metrics::events);
    int rejected = counts.getOrDefault(Status.REJECTED, 0);
    boolean none = rejected == entries.size();
    ObjectNode body =
        none
            ? problems.body(
                ErrorCode.INVALID_ARGUMENT, "none of the events was accepted", all, requestId)
            : json.newObject();
    body.put("accepted", counts.getOrDefault(Status.ACCEPTED, 0));
    body.put("duplicates", counts.getOrDefault(Status.DUPLICATE, 0));
    body.put("rejected", rejected);
    body.set("events", list);
    return none ? problems.of(body, ErrorCode.INVALID_ARGUMENT) : Answer.json(json.write(body));
  }

  private static Problem within(String where, Problem problem) {
    return where.isEmpty()
        ? problem
        : new Problem(where + "." + problem.field(), problem.value(), problem.expectation());
  }
}
