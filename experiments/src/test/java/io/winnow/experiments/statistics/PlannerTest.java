package io.winnow.experiments.statistics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.WinnowException;
import java.util.List;
import org.junit.jupiter.api.Test;

final class PlannerTest {
  @Test
  void units_sixteenTimesVarianceRule_isMet() {
    // Kohavi, Tang, Xu 2020, ch. 15: 16 sigma^2 / delta^2 for each arm; exactly 15.698.
    long units = Planner.halves(1).units(0.01);
    assertEquals(2 * 15.6978 * 10_000, (double) units, 10);
  }

  @Test
  void units_twoProportions_areTheTextbooks() {
    // Fleiss, Levin, Paik: (z + z)^2 (p1 q1 + p2 q2) / delta^2 for .10 against .12: 3838.1 an arm
    Planner planner = Planner.halves((0.1 * 0.9 + 0.12 * 0.88) / 2);
    assertEquals(List.of(3839L, 3839L), planner.unitsByArm(0.02));
    assertEquals(7677, planner.units(0.02));
    assertEquals(8, planner.days(0.02, 1000));
    assertEquals(0.02, planner.minimumDetectableEffect(7677), 1e-5);
  }

  @Test
  void units_preCorrelationInflationAndWeights_scaleThem() {
    double plain = Planner.halves(1).units(0.001);
    Planner cuped = new Planner(1, 0.8, List.of(1.0, 1.0), 0.05, 0.8, 1);
    assertEquals(0.36, cuped.units(0.001) / plain, 1e-6);
    Planner looks = new Planner(1, 0, List.of(1.0, 1.0), 0.05, 0.8, 1.03);
    assertEquals(1.03, looks.units(0.001) / plain, 1e-6);
    // 1/(n/10) + 1/(9n/10) = 11.11/n instead of 4/n
    Planner uneven = new Planner(1, 0, List.of(9.0, 1.0), 0.05, 0.8, 1);
    assertEquals(100 / 36.0, uneven.units(0.001) / plain, 1e-6);
  }

  @Test
  void units_twoTreatments_shareAlpha() {
    Planner planner = new Planner(1, 0, List.of(1.0, 1.0, 1.0), 0.05, 0.8, 1);
    // scipy: (norm.isf(.0125) + norm.isf(.2))**2 * 6 / delta**2
    double drift = Normal.inverseSurvival(0.0125) + Normal.inverseSurvival(0.2);
    assertEquals(drift * drift * 6 * 1e4, (double) planner.units(0.01), 1);
  }

  @Test
  void plannedInformation_oneLook_givesThePowerThatWasAsked() {
    Planner planner = Planner.halves(2);
    double drift = 0.1 * Math.sqrt(planner.plannedInformation(0.1));
    assertEquals(0.8, PlannedLooks.of(0.05).power(drift, 1), 1e-5);
    // 1 / (2 * variance * 2 / units)
    assertEquals(planner.units(0.1) / (4.0 * 2), planner.plannedInformation(0.1), 0.5);
  }

  @Test
  void planner_badInput_isRefusedByName() {
    assertThrows(WinnowException.class, () -> Planner.halves(0));
    assertThrows(WinnowException.class, () -> Planner.halves(1).units(0));
    WinnowException refused =
        assertThrows(WinnowException.class, () -> new Planner(1, 0, List.of(1.0), 0.05, 0.8, 1));
    assertTrue(refused.getMessage().contains("weights"), refused.getMessage());
    assertThrows(WinnowException.class, () -> Planner.varianceOfUnits(Estimate.undefined()));
    assertEquals(50, Planner.varianceOfUnits(new Estimate(3, 0.5, 200)));
  }
}
