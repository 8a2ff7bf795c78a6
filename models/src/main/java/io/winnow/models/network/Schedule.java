package io.winnow.models.network;

import io.winnow.core.ErrorCode;
import io.winnow.core.TimeSource;
import io.winnow.core.WinnowException;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;

/**
 * How far a training is: the learning rate of each step (a short linear warm-up, then a cosine down
 * to a twentieth; Loshchilov, Hutter 2017), and the time budget. While the steps fit the budget
 * they do not depend on the clock; if they do not, the plan is cut so that the learning rate still
 * falls to its end. Not thread-safe.
 */
public final class Schedule implements Resumable {
  private static final int CHECK_EVERY = 50;
  private static final double SLACK = 1.05;

  private final TimeSource clock;
  private long startMs;
  private final double maxMs;
  private final float peak;
  private int totalSteps;
  private int step;

  /**
   * A plan that starts now.
   *
   * @param totalSteps how many steps if time allows
   * @param learningRate the highest
   * @param maxSeconds the budget
   */
  public Schedule(TimeSource clock, int totalSteps, double learningRate, double maxSeconds) {
    this.clock = clock;
    this.startMs = clock.nowMs();
    this.totalSteps = Math.max(1, totalSteps);
    this.peak = (float) learningRate;
    this.maxMs = maxSeconds * 1000;
  }

  /** Whether the plan is done. */
  public boolean isDone() {
    return step >= totalSteps;
  }

  /** Moves to the next step and says its learning rate. */
  public float nextLearningRate() {
    double warmUp = Math.min(200, Math.max(1, totalSteps * 0.05));
    double done = (double) step / totalSteps;
    double rate =
        step < warmUp ? (step + 1) / warmUp : 0.05 + 0.95 * 0.5 * (1 + Math.cos(Math.PI * done));
    step++;
    if (step % CHECK_EVERY == 0) {
      fitBudget();
    }
    return (float) (peak * rate);
  }

  private void fitBudget() {
    double elapsed = Math.max(1, clock.nowMs() - startMs);
    double affordable = step * maxMs / elapsed;
    if (totalSteps > affordable * SLACK) {
      totalSteps = Math.max(step, (int) affordable);
    }
  }

  /** An estimate of the seconds left, at the pace so far. */
  public double secondsLeft() {
    double elapsed = clock.nowMs() - startMs;
    return step == 0 ? maxMs / 1000 : elapsed / step * (totalSteps - step) / 1000;
  }

  /** The steps made. */
  public int step() {
    return step;
  }

  /** The steps planned as yet. */
  public int totalSteps() {
    return totalSteps;
  }

  @Override
  public void write(DataOutputStream out) throws IOException {
    out.writeInt(step);
    out.writeInt(totalSteps);
    out.writeLong(clock.nowMs() - startMs);
  }

  @Override
  public void read(DataInputStream in) throws IOException {
    step = in.readInt();
    totalSteps = in.readInt();
    startMs = clock.nowMs() - in.readLong();
  }

  /** Refuses a loss that is not a number, naming the epoch: such weights must never be served. */
  public static void checkLoss(String model, int epoch, double loss) {
    if (!Double.isFinite(loss)) {
      throw diverged(model + ".loss", loss, epoch, model);
    }
  }

  /** Refuses weights of which one is not a number: the last update comes behind the last loss. */
  public static void checkWeights(String model, int epoch, float[] weights) {
    for (float weight : weights) {
      if (!Float.isFinite(weight)) {
        throw diverged(model + ".weights", weight, epoch, model);
      }
    }
  }

  private static WinnowException diverged(String what, double value, int epoch, String model) {
    return new WinnowException(
        ErrorCode.INTERNAL,
        ("%s: %s in epoch %d (expected: a finite number); the training diverged and gives no"
                + " release: try a lower learning rate of %s in the settings, or a full training"
                + " if it went on from a release, and look at values in the data that are far out")
            .formatted(what, value, epoch, model));
  }
}
