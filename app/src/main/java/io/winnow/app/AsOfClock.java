package io.winnow.app;

import io.winnow.core.TimeSource;

/**
 * The clock of requests over data that ended long ago: it goes on from where they ended, or from
 * where an earlier process over the same data came to, at the pace of the wall clock.
 *
 * <p>Thread-safe.
 */
final class AsOfClock implements TimeSource {
  private final TimeSource wall;
  private final long asOfMs;
  private final long markedMs;
  private volatile long aheadMs;

  /**
   * @param asOfMs when the data ended, epoch milliseconds
   * @param markedMs when the folder was marked so, by the wall clock
   */
  AsOfClock(TimeSource wall, long asOfMs, long markedMs) {
    this.wall = wall;
    this.asOfMs = asOfMs;
    this.markedMs = markedMs;
    this.aheadMs = asOfMs - wall.nowMs();
  }

  @Override
  public long nowMs() {
    return wall.nowMs() + aheadMs;
  }

  /**
   * Goes on from a time that an earlier process noted, so that what waits since then waits on. A
   * time that this clock cannot have shown since the folder was marked is somebody else's.
   */
  void goOnFrom(long notedMs) {
    boolean possible = notedMs <= asOfMs + Math.max(0, wall.nowMs() - markedMs);
    if (possible && notedMs > nowMs()) {
      aheadMs = notedMs - wall.nowMs();
    }
  }
}
