package io.winnow.models.ranker;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.Seed;
import io.winnow.core.TimeSource;
import io.winnow.models.network.Progress;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

final class BaseRatesTest {
  private static final Seed SEED = new Seed(5);

  /**
   * Slates of 10 from an older system that puts high features further up, seen less and less with
   * the place.
   *
   * @param rare the rate of the second objective, which only the second feature decides
   * @param pull of the first feature on a click
   */
  private static RankingExamples slates(int requests, double rare, double pull) {
    RandomGenerator random = SEED.generator("slates");
    float[] features = new float[requests * 10 * 2];
    float[] labels = new float[requests * 10 * 2];
    int[] positions = new int[requests * 10];
    int[] offsets = new int[requests + 1];
    for (int r = 0; r < requests; r++) {
      offsets[r + 1] = (r + 1) * 10;
      double[] scores = new double[10];
      Arrays.setAll(scores, i -> random.nextGaussian());
      Arrays.sort(scores);
      for (int place = 0; place < 10; place++) {
        int row = r * 10 + place;
        positions[row] = place;
        features[row * 2] = (float) (scores[9 - place] + 0.3 * random.nextGaussian());
        features[row * 2 + 1] = (float) random.nextGaussian();
        double click = sigmoid(-0.5 + pull * features[row * 2] - 0.3 * place);
        double second = rare * Math.exp(1.5 * features[row * 2 + 1] - 1.125);
        labels[row * 2] = random.nextDouble() < click ? 1 : 0;
        labels[row * 2 + 1] = random.nextDouble() < second ? 1 : 0;
      }
    }
    return new RankingExamples(
        List.of("score", "other"),
        features,
        offsets,
        RankingExamples.Embeddings.none(),
        new RankingExamples.Outcomes(
            List.of("click", "rare"), new float[] {1, 0}, labels, positions));
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  private static TrainedRanker train(RankingExamples examples) {
    return new RankerTrainer(
            RankerConfig.defaults().withListwiseShare(0).withLimits(6, 1000),
            SEED,
            TimeSource.system())
        .train(examples, Progress.silent());
  }

  @Test
  void lossFactors_rareObjective_isTheSamePartOfTheLossAtTheStart() {
    RankingExamples examples = slates(2000, 0.003, 0);
    float[] factors = new BaseRates(examples, examples.rows()).lossFactors();
    double[] rates = new double[2];
    for (int i = 0; i < examples.rows() * 2; i++) {
      rates[i % 2] += examples.outcomes().labels()[i] / examples.rows();
    }
    assertTrue(rates[0] > 30 * rates[1], () -> Arrays.toString(rates));
    double click = factors[0] * entropy(rates[0]);
    double rare = factors[1] * entropy(rates[1]);
    assertEquals(click, rare, 0.02 * click);
    assertEquals(entropy(rates[0]), click + rare, 0.02 * click);
  }

  private static double entropy(double p) {
    return -p * Math.log(p) - (1 - p) * Math.log(1 - p);
  }

  @Test
  void train_objectiveThatIsRareAndWorthNothing_isLearntAllTheSame() {
    RankerMetrics metrics = train(slates(4000, 0.01, 0)).spec().metrics();
    // The truth itself has about .85.
    assertTrue(metrics.heads().get(1).auc() > 0.8, metrics::toString);
  }

  @Test
  void logits_ofCounts_areTheirLogits() {
    RankingExamples examples = slates(500, 0.5, 0);
    BaseRates rates = new BaseRates(examples, examples.rows());
    float[] positions = rates.positionLogits();
    assertTrue(positions[0] > 0.5 && positions[9 * 2] < -0.5, () -> Arrays.toString(positions));
    // Places that never were start as the average.
    assertEquals(0, positions[40 * 2], 1e-6);
    double clicks = 0;
    for (int row = 0; row < examples.rows(); row++) {
      clicks += examples.outcomes().labels()[row * 2];
    }
    double rate = clicks / examples.rows();
    assertEquals(Math.log(rate / (1 - rate)), rates.logits()[0], 1e-2);
  }

  @Test
  void train_onlyThePositionMatters_scoresAreFreeOfIt() {
    RankingExamples examples = slates(4000, 0.01, 0);
    TrainedRanker trained = train(examples);
    try (Ranker ranker = Ranker.load(trained.onnx(), trained.spec())) {
      // The older system's score decides the place, and the place alone decides the click: a ranker
      // that was not told the places would take the score for a reason.
      float[] low = ranker.probabilities(new float[] {-1.5f, 0}, 1, new float[0], new float[0]);
      float[] high = ranker.probabilities(new float[] {1.5f, 0}, 1, new float[0], new float[0]);
      assertEquals(1, high[0] / low[0], 0.15, () -> high[0] + " against " + low[0]);
    }
    Arrays.fill(examples.outcomes().positions(), -1);
    TrainedRanker untold = train(examples);
    try (Ranker ranker = Ranker.load(untold.onnx(), untold.spec())) {
      float[] low = ranker.probabilities(new float[] {-1.5f, 0}, 1, new float[0], new float[0]);
      float[] high = ranker.probabilities(new float[] {1.5f, 0}, 1, new float[0], new float[0]);
      assertTrue(high[0] > 2 * low[0], () -> high[0] + " against " + low[0]);
    }
  }

  @Test
  void keptWeights_noiseAroundAPoint_isAveragedAwayAndTheBestIsRestored() {
    float[] values = new float[1];
    io.winnow.models.network.Parameter parameter =
        io.winnow.models.network.Parameter.of("w", values, 1);
    KeptWeights kept = new KeptWeights(List.of(parameter), 0.99, 2);
    RandomGenerator random = SEED.generator("noise");
    for (int step = 0; step < 2000; step++) {
      values[0] = (float) (3 + random.nextGaussian());
      kept.add();
    }
    float last = values[0];
    kept.swap();
    assertEquals(3, values[0], 0.3);
    float average = values[0];
    assertTrue(kept.offer(1.0));
    kept.swap();
    assertEquals(last, values[0]);
    values[0] = 100;
    assertTrue(kept.offer(2.0));
    assertTrue(!kept.offer(2.0));
    kept.restore();
    assertArrayEquals(new float[] {average}, values);
  }
}
