package io.winnow.lifecycle.rollout;

import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.Retraining;
import io.winnow.core.application.Rollout;
import io.winnow.events.RecordSource;
import io.winnow.lifecycle.TrainingRequest;
import io.winnow.lifecycle.TrainingRequests;

/**
 * Where a candidate's training ends, so that the newest outcomes are left for the gate to judge it
 * by.
 *
 * <p>An outcome is a choice as the trainer counts it. Held back is {@link Retraining#holdout()} of
 * all of them, but at least {@link Rollout.Gate#minOutcomes()}, without which the gate could only
 * wait. A log that is short gives up no more than a quarter for that minimum, and training keeps
 * what it needs: the gate of a first candidate then waits, rather than the candidate being bad.
 *
 * @param toOffset a candidate learns from the records below it
 * @param trainingOutcomes how many outcomes lie below it
 * @param heldOutcomes how many lie at or behind it
 */
public record Holdout(long toOffset, int trainingOutcomes, int heldOutcomes) {
  /** No more than this share is held back only to reach the gate's minimum. */
  private static final double SHARE_FOR_MINIMUM = 0.25;

  /**
   * Chooses the offset for a training on the records below another one. The same log, end and
   * settings give the same offset.
   *
   * @param endOffset what was acknowledged when the training was asked for
   * @param minTraining fewer outcomes than this are too little to train on: {@code
   *     TrainerConfig.split().minChoices()}
   * @throws WinnowException with {@code INVALID_ARGUMENT} if the share is not in [0, 1), or the
   *     offset lies behind the log's end
   */
  public static Holdout choose(
      ApplicationDefinition application, RecordSource records, long endOffset, int minTraining) {
    if (endOffset < 0 || endOffset > records.endOffset()) {
      throw WinnowException.invalid(
          "endOffset", endOffset, "0 to " + records.endOffset() + ", the log's end");
    }
    TrainingRequests requests = new TrainingRequests(application);
    records.replay(0, endOffset, requests);
    return choose(application, requests, endOffset, minTraining);
  }

  /**
   * The same for records that were read.
   *
   * @param requests of the records below the offset
   */
  public static Holdout choose(
      ApplicationDefinition application,
      TrainingRequests requests,
      long endOffset,
      int minTraining) {
    return choose(
        requests.choices().stream().mapToLong(TrainingRequest.Chosen::asOfOffset).toArray(),
        endOffset,
        application.operations().retraining().holdout(),
        application.operations().rollout().gate().minOutcomes(),
        minTraining);
  }

  /**
   * The same for outcomes whose offsets are known.
   *
   * @param outcomes offsets, ascending
   */
  static Holdout choose(
      long[] outcomes, long endOffset, double share, int minOutcomes, int minTraining) {
    if (!(share >= 0 && share < 1)) {
      throw WinnowException.invalid("retraining.holdout", share, "0 to 1, without 1");
    }
    int all = outcomes.length;
    int byShare = (int) Math.ceil(all * share);
    int forMinimum = Math.min(minOutcomes, (int) (all * SHARE_FOR_MINIMUM));
    // A share of 0 is the wish that a candidate learns from everything.
    int wanted = share == 0 ? 0 : Math.max(byShare, forMinimum);
    int held = Math.clamp(all - (long) minTraining, 0, wanted);
    return held == 0
        ? new Holdout(endOffset, all, 0)
        : new Holdout(outcomes[all - held], all - held, held);
  }
}
