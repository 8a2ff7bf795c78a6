package io.winnow.experiments.offpolicy;

import io.winnow.core.WinnowException;

/**
 * One place of a slate that was shown.
 *
 * @param reward what came of it; finite
 * @param logged probability in (0, 1] with which the policy that showed it put this item here,
 *     given the items at the places before
 * @param candidate the same probability under the candidate, given the same items; in [0, 1]
 * @param predicted a model's expectation of the reward of this item at this place; 0 without a
 *     model
 * @param expected the model's expectation of this place's reward under the candidate, given the
 *     items before: the mean of {@code predicted} over what the candidate may show; 0 without a
 *     model. Only the estimators by slot look at it
 */
public record LoggedSlot(
    double reward, double logged, double candidate, double predicted, double expected) {
  /** Checks the ranges. */
  public LoggedSlot {
    if (!(logged > 0 && logged <= 1)) {
      throw WinnowException.invalid("logged", logged, "a probability in (0, 1]");
    }
    if (!(candidate >= 0 && candidate <= 1)) {
      throw WinnowException.invalid("candidate", candidate, "a probability in [0, 1]");
    }
    check("reward", reward);
    check("predicted", predicted);
    if (Double.isInfinite(expected)) {
      throw WinnowException.invalid("expected", expected, "a finite number, or NaN");
    }
  }

  private static void check(String field, double value) {
    if (!Double.isFinite(value)) {
      throw WinnowException.invalid(field, value, "a finite number");
    }
  }
}
