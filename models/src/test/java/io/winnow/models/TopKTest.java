package io.winnow.models;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.Seed;
import java.util.Comparator;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TopKTest {
  @Test
  void drain_manyTiesNegativesAndZeros_agreesWithSorting() {
    RandomGenerator random = new Seed(3).generator("topk");
    for (int k : new int[] {0, 1, 7, 100, 500}) {
      float[] scores = new float[300];
      for (int i = 0; i < scores.length; i++) {
        scores[i] = (random.nextInt(21) - 10) * (random.nextBoolean() ? 1f : -1f);
      }
      List<Integer> expected =
          IntStream.range(0, 300)
              .boxed()
              .sorted(
                  Comparator.comparingDouble((Integer i) -> -scores[i] + 0.0).thenComparing(i -> i))
              .limit(k)
              .toList();
      TopK top = new TopK(k);
      for (int i = 299; i >= 0; i--) {
        top.offer(i, scores[i]);
      }
      TopK.Ranked ranked = top.drain();
      assertArrayEquals(expected.stream().mapToInt(i -> i).toArray(), ranked.items());
      for (int r = 0; r < ranked.size(); r++) {
        assertEquals(scores[ranked.items()[r]] + 0f, ranked.scores()[r]);
      }
      assertEquals(0, top.size());
    }
  }

  @Test
  void offer_nan_isNeverKept() {
    TopK top = new TopK(2);
    top.offer(1, Float.NaN);
    assertEquals(0, top.size());
    assertEquals(Float.NEGATIVE_INFINITY, top.threshold());
    top.offer(2, -1f);
    top.offer(3, Float.NEGATIVE_INFINITY);
    assertEquals(Float.NEGATIVE_INFINITY, top.threshold());
    top.offer(4, 5f);
    assertEquals(-1f, top.threshold());
    assertTrue(top.size() == 2);
  }
}
