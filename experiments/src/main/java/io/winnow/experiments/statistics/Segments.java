package io.winnow.experiments.statistics;

import io.winnow.core.WinnowException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.commons.statistics.distribution.ChiSquaredDistribution;

/**
 * An effect by segment of users, with what keeps one from reading too much into it: whether the
 * segments differ at all, and p-values that count how many were looked at.
 *
 * <p>Segments differ if Cochran's Q is large,
 *
 * <pre>Q = Σ w_i·(d_i − d̄)², w_i = 1/s_i², d̄ = Σ w_i·d_i/Σ w_i</pre>
 *
 * which is chi-square with segments − 1 degrees of freedom where they do not (Cochran, The
 * combination of estimates from different experiments, Biometrics 10, 1954). I² = max(0, 1 − df/Q)
 * is the share of the variation between segments that is not chance (Higgins, Thompson, Statistics
 * in Medicine 21, 2002).
 *
 * @param segments with their p-values, in the order they were given
 * @param q Cochran's Q over the segments whose effect has a standard error
 * @param degreesOfFreedom those segments − 1, at least 0
 * @param heterogeneityPValue of 'the effect is the same in all'
 * @param inconsistency I², from 0 to 1
 * @param expectedFalse how many segments would be called at alpha by chance if no segment had an
 *     effect
 */
public record Segments(
    List<Segment> segments,
    double q,
    int degreesOfFreedom,
    double heterogeneityPValue,
    double inconsistency,
    double expectedFalse) {
  /** Copies the list. */
  public Segments {
    segments = List.copyOf(segments);
  }

  /**
   * The effect in one segment.
   *
   * @param name of the segment
   * @param contrast the arms within it
   */
  public record SegmentEffect(String name, Contrast contrast) {}

  /**
   * A segment's effect with its p-values.
   *
   * @param name of the segment
   * @param contrast the arms within it
   * @param pValue of 'no effect in this segment', as if it were the only one looked at
   * @param adjustedPValue counting all segments ({@link FalseDiscovery#benjaminiHochberg})
   */
  public record Segment(String name, Contrast contrast, double pValue, double adjustedPValue) {}

  /** Compares segments, which must not overlap; alpha is the level for {@link #expectedFalse()}. */
  public static Segments check(List<SegmentEffect> effects, double alpha) {
    if (!(alpha > 0 && alpha < 1)) {
      throw WinnowException.invalid("alpha", alpha, "above 0 and below 1");
    }
    double[] pValues = effects.stream().mapToDouble(effect -> effect.contrast().pValue()).toArray();
    double[] adjusted = FalseDiscovery.benjaminiHochberg(pValues);
    List<Segment> segments = new ArrayList<>();
    for (int i = 0; i < pValues.length; i++) {
      SegmentEffect effect = effects.get(i);
      segments.add(new Segment(effect.name(), effect.contrast(), pValues[i], adjusted[i]));
    }
    List<Contrast> known =
        effects.stream()
            .map(SegmentEffect::contrast)
            .filter(contrast -> contrast.information() > 0)
            .toList();
    int degrees = Math.max(0, known.size() - 1);
    double q = cochran(known);
    return new Segments(
        segments,
        q,
        degrees,
        degrees == 0 ? 1 : ChiSquaredDistribution.of(degrees).survivalProbability(q),
        q > degrees ? 1 - degrees / q : 0,
        alpha * known.size());
  }

  /** One sentence for a report. */
  public String warning() {
    return String.format(
        Locale.ROOT,
        "%d segments were looked at; by chance alone about %.1f of them would seem to have an effect."
            + " Read the adjusted p-values.",
        segments.size(),
        expectedFalse);
  }

  private static double cochran(List<Contrast> contrasts) {
    double weights = contrasts.stream().mapToDouble(Contrast::information).sum();
    if (weights == 0) {
      return 0;
    }
    double mean =
        contrasts.stream().mapToDouble(c -> c.information() * c.difference()).sum() / weights;
    return contrasts.stream()
        .mapToDouble(c -> c.information() * Math.pow(c.difference() - mean, 2))
        .sum();
  }
}
