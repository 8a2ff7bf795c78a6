package io.winnow.serving;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

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

  private final AtomicLong nowMs = new AtomicLong(BEGIN_MS + 3 * DAY_MS + 1000);
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

  @Test
  void of_nothingShownSinceTheCut_isNotKnownBeforeSomethingIs() {
    List<LogRecord> records = java.util.Collections.synchronizedList(new ArrayList<>());
    records.add(exposed(CUT_MS - 1));
    AtomicLong looks = new AtomicLong();
    RecordSource log =
        new RecordSource() {
          @Override
          public long endOffset() {
            looks.incrementAndGet();
            return records.size();
          }

          @Override
          public void replay(long from, long to, Visitor visitor) {
            RecordSource.of(List.copyOf(records)).replay(from, to, visitor);
          }
        };
    try (BanditAllocation allocation =
        new BanditAllocation(log, (_, _, _, _, _) -> BETTER_B, nowMs::get, Duration.ofMillis(1))) {
      allocation.follow(APPLICATION);
      while (looks.get() < 3) {
        Thread.onSpinWait();
      }
      assertNull(allocation.of(experiment(), 3));
      records.add(exposed(CUT_MS));
      assertEquals(0.1, await(allocation, 3)[0], 1e-3);
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
