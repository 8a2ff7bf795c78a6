package io.winnow.lifecycle.evaluation;

import io.winnow.core.WinnowException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the place of one relevant item in a list is worth: {@code ndcg@K}, {@code hr@K} (which is
 * {@code recall@K} for one item) or {@code mrr}, as in evaluation tables.
 *
 * @param name as it is written
 * @param kind how places are valued
 * @param depth places from there on are worth nothing
 */
public record RankingMetric(String name, Kind kind, int depth) {
  private static final Pattern WITH_DEPTH = Pattern.compile("(ndcg|hr|recall)@([1-9][0-9]{0,3})");

  /** How places are valued. */
  public enum Kind {
    /** Less and less, by the logarithm. */
    NDCG,
    /** All alike. */
    HITS,
    /** One divided by the place. */
    RECIPROCAL
  }

  /**
   * Reads a name.
   *
   * @throws WinnowException with {@code INVALID_ARGUMENT} if it is none
   */
  public static RankingMetric parse(String name) {
    if (name.equals("mrr")) {
      return new RankingMetric(name, Kind.RECIPROCAL, Integer.MAX_VALUE);
    }
    Matcher matcher = WITH_DEPTH.matcher(name);
    if (!matcher.matches()) {
      throw WinnowException.invalid(
          "rollout.gate.metric", name, "ndcg@K, hr@K, recall@K or mrr, such as ndcg@10");
    }
    return new RankingMetric(
        name,
        matcher.group(1).equals("ndcg") ? Kind.NDCG : Kind.HITS,
        Integer.parseInt(matcher.group(2)));
  }

  /**
   * The worth of a place.
   *
   * @param rank from 0; -1 for not in the list
   * @return in [0, 1]
   */
  double value(int rank) {
    if (rank < 0 || rank >= depth) {
      return 0;
    }
    return switch (kind) {
      case NDCG -> RankMetrics.discount(rank);
      case HITS -> 1;
      case RECIPROCAL -> 1.0 / (rank + 1);
    };
  }
}
