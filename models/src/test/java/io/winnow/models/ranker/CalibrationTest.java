package io.winnow.models.ranker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.Seed;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

final class CalibrationTest {
  private static final int ROWS = 20_000;

  private final float[] logits = new float[ROWS];
  private final float[] labels = new float[ROWS];

  /** The truth is σ(0.5 · logit − 1). */
  private void generate() {
    RandomGenerator random = new Seed(5).generator("calibration");
    for (int i = 0; i < ROWS; i++) {
      logits[i] = (float) (3 * random.nextGaussian());
      labels[i] = random.nextDouble() < 1 / (1 + Math.exp(1 - 0.5 * logits[i])) ? 1 : 0;
    }
  }

  @Test
  void fit_overconfidentLogits_findsTheTruth() {
    generate();
    Calibration fitted = Calibration.fit(logits, labels);
    assertEquals(0.5, fitted.slope(), 0.03);
    assertEquals(-1, fitted.offset(), 0.05);
    double raw =
        RankingMeasures.expectedCalibrationError(Calibration.identity().apply(logits), labels);
    double calibrated = RankingMeasures.expectedCalibrationError(fitted.apply(logits), labels);
    assertTrue(raw > 0.1, () -> "raw " + raw);
    assertTrue(calibrated < 0.015, () -> "calibrated " + calibrated);
  }

  @Test
  void fit_fewOutcomesOrReversedOrder_changesNothing() {
    generate();
    float[] none = new float[ROWS];
    assertEquals(Calibration.identity(), Calibration.fit(logits, none));
    float[] reversed = new float[ROWS];
    for (int i = 0; i < ROWS; i++) {
      reversed[i] = 1 - labels[i];
    }
    assertEquals(Calibration.identity(), Calibration.fit(logits, reversed));
  }

  @Test
  void expectedError_knownBins_isTheirMeanDistance() {
    float[] probabilities = new float[1500];
    float[] outcomes = new float[1500];
    for (int i = 0; i < 1500; i++) {
      probabilities[i] = i < 800 ? 0.2f : 0.8f;
      outcomes[i] = i % 2;
    }
    assertEquals(0.3, RankingMeasures.expectedCalibrationError(probabilities, outcomes), 1e-5);
  }

  @Test
  void measures_smallCases_matchHandCounts() {
    float[] scores = {0.1f, 0.4f, 0.35f, 0.8f};
    float[] clicks = {0, 0, 1, 1};
    assertEquals(0.75, RankingMeasures.auc(scores, clicks), 1e-9);
    assertEquals(0.5, RankingMeasures.auc(new float[4], clicks), 1e-9);
    double ideal = 1 + Math.log(2) / Math.log(3);
    double third = Math.log(2) / Math.log(4);
    assertEquals((1 + third) / ideal, RankingMeasures.ndcg(scores, clicks, 10), 1e-9);
    assertTrue(Double.isNaN(RankingMeasures.ndcg(scores, new float[4], 10)));
    assertEquals(
        Math.log(2), RankingMeasures.logLoss(new float[] {.5f, .5f}, new float[] {0, 1}), 1e-6);
  }
}
