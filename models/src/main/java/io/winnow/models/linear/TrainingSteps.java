package io.winnow.models.linear;

import java.util.function.DoubleSupplier;

/** Hears how the training of a simple model goes. Called by the training thread. */
@FunctionalInterface
public interface TrainingSteps {
  /**
   * A step ended.
   *
   * @param model what is trained, such as {@code ials}
   * @param step 1 … steps; steps take about the same time
   * @param steps how many there are
   * @param objective what is minimised, computed when it is asked for, within the call; NaN for a
   *     model with a closed form
   */
  void onStep(String model, int step, int steps, DoubleSupplier objective);

  /** Hears nothing. */
  static TrainingSteps silent() {
    return (model, step, steps, objective) -> {};
  }
}
