package io.winnow.features;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.winnow.core.ErrorCode;
import io.winnow.core.Event;
import io.winnow.core.ItemId;
import io.winnow.core.Seed;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import io.winnow.core.application.EventFilter;
import io.winnow.core.application.FeatureDefinition;
import io.winnow.core.application.FeatureDefinition.Aggregation;
import io.winnow.core.application.FeatureDefinition.Entity;
import io.winnow.core.application.FeatureDefinition.Window;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class FeatureGroupTest {
  private static final EventFilter WATCH = EventFilter.ofType("watch");
  private static final EventFilter CLICK = EventFilter.ofType("click");
  private static final Window DAY = Window.of(Duration.ofDays(1));
  private static final List<String> TYPES = List.of("click", "watch");

  static List<Aggregation> aggregations() {
    return List.of(
        new Aggregation.Count(WATCH, DAY),
        new Aggregation.Sum(WATCH, DAY),
        new Aggregation.Mean(WATCH, DAY),
        new Aggregation.Min(WATCH, DAY),
        new Aggregation.Max(WATCH, new Window(Duration.ofHours(1), Duration.ofHours(5))),
        new Aggregation.Rate(CLICK, WATCH, DAY, 0.25, 3),
        new Aggregation.Distinct(WATCH, Aggregation.Distinct.Counted.ITEM, DAY),
        new Aggregation.Decay(WATCH, true, Duration.ofHours(2)),
        new Aggregation.LastItems(WATCH, 4),
        new Aggregation.LastValue(WATCH),
        new Aggregation.SinceEvent(EventFilter.ANY_OUTCOME));
  }

  @ParameterizedTest
  @MethodSource("aggregations")
  void merge_anySplit_equalsAddingInOrder(Aggregation aggregation) {
    FeatureGroup group = group(aggregation);
    for (int seed = 0; seed < 200; seed++) {
      RandomGenerator random = new Seed(seed).generator("merge");
      List<Event> events = events(random, random.nextInt(120));
      int a = random.nextInt(events.size() + 1);
      int b = random.nextInt(a, events.size() + 1);
      byte[] whole = bytes(group, fold(group, events));

      EntityState left = fold(group, events.subList(0, a));
      group.merge(left, fold(group, events.subList(a, b)));
      group.merge(left, fold(group, events.subList(b, events.size())));
      assertArrayEquals(whole, bytes(group, left), "(a + b) + c");

      EntityState right = fold(group, events.subList(a, b));
      group.merge(right, fold(group, events.subList(b, events.size())));
      EntityState first = fold(group, events.subList(0, a));
      group.merge(first, right);
      assertArrayEquals(whole, bytes(group, first), "a + (b + c)");
    }
  }

  @ParameterizedTest
  @MethodSource("aggregations")
  void add_anyOrderOfDifferentTimes_givesTheSame(Aggregation aggregation) {
    FeatureGroup group = group(aggregation);
    for (int seed = 0; seed < 100; seed++) {
      RandomGenerator random = new Seed(seed).generator("order");
      List<Event> events = new ArrayList<>(events(random, random.nextInt(100)));
      Set<Long> times = new HashSet<>();
      events.removeIf(event -> !times.add(event.timeMs()));
      byte[] inOrder = bytes(group, fold(group, events));
      Collections.shuffle(events, new Random(seed));
      assertArrayEquals(inOrder, bytes(group, fold(group, events)), "seed " + seed);
    }
  }

  static List<Aggregation> withSketches() {
    List<Aggregation> all = new ArrayList<>(aggregations());
    all.add(new Aggregation.Quantile(WATCH, 0.9, DAY));
    return all;
  }

  @ParameterizedTest
  @MethodSource("withSketches")
  void load_writtenState_readsAndContinuesTheSame(Aggregation aggregation) {
    FeatureGroup group = group(aggregation);
    RandomGenerator random = new Seed(5).generator("bytes");
    for (int round = 0; round < 100; round++) {
      EntityState state = fold(group, events(random, random.nextInt(round == 7 ? 3000 : 80)));
      byte[] written = bytes(group, state);
      ByteSource source = new ByteSource(written);
      EntityState loaded = group.load(source);
      source.end();
      for (Event event : events(random, 20)) {
        int type = TYPES.indexOf(event.type());
        assertEquals(group.add(state, type, event, 3), group.add(loaded, type, event, 3));
      }
      assertArrayEquals(bytes(group, state), bytes(group, loaded));
      long timeMs = Shorts.START_MS + random.nextLong(Duration.ofDays(4).toMillis());
      assertEquals(read(group, state, timeMs), read(group, loaded, timeMs));
      for (int cut = 0; cut < Math.min(200, written.length); cut++) {
        ByteSource torn = new ByteSource(Arrays.copyOf(written, cut));
        WinnowException e = assertThrows(WinnowException.class, () -> group.load(torn));
        assertEquals(ErrorCode.CORRUPT, e.code());
      }
    }
  }

  @ParameterizedTest
  @MethodSource("withSketches")
  void write_inBetween_changesNothing(Aggregation aggregation) {
    FeatureGroup group = group(aggregation);
    List<Event> events = events(new Seed(9).generator("write"), 2000);
    EntityState written = group.newState();
    for (Event event : events) {
      group.add(written, TYPES.indexOf(event.type()), event, 1);
      bytes(group, written);
    }
    EntityState left = group.newState();
    events.forEach(event -> group.add(left, TYPES.indexOf(event.type()), event, 1));
    assertArrayEquals(bytes(group, left), bytes(group, written));
  }

  @Test
  void write_knownEvents_givesGoldenBytes() {
    // Format 2. A change here needs a new StateDatabase.FORMAT.
    List<Event> events =
        List.of(
            new Event("1", "watch", user(), item(), 7_200_000, 12.5),
            new Event("2", "click", user(), item(), 7_300_000, Double.NaN),
            new Event("3", "watch", user(), item(), 3_599_999, 3));
    List<String> golden = new ArrayList<>();
    for (Aggregation aggregation : withSketches()) {
      FeatureGroup group = group(aggregation);
      golden.add(HexFormat.of().formatHex(bytes(group, fold(group, events))));
    }
    assertEquals(
        List.of(
            "80f4ee060200020202",
            "80f4ee06020080808003028080c00c",
            "80f4ee0602008080800302028080c00c02",
            "80f4ee06020080808003028080c00c",
            "80f4ee06022e80808003198080c00c",
            "c08efb0602000002020202",
            "80f4ee060102001001030300003acc93e0bf2aa95c8c5067021001030300003acc93e0bf2aa95c8c5067",
            "80f4ee060100b6879f1d",
            "80f4ee060102feb9b703c03881dddb01c038",
            "80f4ee060102feb9b703c01081dddb01c052",
            "c08efb060103feb9b7030081dddb0100a08d0600",
            "80f4ee0601020008010114c80001000001c0100208010114c80001000001c052"),
        golden);
  }

  @Test
  void count_atTheEdgesOfTheWindow_followsTheTiles() {
    FeatureGroup group = group(new Aggregation.Count(WATCH, DAY));
    long hour = 3_600_000;
    long timeMs = 1000 * hour + 10 * 60_000;
    assertEquals(1, countOne(group, 1000 * hour, timeMs), "own tile");
    assertEquals(1, countOne(group, 1001 * hour - 1, timeMs), "own tile, later");
    assertEquals(0, countOne(group, 1001 * hour, timeMs), "a tile of the future");
    assertEquals(1, countOne(group, 976 * hour, timeMs), "oldest tile");
    assertEquals(0, countOne(group, 976 * hour - 1, timeMs), "older");
  }

  @Test
  void count_clocksFarAhead_keepsThePresent() {
    FeatureGroup group = group(new Aggregation.Count(WATCH, DAY));
    EntityState state = group.newState();
    long hour = 3_600_000;
    for (int tile = 0; tile < 25; tile++) {
      group.add(state, 1, watch(tile * hour, 1), 0);
    }
    for (int ahead = 1; ahead < Tiling.SPARE; ahead++) {
      assertEquals(0, group.add(state, 1, watch((1000 + ahead) * hour, 1), 0));
    }
    assertEquals(25, read(group, state, 24 * hour));
    group.add(state, 1, watch(1999 * hour, 1), 0);
    assertEquals(0, read(group, state, 24 * hour), "one too many");
    assertEquals(1, group.add(state, 1, watch(24 * hour, 1), 0), "dropped");
  }

  @Test
  void count_lateness_decidesWhatIsDropped() {
    FeatureGroup group =
        group(new Aggregation.Count(WATCH, new Window(Duration.ofDays(1), Duration.ofDays(2))));
    EntityState state = group.newState();
    long hour = 3_600_000;
    for (int i = 0; i < Tiling.SPARE; i++) {
      group.add(state, 1, watch((1000 + i) * hour, 1), 0);
    }
    assertEquals(0, group.add(state, 1, watch((1000 - 24 - 48) * hour, 1), 0));
    assertEquals(1, group.add(state, 1, watch((1000 - 24 - 49) * hour, 1), 0));
    assertEquals(1, read(group, state, (1000 - 48) * hour));
  }

  @Test
  void sum_valuesThatDoublesCannotAdd_isExact() {
    FeatureGroup group = group(new Aggregation.Sum(WATCH, DAY));
    EntityState state = group.newState();
    double[] values = {1e12, 0.1, -1e12, 0.2, 1e300, -1e300, 0.25};
    for (double value : values) {
      group.add(state, 1, watch(0, value), 0);
    }
    double expected = (Math.rint(0.1 * 0x1p20) + Math.rint(0.2 * 0x1p20)) / 0x1p20 + 0.25;
    assertEquals(expected, read(group, state, 0));
  }

  @Test
  void sum_pastItsBound_staysThere() {
    FeatureGroup group =
        new FeatureGroup(
            List.of(
                new FeatureDefinition("s", Entity.USER, new Aggregation.Sum(WATCH, DAY)),
                new FeatureDefinition("m", Entity.USER, new Aggregation.Min(WATCH, DAY))),
            TYPES,
            Long.MAX_VALUE / 4);
    for (double sign : new double[] {1, -1}) {
      EntityState state = group.newState();
      for (int i = 0; i < 20; i++) {
        group.add(state, 1, watch(i * 3_600_000L / 2, sign * 1e13), 0);
      }
      double[] values = new double[2];
      GroupReader reader = group.reader(new int[] {0, 1});
      reader.read(state, 20 * 3_600_000L / 2, values, new long[reader.scratch()]);
      assertEquals(sign * 0x1p43, values[0]);
      assertEquals(sign * 0x1p40, values[1]);
    }
  }

  @Test
  void decay_byHalfLives_halves() {
    FeatureGroup group = group(new Aggregation.Decay(WATCH, false, Duration.ofHours(3)));
    EntityState state = group.newState();
    long hour = 3_600_000;
    group.add(state, 1, watch(0, 5), 0);
    assertEquals(1, read(group, state, 0), 1e-6);
    assertEquals(0.5, read(group, state, 3 * hour), 1e-6);
    assertEquals(0.25, read(group, state, 6 * hour), 1e-6);
    group.add(state, 1, watch(6 * hour, 5), 0);
    assertEquals(1.25, read(group, state, 6 * hour), 1e-6);
  }

  @Test
  void read_stateOlderThanItsTimeToLive_isEmpty() {
    FeatureGroup group =
        new FeatureGroup(
            List.of(new FeatureDefinition("f", Entity.USER, new Aggregation.LastValue(WATCH))),
            TYPES,
            1000);
    EntityState state = group.newState();
    group.add(state, 1, watch(5000, 7), 0);
    assertEquals(7, read(group, state, 6000));
    assertEquals(Double.NaN, read(group, state, 6001));
  }

  @Test
  void read_withoutEvidence_isZeroPriorOrUnknown() {
    double nan = Double.NaN;
    double[] empty = {0, 0, nan, nan, nan, 0.25, 0, 0, nan, nan, nan, nan};
    for (int i = 0; i < empty.length; i++) {
      FeatureGroup group = group(withSketches().get(i));
      assertEquals(empty[i], read(group, null, 0));
      assertEquals(empty[i], read(group, group.newState(), 0));
    }
  }

  @Test
  void mean_besideSumOfTheSameWindow_sharesItsNumbers() {
    FeatureGroup group =
        new FeatureGroup(
            List.of(
                new FeatureDefinition("s", Entity.USER, new Aggregation.Sum(WATCH, DAY)),
                new FeatureDefinition("m", Entity.USER, new Aggregation.Mean(WATCH, DAY)),
                new FeatureDefinition("l", Entity.USER, new Aggregation.Min(WATCH, DAY))),
            TYPES,
            Long.MAX_VALUE / 4);
    EntityState state = group.newState();
    group.add(state, 1, watch(0, 3), 0);
    group.add(state, 1, watch(0, 6), 0);
    double[] values = new double[3];
    GroupReader reader = group.reader(new int[] {0, 1, 2});
    reader.read(state, 0, values, new long[reader.scratch()]);
    assertArrayEquals(new double[] {9, 4.5, 3}, values);
    assertEquals(3, reader.scratch() - 1, "columns: sum, count, minimum");
  }

  private static double countOne(FeatureGroup group, long eventMs, long readMs) {
    EntityState state = group.newState();
    group.add(state, 1, watch(eventMs, 1), 0);
    return read(group, state, readMs);
  }

  private static FeatureGroup group(Aggregation aggregation) {
    return new FeatureGroup(
        List.of(new FeatureDefinition("f", Entity.USER, aggregation)), TYPES, Long.MAX_VALUE / 4);
  }

  private static double read(FeatureGroup group, @Nullable EntityState state, long timeMs) {
    double[] value = new double[1];
    GroupReader reader = group.reader(new int[] {0});
    reader.read(state, timeMs, value, new long[reader.scratch()]);
    return value[0];
  }

  private static EntityState fold(FeatureGroup group, List<Event> events) {
    EntityState state = group.newState();
    for (Event event : events) {
      group.add(state, TYPES.indexOf(event.type()), event, Integer.parseInt(event.item().value()));
    }
    return state;
  }

  private static byte[] bytes(FeatureGroup group, EntityState state) {
    ByteSink sink = new ByteSink();
    group.write(state, sink);
    return sink.toBytes();
  }

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
              random.nextInt(5) == 0 ? Double.NaN : random.nextGaussian() * 100));
    }
    return events;
  }

  private static Event watch(long timeMs, double value) {
    return new Event("e", "watch", user(), item(), timeMs, value);
  }

  private static UserId user() {
    return new UserId("u");
  }

  private static ItemId item() {
    return new ItemId("7");
  }
}
