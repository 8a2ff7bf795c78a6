package io.winnow.features;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.AttributeValue;
import io.winnow.core.Event;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.Seed;
import io.winnow.core.UserId;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.EventFilter;
import io.winnow.core.application.FeatureDefinition;
import io.winnow.core.application.FeatureDefinition.Aggregation;
import io.winnow.core.application.FeatureDefinition.Aggregation.Distinct.Counted;
import io.winnow.core.application.FeatureDefinition.Entity;
import io.winnow.core.application.FeatureDefinition.Window;
import io.winnow.events.EventLog;
import io.winnow.events.EventLog.Verdict.Status;
import io.winnow.events.EventLogConfig;
import io.winnow.events.EventLogs;
import io.winnow.features.FeatureEngine.Answer;
import io.winnow.features.FeatureEngine.Answers;
import io.winnow.features.GeneratedStreams.Ask;
import io.winnow.features.GeneratedStreams.Case;
import io.winnow.features.OracleCheck.Tally;
import io.winnow.features.OracleCheck.Truth;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The fold, wherever its state is kept, says what the definitions say. */
final class FeatureOracleTest {
  private static final EventFilter WATCH = EventFilter.ofType("watch");
  private static final Window DAY = Window.of(Duration.ofDays(1));

  @TempDir Path folder;

  @Test
  void memoryAndReplay_generatedCases_equalOracleBitForBit() {
    Tally tally = new Tally();
    for (int seed = 0; seed < 1_000; seed++) {
      Case generated = GeneratedStreams.generate(seed, 40 + seed % 7 * 40);
      Truth truth = OracleCheck.truth(generated);
      Answers memory =
          OracleCheck.assertAgrees(generated, truth, "memory", FeatureEngine.memory(), tally);
      Answers replay =
          OracleCheck.assertAgrees(generated, truth, "replay", FeatureEngine.replay(), tally);
      OracleCheck.assertSame(generated, memory, replay, "replay");
    }
    for (Class<?> aggregation : Aggregation.class.getPermittedSubclasses()) {
      String name = aggregation.getSimpleName();
      int least = aggregation.equals(Aggregation.LastItems.class) ? 0 : 500;
      assertTrue(tally.telling(name) >= least, name + " " + tally.telling(name));
    }
    for (Entity entity : GeneratedApplications.entities()) {
      assertTrue(tally.telling(entity.label()) >= 300, entity + " " + tally.telling);
    }
    assertTrue(tally.lists > 500, tally.lists + " lists");
    assertTrue(tally.casesWithDrops > 100, tally.casesWithDrops + " cases with late events");
    assertTrue(tally.values > 100_000, tally.values + " values");
  }

  @Test
  void embedded_tinyCacheAndReopens_equalsOracleBitForBit() {
    Tally tally = new Tally();
    for (int seed = 10_000; seed < 10_060; seed++) {
      Case generated = GeneratedStreams.generate(seed, 200);
      Answers embedded =
          OracleCheck.assertAgrees(
              generated,
              OracleCheck.truth(generated),
              "embedded",
              FeatureEngine.embedded(folder.resolve("seed" + seed)),
              tally);
      OracleCheck.assertSame(
          generated, FeatureEngine.memory().play(generated), embedded, "embedded");
    }
    assertTrue(tally.values > 5_000 && tally.lists > 50, tally.values + " values");
  }

  @Test
  void memory_shortsApplication_equalsOracleBitForBit() {
    Tally tally = new Tally();
    long[] steps = {20, 2_000, 60_000, 600_000, 3_600_000, 0};
    for (int seed = 1; seed <= steps.length; seed++) {
      Shorts.Shape shape = new Shorts.Shape(1_500, 12, 15, steps[seed - 1]);
      List<LogRecord> records = Shorts.stream(new Seed(seed), shape);
      RandomGenerator random = new Seed(seed).generator("reads");
      List<ItemId> known = new ArrayList<>();
      List<Ask> asks = new ArrayList<>();
      for (int after = 1; after <= records.size(); after++) {
        known.addAll(FeatureEngine.items(records.get(after - 1)));
        if (random.nextInt(15) == 0 && !known.isEmpty()) {
          asks.add(
              new Ask(
                  after,
                  new UserId("user-é" + random.nextInt(shape.users() + 1)),
                  List.of(known.get(random.nextInt(known.size())), known.getLast()),
                  random.nextBoolean() ? Map.of("device", "7") : Map.of(),
                  records.get(after - 1).timeMs() + random.nextLong(-7_200_000, 7_200_000)));
        }
      }
      Case generated = new Case(seed, Shorts.application(), records, asks);
      OracleCheck.assertAgrees(
          generated, OracleCheck.truth(generated), "memory", FeatureEngine.memory(), tally);
    }
    assertTrue(tally.values > 10_000 && tally.lists > 100, tally.values + " values");
  }

  /**
   * What tiles hold, and which are kept, depends on the events alone. Attributes are put first, as
   * what an event counts for does depend on them.
   */
  @Test
  void memory_eventsInAnyOrder_readTheSame() {
    int compared = 0;
    for (int seed = 20_000; seed < 20_150; seed++) {
      Case generated = GeneratedStreams.generate(seed, 150);
      List<FeatureDefinition> features =
          generated.application().features().stream()
              .filter(feature -> NaiveFeatures.Tiles.of(feature) != null)
              .filter(feature -> !(feature.aggregation() instanceof Aggregation.Distinct))
              .filter(feature -> !(feature.aggregation() instanceof Aggregation.Quantile))
              .toList();
      if (features.isEmpty()) {
        continue;
      }
      List<LogRecord> records = new ArrayList<>();
      List<LogRecord> events = new ArrayList<>();
      for (LogRecord record : generated.records()) {
        (record instanceof LogRecord.Happened ? events : records).add(record);
      }
      List<LogRecord> shuffled = new ArrayList<>(records);
      records.addAll(events);
      Collections.shuffle(events, new Random(seed));
      shuffled.addAll(events);
      List<Ask> asks =
          generated.asks().stream()
              .map(ask ->
                  new Ask(records.size(), ask.user(), ask.items(), ask.context(), ask.timeMs()))
              .toList();
      ApplicationDefinition application =
          GeneratedApplications.with(generated.application(), features);
      Case one = new Case(seed, application, records, asks);
      Answers inOrder = FeatureEngine.memory().play(one);
      Answers other = FeatureEngine.memory().play(new Case(seed, application, shuffled, asks));
      OracleCheck.assertSame(one, inOrder, other, "memory, shuffled");
      compared += asks.size() * features.size();
    }
    assertTrue(compared > 3_000, compared + " values");
  }

  @Test
  void eventLog_duplicatesAndConflicts_countOnce() {
    Case generated = GeneratedStreams.generate(30_001, everything(), 600);
    OnlineStore memory = OnlineStores.inMemory(generated.application());
    OnlineStore embedded =
        OnlineStores.embedded(
            generated.application(), folder.resolve("store"), new EmbeddedConfig(2, 50, 1 << 20));
    RandomGenerator random = new Seed(30_001).generator("duplicates");
    List<LogRecord> accepted = new ArrayList<>();
    int duplicates = 0;
    int rejected = 0;
    try (memory;
        embedded;
        EventLog log =
            EventLogs.open(
                EventLogConfig.in(folder.resolve("log")),
                generated.application().schema(),
                () -> 10_000_000_000_000L,
                List.of(memory, embedded))) {
      List<LogRecord> sent = new ArrayList<>();
      for (LogRecord record : generated.records()) {
        List<LogRecord> batch = new ArrayList<>();
        batch.add(record);
        for (int again = random.nextInt(3); again > 0 && !sent.isEmpty(); again--) {
          LogRecord old = sent.get(random.nextInt(sent.size()));
          if (old instanceof LogRecord.Happened(Event event)) {
            // As it was, or under its id with another value.
            batch.add(random.nextBoolean() ? old : new LogRecord.Happened(changed(event)));
          }
        }
        List<EventLog.Verdict> verdicts = log.append(batch);
        for (int i = 0; i < batch.size(); i++) {
          Status status = verdicts.get(i).status();
          duplicates += status == Status.DUPLICATE ? 1 : 0;
          rejected += status == Status.REJECTED ? 1 : 0;
          if (status == Status.ACCEPTED) {
            assertEquals(accepted.size(), verdicts.get(i).offset());
            accepted.add(batch.get(i));
          }
        }
        sent.add(record);
      }
      List<Ask> asks =
          generated.asks().stream()
              .map(ask ->
                  new Ask(accepted.size(), ask.user(), ask.items(), ask.context(), ask.timeMs()))
              .filter(ask -> ask.items().stream().allMatch(i -> memory.catalog().indexOf(i) >= 0))
              .toList();
      Case once = new Case(generated.seed(), generated.application(), accepted, asks);
      Truth truth = OracleCheck.truth(once);
      Tally tally = new Tally();
      for (OnlineStore store : List.of(memory, embedded)) {
        FeatureEngine fed =
            asked ->
                !asked.equals(once) // A smaller one, once this one failed.
                    ? FeatureEngine.memory().play(asked)
                    : new Answers(
                        asks.stream().map(ask -> FeatureEngine.answer(store, once, ask)).toList(),
                        -1);
        OracleCheck.assertAgrees(once, truth, "fed by the log", fed, tally);
      }
      OracleCheck.assertAgrees(once, truth, "replay", FeatureEngine.replay(), tally);
      assertTrue(tally.values > 300, tally.values + " values");
    }
    assertTrue(duplicates > 100 && rejected > 100, duplicates + " and " + rejected);
  }

  private static Event changed(Event event) {
    return event.type().equals(Event.IMPRESSION) || event.type().equals("click")
        ? new Event(event.id(), "watch", event.user(), event.item(), event.timeMs(), 1e6)
        : new Event(
            event.id(), event.type(), event.user(), event.item(), event.timeMs(), 123_456.5);
  }

  /** Each aggregation for each entity. */
  private static ApplicationDefinition everything() {
    List<FeatureDefinition> features = new ArrayList<>();
    for (Entity entity : GeneratedApplications.entities()) {
      for (Aggregation aggregation :
          List.of(
              new Aggregation.Count(EventFilter.ANY_OUTCOME, DAY),
              new Aggregation.Sum(WATCH, DAY),
              new Aggregation.Mean(WATCH, DAY),
              new Aggregation.Min(WATCH, DAY),
              new Aggregation.Max(WATCH, DAY),
              new Aggregation.Rate(
                  EventFilter.ofType("click"), EventFilter.ofType(Event.IMPRESSION), DAY, 0.1, 5),
              new Aggregation.Distinct(WATCH, Counted.ITEM, DAY),
              new Aggregation.Quantile(WATCH, 0.9, DAY),
              new Aggregation.Decay(WATCH, true, Duration.ofHours(6)),
              new Aggregation.LastValue(WATCH),
              new Aggregation.SinceEvent(EventFilter.ANY_OUTCOME))) {
        features.add(new FeatureDefinition("f" + features.size(), entity, aggregation));
      }
    }
    features.add(new FeatureDefinition("recent", Entity.USER, new Aggregation.LastItems(WATCH, 5)));
    return GeneratedApplications.application(features, Map.of());
  }

  /** Seven at the bound are what 63 bits hold: the oracle's own sums have no bound. */
  @Test
  void sum_sevenValuesAtTheBound_isExact() {
    List<LogRecord> records = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      records.add(watch(i, "u", "i" + i % 3, 1_000L * i, i < 7 ? 1e13 : i / 3.0));
    }
    assertAgrees(
        records,
        List.of(
            new Aggregation.Sum(WATCH, DAY),
            new Aggregation.Mean(WATCH, DAY),
            new Aggregation.Decay(WATCH, true, Duration.ofHours(1))),
        100_000);
  }

  @Test
  void distinct_upToManyThings_isWithinFourStandardErrors() {
    List<Aggregation> aggregations = new ArrayList<>();
    for (Counted counted : Counted.values()) {
      aggregations.add(new Aggregation.Distinct(WATCH, counted, DAY));
    }
    double worst = 0;
    for (int things : new int[] {1, 2, 19, 20, 21, 100, 500, 2_000, 10_000}) {
      List<LogRecord> records = new ArrayList<>();
      RandomGenerator random = new Seed(things).generator("distinct");
      for (int i = 0; i < things * 2; i++) {
        // Each thing twice, mostly in two tiles; one country, so that all count for one key.
        int thing = i % things;
        String user = "u" + thing;
        if (i < things) {
          records.add(
              new LogRecord.UserPut(
                  new UserId(user), Map.of("country", new AttributeValue.Text("é")), 0));
        }
        records.add(watch(i, user, "i" + thing, random.nextLong(86_400_000), 1));
      }
      Answers answers =
          assertAgrees(
              records,
              aggregations,
              new Entity.Keys(new Entity.Key.Attribute("country"), Entity.Key.NONE),
              86_400_000);
      for (float value : answers.answers().getFirst().rows().getFirst()) {
        worst = Math.max(worst, Math.abs(value - things) / things);
      }
    }
    assertTrue(worst > 0, "no estimate differs, so this is no sketch: the bound may be exact");
  }

  @Test
  void quantile_manyValues_isWithinItsRankError() {
    List<Aggregation> aggregations = new ArrayList<>();
    for (double share : new double[] {0, 0.01, 0.1, 0.5, 0.9, 0.99, 1}) {
      aggregations.add(new Aggregation.Quantile(WATCH, share, DAY));
    }
    for (int seed = 0; seed < 12; seed++) {
      RandomGenerator random = new Seed(seed).generator("quantile");
      List<LogRecord> records = new ArrayList<>();
      for (int i = 0; i < 4_000; i++) {
        double value =
            switch (seed % 4) {
              case 0 -> random.nextDouble();
              case 1 -> Math.exp(5 * random.nextGaussian());
              case 2 -> random.nextInt(5);
              // Drifts over the day, so that tiles hold different values.
              default -> i + random.nextGaussian();
            };
        records.add(watch(i, "u", "i0", 21_000L * i, value));
      }
      assertAgrees(records, aggregations, 84_000_000);
    }
  }

  /** A digest that was written goes on as if it had not been: a replay writes at no such place. */
  @Test
  void embedded_manyValuesAndReopens_sketchesEqualMemoryBitForBit() {
    List<FeatureDefinition> features = new ArrayList<>();
    for (double share : new double[] {0.1, 0.5, 0.9}) {
      Aggregation quantile = new Aggregation.Quantile(WATCH, share, DAY);
      features.add(new FeatureDefinition("f" + features.size(), Entity.USER, quantile));
    }
    for (Counted counted : Counted.values()) {
      Aggregation distinct = new Aggregation.Distinct(WATCH, counted, DAY);
      features.add(new FeatureDefinition("f" + features.size(), Entity.USER, distinct));
    }
    RandomGenerator random = new Seed(5).generator("sketches");
    List<LogRecord> records = new ArrayList<>();
    List<Ask> asks = new ArrayList<>();
    for (int i = 0; i < 4_000; i++) {
      // Two tiles, so that each digest compresses many times.
      records.add(
          watch(i, "u", "i" + i, random.nextLong(7_200_000), Math.exp(random.nextGaussian())));
      if (random.nextInt(100) == 0) {
        asks.add(
            new Ask(
                records.size(),
                new UserId("u"),
                List.of(new ItemId("i0")),
                Map.of(),
                Shorts.START_MS + 7_200_000));
      }
    }
    assertTrue(asks.size() > 20, asks.size() + " requests");
    Case one = new Case(5, GeneratedApplications.application(features, Map.of()), records, asks);
    Answers memory =
        OracleCheck.assertAgrees(
            one, OracleCheck.truth(one), "memory", FeatureEngine.memory(), new Tally());
    OracleCheck.assertSame(
        one, memory, FeatureEngine.embedded(folder.resolve("store")).play(one), "embedded");
    OracleCheck.assertSame(one, memory, FeatureEngine.replay().play(one), "replay");
  }

  @Test
  void assertAgrees_wrongEngine_tellsTheSmallestCase() {
    ApplicationDefinition application =
        GeneratedApplications.application(
            List.of(
                new FeatureDefinition("clicks", Entity.ITEM, new Aggregation.Count(WATCH, DAY)),
                new FeatureDefinition("watches", Entity.USER, new Aggregation.Count(WATCH, DAY))),
            Map.of());
    // Counts no second watch of a user.
    FeatureEngine wrong =
        asked -> {
          Answers right = FeatureEngine.memory().play(asked);
          int column = FeatureSchema.of(asked.application()).names().indexOf("user.watches");
          for (Answer answer : right.answers()) {
            for (float[] row : answer.rows()) {
              if (column >= 0) {
                row[column] = Math.min(1, row[column]);
              }
            }
          }
          return right;
        };
    Case generated = GeneratedStreams.generate(3, application, 200);
    AssertionError error =
        assertThrows(
            AssertionError.class,
            () ->
                OracleCheck.assertAgrees(
                    generated, OracleCheck.truth(generated), "wrong", wrong, new Tally()));
    String text = String.valueOf(error.getMessage());
    assertTrue(
        text.startsWith("seed 3, engine wrong: user.watches of item")
            && text.contains("reads 1.0 (expected: Expected[low=2.0, high=2.0])")
            && text.contains("request: Ask[after=")
            && text.contains("Count[filter=watch")
            && !text.contains("clicks"),
        text);
    // Two watches of the user, and what makes the item known unless one of them does.
    assertTrue(text.contains("\n2 of 200 records") || text.contains("\n3 of 200 records"), text);
  }

  private static LogRecord watch(int id, String user, String item, long afterMs, double value) {
    return new LogRecord.Happened(
        new Event(
            "e" + id,
            "watch",
            new UserId(user),
            new ItemId(item),
            Shorts.START_MS + afterMs,
            value));
  }

  private static void assertAgrees(
      List<LogRecord> records, List<Aggregation> aggregations, long afterMs) {
    assertAgrees(records, aggregations, Entity.USER, afterMs);
  }

  private static Answers assertAgrees(
      List<LogRecord> records, List<Aggregation> aggregations, Entity entity, long afterMs) {
    List<FeatureDefinition> features = new ArrayList<>();
    for (Aggregation aggregation : aggregations) {
      features.add(new FeatureDefinition("f" + features.size(), entity, aggregation));
    }
    LogRecord.Happened last = (LogRecord.Happened) records.getLast();
    Ask ask =
        new Ask(
            records.size(),
            last.event().user(),
            List.of(last.event().item()),
            Map.of(),
            Shorts.START_MS + afterMs);
    Case one =
        new Case(0, GeneratedApplications.application(features, Map.of()), records, List.of(ask));
    return OracleCheck.assertAgrees(
        one, OracleCheck.truth(one), "memory", FeatureEngine.memory(), new Tally());
  }
}
