package io.winnow.lifecycle.cadence;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.AttributeValue;
import io.winnow.core.Event;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.Seed;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationFile;
import io.winnow.events.RecordSource;
import io.winnow.lifecycle.TinyWorld;
import io.winnow.lifecycle.TrainerConfig;
import io.winnow.lifecycle.TrainingProgress;
import io.winnow.models.network.Progress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Studies of logs whose decay is known. Items come in cohorts, in each of which one item follows
 * another, and users take the next one. In the world that stays, the cohorts of the first day are
 * all there is. In the one that changes, each day a cohort takes the place of the oldest of {@value
 * #LIVE_DAYS}: of what users take, a release that is a days older than a fresh one does not know a
 * share of a / {@value #LIVE_DAYS} more.
 */
final class CadenceStudyTest {
  private static final int DAYS = 40;
  private static final int LIVE_DAYS = 20;
  private static final int COHORT = 6;
  private static final int EVENTS_A_DAY = 240;
  private static final int USERS = 25;
  private static final long DAY_MS = 86_400_000;

  @TempDir Path folder;

  /** Nothing but what was learnt offers candidates: no live counts, no fresh items. */
  private static ApplicationFile application() {
    return ApplicationFile.parse(
        """
        application: steps
        items: { attributes: { kind: string } }
        events: { click: {} }
        repeats: true
        features: { user: { clicks_1d: count(click) over 1d } }
        objectives: { click: 1.0 }
        retrieval: { item_to_item: 30 }
        """,
        "steps.yaml",
        Map.of());
  }

  private static List<LogRecord> records(boolean changing) {
    RandomGenerator random = new Seed(3).generator("steps");
    List<LogRecord> records = new ArrayList<>();
    int cohorts = LIVE_DAYS + (changing ? DAYS : 0);
    for (int item = 0; item < cohorts * COHORT; item++) {
      records.add(
          new LogRecord.ItemPut(
              new ItemId("i" + item),
              Map.of("kind", new AttributeValue.Text("k" + item % 2)),
              true,
              TinyWorld.BEGIN_MS));
    }
    int[] last = random.ints(USERS, 0, LIVE_DAYS * COHORT).toArray();
    for (int event = 0; event < DAYS * EVENTS_A_DAY; event++) {
      int oldest = changing ? event / EVENTS_A_DAY : 0;
      int user = random.nextInt(USERS);
      int cohort = last[user] / COHORT;
      boolean goesOn = cohort >= oldest && random.nextInt(10) > 0;
      last[user] =
          goesOn
              ? cohort * COHORT + (last[user] + 1) % COHORT
              : oldest * COHORT + random.nextInt(LIVE_DAYS * COHORT);
      records.add(
          new LogRecord.Happened(
              new Event(
                  "e" + event,
                  "click",
                  new UserId("u" + user),
                  new ItemId("i" + last[user]),
                  TinyWorld.BEGIN_MS + event * (DAY_MS / EVENTS_A_DAY) + 1,
                  Double.NaN)));
    }
    return records;
  }

  /** Without a ranker: what transitions know is what is measured. */
  private static TrainerConfig config() {
    TrainerConfig tiny = TinyWorld.config(1);
    return new TrainerConfig(
        1,
        2,
        new TrainerConfig.Split(0.2, 100, 50, 1_000_000, 100, false, 0),
        tiny.encoder(),
        tiny.encoderRefit(),
        tiny.linear(),
        tiny.ranker());
  }

  private CadenceReport study(boolean changing, List<String> heard) {
    TrainingProgress progress =
        new TrainingProgress() {
          @Override
          public void step(String name, String detail) {
            heard.add(name + ": " + detail);
          }

          @Override
          public void epoch(Progress.Epoch epoch) {}
        };
    return new CadenceStudy(application(), config(), progress, folder)
        .run(
            RecordSource.of(records(changing)), new CadenceOptions(3, List.of(2, 8), 0.05, 0, 200));
  }

  @Test
  void run_changingWorld_findsTheDecayAndAgainTrainsNothing() {
    List<String> heard = new ArrayList<>();
    CadenceReport report = study(true, heard);
    CadenceReport.Point two = report.curve().getFirst();
    CadenceReport.Point eight = report.curve().getLast();
    // In a window of two days a fresh release misses a share of 1 / 20 itself, on average.
    assertEquals(2 / 19.0, two.loss(), 0.07, report::toString);
    assertEquals(8 / 19.0, eight.loss(), 0.12, report::toString);
    assertTrue(eight.low() > 0.2 && eight.high() < 0.7, report::toString);
    // The mean loss until c is c / 38: 5 % at 1.9 days.
    assertEquals(1.9, report.advice().cadenceDays(), 1, report::toString);
    for (CadenceReport.Window window : report.windows()) {
      assertTrue(window.targets() == 200 && window.fresh() > 0.3, window::toString);
    }
    assertEquals(
        report.setup().trainings(),
        heard.stream().filter(line -> line.startsWith("popularity")).count() / 2);

    heard.clear();
    assertEquals(report, study(true, heard));
    assertEquals(0, heard.stream().filter(line -> line.startsWith("popularity")).count());
  }

  @Test
  void run_sameWorldThroughout_isNearlyFlat() {
    CadenceReport report = study(false, new ArrayList<>());
    for (CadenceReport.Point point : report.curve()) {
      assertTrue(Math.abs(point.loss()) < 0.04, report::toString);
    }
    assertTrue(report.advice().isBound(), report::toString);
  }

  @Test
  void run_logTooShort_saysWhatItWants() {
    WinnowException refused =
        assertThrows(
            WinnowException.class,
            () ->
                new CadenceStudy(
                        application(), TinyWorld.config(1), TrainingProgress.silent(), folder)
                    .run(
                        RecordSource.of(records(false)),
                        new CadenceOptions(4, List.of(1, 64), 0.05, 0, 200)));
    assertTrue(
        String.valueOf(refused.getMessage())
            .startsWith("cuts, lags: 4 cuts, lags up to 64 days, with 40.0 days of log"),
        refused.getMessage());
  }

  @Test
  void options_outOfRange_areAllNamed() {
    WinnowException refused =
        assertThrows(WinnowException.class, () -> new CadenceOptions(0, List.of(2, 2), 1.5, -1, 0));
    assertEquals(
        List.of("cuts", "lags", "max-loss", "delay", "max-targets"),
        refused.problems().stream().map(problem -> problem.field()).toList());
  }
}
