package io.winnow.experiments.statistics;

import java.util.List;

/**
 * One test at the end: only a look that is the last one counts. The reference for the power of the
 * other rules.
 *
 * @param alpha see {@link MonitoringRule#alpha()}
 */
public record OneLook(double alpha) implements MonitoringRule {
  /** Checks alpha. */
  public OneLook {
    Rules.requireAlpha(alpha);
  }

  @Override
  public List<Judgement> judge(List<Look> looks) {
    Rules.requireLooks(looks);
    double critical = Normal.twoSidedCritical(alpha);
    return looks.stream()
        .map(look -> Judgement.of(look, look.last() ? critical : Double.POSITIVE_INFINITY))
        .toList();
  }

  @Override
  public double pValue(List<Look> looks) {
    Rules.requireLooks(looks);
    return looks.isEmpty() || !looks.getLast().last() ? 1 : Normal.twoSided(looks.getLast().z());
  }
}
