package io.winnow.ranking.reranking;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.AttributeValue;
import io.winnow.core.Seed;
import io.winnow.core.WinnowException;
import io.winnow.core.application.EventFilter;
import io.winnow.core.application.Policy;
import io.winnow.features.UserHistory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class RerankerTest {
  private static final long NOW_MS = 1_700_000_000_000L;
  private static final List<String> TYPES = List.of("click", "watch", "like");
  private static final UserHistory NOTHING = UserHistory.empty(TYPES);

  @Test
  void rerank_strengthZero_keepsTheRankedOrder() {
    World world = new World(new Seed(1), 200);
    Policy.Reranking policy = policy(new Policy.Diversity(List.of("category"), 0), Map.of(), 0);

    Slate slate = world.rerank(policy, 50, NOTHING, 7);

    assertArrayEquals(IntStream.range(0, 50).map(i -> world.items[i]).toArray(), items(slate));
    for (Slate.Placed placed : slate.placed()) {
      assertEquals(1.0, placed.propensity());
      assertEquals(Slate.Reason.RANKED, placed.reason());
    }
  }

  @Test
  void rerank_duplicatesAndUnavailable_areDropped() {
    World world = new World(new Seed(2), 4);
    world.catalog.makeUnavailable(2);
    int[] repeated = {3, 1, 3, 2, 1, 0};
    float[] scores = {6, 5, 4, 3, 2, 1};

    Slate slate =
        new Reranker(policy(null, Map.of(), 0))
            .rerank(
                new Reranker.Request(repeated, scores, 10, NOTHING, NOW_MS, 1),
                world.catalog,
                ItemVectors.NONE);

    assertArrayEquals(new int[] {3, 1, 0}, items(slate));
    assertEquals(6f, slate.placed().getFirst().score());
  }

  @Test
  void rerank_unsortedScores_decideTheOrder() {
    World world = new World(new Seed(2), 3);
    Slate slate =
        new Reranker(policy(null, Map.of(), 0))
            .rerank(
                new Reranker.Request(
                    new int[] {0, 1, 2}, new float[] {1, 3, 2}, 3, NOTHING, NOW_MS, 1),
                world.catalog,
                ItemVectors.NONE);
    assertArrayEquals(new int[] {1, 2, 0}, items(slate));
  }

  @Test
  void rerank_exclusionRules_lookAtTypeValueAndWindow() {
    World world = new World(new Seed(3), 10);
    long dayMs = Duration.ofDays(1).toMillis();
    UserHistory history =
        new UserHistory(
            new int[] {0, 1, 2, 3, 4, 5},
            new long[] {
              NOW_MS - 9 * dayMs,
              NOW_MS - 7 * dayMs,
              NOW_MS - dayMs,
              NOW_MS - dayMs,
              NOW_MS - 400 * dayMs,
              NOW_MS
            },
            new byte[] {1, 1, 1, 0, 2, 1},
            new float[] {60, 60, 10, Float.NaN, Float.NaN, Float.NaN},
            TYPES);
    Policy.Exclusion longWatch =
        new Policy.Exclusion(
            new EventFilter(
                "watch", new EventFilter.Comparison(EventFilter.Operator.GREATER_OR_EQUAL, 30)),
            Duration.ofDays(7));
    Policy.Exclusion liked = new Policy.Exclusion(EventFilter.ofType("like"), null);

    Slate slate =
        world.rerank(
            new Policy.Reranking(null, Map.of(), 0, List.of(longWatch, liked)), 10, history, 1);

    // Item 1 was watched exactly at the window's edge, item 4 liked long ago; item 0's watch is too
    // old, item 2's too short, item 3 was only clicked, item 5's watch has no value.
    assertEquals(Set.of(0, 2, 3, 5, 6, 7, 8, 9), itemSet(slate));
    Policy.Exclusion anything = new Policy.Exclusion(EventFilter.ANY_OUTCOME, Duration.ofDays(8));
    assertEquals(
        Set.of(0, 4, 6, 7, 8, 9),
        itemSet(
            world.rerank(
                new Policy.Reranking(null, Map.of(), 0, List.of(anything)), 10, history, 1)));
  }

  @Test
  void rerank_randomPolicies_agreeWithTheNaiveOracle() {
    int diversified = 0;
    int relaxed = 0;
    for (int round = 0; round < 300; round++) {
      RandomGenerator random = new Seed(round).generator("policies");
      World world = new World(new Seed(round), 1 + random.nextInt(80));
      Map<String, Integer> caps = new LinkedHashMap<>();
      if (random.nextBoolean()) {
        caps.put("creator", 1 + random.nextInt(3));
      }
      if (random.nextBoolean()) {
        caps.put("genres", 1 + random.nextInt(3));
      }
      Policy.Diversity diversity =
          random.nextInt(4) == 0
              ? null
              : new Policy.Diversity(List.of("category", "genres"), random.nextInt(5) / 4.0);
      Policy.Reranking policy = policy(diversity, caps, 0);
      int n = 1 + random.nextInt(20);

      Slate slate = world.rerank(policy, n, NOTHING, round);

      assertArrayEquals(NaiveReranker.rerank(world, policy, n), items(slate), "round " + round);
      diversified +=
          (int) slate.placed().stream().filter(p -> p.reason() == Slate.Reason.DIVERSITY).count();
      relaxed += slate.relaxedCaps().size();
    }
    assertTrue(diversified > 500, "diversity changed " + diversified + " places");
    assertTrue(relaxed > 50, "caps were relaxed " + relaxed + " times");
  }

  @Test
  void rerank_capsWithExploration_holdUnlessRelaxed() {
    int held = 0;
    for (int round = 0; round < 200; round++) {
      World world = new World(new Seed(round), 100);
      Policy.Reranking policy = policy(null, Map.of("creator", 2, "genres", 4), 0.3);

      Slate slate = world.rerank(policy, 12, NOTHING, round);

      assertEquals(12, slate.placed().size());
      assertEquals(12, itemSet(slate).size());
      if (!slate.relaxedCaps().contains("creator")) {
        Map<String, Integer> counts = new HashMap<>();
        for (int item : items(slate)) {
          world.categories("creator", item).forEach(name -> counts.merge(name, 1, Integer::sum));
        }
        counts.forEach((creator, count) -> assertTrue(count <= 2, creator + " " + count));
        held++;
      }
    }
    assertTrue(held > 150, "creator caps held in " + held + " slates");
  }

  @Test
  void rerank_capsThatCannotHold_areRelaxedLastDeclaredFirst() {
    TestCatalog catalog = new TestCatalog();
    for (int i = 0; i < 6; i++) {
      catalog.add(
          Map.of(
              "creator", new AttributeValue.Text("c" + i / 3),
              "category", new AttributeValue.Text("only")));
    }
    Map<String, Integer> caps = new LinkedHashMap<>();
    caps.put("creator", 1);
    caps.put("category", 1);
    Reranker reranker = new Reranker(policy(null, caps, 0));
    int[] items = {0, 1, 2, 3, 4, 5};
    float[] scores = {6, 5, 4, 3, 2, 1};

    Slate one =
        reranker.rerank(
            new Reranker.Request(items, scores, 1, NOTHING, NOW_MS, 1), catalog, ItemVectors.NONE);
    Slate two =
        reranker.rerank(
            new Reranker.Request(items, scores, 2, NOTHING, NOW_MS, 1), catalog, ItemVectors.NONE);
    Slate all =
        reranker.rerank(
            new Reranker.Request(items, scores, 9, NOTHING, NOW_MS, 1), catalog, ItemVectors.NONE);

    assertEquals(List.of(), one.relaxedCaps());
    assertArrayEquals(new int[] {0, 3}, items(two));
    assertEquals(List.of("category"), two.relaxedCaps());
    assertArrayEquals(new int[] {0, 3, 1, 2, 4, 5}, items(all));
    assertEquals(List.of("category", "creator"), all.relaxedCaps());
  }

  @Test
  void rerank_diversity_lowersSimilarityAsStrengthGrows() {
    double previous = Double.MAX_VALUE;
    for (double strength : new double[] {0, 0.5, 1}) {
      double similar = 0;
      for (int round = 0; round < 30; round++) {
        World world = new World(new Seed(round), 100);
        Slate slate =
            world.rerank(
                policy(new Policy.Diversity(List.of("category"), strength), Map.of(), 0),
                10,
                NOTHING,
                1);
        int[] items = items(slate);
        for (int a : items) {
          for (int b : items) {
            similar += a == b ? 0 : NaiveReranker.similarity(world, List.of("category"), a, b);
          }
        }
      }
      assertTrue(similar < previous * 0.95, strength + ": " + similar + " after " + previous);
      previous = similar;
    }
  }

  @Test
  void rerank_exploration_propensitiesEqualFrequencies() {
    World world = new World(new Seed(11), 8);
    Reranker reranker =
        new Reranker(
            policy(new Policy.Diversity(List.of("category"), 0.4), Map.of("creator", 2), 0.4));
    int requests = 200_000;
    Map<List<Integer>, Integer> prefixCounts = new HashMap<>();
    Map<List<Integer>, Double> propensities = new HashMap<>();
    int explored = 0;
    for (int r = 0; r < requests; r++) {
      Slate slate =
          reranker.rerank(world.request(3, NOTHING, Seed.mix(r)), world.catalog, world.vectors);
      List<Integer> prefix = new ArrayList<>();
      prefixCounts.merge(List.of(), 1, Integer::sum);
      for (Slate.Placed placed : slate.placed()) {
        prefix.add(placed.item());
        List<Integer> key = List.copyOf(prefix);
        prefixCounts.merge(key, 1, Integer::sum);
        Double before = propensities.put(key, placed.propensity());
        assertTrue(before == null || before == placed.propensity(), "one prefix, one propensity");
        explored += placed.reason() == Slate.Reason.EXPLORATION ? 1 : 0;
      }
    }
    int checked = 0;
    for (Map.Entry<List<Integer>, Double> entry : propensities.entrySet()) {
      List<Integer> key = entry.getKey();
      int trials = prefixCounts.getOrDefault(key.subList(0, key.size() - 1), 0);
      int shown = prefixCounts.getOrDefault(key, 0);
      double expected = trials * entry.getValue();
      double deviation = Math.sqrt(trials * entry.getValue() * (1 - entry.getValue()));
      // Five standard deviations and a unit: some 400 comparisons, each fails by chance once in a
      // million times.
      assertEquals(expected, shown, 5 * deviation + 1, key.toString());
      checked++;
    }
    assertTrue(checked > 200, "prefixes " + checked);
    assertEquals(0.4, explored / (3.0 * requests), 0.005);
  }

  @Test
  void rerank_exploration_propensitiesOfThePoolSumToOne() {
    World world = new World(new Seed(12), 20);
    Reranker reranker = new Reranker(policy(null, Map.of(), 0.1));
    Map<Integer, Double> first = new HashMap<>();
    for (int r = 0; first.size() < 20; r++) {
      Slate.Placed placed =
          reranker
              .rerank(world.request(1, NOTHING, Seed.mix(r)), world.catalog, world.vectors)
              .placed()
              .getFirst();
      first.put(placed.item(), placed.propensity());
    }
    assertEquals(1.0, first.values().stream().mapToDouble(p -> p).sum(), 1e-12);
  }

  @Test
  void rerank_fewCandidates_returnsAllAllowed() {
    World world = new World(new Seed(13), 5);
    assertEquals(
        5, world.rerank(policy(null, Map.of("category", 1), 0.5), 9, NOTHING, 3).placed().size());
    Slate none =
        new Reranker(policy(null, Map.of(), 0.5))
            .rerank(
                new Reranker.Request(new int[0], new float[0], 3, NOTHING, NOW_MS, 1),
                world.catalog,
                ItemVectors.NONE);
    assertEquals(List.of(), none.placed());
  }

  @Test
  void rerank_sameSeed_sameSlate() {
    World world = new World(new Seed(14), 60);
    Policy.Reranking policy =
        policy(new Policy.Diversity(List.of("category"), 0.3), Map.of("creator", 2), 0.2);
    assertEquals(world.rerank(policy, 20, NOTHING, 99), world.rerank(policy, 20, NOTHING, 99));
  }

  @Test
  void request_outOfBounds_namesField() {
    WinnowException tooMany =
        assertThrows(
            WinnowException.class,
            () ->
                new Reranker.Request(
                    new int[Reranker.MAX_CANDIDATES + 1],
                    new float[Reranker.MAX_CANDIDATES + 1],
                    1,
                    NOTHING,
                    NOW_MS,
                    1));
    assertEquals(
        "items: 10001 (expected: at most 10000)", tooMany.problems().getFirst().toString());
    WinnowException notFinite =
        assertThrows(
            WinnowException.class,
            () ->
                new Reranker.Request(
                    new int[] {1, 2}, new float[] {1, Float.NaN}, 1, NOTHING, NOW_MS, 1));
    assertEquals("scores[1]", notFinite.problems().getFirst().field());
    assertThrows(
        WinnowException.class,
        () -> new Reranker.Request(new int[1], new float[2], 1, NOTHING, NOW_MS, 1));
    assertThrows(
        WinnowException.class,
        () -> new Reranker.Request(new int[1], new float[1], 0, NOTHING, NOW_MS, 1));
  }

  @Test
  void reranker_badPolicy_namesEveryField() {
    WinnowException failure =
        assertThrows(
            WinnowException.class,
            () ->
                new Reranker(
                    policy(new Policy.Diversity(List.of(), 1.5), Map.of("creator", 0), 0.7)));
    assertEquals(
        List.of("reranking.explore", "reranking.diversity.strength", "reranking.cap.creator"),
        failure.problems().stream().map(p -> p.field()).toList());
  }

  private static Policy.Reranking policy(
      Policy.@Nullable Diversity diversity, Map<String, Integer> caps, double explore) {
    return new Policy.Reranking(diversity, caps, explore, List.of());
  }

  private static int[] items(Slate slate) {
    return slate.placed().stream().mapToInt(Slate.Placed::item).toArray();
  }

  private static Set<Integer> itemSet(Slate slate) {
    Set<Integer> set = new HashSet<>();
    slate.placed().forEach(p -> set.add(p.item()));
    return set;
  }

  /** Random items with attributes, some missing, and vectors, some missing; ranked at random. */
  static final class World {
    final TestCatalog catalog = new TestCatalog();
    final int[] items;
    final float[] scores;
    final ItemVectors vectors;

    World(Seed seed, int size) {
      RandomGenerator random = seed.generator("catalogue");
      float[][] table = new float[size][];
      for (int i = 0; i < size; i++) {
        Map<String, AttributeValue> attributes = new HashMap<>();
        attributes.put("creator", new AttributeValue.Text("c" + random.nextInt(12)));
        if (random.nextInt(10) > 0) {
          attributes.put("category", new AttributeValue.Text("k" + random.nextInt(4)));
        }
        List<String> genres = new ArrayList<>();
        for (int g = random.nextInt(4); g > 0; g--) {
          genres.add("g" + random.nextInt(6));
        }
        attributes.put("genres", new AttributeValue.Tokens(genres));
        catalog.add(attributes);
        table[i] = new float[8];
        for (int e = 0; e < 8; e++) {
          table[i][e] = (float) random.nextGaussian();
        }
      }
      vectors = item -> item % 7 == 3 ? null : table[item];
      items = IntStream.range(0, size).toArray();
      scores = new float[size];
      for (int i = size - 1; i > 0; i--) {
        int other = random.nextInt(i + 1);
        int kept = items[i];
        items[i] = items[other];
        items[other] = kept;
      }
      for (int i = 0; i < size; i++) {
        // Irregular, so that two candidates' values never tie by arithmetic alone.
        scores[i] = size - i + 0.9f * random.nextFloat();
      }
    }

    Reranker.Request request(int n, UserHistory history, long seed) {
      return new Reranker.Request(items, scores, n, history, NOW_MS, seed);
    }

    Slate rerank(Policy.Reranking policy, int n, UserHistory history, long seed) {
      return new Reranker(policy).rerank(request(n, history, seed), catalog, vectors);
    }

    List<String> categories(String attribute, int item) {
      AttributeValue value = catalog.attribute(item, attribute);
      return value == null ? List.of() : value.categories();
    }
  }
}
