package io.winnow.core.application;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.WinnowException;
import io.winnow.core.application.Retraining.Schedule;
import io.winnow.core.application.Retraining.Trigger;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LifecycleReaderTest {
  private static final String HEAD = "application: shop\nevents: [click]\n";

  private static Operations read(String sections) {
    return ApplicationFile.parse(HEAD + sections, "w", Map.of()).definition().operations();
  }

  @Test
  void read_nothing_givesTheDefaults() {
    Operations operations = read("");
    assertEquals(Retraining.MANUAL, operations.retraining());
    assertEquals(Rollout.DEFAULT, operations.rollout());
    assertEquals(Jobs.DEFAULT, operations.jobs());
  }

  @Test
  void retraining_everything_isRead() {
    Retraining retraining =
        read("retraining: { cadence: '30 3 * * 1-5', full: 7d, on: [skew, new_events], new_events: 5000,"
                + " holdout: 0.1, timeout: 2h, attempts: 5 }")
            .retraining();
    assertEquals(
        new Retraining(
            new Schedule.Cron("30 3 * * 1-5"),
            List.of(Trigger.SKEW, Trigger.NEW_EVENTS),
            5_000,
            Duration.ofDays(7),
            0.1,
            new Retraining.Limits(Duration.ofHours(2), 5)),
        retraining);
  }

  @Test
  void retraining_interval_isASchedule() {
    Retraining retraining = read("retraining: { cadence: 12h, on: staleness }").retraining();
    assertEquals(new Schedule.Every(Duration.ofHours(12)), retraining.schedule());
    assertEquals(List.of(Trigger.STALENESS), retraining.on());
    assertNull(retraining.full());
  }

  @Test
  void rollout_part_keepsTheRestOfTheDefaults() {
    Rollout rollout =
        read("rollout: { gate: { max_ece: 0.2 }, canary: { shares: [0.1, 0.3, 0.5], max_latency: 3 } }")
            .rollout();
    assertEquals(0.2, rollout.gate().maxEce());
    assertEquals(Rollout.DEFAULT.gate().metric(), rollout.gate().metric());
    assertEquals(List.of(0.1, 0.3, 0.5), rollout.canary().shares());
    assertEquals(3, rollout.canary().health().maxLatency());
    assertEquals(
        Rollout.DEFAULT.canary().health().maxErrors(), rollout.canary().health().maxErrors());
    assertEquals(Rollout.DEFAULT.shadow(), rollout.shadow());
    assertEquals(Rollout.DEFAULT.live(), rollout.live());
  }

  @Test
  void jobs_everything_isRead() {
    assertEquals(
        new Jobs(
            new Schedule.Every(Duration.ofDays(1)),
            new Schedule.Cron("0 4 * * 0"),
            new Jobs.Keep(3, Duration.ofDays(7))),
        read("jobs: { batch: 1d, compaction: '0 4 * * 0', keep: { releases: 3, window: 7d } }")
            .jobs());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "retraining: { cadence: '61 3 * * *' }; retraining.cadence; cron",
        "retraining: { cadence: '0 3 * *' }; retraining.cadence; cron",
        "retraining: { cadence: '0 3 0 * *' }; retraining.cadence; cron",
        "retraining: { cadence: '0 5-3 * * *' }; retraining.cadence; cron",
        "retraining: { cadence: 10s }; retraining.cadence; from 1m",
        "retraining: { cadenc: 1d }; retraining.cadenc; did you mean 'cadence'",
        "retraining: { on: staleness }; retraining.on; a cadence beside it",
        "retraining: { on: newevents }; retraining.on; did you mean 'new_events'",
        "retraining: { holdout: 0.6 }; retraining.holdout; 0.5",
        "rollout: { gate: { metric: ndgc@10 } }; rollout.gate.metric; did you mean 'ndcg@10'",
        "rollout: { canary: { shares: [0.2, 0.1] } }; rollout.canary.shares; rising",
        "rollout: { canary: { shares: [] } }; rollout.canary.shares; 1 to 10",
        "rollout: { canary: { shares: 0.6 } }; rollout.canary.shares; 0.5",
        "rollout: { shadow: { max_eror: 1 } }; rollout.shadow.max_eror; did you mean 'max_errors'",
        "jobs: { keep: { releases: 0 } }; jobs.keep.releases; 1 to 10000",
        "jobs: { batch: '* * * *' }; jobs.batch; cron",
      })
  void read_mistake_isNamedWithItsExpectation(String section, String field, String expectation) {
    WinnowException e = assertThrows(WinnowException.class, () -> read(section));
    assertEquals(1, e.problems().size(), e.getMessage());
    assertEquals(field, e.problems().getFirst().field());
    assertTrue(e.problems().getFirst().expectation().contains(expectation), e.getMessage());
  }

  @ParameterizedTest
  @ValueSource(strings = {"* * * * *", "*/5 0-23/2 1,15 * 7", "0 3 * * *", " 59 23 31 12 0 "})
  void cron_asCronTakesIt_isValid(String text) {
    assertTrue(CronExpression.isValid(text));
  }
}
