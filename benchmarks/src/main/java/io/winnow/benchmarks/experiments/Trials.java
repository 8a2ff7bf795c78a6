package io.winnow.benchmarks.experiments;

import io.winnow.core.Problem;
import io.winnow.core.Seed;
import io.winnow.lifecycle.Shards;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.random.RandomGenerator;

/** Runs independent trials on several threads; the results do not depend on how many. */
final class Trials {
  private Trials() {}

  /** The results of {@code work} for 0 … count-1, in that order. */
  static <T> List<T> run(int count, int threads, IntFunction<T> work) {
    int shards = Math.min(threads, count);
    List<List<T>> parts =
        Shards.run(
            shards,
            shard -> {
              List<T> part = new ArrayList<>();
              for (int i = shard; i < count; i += shards) {
                part.add(work.apply(i));
              }
              return part;
            });
    List<T> all = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      all.add(parts.get(i % shards).get(i / shards));
    }
    return all;
  }

  /** The same; each trial has a generator of its own, derived from the seed and its number. */
  static <T> List<T> run(int threads, int count, Seed seed, Function<RandomGenerator, T> trial) {
    return run(count, threads, i -> trial.apply(seed.generator(Integer.toString(i))));
  }

  /** Notes a setting that is too small. */
  static void check(List<Problem> problems, String field, int value, int least) {
    if (value < least) {
      problems.add(new Problem(field, Integer.toString(value), ">= " + least));
    }
  }
}
