package io.winnow.lifecycle;

import io.winnow.models.Interruption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntFunction;

/** Runs the parts of one computation on threads of their own and waits for all. */
public final class Shards {
  private Shards() {}

  /**
   * Runs {@code work} for 0 … shards-1 and returns the results in that order. The first failure is
   * thrown when all have ended.
   */
  public static <T> List<T> run(int shards, IntFunction<T> work) {
    try (ExecutorService pool = Executors.newFixedThreadPool(shards)) {
      List<Future<T>> futures = new ArrayList<>();
      for (int shard = 0; shard < shards; shard++) {
        int index = shard;
        futures.add(pool.submit(() -> work.apply(index)));
      }
      List<T> results = new ArrayList<>();
      for (Future<T> future : futures) {
        results.add(future.get());
      }
      return results;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException runtime) {
        throw runtime;
      }
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Interruption.of("training");
    }
  }
}
