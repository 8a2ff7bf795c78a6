package io.winnow.serving;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.Exposure;
import io.winnow.core.LogRecord;
import io.winnow.core.UserId;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.ApplicationFile;
import io.winnow.core.application.Experiment;
import io.winnow.events.RecordSource;
import io.winnow.experiments.bandit.ArmSums;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class BanditAllocationTest {
  private static final long BEGIN_MS = Instant.parse("2026-12-01T00:00:00Z").toEpochMilli();
  private static final long DAY_MS = 86_400_000;
  private static final long CUT_MS = BEGIN_MS + 3 * DAY_MS - 600_000;

  private static final ApplicationDefinition APPLICATION = application("");

  private final AtomicLong nowMs = new AtomicLong(BEGIN_MS + 3 * DAY_MS + 700_000);
  private final BlockingQueue<Long> asked = new ArrayBlockingQueue<>(100);

  private static ApplicationDefinition application(String better) {
    return ApplicationFile.parse(
            """
            application: clips
            events: [click]
            metrics: { ctr: { is: "ratio(click, impression)" %s } }
            experiments:
              x:
                from: 2026-12-01
                design: bandit
                bandit: { metric: ctr, period: 1d, floor: 0.1 }
                arms: { a: { weight: 1 }, b: { weight: 3 } }
            """
                .formatted(better),
            "winnow.yaml",
            Map.of())
        .definition();
  }

  private static Experiment experiment() {
    return APPLICATION.operations().experiments().list().getFirst();
  }

  private static LogRecord exposed(long timeMs) {
    return new LogRecord.Exposed(
        new Exposure("r", new UserId("u"), "u", "x", 1, "a", 0.5, Map.of()), timeMs);
  }

  private static LogRecord removed(long timeMs) {
    return new LogRecord.ItemRemoved(new io.winnow.core.ItemId("i"), timeMs);
  }

  private BanditAllocation allocation(List<LogRecord> records, List<ArmSums> sums) {
    return new BanditAllocation(
        RecordSource.of(records),
        _ -> {},
        (_, _, _, toOffset, timeMs) -> {
          assertEquals(CUT_MS, timeMs);
          asked.add(toOffset);
          return sums;
        },
        nowMs::get,
        Duration.ofMillis(1));
  }

  /** Waits for the background thread; a test that waits for ever fails by the build's limit. */
  private static double[] await(BanditAllocation allocation, long period) {
    double[] shares = allocation.of(experiment(), period);
    while (shares == null) {
      Thread.onSpinWait();
      shares = allocation.of(experiment(), period);
    }
    return shares;
  }

  private static final List<ArmSums> BETTER_B =
      List.of(new ArmSums(1000, 100, 100), new ArmSums(1000, 200, 200));

  @Test
  void of_period_followsFromTheLogBeforeTheFirstShownBehindTheCut() throws InterruptedException {
    List<LogRecord> records = new ArrayList<>();
    records.add(exposed(BEGIN_MS + 5));
    records.add(removed(CUT_MS + 5)); // a client's time proves nothing
    records.add(exposed(CUT_MS - 1));
    records.add(exposed(CUT_MS));
    records.add(exposed(CUT_MS - 1));
    try (BanditAllocation allocation = allocation(records, BETTER_B)) {
      assertNull(allocation.of(experiment(), 3));
      allocation.follow(APPLICATION);
      double[] shares = await(allocation, 3);
      assertEquals(3L, asked.poll(1, TimeUnit.MINUTES));
      assertEquals(1, shares[0] + shares[1], 1e-9);
      assertEquals(0.1, shares[0], 1e-3, "the worse arm keeps the floor");
      records.add(exposed(CUT_MS + 10));
      try (BanditAllocation later = allocation(records, BETTER_B)) {
        later.follow(APPLICATION);
        assertArrayEquals(shares, await(later, 3), "the same after a restart");
        assertEquals(3L, asked.poll(1, TimeUnit.MINUTES));
      }
    }
  }

  @Test
  void of_metricThatShouldBeLess_prefersTheOtherArm() {
    try (BanditAllocation allocation = allocation(List.of(exposed(CUT_MS)), BETTER_B)) {
      allocation.follow(application(", better: lower"));
      assertEquals(0.9, await(allocation, 3)[0], 1e-3);
    }
  }

  @Test
  void of_periodsBeforeAnybodyWasIn_areTheFilesWeights() {
    try (BanditAllocation allocation = allocation(List.of(exposed(CUT_MS)), List.of())) {
      allocation.follow(APPLICATION);
      assertArrayEquals(new double[] {0.25, 0.75}, await(allocation, 3));
      nowMs.set(BEGIN_MS + 1);
      allocation.follow(APPLICATION);
      assertArrayEquals(new double[] {0.25, 0.75}, await(allocation, 0));
    }
  }

  /** A log that grows, and notes how often it was looked at. */
  private static final class GrowingLog implements RecordSource {
    private final List<LogRecord> records = Collections.synchronizedList(new ArrayList<>());
    private final AtomicLong looks = new AtomicLong();

    void awaitLooks() {
      long enough = looks.get() + 10;
      while (looks.get() < enough) {
        Thread.onSpinWait();
      }
    }

    @Override
    public long endOffset() {
      looks.incrementAndGet();
      return records.size();
    }

    @Override
    public void replay(long from, long to, Visitor visitor) {
      RecordSource.of(List.copyOf(records)).replay(from, to, visitor);
    }
  }

  @Test
  void of_nothingShownSinceTheCut_isKnownWhenSomethingIs() {
    GrowingLog log = new GrowingLog();
    log.records.add(exposed(CUT_MS - 1));
    nowMs.set(CUT_MS + 1);
    try (BanditAllocation allocation =
        new BanditAllocation(
            log, log.records::add, (_, _, _, _, _) -> BETTER_B, nowMs::get, Duration.ofMillis(1))) {
      allocation.follow(APPLICATION);
      log.awaitLooks();
      assertNull(allocation.of(experiment(), 3));
      assertEquals(1, log.records.size(), "there is time yet for a request");
      log.records.add(exposed(CUT_MS));
      assertEquals(0.1, await(allocation, 3)[0], 1e-3);
      assertEquals(2, log.records.size());
    }
  }

  @Test
  void of_nothingShownUntilThePeriod_followsFromAMarkerThatIsNobodysUnit() {
    GrowingLog log = new GrowingLog();
    log.records.add(exposed(CUT_MS - 1));
    nowMs.set(CUT_MS + 300_000);
    try (BanditAllocation allocation =
        new BanditAllocation(
            log,
            log.records::add,
            (_, _, _, toOffset, _) -> {
              asked.add(toOffset);
              return BETTER_B;
            },
            nowMs::get,
            Duration.ofMillis(1))) {
      allocation.follow(APPLICATION);
      double[] shares = await(allocation, 3);
      assertEquals(2, log.records.size());
      LogRecord.Exposed marker = (LogRecord.Exposed) log.records.getLast();
      assertEquals("winnow:clock", marker.exposure().experiment());
      assertEquals(CUT_MS + 300_000, marker.timeMs());
      try (BanditAllocation other =
          new BanditAllocation(
              log,
              log.records::add,
              (_, _, _, toOffset, _) -> {
                asked.add(toOffset);
                return BETTER_B;
              },
              () -> BEGIN_MS + 3 * DAY_MS + 700_000,
              Duration.ofMillis(1))) {
        other.follow(APPLICATION);
        assertArrayEquals(shares, await(other, 3), "another server agrees, and marks nothing");
      }
      assertEquals(2, log.records.size());
      assertTrue(asked.contains(1L));
    }
  }

  @Test
  void of_markerThatCannotBeAppended_isTriedAgainAndBreaksNothing() {
    GrowingLog log = new GrowingLog();
    nowMs.set(CUT_MS + 300_000);
    AtomicLong tried = new AtomicLong();
    try (BanditAllocation allocation =
        new BanditAllocation(
            log,
            _ -> {
              tried.incrementAndGet();
              throw new IllegalStateException("the disk is full");
            },
            (_, _, _, _, _) -> BETTER_B,
            nowMs::get,
            Duration.ofMillis(1))) {
      allocation.follow(APPLICATION);
      while (tried.get() == 0) {
        Thread.onSpinWait();
      }
      log.records.add(exposed(CUT_MS));
      // Of the next period nothing has failed yet; this one is tried again in a minute.
      log.records.add(exposed(BEGIN_MS + 4 * DAY_MS - 300_000));
      nowMs.set(BEGIN_MS + 4 * DAY_MS - 300_000);
      assertEquals(0.1, await(allocation, 4)[0], 1e-3);
    }
  }

  @Test
  void of_computationThatEndsInAnError_leavesTheOtherPeriodsAlone() {
    AtomicLong failed = new AtomicLong();
    try (BanditAllocation allocation =
        new BanditAllocation(
            RecordSource.of(List.of(exposed(CUT_MS + DAY_MS))),
            _ -> {},
            (_, _, _, _, timeMs) -> {
              if (timeMs == CUT_MS) {
                failed.incrementAndGet();
                throw new StackOverflowError("as deep as it goes");
              }
              return BETTER_B;
            },
            nowMs::get,
            Duration.ofMillis(1))) {
      allocation.follow(APPLICATION);
      while (failed.get() == 0) {
        Thread.onSpinWait();
      }
      nowMs.set(BEGIN_MS + 4 * DAY_MS + 1000);
      assertEquals(0.1, await(allocation, 4)[0], 1e-3);
    }
  }

  /** What was decided in the period before may be exposed for some minutes. */
  @Test
  void of_periodBefore_isKnownForAWhile() {
    nowMs.set(BEGIN_MS + 4 * DAY_MS + 1000);
    List<LogRecord> records = List.of(exposed(CUT_MS), exposed(CUT_MS + DAY_MS));
    try (BanditAllocation allocation =
        new BanditAllocation(
            RecordSource.of(records),
            _ -> {},
            (_, _, _, _, _) -> BETTER_B,
            nowMs::get,
            Duration.ofMillis(1))) {
      allocation.follow(APPLICATION);
      assertEquals(0.1, await(allocation, 4)[0], 1e-3);
      assertEquals(0.1, await(allocation, 3)[0], 1e-3);
      nowMs.addAndGet(Duration.ofMinutes(11).toMillis());
      while (allocation.of(experiment(), 3) != null) {
        Thread.onSpinWait();
      }
    }
  }

  @Test
  void close_twice_stopsTheThread() {
    BanditAllocation allocation = allocation(List.of(), List.of());
    allocation.follow(APPLICATION);
    allocation.close();
    allocation.close();
    assertNull(allocation.of(experiment(), 3));
  }
}
