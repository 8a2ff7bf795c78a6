package io.winnow.lifecycle.evaluation;

import io.winnow.core.Seed;
import java.util.Arrays;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/**
 * Accumulates how one model ranked the targets. Each target is one event; its rank is its place,
 * from 0, in the model's list.
 *
 * <p>With one relevant item a target, NDCG@k is {@code 1 / log2(rank + 2)} where rank &lt; k, else
 * 0 (Järvelin, Kekäläinen: Cumulated gain-based evaluation of IR techniques, 2002), and recall@k
 * equals the hit rate. Confidence intervals are the 2.5 % and 97.5 % quantiles of a bootstrap that
 * resamples users, since the events of one user are not independent.
 *
 * <p>Not thread-safe; each shard of an evaluation has its own, and {@link #merge} adds them up in
 * any order with the same result.
 */
final class RankMetrics {
  static final int TOP = 10;
  private static final int RESAMPLES = 500;

  private final Beyond beyond;
  private final double[] ndcgByUser;
  private final double[] hitsByUser;
  private final int[] targetsByUser;
  private final BitSet shown = new BitSet();
  private double reciprocalRanks;
  private long within100;
  private long within500;
  private double novelty;
  private double dissimilarity;
  private long lists;
  private long pairLists;

  /**
   * @param users how many users there are; targets name theirs by index
   */
  RankMetrics(int users, Beyond beyond) {
    this.beyond = beyond;
    this.ndcgByUser = new double[users];
    this.hitsByUser = new double[users];
    this.targetsByUser = new int[users];
  }

  /** What the measures beyond accuracy need to know of items. */
  interface Beyond {
    /** How many items could have been shown. */
    int catalogSize();

    /** Self-information of the item in bits: -log2 of its share of training events. */
    double surprise(int item);

    /** Similarity of two items in [0, 1]. */
    double similarity(int a, int b);
  }

  /**
   * Takes one target in.
   *
   * @param rank of the target in the list, from 0; -1 if it is not there
   * @param list the model's list, best first; only the first {@value #TOP} are read
   */
  void add(int user, int rank, int[] list) {
    targetsByUser[user]++;
    if (rank >= 0) {
      reciprocalRanks += 1.0 / (rank + 1);
      within100 += rank < 100 ? 1 : 0;
      within500 += rank < 500 ? 1 : 0;
      if (rank < TOP) {
        ndcgByUser[user] += ndcg(rank);
        hitsByUser[user]++;
      }
    }
    addBeyond(list);
  }

  private void addBeyond(int[] list) {
    int n = Math.min(TOP, list.length);
    if (n == 0) {
      return;
    }
    double surprise = 0;
    double similar = 0;
    for (int i = 0; i < n; i++) {
      shown.set(list[i]);
      surprise += beyond.surprise(list[i]);
      for (int j = 0; j < i; j++) {
        similar += beyond.similarity(list[i], list[j]);
      }
    }
    lists++;
    novelty += surprise / n;
    if (n > 1) {
      pairLists++;
      dissimilarity += 1 - similar / (n * (n - 1) / 2.0);
    }
  }

  /** Adds another shard's targets. */
  void merge(RankMetrics other) {
    for (int user = 0; user < targetsByUser.length; user++) {
      ndcgByUser[user] += other.ndcgByUser[user];
      hitsByUser[user] += other.hitsByUser[user];
      targetsByUser[user] += other.targetsByUser[user];
    }
    shown.or(other.shown);
    reciprocalRanks += other.reciprocalRanks;
    within100 += other.within100;
    within500 += other.within500;
    novelty += other.novelty;
    dissimilarity += other.dissimilarity;
    lists += other.lists;
    pairLists += other.pairLists;
  }

  long targets() {
    return Arrays.stream(targetsByUser).asLongStream().sum();
  }

  Map<String, Double> values() {
    double n = Math.max(1, targets());
    Map<String, Double> values = new LinkedHashMap<>();
    values.put("ndcg@10", Arrays.stream(ndcgByUser).sum() / n);
    values.put("hr@10", Arrays.stream(hitsByUser).sum() / n);
    values.put("mrr", reciprocalRanks / n);
    values.put("recall@100", within100 / n);
    values.put("recall@500", within500 / n);
    values.put("coverage@10", shown.cardinality() / (double) Math.max(1, beyond.catalogSize()));
    values.put("novelty", lists == 0 ? 0 : novelty / lists);
    values.put("diversity", pairLists == 0 ? 0 : dissimilarity / pairLists);
    return values;
  }

  /** 95 % intervals {low, high} by user bootstrap. */
  Map<String, double[]> intervals(Seed seed) {
    int[] users =
        IntStream.range(0, targetsByUser.length).filter(u -> targetsByUser[u] > 0).toArray();
    Map<String, double[]> intervals = new LinkedHashMap<>();
    if (users.length == 0) {
      return intervals;
    }
    double[] ndcg = new double[RESAMPLES];
    double[] hits = new double[RESAMPLES];
    RandomGenerator random = seed.generator("bootstrap");
    for (int r = 0; r < RESAMPLES; r++) {
      double sumNdcg = 0;
      double sumHits = 0;
      long targets = 0;
      for (int i = 0; i < users.length; i++) {
        int user = users[random.nextInt(users.length)];
        sumNdcg += ndcgByUser[user];
        sumHits += hitsByUser[user];
        targets += targetsByUser[user];
      }
      ndcg[r] = sumNdcg / targets;
      hits[r] = sumHits / targets;
    }
    intervals.put("ndcg@10", quantiles(ndcg));
    intervals.put("hr@10", quantiles(hits));
    return intervals;
  }

  static double ndcg(int rank) {
    return Math.log(2) / Math.log(rank + 2);
  }

  private static double[] quantiles(double[] values) {
    Arrays.sort(values);
    return new double[] {
      values[(int) (0.025 * values.length)], values[(int) (0.975 * values.length)]
    };
  }
}
