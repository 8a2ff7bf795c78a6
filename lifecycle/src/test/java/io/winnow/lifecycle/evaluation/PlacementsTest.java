package io.winnow.lifecycle.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

final class PlacementsTest {
  @Test
  void random_ofAnyNumberOfItems_isTheMeanOverAllPlaces() {
    int[] counts = {1, 2, 7, 10, 11, 130, 600};
    Placements random = Placements.Random.of(counts);
    for (int target = 0; target < counts.length; target++) {
      int n = counts[target];
      int[] ranks = new int[n];
      float[] percentiles = new float[n];
      for (int rank = 0; rank < n; rank++) {
        ranks[rank] = rank;
        percentiles[rank] = Placements.Listed.percentile(rank, n, n, true);
      }
      Placements each = new Placements.Listed(ranks, percentiles);
      double ndcg = 0;
      double within100 = 0;
      double reciprocal = 0;
      double percentile = 0;
      for (int rank = 0; rank < n; rank++) {
        ndcg += each.ndcg(rank) / n;
        within100 += each.within(rank, 100) / n;
        reciprocal += each.reciprocal(rank) / n;
        percentile += each.percentile(rank) / n;
      }
      assertEquals(ndcg, random.ndcg(target), 1e-12);
      assertEquals(within100, random.within(target, 100), 1e-12);
      assertEquals(reciprocal, random.reciprocal(target), 1e-12);
      assertEquals(percentile, random.percentile(target), 1e-6);
    }
  }

  @Test
  void random_ofATargetThatWasNotAllowed_misses() {
    Placements random = Placements.Random.of(new int[] {0});
    assertEquals(0, random.ndcg(0));
    assertEquals(0, random.within(0, 500));
    assertEquals(0, random.reciprocal(0));
    assertEquals(1, random.percentile(0));
  }

  @Test
  void percentile_behindTheEndOfAList_isThatOfARandomOrderOfTheRest() {
    assertEquals(0, Placements.Listed.percentile(0, 3, 11, true));
    assertEquals(0.2f, Placements.Listed.percentile(2, 3, 11, true));
    // Places 3 to 10 remain, on average 6.5 of 10.
    assertEquals(0.65f, Placements.Listed.percentile(-1, 3, 11, true));
    assertEquals(0.5f, Placements.Listed.percentile(-1, 0, 11, true), "no list, a random order");
    assertEquals(1, Placements.Listed.percentile(-1, 3, 11, false));
    assertEquals(0, Placements.Listed.percentile(0, 1, 1, true));
  }
}
