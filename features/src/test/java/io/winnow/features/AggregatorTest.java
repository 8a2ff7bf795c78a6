package io.winnow.features;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.ErrorCode;
import io.winnow.core.Event;
import io.winnow.core.ItemId;
import io.winnow.core.Seed;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import io.winnow.core.application.EventFilter;
import io.winnow.core.application.FeatureDefinition.Aggregation;
import io.winnow.core.application.FeatureDefinition.Window;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class AggregatorTest {
  private static final EventFilter WATCH = EventFilter.ofType("watch");
  private static final EventFilter CLICK = EventFilter.ofType("click");
  private static final Window DAY = Window.of(Duration.ofDays(1));

  static List<Aggregation> aggregations() {
    return List.of(
        new Aggregation.Count(WATCH, DAY),
        new Aggregation.Sum(WATCH, DAY),
        new Aggregation.Rate(CLICK, WATCH, DAY, 0.25, 3),
        new Aggregation.LastItems(WATCH, 4),
        new Aggregation.LastValue(WATCH),
        new Aggregation.SinceEvent(EventFilter.ANY_OUTCOME));
  }

  @ParameterizedTest
  @MethodSource("aggregations")
  void merge_anySplit_equalsAddingInOrder(Aggregation aggregation) {
    Aggregator aggregator = compiled(aggregation);
    for (int seed = 0; seed < 200; seed++) {
      RandomGenerator random = new Seed(seed).generator("merge");
      List<Event> events = events(random, random.nextInt(120));
      int a = random.nextInt(events.size() + 1);
      int b = random.nextInt(a, events.size() + 1);
      byte[] whole = bytes(fold(aggregator, events));

      AggregationState left = fold(aggregator, events.subList(0, a));
      aggregator.merge(left, fold(aggregator, events.subList(a, b)));
      aggregator.merge(left, fold(aggregator, events.subList(b, events.size())));
      assertArrayEquals(whole, bytes(left), "(a + b) + c");

      AggregationState right = fold(aggregator, events.subList(a, b));
      aggregator.merge(right, fold(aggregator, events.subList(b, events.size())));
      AggregationState first = fold(aggregator, events.subList(0, a));
      aggregator.merge(first, right);
      assertArrayEquals(whole, bytes(first), "a + (b + c)");
    }
  }

  @ParameterizedTest
  @MethodSource("aggregations")
  void load_writtenState_readsAndContinuesTheSame(Aggregation aggregation) {
    Aggregator aggregator = compiled(aggregation);
    RandomGenerator random = new Seed(5).generator("bytes");
    for (int round = 0; round < 100; round++) {
      AggregationState state = fold(aggregator, events(random, random.nextInt(80)));
      byte[] written = bytes(state);
      ByteSource source = new ByteSource(written);
      AggregationState loaded = aggregator.load(source);
      source.end();
      for (Event event : events(random, 20)) {
        if (aggregator.selects(event)) {
          assertEquals(aggregator.add(state, event, 3), aggregator.add(loaded, event, 3));
        }
      }
      assertArrayEquals(bytes(state), bytes(loaded));
      long timeMs = Shorts.START_MS + random.nextLong(Duration.ofDays(4).toMillis());
      assertEquals(aggregator.read(state, timeMs), aggregator.read(loaded, timeMs));
      for (int cut = 0; cut < written.length; cut++) {
        ByteSource torn = new ByteSource(Arrays.copyOf(written, cut));
        WinnowException e = assertThrows(WinnowException.class, () -> aggregator.load(torn));
        assertEquals(ErrorCode.CORRUPT, e.code());
      }
    }
  }

  @Test
  void write_knownEvents_givesGoldenBytes() {
    // Format 1. A change here needs a new StateDatabase.FORMAT.
    List<Event> events =
        List.of(
            new Event("1", "watch", user(), item(), 7_200_000, 12.5),
            new Event("2", "click", user(), item(), 7_300_000, Double.NaN),
            new Event("3", "watch", user(), item(), 3_599_999, 3));
    List<String> golden = new ArrayList<>();
    for (Aggregation aggregation : aggregations()) {
      golden.add(HexFormat.of().formatHex(bytes(fold(compiled(aggregation), events))));
    }
    assertEquals(
        List.of(
            "0200bfe00302bfe003",
            "0200c01002c052",
            "0104bfe0030200bfe00302bfe003",
            "02feb9b703c03881dddb01c038",
            "02feb9b703c01081dddb01c052",
            "03feb9b7030081dddb0100a08d0600"),
        golden);
  }

  @Test
  void count_atTheEdgesOfTheWindow_followsTheTiles() {
    Aggregator aggregator = compiled(new Aggregation.Count(WATCH, DAY));
    long hour = 3_600_000;
    long timeMs = 1000 * hour + 10 * 60_000;
    assertEquals(1, countOne(aggregator, 1000 * hour, timeMs), "own tile");
    assertEquals(1, countOne(aggregator, 1001 * hour - 1, timeMs), "own tile, later");
    assertEquals(0, countOne(aggregator, 1001 * hour, timeMs), "a tile of the future");
    assertEquals(1, countOne(aggregator, 976 * hour, timeMs), "oldest tile");
    assertEquals(0, countOne(aggregator, 976 * hour - 1, timeMs), "older");
  }

  @Test
  void count_clocksFarAhead_keepsThePresent() {
    Aggregator aggregator = compiled(new Aggregation.Count(WATCH, DAY));
    AggregationState state = aggregator.empty();
    long hour = 3_600_000;
    for (int tile = 0; tile < 25; tile++) {
      aggregator.add(state, watch(tile * hour), 0);
    }
    for (int ahead = 1; ahead <= 7; ahead++) {
      assertTrue(aggregator.add(state, watch((1000 + ahead) * hour), 0));
    }
    assertEquals(25, aggregator.read(state, 24 * hour));
    assertFalse(aggregator.add(state, watch(-hour), 0), "older than all tiles: dropped");
  }

  @Test
  void read_withoutEvidence_isZeroPriorOrUnknown() {
    double[] empty = {0, 0, 0.25, Double.NaN, Double.NaN, Double.NaN};
    for (int i = 0; i < empty.length; i++) {
      Aggregator aggregator = compiled(aggregations().get(i));
      assertEquals(empty[i], aggregator.read(null, 0));
      assertEquals(empty[i], aggregator.read(aggregator.empty(), 0));
    }
  }

  private static double countOne(Aggregator aggregator, long eventMs, long readMs) {
    AggregationState state = aggregator.empty();
    aggregator.add(state, watch(eventMs), 0);
    return aggregator.read(state, readMs);
  }

  private static Aggregator compiled(Aggregation aggregation) {
    Aggregator aggregator = Aggregator.of(aggregation);
    if (aggregator == null) {
      throw new AssertionError(aggregation + " keeps no state");
    }
    return aggregator;
  }

  private static AggregationState fold(Aggregator aggregator, List<Event> events) {
    AggregationState state = aggregator.empty();
    for (Event event : events) {
      if (aggregator.selects(event)) {
        aggregator.add(state, event, Integer.parseInt(event.item().value()));
      }
    }
    return state;
  }

  private static byte[] bytes(AggregationState state) {
    ByteSink sink = new ByteSink();
    state.write(sink);
    return sink.toBytes();
  }

  /** Events whose values are quarters, so that their sums need no rounding. */
  private static List<Event> events(RandomGenerator random, int count) {
    List<Event> events = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      events.add(
          new Event(
              "e" + i,
              random.nextBoolean() ? "watch" : "click",
              user(),
              new ItemId(String.valueOf(random.nextInt(50))),
              Shorts.START_MS + 600_000L * random.nextInt(500),
              random.nextInt(5) == 0 ? Double.NaN : random.nextInt(400) / 4.0));
    }
    return events;
  }

  private static Event watch(long timeMs) {
    return new Event("e", "watch", user(), item(), timeMs, 1);
  }

  private static UserId user() {
    return new UserId("u");
  }

  private static ItemId item() {
    return new ItemId("7");
  }
}
