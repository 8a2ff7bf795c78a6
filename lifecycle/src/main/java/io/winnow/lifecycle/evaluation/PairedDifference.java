package io.winnow.lifecycle.evaluation;

import io.winnow.core.Seed;
import io.winnow.core.UserId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * How two releases did on the same outcomes, and how far the difference depends on which users
 * there happened to be.
 *
 * @param outcomes how many they were judged by
 * @param users of how many users
 * @param candidate the candidate's mean
 * @param champion the champion's mean; NaN without a champion
 * @param relative candidate / champion - 1; NaN without a champion, or where it is 0
 * @param low lower end of the interval of {@code relative}
 * @param high upper end
 */
public record PairedDifference(
    int outcomes,
    int users,
    double candidate,
    double champion,
    double relative,
    double low,
    double high) {
  /** Whether the candidate is shown to be worse. */
  public boolean isLoss() {
    return high < 0;
  }

  /** Collects outcomes one by one. Not thread-safe. */
  static final class Builder {
    private final Map<UserId, Integer> users = new HashMap<>();
    private final List<double[]> sums = new ArrayList<>();
    private int outcomes;

    /**
     * Adds some outcomes of a user.
     *
     * @param count how many
     * @param weight of them together, more than 0
     * @param candidate their worth by the candidate, times the weight
     * @param champion the same by the champion; NaN without one
     */
    void add(UserId user, int count, double weight, double candidate, double champion) {
      int at = users.computeIfAbsent(user, _ -> users.size());
      if (at == sums.size()) {
        sums.add(new double[4]);
      }
      double[] sum = sums.get(at);
      sum[0] += weight;
      sum[1] += candidate;
      sum[2] += champion;
      sum[3] += count;
      outcomes += count;
    }

    int outcomes() {
      return outcomes;
    }

    PairedDifference build(double confidence, Seed seed) {
      double[] weights = column(0);
      double[] candidates = column(1);
      double[] champions = column(2);
      double weight = sum(weights);
      double candidate = sum(candidates) / weight;
      double champion = sum(champions) / weight;
      if (!(champion > 0)) {
        return new PairedDifference(
            outcomes, users.size(), candidate, champion, Double.NaN, Double.NaN, Double.NaN);
      }
      int[] counts = sums.stream().mapToInt(sum -> (int) sum[3]).toArray();
      // The denominators cancel: what is compared are the sums of the same draws.
      double[][] means = new UserBootstrap(counts, seed, 1).means(List.of(candidates, champions));
      double[] relative = new double[means[0].length];
      for (int r = 0; r < relative.length; r++) {
        relative[r] = means[1][r] > 0 ? means[0][r] / means[1][r] - 1 : 0;
      }
      double[] interval = UserBootstrap.interval(relative, confidence);
      return new PairedDifference(
          outcomes,
          users.size(),
          candidate,
          champion,
          candidate / champion - 1,
          interval[0],
          interval[1]);
    }

    private double[] column(int of) {
      return sums.stream().mapToDouble(sum -> sum[of]).toArray();
    }

    private static double sum(double[] values) {
      double sum = 0;
      for (double value : values) {
        sum += value;
      }
      return sum;
    }
  }
}
