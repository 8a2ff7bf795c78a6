package io.winnow.lifecycle.cadence;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.Seed;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

final class DecayCurveTest {
  private static final double[] AGES = {1, 2, 4, 8};
  private static final double[] EVEN = {1, 1, 1, 1};

  @Test
  void fit_risingLosses_keepsThem() {
    double[] losses = {0.01, 0.02, 0.04, 0.08};
    assertArrayEquals(losses, DecayCurve.fit(AGES, losses, EVEN).losses());
  }

  @Test
  void fit_fallingLosses_poolsThemByWeight() {
    DecayCurve curve =
        DecayCurve.fit(AGES, new double[] {-0.02, 0.05, 0.02, 0.08}, new double[] {1, 1, 2, 1});
    assertArrayEquals(new double[] {0, 0.03, 0.03, 0.08}, curve.losses(), 1e-12);
  }

  @Test
  void fit_anyLosses_isNoFurtherThanAnyOtherCurveThatNeverFalls() {
    RandomGenerator random = new Seed(1).generator("fit");
    for (int round = 0; round < 200; round++) {
      double[] measured = random.doubles(4, -0.05, 0.1).toArray();
      double[] weights = random.doubles(4, 0.5, 2).toArray();
      double[] fitted = DecayCurve.fit(AGES, measured, weights).losses();
      double[] other = random.doubles(4, 0, 0.1).sorted().toArray();
      assertTrue(distance(fitted, measured, weights) <= distance(other, measured, weights) + 1e-12);
      double[] sorted = fitted.clone();
      Arrays.sort(sorted);
      assertArrayEquals(sorted, fitted);
      assertTrue(fitted[0] >= 0);
    }
  }

  private static double distance(double[] a, double[] b, double[] weights) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += weights[i] * (a[i] - b[i]) * (a[i] - b[i]);
    }
    return sum;
  }

  @Test
  void cadence_linearLoss_isTwiceTheAgeOfThatLoss() {
    DecayCurve curve = new DecayCurve(AGES, new double[] {0.01, 0.02, 0.04, 0.08});
    assertEquals(0.02, curve.average(0, 4), 1e-12);
    assertEquals(4, curve.cadence(0, 0.02), 1e-9);
    // Serving from age 1 to 1 + c loses (1 + c / 2) % on average.
    assertEquals(2, curve.cadence(1, 0.02), 1e-9);
    assertEquals(0, curve.cadence(4, 0.02));
  }

  @Test
  void cadence_quadraticLoss_agreesWithTheIntegral() {
    double[] ages = new double[64];
    double[] losses = new double[64];
    for (int i = 0; i < ages.length; i++) {
      ages[i] = (i + 1) / 8.0;
      losses[i] = 0.003 * ages[i] * ages[i];
    }
    // The mean until c is 0.001 c².
    assertEquals(Math.sqrt(20), new DecayCurve(ages, losses).cadence(0, 0.02), 0.02);
  }

  @Test
  void cadence_flatCurve_isAsFarAsItWasMeasured() {
    assertEquals(8, new DecayCurve(AGES, new double[4]).cadence(0, 0.02));
    assertEquals(6, new DecayCurve(AGES, new double[4]).cadence(2, 0.02));
    assertEquals(0, new DecayCurve(AGES, new double[4]).cadence(9, 0.02));
  }
}
