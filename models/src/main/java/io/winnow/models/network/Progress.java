package io.winnow.models.network;

/** Hears how a training goes. Called by the training thread after each epoch. */
@FunctionalInterface
public interface Progress {
  /**
   * An epoch ended.
   *
   * @param model what is trained, such as {@code encoder}
   * @param epoch 1 … epochs
   * @param epochs how many are planned; early stopping may end sooner
   * @param loss the epoch's mean training loss
   * @param metricName what {@code metric} is
   * @param metric the measure on the held-out slice
   * @param secondsLeft an estimate, at the pace so far
   */
  record Epoch(
      String model,
      int epoch,
      int epochs,
      double loss,
      String metricName,
      double metric,
      double secondsLeft) {}

  /** An epoch ended. */
  void onEpoch(Epoch epoch);

  /** Hears nothing. */
  static Progress silent() {
    return epoch -> {};
  }
}
