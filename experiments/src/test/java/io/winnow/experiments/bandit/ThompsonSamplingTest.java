package io.winnow.experiments.bandit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.WinnowException;
import java.util.List;
import org.junit.jupiter.api.Test;

class ThompsonSamplingTest {
  /** The expected numbers are scipy's adaptive quadrature of the same posteriors. */
  @Test
  void shares_normal_agreeWithQuadrature() {
    List<Double> shares =
        ThompsonSampling.shares(
            List.of(new ArmSums(100, 50, 120), new ArmSums(80, 44, 110), new ArmSums(120, 70, 160)),
            Likelihood.NORMAL,
            0);
    assertEquals(0.1621786805905656, shares.get(0), 1e-4);
    assertEquals(0.3494156313056941, shares.get(1), 1e-4);
    assertEquals(0.4884056881037404, shares.get(2), 1e-4);
  }

  @Test
  void shares_bernoulli_agreeWithQuadrature() {
    List<Double> shares =
        ThompsonSampling.shares(
            List.of(conversions(100, 12), conversions(100, 15), conversions(100, 9)),
            Likelihood.BERNOULLI,
            0);
    assertEquals(0.2502031185815767, shares.get(0), 1e-4);
    assertEquals(0.6889928109922534, shares.get(1), 1e-4);
    assertEquals(0.0608040704261697, shares.get(2), 1e-4);
  }

  @Test
  void shares_oneArmFarAhead_othersKeepTheFloor() {
    List<Double> shares =
        ThompsonSampling.shares(
            List.of(conversions(10_000, 100), conversions(10_000, 900), conversions(10_000, 100)),
            Likelihood.BERNOULLI,
            0.05);
    assertEquals(0.05, shares.get(0), 1e-9);
    assertEquals(0.9, shares.get(1), 1e-9);
    assertEquals(0.05, shares.get(2), 1e-9);
  }

  @Test
  void shares_nothingKnown_areEqual() {
    List<Double> thirds = List.of(1 / 3.0, 1 / 3.0, 1 / 3.0);
    ArmSums some = ArmSums.of(1, 2, 3);
    assertEquals(
        thirds,
        ThompsonSampling.shares(List.of(some, some, ArmSums.of(9)), Likelihood.NORMAL, 0.1));
    assertEquals(
        thirds,
        ThompsonSampling.shares(
            List.of(ArmSums.of(1, 1), ArmSums.of(2, 2), ArmSums.of(3, 3)), Likelihood.NORMAL, 0.1));
    List<Double> beta =
        ThompsonSampling.shares(
            List.of(ArmSums.NONE, ArmSums.NONE, ArmSums.NONE), Likelihood.BERNOULLI, 0);
    beta.forEach(share -> assertEquals(1 / 3.0, share, 1e-9));
  }

  @Test
  void shares_manySizes_sumToOneAndAgreeWithThemselves() {
    for (int n = 2; n < 200_000; n *= 7) {
      List<ArmSums> arms =
          List.of(
              new ArmSums(n, 0.1 * n, n), new ArmSums(2L * n, 0.21 * n, 2.5 * n), ArmSums.of(0, 1));
      List<Double> shares = ThompsonSampling.shares(arms, Likelihood.NORMAL, 0.02);
      assertEquals(1, shares.stream().mapToDouble(share -> share).sum(), 1e-9);
      assertTrue(shares.stream().allMatch(share -> share >= 0.02));
      assertEquals(shares, ThompsonSampling.shares(arms, Likelihood.NORMAL, 0.02));
    }
  }

  @Test
  void shares_badInput_namesField() {
    ArmSums arm = ArmSums.of(0, 1);
    assertEquals("arms", field(List.of(arm), Likelihood.NORMAL, 0));
    assertEquals("floor", field(List.of(arm, arm), Likelihood.NORMAL, 0.6));
    assertEquals("sum", field(List.of(arm, ArmSums.of(2, 2)), Likelihood.BERNOULLI, 0));
    assertEquals(
        "sumOfSquares",
        assertThrows(WinnowException.class, () -> new ArmSums(2, 4, 7))
            .problems()
            .getFirst()
            .field());
  }

  private static String field(List<ArmSums> arms, Likelihood likelihood, double floor) {
    return assertThrows(
            WinnowException.class, () -> ThompsonSampling.shares(arms, likelihood, floor))
        .problems()
        .getFirst()
        .field();
  }

  private static ArmSums conversions(long n, double converted) {
    return new ArmSums(n, converted, converted);
  }
}
