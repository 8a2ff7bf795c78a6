package io.winnow.serving.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.ApplicationFile;
import io.winnow.core.application.Experiment;
import io.winnow.core.application.Experiments;
import io.winnow.events.RecordSource;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

final class ExperimentReportsTest {
  private static final Duration LONG = Duration.ofSeconds(30);

  /** A log that counts its replays and waits in the first until it is let go. */
  private static final class GatedLog implements RecordSource {
    private final CountDownLatch gate = new CountDownLatch(1);
    private final CountDownLatch entered = new CountDownLatch(1);
    private final AtomicInteger replays = new AtomicInteger();
    private final AtomicLong end = new AtomicLong();

    @Override
    public long endOffset() {
      return end.get();
    }

    @Override
    public void replay(long from, long to, Visitor visitor) {
      replays.incrementAndGet();
      entered.countDown();
      try {
        gate.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new WinnowException(ErrorCode.UNAVAILABLE, "interrupted");
      }
    }
  }

  private static ApplicationDefinition application(int experiments) {
    StringBuilder yaml = new StringBuilder("application: test\nevents: [click]\nexperiments:\n");
    for (int i = 0; i < experiments; i++) {
      yaml.append("  e").append(i).append(": { arms: { a: {}, b: {} } }\n");
    }
    return ApplicationFile.parse(yaml.toString(), "winnow.yaml", Map.of()).definition();
  }

  private static ExperimentReports reports(RecordSource log, AtomicLong clock) {
    return new ExperimentReports(log, clock::get, _ -> Map.of(), Duration.ofSeconds(10));
  }

  @Test
  void get_whileComputing_saysSoAndStartsNoSecond() throws InterruptedException {
    GatedLog log = new GatedLog();
    ApplicationDefinition application = application(1);
    Experiment experiment = application.operations().experiments().list().getFirst();
    try (ExperimentReports reports = reports(log, new AtomicLong(5))) {
      for (int i = 0; i < 5; i++) {
        ExperimentReports.State state = reports.get(application, experiment, Duration.ZERO);
        assertTrue(state.computing());
        assertTrue(state.report().isEmpty());
      }
      log.entered.await();
      assertEquals(1, log.replays.get());
      log.gate.countDown();
      assertTrue(reports.get(application, experiment, LONG).report().isPresent());
      // Exposures, then outcomes.
      assertEquals(2, log.replays.get());
    }
  }

  @Test
  void get_fresh_isAnsweredFromMemoryAndOldIsComputedAnew() {
    GatedLog log = new GatedLog();
    log.gate.countDown();
    AtomicLong clock = new AtomicLong(5);
    ApplicationDefinition application = application(1);
    Experiment experiment = application.operations().experiments().list().getFirst();
    try (ExperimentReports reports = reports(log, clock)) {
      assertTrue(reports.get(application, experiment, LONG).report().isPresent());
      assertFalse(reports.get(application, experiment, LONG).computing());
      clock.addAndGet(9_000);
      assertFalse(reports.get(application, experiment, LONG).computing());
      clock.addAndGet(1_000);
      ExperimentReports.State state = reports.get(application, experiment, LONG);
      assertTrue(state.computing());
      assertEquals(5, state.report().orElseThrow().about().nowMs());
    }
  }

  @Test
  void get_moreThanMayWait_isOverloaded() throws InterruptedException {
    GatedLog log = new GatedLog();
    ApplicationDefinition application = application(20);
    Experiments experiments = application.operations().experiments();
    try (ExperimentReports reports = reports(log, new AtomicLong(5))) {
      reports.get(application, experiments.list().getFirst(), Duration.ZERO);
      log.entered.await();
      // One is computed, sixteen wait.
      for (Experiment experiment : experiments.list().subList(1, 17)) {
        reports.get(application, experiment, Duration.ZERO);
      }
      WinnowException refused =
          assertThrows(
              WinnowException.class,
              () -> reports.get(application, experiments.list().get(17), Duration.ZERO));
      assertEquals(ErrorCode.OVERLOADED, refused.code());
      log.gate.countDown();
    }
  }

  @Test
  void close_whileComputing_givesUp() throws InterruptedException {
    GatedLog log = new GatedLog();
    ApplicationDefinition application = application(1);
    Experiment experiment = application.operations().experiments().list().getFirst();
    ExperimentReports reports = reports(log, new AtomicLong(5));
    reports.get(application, experiment, Duration.ZERO);
    log.entered.await();
    reports.close();
    // The log's only visit ended by the interruption; there was no second.
    assertEquals(1, log.replays.get());
  }
}
