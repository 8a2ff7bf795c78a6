package io.winnow.app.demo;

import io.winnow.core.TimeSource;
import java.util.concurrent.atomic.AtomicLong;

/** The world's time: stands still until it is moved, and never goes back. Thread-safe. */
public final class SimulatedClock implements TimeSource {
  private final AtomicLong nowMs;

  /** A clock that shows a time. */
  public SimulatedClock(long nowMs) {
    this.nowMs = new AtomicLong(nowMs);
  }

  @Override
  public long nowMs() {
    return nowMs.get();
  }

  /** Moves on to a time, if it is later. */
  public void advanceTo(long timeMs) {
    nowMs.accumulateAndGet(timeMs, Math::max);
  }
}
