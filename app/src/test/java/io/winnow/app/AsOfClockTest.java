package io.winnow.app;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

final class AsOfClockTest {
  private static final long AS_OF_MS = 1_000;
  private static final long MARKED_MS = 500_000;
  private final AtomicLong wallMs = new AtomicLong(MARKED_MS + 7_000);
  private final AsOfClock clock = new AsOfClock(wallMs::get, AS_OF_MS, MARKED_MS);

  @Test
  void nowMs_newFolder_beginsWhereTheDataEndedAndGoesAtTheWallClocksPace() {
    assertEquals(AS_OF_MS, clock.nowMs());
    wallMs.addAndGet(30);
    assertEquals(AS_OF_MS + 30, clock.nowMs());
  }

  @Test
  void goOnFrom_timeOfAnEarlierProcess_goesOnFromThere() {
    clock.goOnFrom(AS_OF_MS + 6_000);
    assertEquals(AS_OF_MS + 6_000, clock.nowMs());
    clock.goOnFrom(AS_OF_MS + 5_000);
    wallMs.addAndGet(30);
    assertEquals(AS_OF_MS + 6_030, clock.nowMs(), "it never goes back");
  }

  @Test
  void goOnFrom_timeThatItCannotHaveShown_isLeftOut() {
    clock.goOnFrom(AS_OF_MS + 7_001);
    assertEquals(AS_OF_MS, clock.nowMs());
  }
}
