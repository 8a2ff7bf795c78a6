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
 * Studies of logs whose decay is known. Each item has a successor, which users take next. Where
 * nothing changes, what was learnt stays right; where every item gets another successor at a moment
 * of its own, evenly over the last {@value #CHANGING_DAYS} days, a release that is a days older has
 * not seen the changes of a / {@value #CHANGING_DAYS} of the items.
 */
final class CadenceStudyTest {
  private static final int DAYS = 40;
  private static final int CHANGING_DAYS = 20;
  private static final int EVENTS_A_DAY = 240;
  private static final int ITEMS = 60;
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
    for (int item = 0; item < ITEMS; item++) {
      records.add(
          new LogRecord.ItemPut(
              new ItemId("i" + item),
              Map.of("kind", new AttributeValue.Text("k" + item % 2)),
              true,
              TinyWorld.BEGIN_MS));
    }
    int[] last = random.ints(USERS, 0, ITEMS).toArray();
    for (int event = 0; event < DAYS * EVENTS_A_DAY; event++) {
      double day = event / (double) EVENTS_A_DAY;
      int user = random.nextInt(USERS);
      double changed = changing ? (day - (DAYS - CHANGING_DAYS)) / CHANGING_DAYS * ITEMS : 0;
      // Items change in an order that has nothing to do with who follows whom.
      boolean other = last[user] * 37 % ITEMS < changed;
      int next = (last[user] + (other ? 17 : 7)) % ITEMS;
      last[user] = random.nextInt(10) == 0 ? random.nextInt(ITEMS) : next;
      records.add(
          new LogRecord.Happened(
              new Event(
                  "e" + event,
                  "click",
                  new UserId("u" + user),
                  new ItemId("i" + last[user]),
                  TinyWorld.BEGIN_MS + (long) (day * DAY_MS) + 1,
                  Double.NaN)));
    }
    return records;
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
    return new CadenceStudy(application(), TinyWorld.config(1), progress, folder)
        .run(
            RecordSource.of(records(changing)), new CadenceOptions(3, List.of(2, 8), 0.05, 0, 200));
  }

  @Test
  void run_changingWorld_findsTheDecayAndAgainTrainsNothing() {
    List<String> heard = new ArrayList<>();
    CadenceReport report = study(true, heard);
    CadenceReport.Point two = report.curve().getFirst();
    CadenceReport.Point eight = report.curve().getLast();
    // 2 / 20 and 8 / 20 of the items have changed unseen. A fresh release still knows the old
    // successors, and has seen the newest changes only a few times: of what it finds, somewhat
    // more than those shares is lost to the older one.
    assertTrue(two.loss() > 0.04 && two.loss() < 0.25, report::toString);
    assertTrue(eight.loss() > 0.25 && eight.loss() < 0.6, report::toString);
    assertTrue(eight.low() > 0.15, report::toString);
    assertTrue(
        report.advice().cadenceDays() > 0.3 && report.advice().cadenceDays() < 4, report::toString);
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
