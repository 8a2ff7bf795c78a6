package io.winnow.benchmarks.experiments;

import io.winnow.core.Problem;
import io.winnow.core.Seed;
import io.winnow.lifecycle.Shards;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.random.RandomGenerator;

/**
 * Runs many simulated experiments on several threads. Each has a generator of its own, derived from
 * the seed and its number, so the results are the same whatever the number of threads.
 */
final class Trials {
  private Trials() {}

  /** The results in order. */
  static <T> List<T> run(int threads, int count, Seed seed, Function<RandomGenerator, T> trial) {
    int shards = Math.min(threads, count);
    List<List<T>> parts =
        Shards.run(
            shards,
            shard -> {
              List<T> part = new ArrayList<>();
              for (int i = shard; i < count; i += shards) {
                part.add(trial.apply(seed.generator(Integer.toString(i))));
              }
              return part;
            });
    List<T> all = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      all.add(parts.get(i % shards).get(i / shards));
    }
    return all;
  }

  /** Notes a setting that is too small. */
  static void check(List<Problem> problems, String field, int value, int least) {
    if (value < least) {
      problems.add(new Problem(field, Integer.toString(value), ">= " + least));
    }
  }
}
