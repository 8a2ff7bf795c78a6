package io.winnow.lifecycle.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.Seed;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

final class PairedDifferenceTest {
  private static final int USERS = 100;
  private static final int OUTCOMES = 5;

  /** Two releases whose worths differ by chance, and by a factor. */
  private static PairedDifference draw(long seed, double factor) {
    RandomGenerator random = new Seed(seed).generator("worths");
    PairedDifference.Builder builder = new PairedDifference.Builder();
    for (int user = 0; user < USERS; user++) {
      double ofUser = random.nextDouble(-0.2, 0.2);
      for (int outcome = 0; outcome < OUTCOMES; outcome++) {
        double weight = random.nextDouble(0.5, 2);
        double champion = random.nextDouble() * weight;
        double candidate = factor * (random.nextDouble() + ofUser) * weight;
        builder.add(new UserId("u" + user), 1, weight, candidate, champion);
      }
    }
    return builder.build(0.95, new Seed(seed));
  }

  @Test
  void build_equalReleases_areSeldomALossAndTheIntervalHoldsNothing() {
    int losses = 0;
    int wins = 0;
    for (int seed = 0; seed < 200; seed++) {
      PairedDifference difference = draw(seed, 1);
      assertEquals(USERS, difference.users());
      assertEquals(USERS * OUTCOMES, difference.outcomes());
      losses += difference.isLoss() ? 1 : 0;
      wins += difference.low() > 0 ? 1 : 0;
    }
    // 2.5 % each way: 5 expected of 200, more than 13 once in a thousand.
    assertTrue(losses <= 13 && wins <= 13, losses + " losses, " + wins + " wins");
    assertTrue(losses + wins > 0, "the interval is not everything");
  }

  @Test
  void build_aWorseRelease_isALoss() {
    int losses = 0;
    for (int seed = 0; seed < 50; seed++) {
      losses += draw(seed, 0.7).isLoss() ? 1 : 0;
    }
    assertTrue(losses >= 48, "losses " + losses);
  }

  @Test
  void build_outcomesOfOneUserTogether_weighAsOne() {
    PairedDifference.Builder builder = new PairedDifference.Builder();
    for (int i = 0; i < 1_000; i++) {
      builder.add(new UserId("a"), 1, 1, 0.2, 0.8);
      builder.add(new UserId("b"), 1, 1, 0.8, 0.6);
    }
    PairedDifference difference = builder.build(0.95, new Seed(1));
    assertEquals(0.5, difference.candidate(), 1e-9);
    assertEquals(0.7, difference.champion(), 1e-9);
    assertEquals(0.5 / 0.7 - 1, difference.relative(), 1e-9);
    assertFalse(difference.isLoss(), "two users tell nothing: " + difference);
  }

  @Test
  void build_withoutChampion_hasNoDifference() {
    PairedDifference.Builder builder = new PairedDifference.Builder();
    builder.add(new UserId("a"), 1, 2, 1, Double.NaN);
    PairedDifference difference = builder.build(0.95, new Seed(1));
    assertEquals(0.5, difference.candidate());
    assertTrue(Double.isNaN(difference.relative()));
    assertFalse(difference.isLoss());
  }

  @Test
  void parse_metrics_valuePlacesAsTablesDo() {
    assertEquals(1, RankingMetric.parse("ndcg@10").value(0));
    assertEquals(Math.log(2) / Math.log(4), RankingMetric.parse("ndcg@10").value(2), 1e-12);
    assertEquals(0, RankingMetric.parse("ndcg@10").value(10));
    assertEquals(0, RankingMetric.parse("ndcg@10").value(-1));
    assertEquals(1, RankingMetric.parse("hr@5").value(4));
    assertEquals(0, RankingMetric.parse("recall@5").value(5));
    assertEquals(0.25, RankingMetric.parse("mrr").value(3));
    for (String wrong : new String[] {"auc", "ndcg", "ndcg@0", "ndcg@", "mrr@10"}) {
      assertThrows(WinnowException.class, () -> RankingMetric.parse(wrong), wrong);
    }
  }
}
