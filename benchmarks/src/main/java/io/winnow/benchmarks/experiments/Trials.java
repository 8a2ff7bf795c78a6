package io.winnow.benchmarks.experiments;

import io.winnow.lifecycle.Shards;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;

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
    List<T> all = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      all.add(parts.get(i % shards).get(i / shards));
    }
    return all;
  }
}
