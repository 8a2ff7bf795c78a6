package io.winnow.models.network;

/**
 * Hears how a training goes. Called by the training thread after each epoch, and from time to time
 * within a long one.
 */
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

  /**
   * A part of an epoch is done.
   *
   * @param model what is trained, such as {@code encoder}
   * @param epoch the epoch that runs, 1 … epochs
   * @param epochs how many are planned; early stopping may end sooner
   * @param share how much of the epoch is done, 0 … 1
   * @param loss its mean training loss so far
   * @param secondsLeft an estimate for the whole training, at the pace so far
   */
  record Part(String model, int epoch, int epochs, double share, double loss, double secondsLeft) {}

  /** A part of an epoch is done. */
  default void onPart(Part part) {}

  /** Something that its owner should know happened, such as that an earlier training goes on. */
  default void onNote(String model, String note) {}

  /** An epoch ended. */
  void onEpoch(Epoch epoch);

  /** Hears nothing. */
  static Progress silent() {
    return epoch -> {};
  }
}
