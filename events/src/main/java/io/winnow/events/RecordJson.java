package io.winnow.events;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.winnow.core.AttributeValue;
import io.winnow.core.ErrorCode;
import io.winnow.core.Event;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.Nearest;
import io.winnow.core.Problem;
import io.winnow.core.TimeSource;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import io.winnow.core.application.AttributeType;
import io.winnow.core.application.Schema;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Log records as JSON: what clients send becomes records of the application's schema, with every
 * problem reported at once; what is known becomes JSON again. Thread-safe.
 *
 * <p><b>Times</b> are ISO 8601 with an offset ({@code 2026-03-01T12:00:00Z}), a date ({@code
 * 2026-03-01}, midnight UTC) or a number since the Unix epoch: below 100,000,000,000 in magnitude
 * it counts seconds (which reaches the year 5138), from there on milliseconds (which starts in
 * 1973). They are written as ISO 8601 in UTC.
 *
 * <p><b>JSON</b> is read strictly: UTF-8, no duplicate keys, no trailing text, no NaN, bounded
 * depth and lengths.
 */
public final class RecordJson {
  /** Deepest nesting. */
  public static final int MAX_DEPTH = 16;

  /** Longest text attribute, in characters. */
  public static final int MAX_TEXT_LENGTH = 4_096;

  /** Longest category, in characters. */
  public static final int MAX_CATEGORY_LENGTH = 256;

  /** Most categories of one attribute. */
  public static final int MAX_CATEGORIES = 256;

  /**
   * An event may be this far ahead of our clock, as clients' clocks are. It is taken as of now:
   * kept as it is, one such clock would move the windows of its item into the future for all users.
   */
  public static final long MAX_AHEAD_MS = 86_400_000L;

  private static final int MAX_NUMBER_LENGTH = 64;
  private static final int MAX_NAME_LENGTH = 256;
  private static final int MAX_STRING_LENGTH = 16_384;
  private static final double SECONDS_BELOW = 1e11;
  private static final long MAX_TIME_MS = 253_402_300_799_999L; // the year 9999 ends
  private static final long MIN_TIME_MS = -62_135_596_800_000L; // the year 1 begins

  /** What a field with a time should hold. */
  public static final String TIME_EXPECTATION =
      "ISO 8601 such as 2026-03-01T12:00:00Z, or a number of seconds or milliseconds since 1970";

  private final Schema schema;
  private final TimeSource time;
  private final Supplier<String> ids;
  private final JsonMapper mapper;

  /**
   * A codec for one application.
   *
   * @param ids makes the id of an event that comes without one; must not repeat
   */
  public RecordJson(Schema schema, TimeSource time, Supplier<String> ids) {
    this.schema = schema;
    this.time = time;
    this.ids = ids;
    this.mapper =
        JsonMapper.builder(
                com.fasterxml.jackson.core.JsonFactory.builder()
                    .streamReadConstraints(
                        StreamReadConstraints.builder()
                            .maxNestingDepth(MAX_DEPTH)
                            .maxNumberLength(MAX_NUMBER_LENGTH)
                            .maxNameLength(MAX_NAME_LENGTH)
                            .maxStringLength(MAX_STRING_LENGTH)
                            .build())
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
            .disable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            // The source would be quoted in messages.
            .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
            .build();
  }

  /**
   * Reads one JSON document.
   *
   * @throws WinnowException with {@link ErrorCode#MALFORMED_REQUEST}, line and column if it is none
   */
  public JsonNode parse(byte[] utf8) {
    String text;
    try {
      text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8)).toString();
    } catch (CharacterCodingException _) {
      throw malformed("bytes that are not UTF-8", "UTF-8 text");
    }
    if (text.isBlank()) {
      throw malformed("empty", "a JSON value");
    }
    try {
      return mapper.readTree(text);
    } catch (StreamConstraintsException e) {
      throw malformed(
          at(e.getLocation()),
          "nesting to %d levels, names to %d, numbers to %d, strings to %d characters"
              .formatted(MAX_DEPTH, MAX_NAME_LENGTH, MAX_NUMBER_LENGTH, MAX_STRING_LENGTH));
    } catch (JsonProcessingException e) {
      throw malformed(at(e.getLocation()), "well-formed JSON: " + firstLine(e));
    }
  }

  /** JSON text as UTF-8; unpaired surrogates, which have no encoding, become question marks. */
  public byte[] write(JsonNode node) {
    try {
      return mapper.writeValueAsString(node).getBytes(StandardCharsets.UTF_8);
    } catch (JsonProcessingException e) {
      throw new WinnowException(ErrorCode.INTERNAL, "A tree of JSON nodes could not be written", e);
    }
  }

  /** An empty object to fill. */
  public ObjectNode newObject() {
    return mapper.createObjectNode();
  }

  /** The id of an event, if its JSON has a usable one; else null. Never fails. */
  public static @Nullable String idOf(JsonNode json) {
    JsonNode id = json.get("id");
    return id != null && id.isTextual() ? id.textValue() : null;
  }

  /**
   * Reads {@code {"id"?, "type", "user", "item", "time"?, "value"?, "request_id"?}}.
   *
   * <p>Without an id it gets a random one; such an event is not protected against being sent twice.
   * Without a time it happened now.
   *
   * @throws WinnowException with every problem: an unknown field or type, a type that is reserved
   *     ({@code impression}: Winnow logs its own), a missing or unexpected value, a time before
   *     1970 or more than a day ahead
   */
  public Event event(JsonNode json) {
    JsonFields fields = JsonFields.of("event", json);
    // Event ids follow the rules of item ids; taking their constructor reports all problems at
    // once.
    ItemId id = fields.identifier("id", ItemId::new);
    String type = fields.text("type");
    fields.require("type");
    UserId user = fields.identifier("user", UserId::new);
    fields.require("user");
    ItemId item = fields.identifier("item", ItemId::new);
    fields.require("item");
    long timeMs = eventTime(fields);
    Double value = fields.number("value");
    ItemId requestId = fields.identifier("request_id", ItemId::new);
    checkType(fields, type, value);
    fields.refuseUnknown();
    fields.throwProblems();
    if (type == null || user == null || item == null) {
      throw new IllegalStateException("a required field is null without a problem");
    }
    return new Event(
        id == null ? ids.get() : id.value(),
        type,
        user,
        item,
        timeMs,
        value == null ? Double.NaN : value,
        requestId == null ? null : requestId.value(),
        null);
  }

  private void checkType(JsonFields fields, @Nullable String type, @Nullable Double value) {
    if (type == null) {
      return;
    }
    if (type.equals(Event.IMPRESSION)) {
      fields.problem("type", type, "not this one: Winnow logs impressions itself");
      return;
    }
    Schema.EventType declared = schema.events().get(type);
    if (declared == null) {
      fields.problem(
          "type", type, Nearest.expectation("event type", type, schema.events().keySet()));
    } else if (value != null && !declared.hasValue()) {
      fields.problem("value", String.valueOf(value), "absent: " + type + " carries no value");
    } else if (declared.required() && fields.field("value") == null) {
      fields.problem("value", "absent", "a number of " + declared.unit() + " for " + type);
    }
  }

  private long eventTime(JsonFields fields) {
    long nowMs = time.nowMs();
    JsonNode node = fields.field("time");
    if (node == null) {
      return nowMs;
    }
    Long timeMs = timeMs(node);
    if (timeMs == null) {
      fields.problem("time", node, TIME_EXPECTATION);
    } else if (timeMs < 0 || timeMs > nowMs + MAX_AHEAD_MS) {
      fields.problem("time", node, "1970 to a day from now, " + Instant.ofEpochMilli(nowMs));
    }
    return timeMs == null ? 0 : Math.min(timeMs, nowMs);
  }

  /**
   * Reads {@code {"attributes"?: {…}, "available"?: true}}.
   *
   * @throws WinnowException with every problem
   */
  public LogRecord.ItemPut item(ItemId id, JsonNode json) {
    JsonFields fields = JsonFields.of("item", json);
    Map<String, AttributeValue> attributes =
        attributes(fields.object("attributes"), schema.itemAttributes());
    Boolean available = fields.bool("available");
    fields.refuseUnknown();
    fields.throwProblems();
    return new LogRecord.ItemPut(id, attributes, available == null || available, time.nowMs());
  }

  /**
   * Reads {@code {"attributes"?: {…}}}.
   *
   * @throws WinnowException with every problem
   */
  public LogRecord.UserPut user(UserId id, JsonNode json) {
    JsonFields fields = JsonFields.of("user", json);
    Map<String, AttributeValue> attributes =
        attributes(fields.object("attributes"), schema.userAttributes());
    fields.refuseUnknown();
    fields.throwProblems();
    return new LogRecord.UserPut(id, attributes, time.nowMs());
  }

  private static Map<String, AttributeValue> attributes(
      JsonFields fields, Map<String, AttributeType> types) {
    Map<String, AttributeValue> attributes = new LinkedHashMap<>();
    types.forEach((name, type) -> {
      AttributeValue value = attribute(fields, name, type);
      if (value != null) {
        attributes.put(name, value);
      }
    });
    fields.refuseUnknown();
    return attributes;
  }

  private static @Nullable AttributeValue attribute(
      JsonFields fields, String name, AttributeType type) {
    JsonNode node = fields.field(name);
    if (node == null) {
      return null;
    }
    return switch (type) {
      case STRING -> text(fields, name, MAX_CATEGORY_LENGTH);
      case TEXT -> text(fields, name, MAX_TEXT_LENGTH);
      case STRINGS -> tokens(fields, name, node);
      case NUMBER -> {
        Double number = fields.number(name);
        yield number == null ? null : new AttributeValue.Numeric(number);
      }
      case SECONDS -> {
        Double number = fields.number(name);
        if (number != null && number < 0) {
          fields.problem(name, node, "a number of seconds, 0 or more");
          number = null;
        }
        yield number == null ? null : new AttributeValue.Numeric(number);
      }
      case TIME -> {
        Long timeMs = timeMs(node);
        if (timeMs == null) {
          fields.problem(name, node, TIME_EXPECTATION);
        }
        yield timeMs == null ? null : new AttributeValue.Time(timeMs);
      }
    };
  }

  private static AttributeValue.@Nullable Text text(JsonFields fields, String name, int maxLength) {
    String text = fields.text(name);
    if (text == null) {
      return null;
    }
    if (text.isBlank() || text.length() > maxLength) {
      fields.problem(name, text, "1 to " + maxLength + " characters, not blank");
      return null;
    }
    return new AttributeValue.Text(text);
  }

  private static AttributeValue.@Nullable Tokens tokens(
      JsonFields fields, String name, JsonNode node) {
    List<String> values;
    if (node.isTextual()) {
      String text = fields.text(name);
      values = text == null ? List.of() : Arrays.asList(text.split("\\|", -1));
    } else {
      values = fields.texts(name, MAX_CATEGORIES);
    }
    if (values.size() > MAX_CATEGORIES) {
      fields.problem(name, values.size() + " categories", "at most " + MAX_CATEGORIES);
      return null;
    }
    List<String> kept = new ArrayList<>(values.size());
    for (String value : values) {
      if (value.isBlank() || value.length() > MAX_CATEGORY_LENGTH) {
        fields.problem(
            name, value, "categories of 1 to " + MAX_CATEGORY_LENGTH + " characters, not blank");
      } else {
        kept.add(value);
      }
    }
    return kept.isEmpty() ? null : new AttributeValue.Tokens(kept);
  }

  /** A number since the epoch in milliseconds, by the rule in the class comment. */
  public static double epochMs(double number) {
    return Math.abs(number) < SECONDS_BELOW ? number * 1_000 : number;
  }

  /** A time in epoch milliseconds, by the rule in the class comment; null if it is no time. */
  public static @Nullable Long timeMs(JsonNode node) {
    if (node.isNumber()) {
      double ms = epochMs(node.doubleValue());
      return ms >= MIN_TIME_MS && ms <= MAX_TIME_MS ? Long.valueOf(Math.round(ms)) : null;
    }
    if (!node.isTextual() || node.textValue().length() > MAX_CATEGORY_LENGTH) {
      return null;
    }
    String text = node.textValue();
    try {
      Instant instant =
          text.indexOf('T') < 0
              ? LocalDate.parse(text).atStartOfDay(ZoneOffset.UTC).toInstant()
              : OffsetDateTime.parse(text).toInstant();
      long ms = instant.toEpochMilli();
      return ms >= MIN_TIME_MS && ms <= MAX_TIME_MS ? Long.valueOf(ms) : null;
    } catch (DateTimeException | ArithmeticException _) {
      return null;
    }
  }

  /** Attributes as clients send them, in the schema's order. */
  public ObjectNode itemAttributes(Map<String, AttributeValue> attributes) {
    return attributes(attributes, schema.itemAttributes().keySet());
  }

  /** Attributes as clients send them, in the schema's order. */
  public ObjectNode userAttributes(Map<String, AttributeValue> attributes) {
    return attributes(attributes, schema.userAttributes().keySet());
  }

  private ObjectNode attributes(
      Map<String, AttributeValue> attributes, Iterable<String> schemaOrder) {
    ObjectNode json = mapper.createObjectNode();
    for (String name : schemaOrder) {
      AttributeValue value = attributes.get(name);
      switch (value) {
        case null -> {}
        case AttributeValue.Text text -> json.put(name, text.value());
        case AttributeValue.Numeric number -> put(json, name, number.value());
        case AttributeValue.Time instant -> json.put(name, isoTime(instant.epochMs()));
        case AttributeValue.Tokens tokens -> {
          ArrayNode array = json.putArray(name);
          tokens.values().forEach(array::add);
        }
      }
    }
    return json;
  }

  /** Puts a number without a needless fraction: 5 for 5.0. NaN is left out. */
  public static void put(ObjectNode json, String name, double value) {
    if (value == Math.rint(value) && Math.abs(value) < 1e15) {
      json.put(name, (long) value);
    } else if (Double.isFinite(value)) {
      json.put(name, value);
    }
  }

  /** A time as ISO 8601 in UTC. */
  public static String isoTime(long epochMs) {
    return Instant.ofEpochMilli(epochMs).toString();
  }

  private static String at(@Nullable JsonLocation location) {
    return location == null
        ? "unknown place"
        : "line " + location.getLineNr() + ", column " + location.getColumnNr();
  }

  private static String firstLine(JsonProcessingException e) {
    String line = e.getOriginalMessage().lines().findFirst().orElse("no detail");
    int internals = line.indexOf(" (start marker");
    return internals < 0 ? line : line.substring(0, internals);
  }

  private static WinnowException malformed(String value, String expectation) {
    Problem problem = new Problem("body", value, expectation);
    return new WinnowException(
        ErrorCode.MALFORMED_REQUEST, problem.toString(), List.of(problem), null);
  }
}
