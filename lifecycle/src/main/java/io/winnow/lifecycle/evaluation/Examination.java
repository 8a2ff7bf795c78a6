package io.winnow.lifecycle.evaluation;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * How much users look at each place of a slate, apart from how good the items are that stand there.
 *
 * <p>The rate of outcomes at a place is how much it is looked at times how good its items are
 * (position-based model; Richardson et al.: Predicting clicks, WWW 2007). A Poisson regression with
 * an intercept for each place and a slope for each release's score tells the two apart: what scores
 * say is learned from different items <em>at the same place</em>, so a ranker that is too sure of
 * itself does not pass for users who look at the top only. Which place an item got follows from its
 * score by the release that showed it, and from chance; so given that score, what is left at a
 * place is looking (see also Agarwal et al.: Estimating position bias without intrusive
 * interventions, WSDM 2019).
 */
final class Examination {
  /** Lower places count as this one. */
  private static final int MAX_PLACES = 50;

  /** So many outcomes weigh as much as those of a place, towards the same for all. */
  private static final double PRIOR_OUTCOMES = 5;

  private static final int ITERATIONS = 30;

  private final List<double[]> rows = new ArrayList<>();
  private final int releases;
  private int places = 1;

  /**
   * @param releases how many give scores
   */
  Examination(int releases) {
    this.releases = releases;
  }

  /**
   * Adds a shown item.
   *
   * @param gain what became of it, at least 0
   * @param scores by release; not above 0 where there is none
   */
  void add(int place, double gain, double[] scores) {
    double[] row = new double[2 + releases];
    row[0] = Math.min(place, MAX_PLACES - 1);
    row[1] = gain;
    for (int r = 0; r < releases; r++) {
      row[2 + r] = Math.log(Math.max(1e-6, scores[r]));
    }
    rows.add(row);
    places = Math.max(places, (int) row[0] + 1);
  }

  /** How much a place is looked at by these figures: those of {@link #fit}. */
  static double at(double[] examination, int place) {
    return examination[Math.min(place, examination.length - 1)];
  }

  /** How much each place is looked at, shape (places): 1 on average over what was shown. */
  double[] fit() {
    double outcomes = rows.stream().mapToDouble(row -> row[1]).sum();
    double[] examination = new double[places];
    Arrays.fill(examination, 1);
    if (!(outcomes > 0)) {
      return examination;
    }
    standardise();
    int n = places + releases;
    double[] beta = new double[n];
    Arrays.fill(beta, 0, places, Math.log(outcomes / rows.size()));
    for (int iteration = 0; iteration < ITERATIONS; iteration++) {
      double[] step = step(beta);
      double largest = 0;
      for (int i = 0; i < n; i++) {
        // A full step of Newton's method can overshoot where the log link is steep.
        beta[i] += Math.clamp(step[i], -1, 1);
        largest = Math.max(largest, Math.abs(step[i]));
      }
      if (largest < 1e-6) {
        break;
      }
    }
    double mean = 0;
    for (double[] row : rows) {
      mean += Math.exp(beta[(int) row[0]]) / rows.size();
    }
    for (int place = 0; place < places; place++) {
      examination[place] = Math.exp(beta[place]) / mean;
    }
    return examination;
  }

  /** Mean 0 and variance 1; a score that is the same everywhere says nothing. */
  private void standardise() {
    for (int column = 2; column < 2 + releases; column++) {
      double mean = 0;
      double squares = 0;
      for (double[] row : rows) {
        mean += row[column] / rows.size();
        squares += row[column] * row[column] / rows.size();
      }
      double deviation = Math.sqrt(Math.max(0, squares - mean * mean));
      for (double[] row : rows) {
        row[column] = deviation < 1e-9 ? 0 : (row[column] - mean) / deviation;
      }
    }
  }

  private double[] step(double[] beta) {
    int n = beta.length;
    double[][] hessian = new double[n][n];
    double[] gradient = new double[n];
    double common = 0;
    for (int place = 0; place < places; place++) {
      common += beta[place] / places;
    }
    for (int place = 0; place < places; place++) {
      gradient[place] -= PRIOR_OUTCOMES * (beta[place] - common);
      hessian[place][place] += PRIOR_OUTCOMES;
    }
    for (int i = places; i < n; i++) {
      gradient[i] -= beta[i];
      hessian[i][i] += 1;
    }
    for (double[] row : rows) {
      int place = (int) row[0];
      double exponent = beta[place];
      for (int r = 0; r < releases; r++) {
        exponent += beta[places + r] * row[2 + r];
      }
      double rate = Math.exp(Math.min(exponent, 5));
      double rest = row[1] - rate;
      gradient[place] += rest;
      hessian[place][place] += rate;
      for (int r = 0; r < releases; r++) {
        gradient[places + r] += rest * row[2 + r];
        hessian[place][places + r] += rate * row[2 + r];
        hessian[places + r][place] += rate * row[2 + r];
        for (int s = 0; s < releases; s++) {
          hessian[places + r][places + s] += rate * row[2 + r] * row[2 + s];
        }
      }
    }
    return solve(hessian, gradient);
  }

  /** Gauss's elimination; the prior keeps the matrix positive definite. */
  private static double[] solve(double[][] matrix, double[] right) {
    int n = right.length;
    for (int i = 0; i < n; i++) {
      for (int row = i + 1; row < n; row++) {
        double factor = matrix[row][i] / matrix[i][i];
        for (int column = i; factor != 0 && column < n; column++) {
          matrix[row][column] -= factor * matrix[i][column];
        }
        right[row] -= factor * right[i];
      }
    }
    for (int i = n - 1; i >= 0; i--) {
      for (int column = i + 1; column < n; column++) {
        right[i] -= matrix[i][column] * right[column];
      }
      right[i] /= matrix[i][i];
    }
    return right;
  }
}
