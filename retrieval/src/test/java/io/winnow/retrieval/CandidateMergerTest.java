package io.winnow.retrieval;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.Problem;
import io.winnow.core.Seed;
import io.winnow.core.WinnowException;
import io.winnow.core.application.Policy;
import io.winnow.retrieval.CandidateSet.Reason;
import io.winnow.retrieval.CandidateSource.Candidates;
import io.winnow.retrieval.CandidateSource.Prepared;
import io.winnow.retrieval.CandidateSource.Query;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class CandidateMergerTest {
  private static final Duration LONG = Duration.ofMinutes(1);
  private static final Query QUERY = World.query(World.history(new int[0]), item -> true, 0);

  private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();

  @AfterEach
  void close() {
    executor.shutdownNow();
  }

  /** Proposes fixed items with scores 100, 99, … and scores even items with minus their index. */
  private record Fixed(String name, int... items) implements CandidateSource {
    @Override
    public Prepared prepare(Query query) {
      return new Prepared() {
        @Override
        public Candidates retrieve(int k) {
          int[] best = Arrays.copyOf(items, Math.min(k, items.length));
          float[] scores = new float[best.length];
          for (int i = 0; i < best.length; i++) {
            scores[i] = 100 - i;
          }
          return new Candidates(best, scores);
        }

        @Override
        public float[] score(int[] wanted) {
          float[] scores = new float[wanted.length];
          for (int i = 0; i < wanted.length; i++) {
            scores[i] = wanted[i] % 2 == 0 ? -wanted[i] : Float.NaN;
          }
          return scores;
        }
      };
    }
  }

  private CandidateMerger merger(Map<String, Integer> quotas, CandidateSource... sources) {
    return new CandidateMerger(new Policy.Retrieval(quotas), List.of(sources), executor);
  }

  private static Map<String, Integer> quotas(int a, int b) {
    Map<String, Integer> quotas = new LinkedHashMap<>();
    quotas.put("a", a);
    quotas.put("b", b);
    return quotas;
  }

  @Test
  void retrieve_overlap_dedupsAndRecordsRanksAndScores() {
    CandidateSet set =
        merger(quotas(2, 2), new Fixed("a", 1, 2, 3, 4), new Fixed("b", 2, 1, 5, 6))
            .retrieve(QUERY, LONG);
    assertArrayEquals(new int[] {1, 2, 3, 5}, set.items());
    assertEquals(List.of("a", "b"), set.sources());
    assertEquals(List.of("a", "b"), set.proposers(0));
    assertEquals(1, set.rank(0, 1));
    assertEquals(99, set.score(0, 1));
    assertEquals(List.of("a"), set.proposers(2));
    assertEquals(-1, set.rank(2, 1));
    assertTrue(Float.isNaN(set.score(2, 1)));
    assertEquals(List.of(), set.missing());
  }

  @Test
  void retrieve_itemOfOneSource_isScoredByTheOthersWhereTheyCan() {
    CandidateSet set =
        merger(quotas(1, 1), new Fixed("a", 8), new Fixed("b", 7)).retrieve(QUERY, LONG);
    assertArrayEquals(new int[] {8, 7}, set.items());
    assertArrayEquals(new float[] {100, -8, Float.NaN, 100}, set.scores());
    assertArrayEquals(new int[] {0, -1, -1, 0}, set.ranks());
  }

  @Test
  void withQuotas_zero_proposesNothingAndStillScores() {
    CandidateSet set =
        merger(quotas(1, 1), new Fixed("a", 8), new Fixed("b", 7))
            .withQuotas(Map.of("a", 0, "b", 2))
            .retrieve(QUERY, LONG);
    assertEquals(List.of("a", "b"), set.sources(), "the columns stay");
    assertArrayEquals(new int[] {7}, set.items());
    assertArrayEquals(new float[] {Float.NaN, 100}, set.scores());
    assertArrayEquals(new int[] {-1, 0}, set.ranks());
  }

  @Test
  void withQuotas_sourceThatThereIsNot_isRefusedByName() {
    CandidateMerger merger = merger(quotas(1, 1), new Fixed("a", 8), new Fixed("b", 7));
    WinnowException refused =
        assertThrows(
            WinnowException.class, () -> merger.withQuotas(Map.of("c", 5, "a", -1, "d", 0)));
    assertEquals(
        List.of("retrieval.a", "retrieval.c"),
        refused.problems().stream().map(Problem::field).sorted().toList());
  }

  @Test
  void retrieve_unevenQuotas_taketurnsByShare() {
    CandidateSet set =
        merger(quotas(4, 2), new Fixed("a", 0, 1, 2, 3, 4, 5, 6), new Fixed("b", 10, 11, 12, 13))
            .retrieve(QUERY, LONG);
    assertArrayEquals(new int[] {0, 10, 1, 2, 11, 3}, set.items());
  }

  @Test
  void retrieve_shortSource_isRefilledFromTheOthers() {
    CandidateSet set =
        merger(quotas(2, 4), new Fixed("a", 0, 1, 2, 3, 4, 5, 6), new Fixed("b", 10))
            .retrieve(QUERY, LONG);
    assertEquals(6, set.size());
    assertArrayEquals(new int[] {0, 10, 1, 2, 3, 4}, set.items());
  }

  @Test
  void retrieve_sourceWithoutQuota_isNotAsked() {
    CandidateSet set =
        merger(quotas(2, 2), new Fixed("a", 1), new Fixed("c", 9)).retrieve(QUERY, LONG);
    assertEquals(List.of("a"), set.sources());
    assertArrayEquals(new int[] {1}, set.items());
    assertThrows(
        IllegalArgumentException.class,
        () -> merger(quotas(1, 1), new Fixed("a", 1), new Fixed("a", 2)));
  }

  @Test
  void retrieve_failingSource_othersFillItsPlace() {
    CandidateSource broken =
        new CandidateSource() {
          @Override
          public String name() {
            return "a";
          }

          @Override
          public Prepared prepare(Query query) {
            throw new IllegalStateException("index gone");
          }
        };
    CandidateSet set =
        merger(quotas(3, 1), broken, new Fixed("b", 1, 2, 3, 4, 5)).retrieve(QUERY, LONG);
    assertArrayEquals(new int[] {1, 2, 3, 4}, set.items());
    assertEquals(1, set.missing().size());
    assertEquals("a", set.missing().get(0).source());
    assertEquals(Reason.FAILED, set.missing().get(0).reason());
    assertTrue(set.missing().get(0).detail().contains("index gone"));
  }

  @Test
  void retrieve_lateSource_isInterruptedAndNamedAndOthersStillScore() throws InterruptedException {
    CountDownLatch interrupted = new CountDownLatch(1);
    CandidateSource slow =
        new CandidateSource() {
          @Override
          public String name() {
            return "a";
          }

          @Override
          public Prepared prepare(Query query) {
            try {
              new CountDownLatch(1).await();
            } catch (InterruptedException e) {
              interrupted.countDown();
            }
            throw new IllegalStateException("interrupted");
          }
        };
    CandidateSet set =
        merger(quotas(1, 1), slow, new Fixed("b", 1, 2)).retrieve(QUERY, Duration.ofSeconds(2));
    assertArrayEquals(new int[] {1, 2}, set.items());
    assertEquals(100, set.score(0, 1));
    assertEquals(1, set.missing().size());
    assertEquals(Reason.LATE, set.missing().get(0).reason());
    interrupted.await();
  }

  @Test
  void retrieve_executorRefuses_saysSo() {
    executor.shutdown();
    CandidateSet set = merger(quotas(1, 1), new Fixed("a", 1)).retrieve(QUERY, LONG);
    assertEquals(0, set.size());
    assertEquals(Reason.REFUSED, set.missing().get(0).reason());
  }

  @Test
  void retrieve_randomProposals_fillsToTheSumWithoutDuplicatesAndKeepsQuotas() {
    RandomGenerator random = new Seed(5).generator("merge");
    for (int round = 0; round < 200; round++) {
      Map<String, Integer> quotas = new LinkedHashMap<>();
      List<CandidateSource> sources = new ArrayList<>();
      for (String name : List.of("a", "b", "c")) {
        quotas.put(name, 1 + random.nextInt(8));
        sources.add(
            new Fixed(name, random.ints(0, 30).distinct().limit(random.nextInt(20)).toArray()));
      }
      CandidateSet set =
          merger(quotas, sources.toArray(new CandidateSource[0])).retrieve(QUERY, LONG);
      long distinct =
          sources.stream().flatMapToInt(s -> Arrays.stream(((Fixed) s).items())).distinct().count();
      int sum = quotas.values().stream().mapToInt(q -> q).sum();
      // Sources are asked for as many as the sum, so what lies beyond cannot be reached.
      assertTrue(distinct > sum || set.size() == Math.min(sum, distinct));
      assertEquals(set.size(), Arrays.stream(set.items()).distinct().count());
      for (int i = 0; i < set.size(); i++) {
        assertTrue(!set.proposers(i).isEmpty());
      }
      for (int s = 0; s < 3; s++) {
        assertQuotaMet(set, s, (Fixed) sources.get(s), quotas);
      }
    }
  }

  /** A source with enough items has at least its quota of them in the set. */
  private static void assertQuotaMet(
      CandidateSet set, int column, Fixed source, Map<String, Integer> quotas) {
    int proposed = 0;
    for (int i = 0; i < set.size(); i++) {
      proposed += set.rank(i, column) >= 0 ? 1 : 0;
    }
    int quota = quotas.getOrDefault(source.name(), 0);
    assertTrue(proposed >= Math.min(quota, source.items().length));
  }
}
