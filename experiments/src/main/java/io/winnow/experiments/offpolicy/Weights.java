package io.winnow.experiments.offpolicy;

import java.util.List;

/**
 * How a log's weights are distributed: what an estimate rests on.
 *
 * @param effective the effective sample size (Kish: Survey sampling, 1965: {@code (Σw)² / Σw²}) of
 *     the requests' weights, each the mean of its slots' weights by the share of the reward that
 *     the log saw at the slot's place; in requests
 * @param effectiveBySlot the same of each place's weights
 * @param supportBySlot mean weight at each place: the share of the candidate's slates down to it
 *     that the log could show, 1 if it could show all of them; with its interval
 * @param heaviest share of all weight that the heaviest hundredth of the requests has
 * @param largestUnit share of all weight that one unit has at most
 * @param without share of the requests that say nothing, since the candidate could not have shown
 *     even their first item
 */
public record Weights(
    double effective,
    List<Double> effectiveBySlot,
    List<Estimate> supportBySlot,
    double heaviest,
    double largestUnit,
    double without) {
  /** Copies the lists. */
  public Weights {
    effectiveBySlot = List.copyOf(effectiveBySlot);
    supportBySlot = List.copyOf(supportBySlot);
  }
}
