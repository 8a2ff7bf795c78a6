package io.winnow.app;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** What other threads and processes bring about. */
final class Eventually {
  private static final long WITHIN_MINUTES = 1;
  private static final long LOOK_EVERY_MS = 20;

  private Eventually() {}

  /** Looks again and again, for at most a minute. */
  static void await(BooleanSupplier condition) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(WITHIN_MINUTES);
    CountDownLatch never = new CountDownLatch(1);
    while (!condition.getAsBoolean()) {
      assertTrue(System.nanoTime() < deadline, "nothing happened within a minute");
      assertFalse(never.await(LOOK_EVERY_MS, TimeUnit.MILLISECONDS));
    }
  }
}
