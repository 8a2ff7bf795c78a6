package io.winnow.models.linear;

import io.winnow.models.Interactions;
import io.winnow.models.ItemScorer;
import io.winnow.models.ModelFile;
import java.nio.file.Path;

/**
 * Scores an item by how many events it had in training, within a window or each weighted by its age
 * at the newest event; the same for every user. What counts is the time of the events, not that of
 * the training. Immutable.
 */
public final class Popularity implements ItemScorer {
  private static final String KIND = "popularity";
  private static final int VERSION = 1;
  private static final double MS_PER_DAY = 86_400_000d;

  private final float[] scores;

  private Popularity(float[] scores) {
    this.scores = scores;
  }

  /**
   * How to count.
   *
   * @param windowDays events that are older than this at the newest event do not count; infinite
   *     for all
   * @param halfLifeDays after how many days an event counts half; infinite for plain counts
   */
  public record Config(double windowDays, double halfLifeDays) {
    /** Plain counts. */
    public static final Config COUNTS =
        new Config(Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY);

    /** Checks the ranges. */
    public Config {
      new Checks()
          .range("windowDays", windowDays, 1e-6, Double.POSITIVE_INFINITY)
          .range("halfLifeDays", halfLifeDays, 1e-6, Double.POSITIVE_INFINITY)
          .done();
    }

    /** Plain counts of the newest days. */
    public static Config window(double days) {
      return new Config(days, Double.POSITIVE_INFINITY);
    }

    /** All events, each weighted by its age. */
    public static Config halfLife(double days) {
      return new Config(Double.POSITIVE_INFINITY, days);
    }
  }

  /** Counts the events; O(events) time, 12·N bytes. */
  public static Popularity train(Interactions interactions, Config config) {
    Checks.items(interactions);
    long newest = Long.MIN_VALUE;
    for (long time : interactions.timesMs()) {
      newest = Math.max(newest, time);
    }
    boolean decays = config.halfLifeDays() < Double.POSITIVE_INFINITY;
    double[] sums = new double[interactions.itemCount()];
    for (int e = 0; e < interactions.size(); e++) {
      double age = ((double) newest - interactions.timesMs()[e]) / MS_PER_DAY;
      if (age <= config.windowDays()) {
        sums[interactions.items()[e]] += decays ? Math.pow(0.5, age / config.halfLifeDays()) : 1;
      }
    }
    float[] scores = new float[sums.length];
    for (int i = 0; i < sums.length; i++) {
      scores[i] = (float) sums[i];
    }
    return new Popularity(scores);
  }

  @Override
  public int itemCount() {
    return scores.length;
  }

  @Override
  public void score(int[] history, long[] timesMs, long nowMs, float[] out) {
    System.arraycopy(scores, 0, out, 0, scores.length);
  }

  /** The same model under other item indices. */
  public Popularity remap(int[] newIndexOfOld, int newItemCount) {
    SparseRows.checkMapping(newIndexOfOld, scores.length, newItemCount);
    float[] remapped = new float[newItemCount];
    for (int i = 0; i < scores.length; i++) {
      if (newIndexOfOld[i] >= 0) {
        remapped[newIndexOfOld[i]] = scores[i];
      }
    }
    return new Popularity(remapped);
  }

  /** Writes a {@link ModelFile}. */
  public void write(Path file) {
    ModelFile.write(file, KIND, VERSION, out -> ModelFile.writeFloats(out, scores));
  }

  /** Reads what {@link #write} wrote. */
  public static Popularity read(Path file) {
    return ModelFile.read(file, KIND, VERSION, in -> new Popularity(ModelFile.readFloats(in)));
  }
}
