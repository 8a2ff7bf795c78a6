package io.winnow.lifecycle.triggers;

import io.winnow.core.application.Retraining.Trigger;

/**
 * How far a trigger is.
 *
 * @param trigger which one
 * @param value what was measured; NaN while there is too little to measure
 * @param threshold it asks for a training from here on; of skew, only above it
 * @param cause identifies what is behind it: the same cause asks once
 * @param text a sentence with both numbers
 */
public record TriggerReading(
    Trigger trigger, double value, double threshold, String cause, String text) {
  /** Whether it asks for a training. */
  public boolean fires() {
    return trigger == Trigger.SKEW ? value > threshold : value >= threshold;
  }
}
