package io.winnow.lifecycle.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.Seed;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

final class CalibrationTest {
  /** Probabilities around .1 that are a factor of the true ones. */
  private static Calibration draw(long seed, int rows, double factor) {
    RandomGenerator random = new Seed(seed).generator("rows");
    float[] probabilities = new float[rows];
    float[] labels = new float[rows];
    int[] users = new int[rows];
    for (int i = 0; i < rows; i++) {
      double truth = random.nextDouble(0.02, 0.2);
      probabilities[i] = (float) (factor * truth);
      labels[i] = random.nextDouble() < truth ? 1 : 0;
      users[i] = i / 10;
    }
    return Calibration.of(probabilities, labels, users, 0.95, new Seed(seed));
  }

  @Test
  void of_rightProbabilities_exceedsChanceByLittleWithFewRowsToo() {
    for (int seed = 0; seed < 20; seed++) {
      Calibration few = draw(seed, 300, 1);
      assertTrue(few.excess() < 0.03, few.toString());
      assertTrue(few.ratioLow() < 1.3 && few.ratioHigh() > 0.75, few.toString());
    }
    assertTrue(draw(1, 300, 1).ece() > 0.02, "chance alone makes an error");
    assertTrue(draw(1, 20_000, 1).ece() < 0.01);
  }

  @Test
  void of_probabilitiesThreeTimesTooHigh_saysSo() {
    Calibration high = draw(1, 5_000, 3);
    assertEquals(3, high.ratio(), 0.3);
    assertTrue(high.ratioLow() > 2, high.toString());
    assertTrue(high.excess() > 0.15 && high.ece() > high.byChance(), high.toString());
    Calibration low = draw(1, 5_000, 0.3);
    assertTrue(low.ratioHigh() < 0.5, low.toString());
  }
}
