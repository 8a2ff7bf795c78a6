package io.winnow.experiments.statistics;

import java.util.List;

/**
 * When a difference may be called real although one looks more than once: keeps the probability of
 * ever calling a difference that is not there at or below {@link #alpha()}, two-sided.
 *
 * <p>A rule is a pure function of all looks so far, in their order; nothing is kept between calls.
 * At most {@value #LOOKS_MAX} looks.
 */
public sealed interface MonitoringRule permits OneLook, PlannedLooks, AlwaysValid {
  /** How many looks a rule judges. */
  int LOOKS_MAX = 1000;

  /** The probability of a false alarm over all looks, two-sided. */
  double alpha();

  /** A judgement of each look, in order; a later look changes no earlier judgement. */
  List<Judgement> judge(List<Look> looks);

  /**
   * The smallest alpha at which the rule would have called the difference real at any look so far;
   * 1 without looks. It never rises as looks are added, and is a p-value over all of them.
   */
  double pValue(List<Look> looks);
}
