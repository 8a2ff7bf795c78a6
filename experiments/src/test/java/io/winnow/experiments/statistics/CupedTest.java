package io.winnow.experiments.statistics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.winnow.core.WinnowException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Numbers are from numpy: residuals of each arm, theta from their pooled products. */
final class CupedTest {
  private static void assertEstimate(double value, double standardError, Estimate estimate) {
    assertEquals(value, estimate.value(), 1e-13);
    assertEquals(standardError, estimate.standardError(), 1e-13);
  }

  @Test
  void of_ratios_adjustsTheLinearisedRatios() {
    Cuped cuped = Cuped.of(List.of(Arms.ratio(Arms.CONTROL), Arms.ratio(Arms.TREATMENT)));
    // e = (y - r*z) / z.mean(); g = (x - p*w) / w.mean(), by arm
    // theta = sum(e*g) / sum(g*g); (e - theta*g).std(ddof=1) / sqrt(n)
    assertEquals(1.125124022198614, cuped.theta(), 1e-13);
    assertEquals(0.8753985980594176, cuped.correlation(), 1e-13);
    assertEstimate(0.32118962879647917, 0.017929254110947587, cuped.adjusted().get(0));
    assertEstimate(0.30474786528966935, 0.025820491166271886, cuped.adjusted().get(1));
    assertEquals(Estimate.ratio(Arms.ratio(Arms.CONTROL)), cuped.raw().get(0));
  }

  @Test
  void of_means_adjustsTheMeans() {
    Cuped cuped = Cuped.of(List.of(Arms.mean(Arms.CONTROL), Arms.mean(Arms.TREATMENT)));
    assertEquals(0.7933579335793358, cuped.theta(), 1e-13);
    assertEquals(0.9450115811904471, cuped.correlation(), 1e-13);
    assertEstimate(2.8425584255842558, 0.30474576477951304, cuped.adjusted().get(0));
    assertEstimate(2.894218942189422, 0.34549147862700036, cuped.adjusted().get(1));
    assertEquals(
        1
            - (Math.pow(0.30474576477951304, 2) + Math.pow(0.34549147862700036, 2))
                / (cuped.raw().get(0).variance() + cuped.raw().get(1).variance()),
        cuped.varianceReduction(),
        1e-12);
  }

  @Test
  void of_nobodyWasThereBefore_changesNothing() {
    Moments one = Arms.means(1, 2, 3);
    Moments other = Arms.means(2, 2, 5, 1);
    Cuped cuped = Cuped.of(List.of(one, other));
    assertEquals(0, cuped.theta());
    assertEquals(0, cuped.correlation());
    assertEquals(0, cuped.varianceReduction());
    assertEquals(cuped.raw(), cuped.adjusted());
  }

  @Test
  void of_anArmWithoutUnits_leavesItUnknownAndAdjustsTheOther() {
    Cuped cuped = Cuped.of(List.of(Arms.ratio(Arms.CONTROL), new UnitMoments().snapshot()));
    assertEquals(Estimate.undefined(), cuped.adjusted().get(1));
    assertEquals(0, cuped.varianceReduction());
    // Its own mean before is that of all: nothing to move, less to vary.
    assertEquals(cuped.raw().get(0).value(), cuped.adjusted().get(0).value(), 1e-15);
    assertThrows(WinnowException.class, () -> Cuped.of(List.of()));
  }
}
