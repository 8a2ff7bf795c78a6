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
                  i * 1000L,
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
                    i * 1000L + 500,
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
    assertTrue(watch.data().text().contains("1,500 of the 4,000"), watch.data().text());
    assertFalse(watch.concept().fires());
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
