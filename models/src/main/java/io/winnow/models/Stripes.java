package io.winnow.models;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Splits an index range into stripes and works them off on a bounded number of platform threads.
 * Stripes must not share what they write; then the outcome is the same for any number of threads.
 */
public final class Stripes {
  private Stripes() {}

  /** Work on the indices {@code from … to-1}. */
  @FunctionalInterface
  public interface Work {
    /** Does one stripe. */
    void run(int from, int to);
  }

  /**
   * Runs all stripes and returns when the last is done. A failure in one is thrown as it is; the
   * others are let run out, unless the caller's thread is interrupted: then all end soon.
   *
   * @param threads at most so many at a time, >= 1; with 1 the caller's own thread does it
   * @param count the range is {@code 0 … count-1}
   * @param stripe indices in one stripe, >= 1
   */
  public static void run(int threads, int count, int stripe, Work work) {
    if (threads < 1 || stripe < 1) {
      throw new IllegalArgumentException(
          "threads: " + threads + ", stripe: " + stripe + " (expected: both >= 1)");
    }
    AtomicInteger next = new AtomicInteger();
    int stripes = Math.ceilDiv(count, stripe);
    Runnable worker =
        () -> {
          for (int s = next.getAndIncrement(); s < stripes; s = next.getAndIncrement()) {
            Interruption.check("training");
            work.run(s * stripe, Math.min(count, (s + 1) * stripe));
          }
        };
    int workers = Math.min(threads, stripes);
    if (workers <= 1) {
      worker.run();
      return;
    }
    try (ExecutorService pool = Executors.newFixedThreadPool(workers)) {
      Future<?>[] futures = new Future<?>[workers];
      for (int w = 0; w < workers; w++) {
        futures[w] = pool.submit(worker);
      }
      for (Future<?> future : futures) {
        await(future);
      }
    }
  }

  private static void await(Future<?> future) {
    try {
      future.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Interruption.of("training");
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case RuntimeException failure -> throw failure;
        case Error failure -> throw failure;
        case null, default -> throw new IllegalStateException(e);
      }
    }
  }
}
