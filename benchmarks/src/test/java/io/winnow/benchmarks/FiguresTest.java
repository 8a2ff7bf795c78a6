package io.winnow.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.winnow.benchmarks.Figures.Goal;
import io.winnow.benchmarks.Figures.Peer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class FiguresTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  private static Figures figures() {
    return new Figures.Builder("shape")
        .add("events.kept", 12_345, "events")
        .add("latency.p99_ms", 51.25, "ms", Goal.below(50))
        .add("lost", 0, "events", Goal.exactly(0))
        .add("speed", 2_500, "events/s", new Peer("the other", 1_999.5))
        .build();
  }

  @Test
  void toMap_asJson_hasTheShapeThatOthersRead() throws JsonProcessingException {
    JsonNode json = JSON.readTree(JSON.writeValueAsString(figures().toMap()));
    assertEquals("shape", json.get("bench").textValue());
    assertTrue(json.get("machine").textValue().contains("cores"), json.toString());
    JsonNode byName = json.get("figures");
    assertEquals(
        JSON.readTree(
            """
            {"value": 12345, "unit": "events", "goal": null, "holds": null, "peer": null}\
            """),
        byName.get("events.kept"));
    assertEquals(
        JSON.readTree(
            """
            {"value": 51.25, "unit": "ms", "goal": "< 50", "holds": false, "peer": null}\
            """),
        byName.get("latency.p99_ms"));
    assertEquals(
        JSON.readTree(
            """
            {"value": 0, "unit": "events", "goal": "= 0", "holds": true, "peer": null}\
            """),
        byName.get("lost"));
    assertEquals(
        JSON.readTree("{\"name\": \"the other\", \"value\": 1999.5}"),
        byName.get("speed").get("peer"));
  }

  @Test
  void toText_missedGoal_isMarked() {
    String text = figures().toText();
    assertEquals(1, text.lines().filter(line -> line.endsWith("MISSED")).count(), text);
    assertTrue(text.contains("51.25  ms        < 50  MISSED"), text);
    assertTrue(text.contains("the other 2,000"), text);
    assertFalse(figures().hold());
  }

  @Test
  void isReachedBy_atTheBound_followsTheComparison() {
    assertFalse(Goal.below(5).isReachedBy(5));
    assertTrue(Goal.below(5).isReachedBy(4.9));
    assertTrue(Goal.atLeast(5).isReachedBy(5));
    assertFalse(Goal.atLeast(5).isReachedBy(4.9));
    assertTrue(Goal.exactly(5).isReachedBy(5));
    assertFalse(Goal.exactly(5).isReachedBy(5.1));
    assertTrue(Goal.between(4, 5).isReachedBy(4));
    assertTrue(Goal.between(4, 5).isReachedBy(5));
    assertFalse(Goal.between(4, 5).isReachedBy(5.1));
    assertFalse(Goal.between(4, 5).isReachedBy(3.9));
    assertEquals("between 4 and 5", Goal.between(4, 5).toString());
  }

  @Test
  void add_sameNameTwiceOrNoNumber_isRefused() {
    Figures.Builder builder = new Figures.Builder("b").add("a", 1, "x");
    assertThrows(IllegalStateException.class, () -> builder.add("a", 2, "x"));
    assertThrows(IllegalArgumentException.class, () -> builder.add("c", Double.NaN, "x"));
  }

  @Test
  void text_numbers_keepFourDigits() {
    assertEquals("0", Figures.text(0));
    assertEquals("0.01235", Figures.text(0.012345));
    assertEquals("1.235", Figures.text(1.23456));
    assertEquals("123.5", Figures.text(123.456));
    assertEquals("1,234,568", Figures.text(1_234_567.8));
  }

  @Test
  void percentile_ofAHundredValues_isTheNearestRank() {
    Samples samples =
        new Samples(IntStream.rangeClosed(1, 100).mapToDouble(i -> 101 - i).toArray());
    assertEquals(50, samples.percentile(0.5));
    assertEquals(99, samples.percentile(0.99));
    assertEquals(100, samples.percentile(1));
    assertEquals(100, samples.max());
    assertEquals(7, new Samples(new double[] {7}).percentile(0.01));
  }
}
