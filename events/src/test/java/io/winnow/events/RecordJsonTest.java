package io.winnow.events;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.winnow.core.AttributeValue;
import io.winnow.core.ErrorCode;
import io.winnow.core.Event;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.Problem;
import io.winnow.core.Seed;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import io.winnow.core.application.AttributeType;
import io.winnow.core.application.Schema;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RecordJsonTest {
  private static final long NOW_MS = Instant.parse("2026-03-01T12:00:00Z").toEpochMilli();

  private final RecordJson json = new RecordJson(schema(), () -> NOW_MS, () -> "generated");

  private static Schema schema() {
    Map<String, AttributeType> items = new LinkedHashMap<>();
    items.put("title", AttributeType.TEXT);
    items.put("category", AttributeType.STRING);
    items.put("genres", AttributeType.STRINGS);
    items.put("duration", AttributeType.SECONDS);
    items.put("price", AttributeType.NUMBER);
    items.put("published", AttributeType.TIME);
    return new Schema(
        items,
        Map.of("country", AttributeType.STRING),
        Map.of(
            "click",
            new Schema.EventType("", false),
            "watch",
            new Schema.EventType("seconds", true)),
        false);
  }

  private Event event(String text) {
    return json.event(json.parse(utf8(text)));
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static List<Problem> problems(Runnable reading) {
    return assertThrows(WinnowException.class, reading::run).problems();
  }

  @Test
  void event_everyField_isRead() {
    assertEquals(
        new Event("e", "watch", new UserId("u"), new ItemId("i"), 1_500, 2.5, "r", null),
        event(
            """
            {"id":"e","type":"watch","user":"u","item":"i","time":1.5,"value":2.5,"request_id":"r"}
            """));
  }

  @Test
  void event_smallest_getsIdAndTime() {
    assertEquals(
        new Event("generated", "click", new UserId("u"), new ItemId("i"), NOW_MS, Double.NaN),
        event("{\"type\":\"click\",\"user\":\"u\",\"item\":\"i\",\"id\":null,\"value\":null}"));
  }

  @Test
  void event_manyProblems_areAllReported() {
    List<Problem> problems =
        problems(() ->
            event(
                """
                {"id": "", "type": "wach", "user": 5, "time": "noon", "value": "x", "itm": "i"}
                """));
    assertEquals(
        List.of("id", "user", "item", "time", "value", "type", "itm"),
        problems.stream().map(Problem::field).toList());
    assertTrue(problems.get(5).expectation().endsWith("did you mean watch?"));
    assertTrue(problems.get(6).expectation().endsWith("did you mean item?"));
  }

  @Test
  void event_impression_isReserved() {
    List<Problem> problems =
        problems(() -> event("{\"type\":\"impression\",\"user\":\"u\",\"item\":\"i\"}"));
    assertEquals("type", problems.getFirst().field());
    assertTrue(problems.getFirst().expectation().contains("itself"));
  }

  @ParameterizedTest
  @CsvSource({
    "1772366400, 1772366400000",
    "1772366399.25, 1772366399250",
    "1772366400.25, 1772366400000",
    "1772366400000, 1772366400000",
    "99999999999, -1",
    "0, 0",
    "'\"2026-03-01T11:00:00.5Z\"', 1772362800500",
    "'\"2026-03-01T12:00:00+02:00\"', 1772359200000",
    "'\"2026-03-01\"', 1772323200000",
    "'\"2026-03-02T12:00:00Z\"', 1772366400000",
    "'\"2026-03-02T12:00:00.001Z\"', -1",
    "'\"2026-03-01T12:00:00\"', -1",
    "'\"1772366400\"', -1",
    "'\"+1000000000-01-01T00:00:00Z\"', -1",
    "-1, -1",
    "1e300, -1",
    "true, -1"
  })
  void event_time_followsTheRule(String written, long expectedMs) {
    String text = "{\"type\":\"click\",\"user\":\"u\",\"item\":\"i\",\"time\":" + written + "}";
    if (expectedMs < 0) {
      assertEquals("time", problems(() -> event(text)).getFirst().field());
    } else {
      assertEquals(expectedMs, event(text).timeMs());
    }
  }

  @Test
  void item_generated_survivesTheRoundTrip() {
    RandomGenerator random = new Seed(5).generator("items");
    int withAttributes = 0;
    for (int i = 0; i < 1_000; i++) {
      LogRecord.ItemPut put =
          new LogRecord.ItemPut(new ItemId("i"), attributes(random), random.nextBoolean(), NOW_MS);
      ObjectNode written = json.newObject();
      written.set("attributes", json.itemAttributes(put.attributes()));
      written.put("available", put.available());
      assertEquals(put, json.item(put.item(), json.parse(json.write(written))));
      withAttributes += put.attributes().isEmpty() ? 0 : 1;
    }
    assertTrue(withAttributes > 500);
  }

  private static Map<String, AttributeValue> attributes(RandomGenerator random) {
    Map<String, AttributeValue> attributes = new LinkedHashMap<>();
    if (random.nextBoolean()) {
      attributes.put("title", new AttributeValue.Text("é\"\\ \uD83D\uDE00 " + random.nextInt()));
    }
    if (random.nextBoolean()) {
      attributes.put("category", new AttributeValue.Text("c" + random.nextInt()));
    }
    if (random.nextBoolean()) {
      attributes.put("genres", new AttributeValue.Tokens(List.of("a|b", "g" + random.nextInt())));
    }
    if (random.nextBoolean()) {
      attributes.put("price", new AttributeValue.Numeric(random.nextGaussian() * 1e18));
    }
    if (random.nextBoolean()) {
      attributes.put("duration", new AttributeValue.Numeric(random.nextInt(100)));
    }
    if (random.nextBoolean()) {
      attributes.put("published", new AttributeValue.Time(random.nextLong(-1L << 40, 1L << 40)));
    }
    return attributes;
  }

  @Test
  void item_genresInOneString_areSplit() {
    LogRecord.ItemPut put =
        json.item(new ItemId("i"), json.parse(utf8("{\"attributes\":{\"genres\":\"a|b|a\"}}")));
    assertEquals(new AttributeValue.Tokens(List.of("a", "b")), put.attributes().get("genres"));
    assertTrue(put.available());
  }

  @Test
  void user_unknownAttribute_isRefused() {
    assertEquals(
        List.of(
            new Problem(
                "attributes.contry",
                "unknown field",
                "field among country; did you mean country?")),
        problems(
            () -> json.user(new UserId("u"), json.parse(utf8("{\"attributes\":{\"contry\":1}}")))));
  }

  @ParameterizedTest
  @CsvSource({
    "'', empty",
    "'{', line 1",
    "'[1,\n 2,,]', line 2",
    "'{\"a\":1}{', line 1",
    "NaN, line 1",
    "'\uFEFF{}', line 1"
  })
  void parse_badText_saysWhere(String text, String where) {
    WinnowException e = assertThrows(WinnowException.class, () -> json.parse(utf8(text)));
    assertEquals(ErrorCode.MALFORMED_REQUEST, e.code());
    assertTrue(e.problems().getFirst().value().contains(where), e.toString());
  }

  @Test
  void parse_notUtf8_isRefused() {
    for (byte[] bytes :
        List.of(
            new byte[] {'"', (byte) 0xff, '"'},
            "{}".getBytes(StandardCharsets.UTF_16BE),
            new byte[] {'"', (byte) 0xc3, '"'})) {
      WinnowException e = assertThrows(WinnowException.class, () -> json.parse(bytes));
      assertEquals(ErrorCode.MALFORMED_REQUEST, e.code());
    }
  }

  @Test
  void write_loneSurrogate_becomesAQuestionMark() {
    assertArrayEquals(utf8("{\"a\":\"?\"}"), json.write(json.newObject().put("a", "\ud800")));
  }

  @Test
  void put_number_hasNoNeedlessFraction() {
    ObjectNode node = json.newObject();
    RecordJson.put(node, "whole", 5.0);
    RecordJson.put(node, "part", 5.25);
    RecordJson.put(node, "none", Double.NaN);
    assertEquals("{\"whole\":5,\"part\":5.25}", node.toString());
    assertFalse(node.has("none"));
  }
}
