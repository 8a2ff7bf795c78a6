package io.winnow.lifecycle.evaluation;

import io.winnow.core.Seed;
import io.winnow.models.ranker.RankingMeasures;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * How well the probabilities of an objective fit what became of shown items.
 *
 * <p>The expected calibration error of a perfect ranker is not 0, since the share of outcomes of a
 * bin is itself drawn: with few rows it is large. So outcomes are drawn from the probabilities
 * themselves, and what the error exceeds the mean of these draws by is {@code excess} (after
 * Vaicenavicius et al.: Evaluating model calibration in classification, AISTATS 2019, section 4).
 *
 * @param rows shown items
 * @param outcomes how many of them had the outcome
 * @param ece the expected calibration error
 * @param excess over what chance alone makes of it, at least 0
 * @param byChance what chance alone exceeds once in a hundred
 * @param ratio mean predicted divided by observed; NaN without outcomes
 * @param ratioLow lower end of its interval over users
 * @param ratioHigh upper end
 */
public record Calibration(
    int rows,
    int outcomes,
    double ece,
    double excess,
    double byChance,
    double ratio,
    double ratioLow,
    double ratioHigh) {
  private static final int DRAWS = 100;

  /**
   * @param users of each row, dense
   * @param confidence of the ratio's interval
   */
  static Calibration of(
      float[] probabilities, float[] labels, int[] users, double confidence, Seed seed) {
    double ece = RankingMeasures.expectedCalibrationError(probabilities, labels);
    RandomGenerator random = seed.generator("calibration");
    double[] draws = new double[DRAWS];
    float[] drawn = new float[labels.length];
    double mean = 0;
    for (int draw = 0; draw < DRAWS; draw++) {
      for (int i = 0; i < drawn.length; i++) {
        drawn[i] = random.nextFloat() < probabilities[i] ? 1 : 0;
      }
      draws[draw] = RankingMeasures.expectedCalibrationError(probabilities, drawn);
      mean += draws[draw] / DRAWS;
    }
    Arrays.sort(draws);
    int userCount = Arrays.stream(users).max().orElse(-1) + 1;
    double[] predicted = new double[userCount];
    double[] observed = new double[userCount];
    int[] rows = new int[userCount];
    double allPredicted = 0;
    int outcomes = 0;
    for (int i = 0; i < labels.length; i++) {
      predicted[users[i]] += probabilities[i];
      observed[users[i]] += labels[i];
      rows[users[i]]++;
      allPredicted += probabilities[i];
      outcomes += labels[i] > 0 ? 1 : 0;
    }
    double[][] means = new UserBootstrap(rows, seed, 1).means(List.of(predicted, observed));
    double[] ratios = new double[means[0].length];
    for (int r = 0; r < ratios.length; r++) {
      ratios[r] = means[1][r] > 0 ? means[0][r] / means[1][r] : Double.POSITIVE_INFINITY;
    }
    double[] interval = UserBootstrap.interval(ratios, confidence);
    return new Calibration(
        labels.length,
        outcomes,
        ece,
        Math.max(0, ece - mean),
        draws[DRAWS - 2],
        outcomes == 0 ? Double.NaN : allPredicted / outcomes,
        interval[0],
        interval[1]);
  }
}
