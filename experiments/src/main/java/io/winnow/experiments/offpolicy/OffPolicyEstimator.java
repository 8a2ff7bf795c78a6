package io.winnow.experiments.offpolicy;

import io.winnow.core.WinnowException;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Estimates what a candidate policy would have earned on the requests that another one answered, by
 * every {@link Estimator} for which the log holds enough, and says when not to believe it.
 *
 * <p>The value is the mean over requests of a slate's summed rewards. A slate with fewer places
 * than the longest keeps its weight for the places that it does not have and earns nothing there.
 *
 * <p>Intervals are of the estimate as a function of means over requests, linearised, with requests
 * added up by unit (see {@link Units}).
 *
 * <p>Stateless, thread-safe. Cost O(requests · places), memory two numbers for each slot.
 */
public final class OffPolicyEstimator {
  private OffPolicyEstimator() {}

  /**
   * How to judge.
   *
   * @param confidence of the intervals, in (0, 1)
   * @param maxWeight weights are cut off there, at least 1: less variance, but a bias of at most
   *     the reward of what was cut off; infinite for none
   * @param minEffective fewer effective requests are too few
   */
  public record Settings(double confidence, double maxWeight, double minEffective) {
    /** 95 %, nothing cut off, 100 effective requests. */
    public static final Settings DEFAULT = new Settings(0.95, Double.POSITIVE_INFINITY, 100);

    /** Checks the ranges. */
    public Settings {
      if (!(confidence > 0 && confidence < 1)) {
        throw WinnowException.invalid("confidence", confidence, "in (0, 1)");
      }
      if (!(maxWeight >= 1)) {
        throw WinnowException.invalid("maxWeight", maxWeight, ">= 1");
      }
      if (!(minEffective >= 0)) {
        throw WinnowException.invalid("minEffective", minEffective, ">= 0");
      }
    }
  }

  /**
   * Estimates.
   *
   * @param log requests of at least two units
   */
  public static OffPolicyResult estimate(List<LoggedRequest> log, Settings settings) {
    Units units = new Units(log, settings.confidence());
    if (units.count() < 2) {
      throw WinnowException.invalid("log", units.count() + " units", "requests of at least 2");
    }
    SlotTable slot = SlotTable.of(log, false, settings.maxWeight());
    SlotTable sequential = SlotTable.of(log, true, settings.maxWeight());
    double[] observed = log.stream().mapToDouble(OffPolicyEstimator::reward).toArray();
    double[] expected = log.stream().mapToDouble(LoggedRequest::expected).toArray();
    double[] bySlot = log.stream().mapToDouble(OffPolicyEstimator::expectedBySlot).toArray();
    double[] none = new double[log.size()];

    Map<Estimator, Part> parts = new EnumMap<>(Estimator.class);
    parts.put(Estimator.SLOT_IPS, slot.mean(false, none));
    parts.put(Estimator.SLOT_SELF_NORMALISED, slot.selfNormalised(false, none));
    if (Double.isFinite(Arrays.stream(bySlot).sum())) {
      parts.put(Estimator.SLOT_DOUBLY_ROBUST, slot.mean(true, bySlot));
    }
    parts.put(Estimator.SEQUENTIAL_IPS, sequential.mean(false, none));
    parts.put(Estimator.SEQUENTIAL_SELF_NORMALISED, sequential.selfNormalised(false, none));
    parts.put(Estimator.SEQUENTIAL_DOUBLY_ROBUST, sequential.mean(true, expected));
    parts.put(
        Estimator.SEQUENTIAL_WEIGHTED_DOUBLY_ROBUST, sequential.selfNormalised(true, expected));

    Map<Estimator, Estimate> estimates = new EnumMap<>(Estimator.class);
    parts.forEach((estimator, part) ->
        estimates.put(estimator, units.estimate(part.value(), part.influence())));
    Estimate seen = units.mean(observed);
    Part chosen = Objects.requireNonNull(parts.get(OffPolicyResult.DEFAULT));
    double[] difference = new double[observed.length];
    for (int i = 0; i < difference.length; i++) {
      difference[i] = chosen.influence()[i] - (observed[i] - seen.value());
    }
    Weights sequentialWeights = sequential.weights(units);
    return new OffPolicyResult(
        log.size(),
        units.count(),
        seen,
        estimates,
        units.estimate(chosen.value() - seen.value(), difference),
        slot.weights(units),
        sequentialWeights,
        Doubts.of(sequentialWeights, settings.minEffective()));
  }

  /**
   * An estimate and what each request moves it by.
   *
   * @param influence shape (requests), with mean 0
   */
  record Part(double value, double[] influence) {}

  private static double reward(LoggedRequest request) {
    return request.slots().stream().mapToDouble(LoggedSlot::reward).sum();
  }

  private static double expectedBySlot(LoggedRequest request) {
    return request.slots().stream().mapToDouble(LoggedSlot::expected).sum();
  }

  static double mean(double[] values) {
    return Arrays.stream(values).sum() / values.length;
  }
}
