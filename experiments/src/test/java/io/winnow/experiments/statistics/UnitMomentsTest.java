package io.winnow.experiments.statistics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.Seed;
import io.winnow.core.WinnowException;
import io.winnow.experiments.statistics.Moments.Column;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

final class UnitMomentsTest {
  private final RandomGenerator random = new Seed(7).generator("moments");

  private UnitTotals randomTotals(double offset) {
    double x = random.nextExponential();
    return new UnitTotals(
        offset + 2 * x + random.nextGaussian(),
        1 + random.nextInt(5),
        offset + x,
        random.nextInt(3));
  }

  private static double value(UnitTotals totals, Column column) {
    return switch (column) {
      case NUMERATOR -> totals.numerator();
      case DENOMINATOR -> totals.denominator();
      case PRE_NUMERATOR -> totals.preNumerator();
      case PRE_DENOMINATOR -> totals.preDenominator();
    };
  }

  /** The two-pass textbook formula. */
  private static double naiveCovariance(List<UnitTotals> units, Column one, Column other) {
    double meanOne = units.stream().mapToDouble(t -> value(t, one)).average().orElseThrow();
    double meanOther = units.stream().mapToDouble(t -> value(t, other)).average().orElseThrow();
    return units.stream()
            .mapToDouble(t -> (value(t, one) - meanOne) * (value(t, other) - meanOther))
            .sum()
        / (units.size() - 1);
  }

  private static void assertMoments(List<UnitTotals> units, Moments moments, double relative) {
    assertEquals(units.size(), moments.units());
    int compared = 0;
    for (Column one : Column.values()) {
      double mean = units.stream().mapToDouble(t -> value(t, one)).average().orElseThrow();
      assertEquals(mean, moments.mean(one), relative * Math.abs(mean));
      for (Column other : Column.values()) {
        double expected = naiveCovariance(units, one, other);
        double scale =
            Math.sqrt(naiveCovariance(units, one, one) * naiveCovariance(units, other, other));
        assertEquals(expected, moments.covariance(one, other), relative * scale);
        compared++;
      }
    }
    assertEquals(16, compared);
  }

  @Test
  void snapshot_manyUnits_equalsTheTwoPassFormula() {
    List<UnitTotals> units = new ArrayList<>();
    UnitMoments moments = new UnitMoments();
    for (int i = 0; i < 1000; i++) {
      UnitTotals totals = randomTotals(3);
      units.add(totals);
      moments.add(totals);
    }
    assertMoments(units, moments.snapshot(), 1e-12);
  }

  @Test
  void snapshot_meanABillionTimesTheSpread_keepsTheVariance() {
    List<UnitTotals> units = new ArrayList<>();
    UnitMoments moments = new UnitMoments();
    for (int i = 0; i < 1000; i++) {
      UnitTotals totals = randomTotals(1e9);
      units.add(totals);
      moments.add(totals);
    }
    // Two passes are themselves good to 1e-7 only: the mean is rounded.
    assertMoments(units, moments.snapshot(), 1e-7);
  }

  @Test
  void replace_asOutcomesComeLate_equalsTheFinalTotalsAlone() {
    List<UnitTotals> units = new ArrayList<>();
    UnitMoments moments = new UnitMoments();
    for (int i = 0; i < 200; i++) {
      units.add(randomTotals(0));
      moments.add(units.get(i));
    }
    for (int update = 0; update < 20_000; update++) {
      int unit = random.nextInt(units.size());
      UnitTotals next = randomTotals(random.nextInt(100));
      moments.replace(units.get(unit), next);
      units.set(unit, next);
    }
    assertMoments(units, moments.snapshot(), 1e-12);
  }

  @Test
  void remove_aHugeUnit_leavesNoTraceOfIt() {
    List<UnitTotals> units = new ArrayList<>();
    UnitMoments moments = new UnitMoments();
    UnitTotals huge = UnitTotals.mean(1e12);
    moments.add(huge);
    for (int i = 0; i < 100; i++) {
      units.add(randomTotals(0));
      moments.add(units.get(i));
    }
    moments.remove(huge);
    // 1e24 was added to sums of squares of about 1e3: a running variance would keep no digit.
    assertMoments(units, moments.snapshot(), 1e-7);
  }

  @Test
  void merge_twoParts_equalsTheWhole() {
    List<UnitTotals> units = new ArrayList<>();
    UnitMoments first = new UnitMoments();
    UnitMoments second = new UnitMoments();
    for (int i = 0; i < 300; i++) {
      units.add(randomTotals(1));
      (i % 3 == 0 ? first : second).add(units.get(i));
    }
    first.merge(second);
    assertMoments(units, first.snapshot(), 1e-12);
    assertEquals(200, second.units());
  }

  @Test
  void snapshot_noUnitOrOne_isZeroAndNotNaN() {
    UnitMoments moments = new UnitMoments();
    assertEquals(0, moments.snapshot().mean(Column.NUMERATOR));
    moments.add(UnitTotals.mean(5));
    assertEquals(5, moments.snapshot().mean(Column.NUMERATOR));
    assertEquals(0, moments.snapshot().variance(Column.NUMERATOR));
    moments.remove(UnitTotals.mean(5));
    assertEquals(0, moments.snapshot().mean(Column.NUMERATOR));
    assertThrows(IllegalStateException.class, () -> moments.remove(UnitTotals.mean(5)));
  }

  @Test
  void totals_notFinite_areRefusedByName() {
    WinnowException refused =
        assertThrows(WinnowException.class, () -> UnitTotals.ratio(Double.NaN, 1));
    assertTrue(refused.getMessage().contains("numerator"), refused.getMessage());
    assertThrows(WinnowException.class, () -> UnitTotals.ratio(1, -1));
  }
}
