package io.winnow.lifecycle.triggers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.Event;
import io.winnow.core.Impression;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.Seed;
import io.winnow.core.UserId;
import io.winnow.core.application.EventFilter;
import io.winnow.core.application.Objectives;
import io.winnow.events.RecordSource;
import io.winnow.lifecycle.ReleaseManifest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

final class DriftWatchTest {
  private static final Objectives CLICKS =
      new Objectives(
          List.of(new Objectives.Objective("click", EventFilter.ofType("click"), 1)),
          Duration.ofHours(1));

  static ReleaseManifest champion(long createdMs, long toOffset) {
    return new ReleaseManifest(
        "r-1",
        createdMs,
        "clips",
        1,
        Map.of(),
        new ReleaseManifest.Provenance(toOffset, 0, 1, 1, "0", "test", null),
        Map.of());
  }

  /** Two thousand slates a day. */
  private static final long PAUSE_MS = 43_200;

  /** Slates of one impression each; a click with a probability that a part of them changes. */
  private static List<LogRecord> log(
      long seed, int slates, int changeAt, double clicksAfter, double shift) {
    RandomGenerator random = new Seed(seed).generator("drift");
    List<LogRecord> records = new ArrayList<>();
    for (int i = 0; i < slates; i++) {
      boolean after = i >= changeAt;
      UserId user = new UserId("u" + random.nextInt(300));
      float[] features = {(float) (random.nextGaussian() + (after ? shift : 0)), random.nextInt(3)};
      Impression impression =
          new Impression(
              "q" + i,
              0,
              1,
              new Impression.Provenance("r-1", "default", "popular", 0),
              i,
              1,
              features);
      records.add(
          new LogRecord.Happened(
              new Event(
                  "i" + i,
                  Event.IMPRESSION,
                  user,
                  new ItemId("x"),
                  i * PAUSE_MS,
                  Double.NaN,
                  "q" + i,
                  impression)));
      if (random.nextDouble() < (after ? clicksAfter : 0.3)) {
        records.add(
            new LogRecord.Happened(
                new Event(
                    "c" + i,
                    "click",
                    user,
                    new ItemId("x"),
                    i * PAUSE_MS + 500,
                    Double.NaN,
                    "q" + i,
                    null)));
      }
    }
    return records;
  }

  private static DriftWatch watch(List<LogRecord> records) {
    DriftWatch watch = new DriftWatch(champion(1, 0), List.of("user.a", "item.b"), CLICKS);
    RecordSource log = RecordSource.of(records);
    while (!watch.follow(log, 777)) {
      assertEquals("r-1", watch.champion());
    }
    return watch;
  }

  @Test
  void readings_worldThatStands_neverFire() {
    int compared = 0;
    for (int seed = 0; seed < 40; seed++) {
      DriftWatch watch = watch(log(seed, 12_000, 12_000, 0.3, 0));
      assertFalse(watch.data().fires(), watch.data().text());
      assertTrue(watch.data().value() < 0.1, watch.data().text());
      assertFalse(watch.concept().fires(), watch.concept().text());
      compared += Double.isNaN(watch.concept().value()) ? 0 : 1;
    }
    assertEquals(40, compared);
  }

  @Test
  void data_featureThatMoved_isNamed() {
    TriggerReading reading = watch(log(1, 8_000, 4_000, 0.3, 1.5)).data();
    assertTrue(reading.fires(), reading.text());
    assertTrue(reading.text().contains("user.a"), reading.text());
  }

  @Test
  void concept_fewerClicks_firesAndMoreDoNot() {
    TriggerReading fewer = watch(log(1, 8_000, 3_000, 0.2, 0)).concept();
    assertTrue(fewer.fires(), fewer.text());
    TriggerReading more = watch(log(1, 8_000, 3_000, 0.4, 0)).concept();
    assertFalse(more.fires(), more.text());
  }

  @Test
  void readings_tooLittle_sayWhatIsMissing() {
    DriftWatch watch = watch(log(1, 1_500, 1_500, 0.3, 0));
    assertTrue(Double.isNaN(watch.data().value()));
    assertFalse(watch.data().fires());
    assertTrue(watch.data().text().contains("0 slates of whole days"), watch.data().text());
    assertFalse(watch.concept().fires());
  }

  private static Event shown(int slate, int position, UserId user, long timeMs, float[] features) {
    String request = "q" + slate;
    return new Event(
        "i" + slate + "/" + position,
        Event.IMPRESSION,
        user,
        new ItemId("x" + (slate * 7 + position) % 200),
        timeMs,
        Double.NaN,
        request,
        new Impression(
            request,
            position,
            1,
            new Impression.Provenance("r-1", "default", "popular", 0),
            slate,
            1,
            features));
  }

  /**
   * People who come back, each for forty slates of three items on end, a feature of each person
   * that hardly changes, one of each item, and the hour.
   */
  private static DriftWatch sticky(long seed, double shift) {
    RandomGenerator random = new Seed(seed).generator("sticky");
    double[] people = random.doubles(200).map(u -> 4 * u).toArray();
    List<LogRecord> records = new ArrayList<>();
    int person = 0;
    for (int i = 0; i < 14_000; i++) {
      if (i % 40 == 0) {
        // Some come far more often than others.
        person = (int) (200 * Math.pow(random.nextDouble(), 2));
      }
      long timeMs = i * PAUSE_MS;
      double a = people[person] + 0.01 * random.nextGaussian() + (i >= 6_000 ? shift : 0);
      for (int position = 0; position < 3; position++) {
        int item = (i * 7 + position) % 200;
        float[] features = {(float) a, item % 17, timeMs / 3_600_000 % 24};
        records.add(
            new LogRecord.Happened(shown(i, position, new UserId("u" + person), timeMs, features)));
      }
    }
    DriftWatch watch =
        new DriftWatch(champion(1, 0), List.of("user.a", "item.b", "request.hour_of_day"), CLICKS);
    RecordSource log = RecordSource.of(records);
    while (!watch.follow(log, 10_000)) {
      assertEquals("r-1", watch.champion());
    }
    return watch;
  }

  @Test
  void data_fewPeopleWhoComeBackAndAnHour_neverFires() {
    for (int seed = 0; seed < 20; seed++) {
      TriggerReading reading = sticky(seed, 0).data();
      assertFalse(reading.fires(), reading.text());
      assertFalse(Double.isNaN(reading.value()), "compared");
    }
  }

  @Test
  void data_fewPeopleWhoAllChanged_fires() {
    for (int seed = 0; seed < 5; seed++) {
      TriggerReading reading = sticky(seed, 5).data();
      assertTrue(reading.fires(), reading.text());
      assertTrue(reading.text().contains("user.a"), reading.text());
    }
  }

  @Test
  void data_halfADay_isNotComparedWithAnother() {
    // Ten thousand slates of one day: a window of slates would compare the night with the morning.
    List<LogRecord> records = new ArrayList<>();
    for (int i = 0; i < 10_000; i++) {
      float[] features = {i < 5_000 ? 0 : 1};
      records.add(new LogRecord.Happened(shown(i, 0, new UserId("u" + i), i * 8_000L, features)));
    }
    DriftWatch watch = new DriftWatch(champion(1, 0), List.of("user.a"), CLICKS);
    assertTrue(watch.follow(RecordSource.of(records), 20_000));
    assertTrue(Double.isNaN(watch.data().value()), watch.data().text());
  }

  @Test
  void concept_outcomesThatComeLate_areWaitedFor() {
    // Each click comes 50 minutes behind its slate; traffic grows a hundredfold behind 3,000.
    TreeMap<Long, List<LogRecord>> byTime = new TreeMap<>();
    RandomGenerator random = new Seed(5).generator("late");
    long timeMs = 0;
    for (int i = 0; i < 20_000; i++) {
      timeMs += i < 3_000 ? 20_000 : 200;
      UserId user = new UserId("u" + i % 900);
      byTime
          .computeIfAbsent(timeMs, _ -> new ArrayList<>())
          .add(new LogRecord.Happened(shown(i, 0, user, timeMs, new float[] {0})));
      if (random.nextDouble() < 0.3) {
        long clickMs = timeMs + 3_000_000;
        Event click =
            new Event("c" + i, "click", user, new ItemId("x"), clickMs, Double.NaN, "q" + i, null);
        byTime.computeIfAbsent(clickMs, _ -> new ArrayList<>()).add(new LogRecord.Happened(click));
      }
    }
    // Long behind them, a last slate: by now all blocks have had their time.
    byTime.put(
        timeMs + 9_000_000,
        List.of(
            new LogRecord.Happened(
                shown(20_000, 0, new UserId("u"), timeMs + 9_000_000, new float[] {0}))));
    DriftWatch watch = new DriftWatch(champion(1, 0), List.of("user.a"), CLICKS);
    List<LogRecord> records = byTime.values().stream().flatMap(List::stream).toList();
    assertTrue(watch.follow(RecordSource.of(records), 100_000));
    TriggerReading reading = watch.concept();
    assertFalse(Double.isNaN(reading.value()), reading.text());
    assertFalse(reading.fires(), reading.text());
    assertTrue(reading.text().contains("0.3") || reading.text().contains("0.2"), reading.text());
  }

  @Test
  void index_ofShares_isTheSumOfItsBins() {
    // Two values: bins up to 0, up to 1, above, not a number; half a value is added to each.
    float[] before = new float[1000];
    float[] now = new float[1000];
    for (int i = 0; i < 1000; i++) {
      before[i] = i < 500 ? 0 : 1;
      now[i] = i < 800 ? 0 : 1;
    }
    double n = 1002;
    double expected =
        (800.5 - 500.5) / n * Math.log(800.5 / 500.5)
            + (200.5 - 500.5) / n * Math.log(200.5 / 500.5);
    assertEquals(expected, PopulationStability.of(before, now), 1e-12);
    assertEquals(0, PopulationStability.of(before, before), 0);
    float[] unknown = new float[1000];
    java.util.Arrays.fill(unknown, Float.NaN);
    assertTrue(PopulationStability.of(before, unknown) > 5);
  }
}
