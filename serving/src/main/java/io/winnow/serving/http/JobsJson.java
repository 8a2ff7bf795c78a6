package io.winnow.serving.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.winnow.events.RecordJson;
import io.winnow.lifecycle.jobs.JobQueue;
import io.winnow.lifecycle.jobs.JobRun;
import io.winnow.lifecycle.triggers.TriggerReading;
import java.util.List;
import java.util.Locale;

/** Jobs and triggers as JSON, for HTTP and for commands. */
public final class JobsJson {
  private JobsJson() {}

  /** A run; times are ISO 8601 and absent where there is none. */
  public static ObjectNode run(JobRun run) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("id", run.id());
    json.put("job", run.kind().label());
    json.put("key", run.key());
    json.put("state", run.state().label());
    json.put("reason", run.order().reason());
    json.put("ordered_by", run.order().actor());
    time(json, "ordered", run.order().requestedMs());
    ObjectNode options = json.putObject("options");
    run.order().options().forEach(options::put);
    json.put("attempts", run.progress().attempts());
    json.put("attempts_max", run.progress().attemptsMax());
    json.put("server", run.progress().server());
    time(json, "started", run.progress().startedMs());
    time(json, "ended", run.progress().endedMs());
    time(json, "not_before", run.progress().notBeforeMs());
    json.put("outcome", run.outcome().text());
    json.put("what_to_do", run.outcome().advice());
    ObjectNode results = json.putObject("results");
    run.outcome().results().forEach(results::put);
    return json;
  }

  /** Lines of a log, oldest first. */
  public static ArrayNode lines(List<JobQueue.Line> lines) {
    ArrayNode json = JsonNodeFactory.instance.arrayNode();
    for (JobQueue.Line line : lines) {
      ObjectNode one = json.addObject().put("line", line.number());
      time(one, "time", line.atMs());
      one.put("text", line.text());
    }
    return json;
  }

  /** Triggers; a value that is not there yet is null. */
  public static ArrayNode triggers(List<TriggerReading> readings) {
    ArrayNode json = JsonNodeFactory.instance.arrayNode();
    for (TriggerReading reading : readings) {
      ObjectNode one = json.addObject();
      one.put("trigger", reading.trigger().name().toLowerCase(Locale.ROOT));
      number(one, "value", reading.value());
      number(one, "threshold", reading.threshold());
      one.put("fires", reading.fires());
      one.put("text", reading.text());
    }
    return json;
  }

  private static void number(ObjectNode json, String name, double value) {
    if (Double.isFinite(value)) {
      json.put(name, value);
    } else {
      json.putNull(name);
    }
  }

  private static void time(ObjectNode json, String name, long ms) {
    if (ms > 0) {
      json.put(name, RecordJson.isoTime(ms));
    }
  }
}
