package io.winnow.experiments.statistics;

import io.winnow.core.WinnowException;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Adjusted p-values for several metrics, arms or segments at once: calling all those at or below q
 * keeps the expected share of false calls among the calls at or below q.
 */
public final class FalseDiscovery {
  private FalseDiscovery() {}

  /**
   * The step-up procedure for p-values that are independent or positively dependent, as metrics of
   * the same users mostly are: p_(i)·m/i, made monotone from the largest (Benjamini, Hochberg,
   * Controlling the false discovery rate, JRSS B 57, 1995; positive dependence: Benjamini,
   * Yekutieli, Annals of Statistics 29, 2001, 1.2).
   *
   * @param pValues from 0 to 1
   * @return in the same order
   */
  public static double[] benjaminiHochberg(double[] pValues) {
    return adjust(pValues, 1);
  }

  /**
   * The same under any dependence, at the price of a factor 1 + 1/2 + … + 1/m (Benjamini,
   * Yekutieli, The control of the false discovery rate in multiple testing under dependency, Annals
   * of Statistics 29, 2001, theorem 1.3).
   */
  public static double[] benjaminiYekutieli(double[] pValues) {
    return adjust(
        pValues, IntStream.rangeClosed(1, pValues.length).mapToDouble(i -> 1.0 / i).sum());
  }

  private static double[] adjust(double[] pValues, double factor) {
    for (int i = 0; i < pValues.length; i++) {
      if (!(pValues[i] >= 0 && pValues[i] <= 1)) {
        throw WinnowException.invalid("pValues[" + i + "]", pValues[i], "0 to 1");
      }
    }
    List<Integer> descending =
        IntStream.range(0, pValues.length)
            .boxed()
            .sorted(Comparator.comparingDouble(i -> -pValues[i]))
            .toList();
    double[] adjusted = new double[pValues.length];
    double smallest = 1;
    int rank = pValues.length;
    for (int i : descending) {
      smallest = Math.min(smallest, pValues[i] * factor * pValues.length / rank--);
      adjusted[i] = smallest;
    }
    return adjusted;
  }
}
