package io.winnow.ranking.reranking;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.Seed;
import io.winnow.core.application.EventFilter;
import io.winnow.core.application.Policy;
import io.winnow.features.UserHistory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/** The propensities of given slates, against sums, own slates and frequencies. */
class SlatePropensityTest {
  private static final UserHistory NOTHING = UserHistory.empty(List.of("click"));

  @Test
  void propensities_allSlatesOfATinyCase_sumToOne() {
    for (int round = 0; round < 20; round++) {
      RerankerTest.World world = new RerankerTest.World(new Seed(round), 6);
      Reranker reranker = new Reranker(policy(0.5, 0.3));
      List<int[]> slates = slates(6, 3);
      double sum = 0;
      int possible = 0;
      for (int[] slate : slates) {
        double product = product(reranker, world, slate);
        sum += product;
        possible += product > 0 ? 1 : 0;
      }
      assertEquals(120, slates.size());
      assertTrue(possible > 20, "slates that can be shown: " + possible);
      assertEquals(1, sum, 1e-12);
    }
  }

  @Test
  void propensities_ownSlates_areThoseThatWereLogged() {
    int explored = 0;
    for (int round = 0; round < 300; round++) {
      RandomGenerator random = new Seed(round).generator("rounds");
      RerankerTest.World world = new RerankerTest.World(new Seed(round), 1 + random.nextInt(60));
      Reranker reranker = new Reranker(policy(random.nextInt(5) / 4.0, random.nextInt(6) / 10.0));
      Reranker.Request request = world.request(1 + random.nextInt(12), NOTHING, round);

      Slate slate = reranker.rerank(request, world.catalog, world.vectors);

      assertArrayEquals(
          slate.placed().stream().mapToDouble(Slate.Placed::propensity).toArray(),
          reranker.propensities(request, items(slate), world.catalog, world.vectors));
      explored +=
          (int) slate.placed().stream().filter(p -> p.reason() == Slate.Reason.EXPLORATION).count();
    }
    assertTrue(explored > 300, "explored places " + explored);
  }

  @Test
  void propensities_frequenciesOfSlates_agree() {
    RerankerTest.World world = new RerankerTest.World(new Seed(5), 5);
    Reranker reranker = new Reranker(policy(0.4, 0.5));
    int requests = 100_000;
    Map<List<Integer>, Integer> counts = new HashMap<>();
    for (int r = 0; r < requests; r++) {
      Slate slate =
          reranker.rerank(world.request(2, NOTHING, Seed.mix(r)), world.catalog, world.vectors);
      counts.merge(Arrays.stream(items(slate)).boxed().toList(), 1, Integer::sum);
    }
    List<int[]> slates = slates(5, 2);
    assertEquals(20, slates.size());
    for (int[] slate : slates) {
      double expected = requests * product(reranker, world, slate);
      int shown = counts.getOrDefault(Arrays.stream(slate).boxed().toList(), 0);
      assertEquals(expected, shown, 5 * Math.sqrt(expected) + 1e-9, Arrays.toString(slate));
    }
  }

  @Test
  void propensities_whatCannotBeShown_isZeroFromThereOn() {
    RerankerTest.World world = new RerankerTest.World(new Seed(8), 6);
    Policy.Reranking policy =
        new Policy.Reranking(
            null, Map.of(), 0.2, List.of(new Policy.Exclusion(EventFilter.ANY_OUTCOME, null)));
    Reranker reranker = new Reranker(policy);
    UserHistory had =
        new UserHistory(
            new int[] {2}, new long[] {1}, new byte[] {0}, new float[] {1}, List.of("click"));
    Reranker.Request request = world.request(3, had, 1);
    world.catalog.makeUnavailable(4);

    double uniform = 0.2 / 4;
    int[] rest = {0, 1, 3, 5};
    for (int first : rest) {
      double[] repeated = propensities(reranker, world, request, first, first, 0);
      assertTrue(repeated[0] >= uniform);
      assertArrayEquals(new double[] {0, 0}, Arrays.copyOfRange(repeated, 1, 3));
    }
    assertArrayEquals(new double[] {0, 0}, propensities(reranker, world, request, 2, 1));
    assertArrayEquals(new double[] {0, 0}, propensities(reranker, world, request, 4, 1));
    assertArrayEquals(new double[] {0}, propensities(reranker, world, request, 77));
    double[] beyondTheEnd = propensities(reranker, world, request, 0, 1, 3, 5);
    assertTrue(beyondTheEnd[2] > 0);
    assertEquals(0, beyondTheEnd[3]);
  }

  private static double[] propensities(
      Reranker reranker, RerankerTest.World world, Reranker.Request request, int... slate) {
    return reranker.propensities(request, slate, world.catalog, world.vectors);
  }

  private static double product(Reranker reranker, RerankerTest.World world, int[] slate) {
    double product = 1;
    for (double propensity :
        propensities(reranker, world, world.request(slate.length, NOTHING, 0), slate)) {
      product *= propensity;
    }
    return product;
  }

  private static Policy.Reranking policy(double diversity, double explore) {
    return new Policy.Reranking(
        new Policy.Diversity(List.of("category"), diversity),
        Map.of("creator", 1),
        explore,
        List.of());
  }

  private static int[] items(Slate slate) {
    return slate.placed().stream().mapToInt(Slate.Placed::item).toArray();
  }

  /** Every slate of so many of the items 0 … size-1. */
  private static List<int[]> slates(int size, int length) {
    List<int[]> slates = new ArrayList<>(List.of(new int[0]));
    for (int position = 0; position < length; position++) {
      List<int[]> longer = new ArrayList<>();
      for (int[] slate : slates) {
        for (int item = 0; item < size; item++) {
          int next = item;
          if (Arrays.stream(slate).noneMatch(i -> i == next)) {
            int[] grown = Arrays.copyOf(slate, slate.length + 1);
            grown[slate.length] = item;
            longer.add(grown);
          }
        }
      }
      slates = longer;
    }
    return slates;
  }
}
