package io.winnow.lifecycle.evaluation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.winnow.core.Seed;
import io.winnow.lifecycle.evaluation.EvaluationRows.BitMask;
import java.util.Comparator;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class FullRankingTest {
  @Test
  void rankAndTop_agreeWithSorting() {
    RandomGenerator random = new Seed(1).generator("scores");
    for (int round = 0; round < 200; round++) {
      int n = random.nextInt(1, 60);
      float[] scores = new float[n];
      float[] popularity = new float[n];
      for (int i = 0; i < n; i++) {
        scores[i] = random.nextInt(4); // many ties
        popularity[i] = random.nextInt(5);
      }
      BitMask allowed = BitMask.of(item -> item % 3 != 1, n);
      List<Integer> sorted =
          IntStream.range(0, n)
              .filter(allowed::get)
              .boxed()
              .sorted(
                  Comparator.<Integer>comparingDouble(i -> -scores[i])
                      .thenComparingDouble(i -> -popularity[i])
                      .thenComparingInt(i -> i))
              .toList();
      for (int place = 0; place < sorted.size(); place++) {
        assertEquals(place, FullRanking.rank(sorted.get(place), scores, popularity, allowed));
      }
      assertArrayEquals(
          sorted.stream().limit(10).mapToInt(i -> i).toArray(),
          FullRanking.top(10, scores, popularity, allowed));
    }
  }
}
