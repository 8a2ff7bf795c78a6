package io.winnow.events;

import io.winnow.core.AttributeValue;
import io.winnow.core.Event;
import io.winnow.core.Exposure;
import io.winnow.core.Ids;
import io.winnow.core.Impression;
import io.winnow.core.LogRecord;
import io.winnow.core.Problem;
import io.winnow.core.TimeSource;
import io.winnow.core.application.AttributeType;
import io.winnow.core.application.Schema;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Decides whether a record is one that the application declared. Thread-safe. */
final class RecordValidator {
  private final Supplier<Schema> schemas;
  private final TimeSource clock;
  private final long futureMs;

  RecordValidator(Schema schema, TimeSource clock, long futureMs) {
    this(() -> schema, clock, futureMs);
  }

  /** A validator by the schema of the moment. */
  RecordValidator(Supplier<Schema> schemas, TimeSource clock, long futureMs) {
    this.schemas = schemas;
    this.clock = clock;
    this.futureMs = futureMs;
  }

  /** What is wrong with the record, the first thing found, or null. */
  @Nullable Problem check(LogRecord logRecord) {
    Problem time = checkTime(logRecord.timeMs());
    if (time != null) {
      return time;
    }
    return switch (logRecord) {
      case LogRecord.Happened(Event event) -> checkEvent(event);
      case LogRecord.ItemPut put -> {
        Problem id = checkText("item", put.item().value());
        yield id != null ? id : checkAttributes(put.attributes(), schemas.get().itemAttributes());
      }
      case LogRecord.ItemRemoved removed -> checkText("item", removed.item().value());
      case LogRecord.UserPut put -> {
        Problem id = checkText("user", put.user().value());
        yield id != null ? id : checkAttributes(put.attributes(), schemas.get().userAttributes());
      }
      case LogRecord.Exposed exposed -> checkExposure(exposed.exposure());
    };
  }

  private static @Nullable Problem checkExposure(Exposure exposure) {
    Problem problem = checkText("user", exposure.user().value());
    problem = problem != null ? problem : checkName("request_id", exposure.requestId());
    problem = problem != null ? problem : checkText("unit", exposure.unit());
    for (Map.Entry<String, String> field : new TreeMap<>(exposure.context()).entrySet()) {
      String name = "context." + field.getKey();
      problem = problem != null ? problem : checkName("context", field.getKey());
      problem = problem != null ? problem : checkName(name, field.getValue());
    }
    return problem;
  }

  private @Nullable Problem checkTime(long timeMs) {
    long latest = clock.nowMs() + futureMs;
    if (timeMs < 0 || timeMs > latest) {
      return new Problem("time", Long.toString(timeMs), "epoch milliseconds in 0 to " + latest);
    }
    return null;
  }

  private @Nullable Problem checkEvent(Event event) {
    Problem problem = checkType(event);
    problem = problem != null ? problem : checkText("id", event.id());
    problem = problem != null ? problem : checkText("user", event.user().value());
    problem = problem != null ? problem : checkText("item", event.item().value());
    String requestId = event.requestId();
    if (problem == null && requestId != null) {
      problem = checkName("request_id", requestId);
    }
    Impression impression = event.impression();
    if (problem == null && impression != null) {
      problem = checkName("impression.release", impression.provenance().release());
      problem =
          problem != null ? problem : checkName("impression.arm", impression.provenance().arm());
      problem =
          problem != null
              ? problem
              : checkName("impression.source", impression.provenance().source());
    }
    return problem;
  }

  private @Nullable Problem checkType(Event event) {
    if (event.type().equals(Event.IMPRESSION)) {
      return event.hasValue() ? unexpectedValue(event) : null;
    }
    Schema.EventType type = schemas.get().events().get(event.type());
    if (type == null) {
      return new Problem(
          "type", event.type(), "one of " + String.join(", ", schemas.get().events().keySet()));
    }
    if (event.hasValue() && !type.hasValue()) {
      return unexpectedValue(event);
    }
    if (!event.hasValue() && type.required()) {
      return new Problem(
          "value", "none", "a number of " + type.unit() + " for type " + event.type());
    }
    return null;
  }

  private static Problem unexpectedValue(Event event) {
    return new Problem(
        "value", Double.toString(event.value()), "no value for type " + event.type());
  }

  private static @Nullable Problem checkAttributes(
      Map<String, AttributeValue> attributes, Map<String, AttributeType> declared) {
    // In the order of names, so that the same record gets the same answer on every machine.
    for (Map.Entry<String, AttributeValue> entry : new TreeMap<>(attributes).entrySet()) {
      String field = "attributes." + entry.getKey();
      AttributeValue value = entry.getValue();
      AttributeType type = declared.get(entry.getKey());
      if (type == null) {
        return new Problem(
            field, String.valueOf(value), "one of " + String.join(", ", declared.keySet()));
      }
      if (!fits(value, type)) {
        return new Problem(field, String.valueOf(value), "a value of type " + type);
      }
      for (String category : value.categories()) {
        Problem problem = checkText(field, category);
        if (problem != null) {
          return problem;
        }
      }
    }
    return null;
  }

  private static boolean fits(AttributeValue value, AttributeType type) {
    return switch (type) {
      case STRING, TEXT -> value instanceof AttributeValue.Text;
      case STRINGS -> value instanceof AttributeValue.Tokens;
      case NUMBER, SECONDS -> value instanceof AttributeValue.Numeric;
      case TIME -> value instanceof AttributeValue.Time;
    };
  }

  private static @Nullable Problem checkName(String field, String value) {
    if (!Ids.fits(value)) {
      return new Problem(field, value, "at most " + Ids.MAX_BYTES + " bytes of UTF-8");
    }
    return checkText(field, value);
  }

  private static @Nullable Problem checkText(String field, String value) {
    return Ids.isWellFormed(value)
        ? null
        : new Problem(field, value, "text without unpaired surrogates");
  }
}
