package io.winnow.lifecycle.evaluation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.winnow.core.Seed;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

final class ExaminationTest {
  private static final double[] TRUE = {1, 0.7, 0.5, 0.35, 0.25};

  /**
   * Slates put in order by a score that is more or less sure of itself than it should be, and users
   * who look at places as {@link #TRUE} says.
   */
  private static double[] fit(double sureness, int slates) {
    RandomGenerator random = new Seed(4).generator("slates");
    Examination examination = new Examination(2);
    for (int slate = 0; slate < slates; slate++) {
      double[] logit = random.doubles(TRUE.length, -1.2, 0).sorted().toArray();
      for (int place = 0; place < TRUE.length; place++) {
        double liked = 0.5 * Math.exp(logit[TRUE.length - 1 - place]);
        double click = random.nextDouble() < TRUE[place] * liked ? 1 : 0;
        double score = Math.exp(sureness * logit[TRUE.length - 1 - place]);
        examination.add(place, click, new double[] {score, 0});
      }
    }
    return examination.fit();
  }

  private static double[] expected() {
    double mean = Arrays.stream(TRUE).average().orElseThrow();
    return Arrays.stream(TRUE).map(e -> e / mean).toArray();
  }

  @Test
  void fit_scoresOfAnySureness_findsHowMuchPlacesAreLookedAt() {
    for (double sureness : new double[] {0.3, 1, 3}) {
      assertArrayEquals(expected(), fit(sureness, 20_000), 0.15, "sureness " + sureness);
    }
  }

  @Test
  void fit_withoutOutcomes_isTheSameEverywhere() {
    Examination examination = new Examination(1);
    examination.add(0, 0, new double[] {0.1});
    examination.add(1, 0, new double[] {0.2});
    assertArrayEquals(new double[] {1, 1}, examination.fit());
  }

  @Test
  void at_placeBeyondTheLast_isTheLast() {
    assertEquals(0.5, Examination.at(new double[] {1, 0.5}, 70));
  }
}
