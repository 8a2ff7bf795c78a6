package io.winnow.serving.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.ErrorCode;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.ApplicationFile;
import io.winnow.core.application.Experiment;
import io.winnow.core.application.Experiments;
import io.winnow.events.RecordSource;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
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
      yaml.append("  e")
          .append(i)
          .append(": { layer: l, share: [")
          .append((double) i / experiments)
          .append(", ")
          .append((i + 1.0) / experiments)
          .append("], arms: { a: {}, b: {} } }\n");
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
      while (reports.get(application, experiment, Duration.ZERO).computing()) {
        Thread.onSpinWait();
      }
      assertTrue(reports.get(application, experiment, Duration.ZERO).report().isPresent());
      // Exposures, then outcomes.
      assertEquals(2, log.replays.get());
    }
  }

  @Test
  void get_whileAnotherCallComputes_isToldAtOnce() throws InterruptedException {
    GatedLog log = new GatedLog();
    ApplicationDefinition application = application(1);
    Experiment experiment = application.operations().experiments().list().getFirst();
    try (ExperimentReports reports = reports(log, new AtomicLong(5))) {
      Thread first = Thread.ofVirtual().start(() -> reports.get(application, experiment, LONG));
      log.entered.await();
      // Whoever waited here would wait for the gate, which only this thread opens.
      for (int i = 0; i < 3; i++) {
        assertTrue(reports.get(application, experiment, LONG).computing());
      }
      log.gate.countDown();
      first.join();
      assertTrue(reports.get(application, experiment, LONG).report().isPresent());
    }
  }

  @Test
  void get_computationThatEndsInAnError_isAFailureAndNotForEver() {
    AtomicLong clock = new AtomicLong(5);
    AtomicBoolean broken = new AtomicBoolean(true);
    GatedLog log = new GatedLog();
    log.gate.countDown();
    RecordSource source =
        RecordSource.checked(
            RecordSource.of(List.of(new LogRecord.ItemRemoved(new ItemId("i"), 1))),
            () -> {
              if (broken.get()) {
                throw new StackOverflowError("as deep as it goes");
              }
            });
    ApplicationDefinition application = application(1);
    Experiment experiment = application.operations().experiments().list().getFirst();
    try (ExperimentReports reports = reports(source, clock)) {
      WinnowException failed =
          assertThrows(WinnowException.class, () -> reports.get(application, experiment, LONG));
      assertEquals(ErrorCode.INTERNAL, failed.code());
      broken.set(false);
      clock.addAndGet(10_000);
      assertTrue(reports.get(application, experiment, LONG).report().isPresent());
    }
  }

  @Test
  void get_moreThanAreKept_forgetsTheOneAskedForLongestAgo() {
    GatedLog log = new GatedLog();
    log.gate.countDown();
    ApplicationDefinition application = application(65);
    List<Experiment> experiments = application.operations().experiments().list();
    try (ExperimentReports reports = reports(log, new AtomicLong(5))) {
      for (Experiment experiment : experiments.subList(0, 64)) {
        reports.get(application, experiment, LONG);
      }
      reports.get(application, experiments.getFirst(), LONG);
      int before = log.replays.get();
      reports.get(application, experiments.get(64), LONG);
      reports.get(application, experiments.getFirst(), LONG);
      assertEquals(before + 2, log.replays.get(), "the first was asked for since");
      reports.get(application, experiments.get(1), LONG);
      assertEquals(before + 4, log.replays.get(), "the second made room");
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
