package io.winnow.lifecycle.cadence;

import java.util.List;

/**
 * How fast releases age on a log, and how often to train.
 *
 * @param setup what was measured
 * @param windows what each window gave, oldest first
 * @param curve the loss by age, ascending
 * @param advice the cadence
 * @param doubts what speaks against relying on it; empty if nothing was found
 */
public record CadenceReport(
    Setup setup, List<Window> windows, List<Point> curve, Advice advice, List<String> doubts) {
  /** Copies the lists. */
  public CadenceReport {
    windows = List.copyOf(windows);
    curve = List.copyOf(curve);
    doubts = List.copyOf(doubts);
  }

  /**
   * What was measured.
   *
   * @param application its name
   * @param options as asked for
   * @param windowDays how long each window is
   * @param trainings how many releases were trained, or taken from the cache
   * @param seed of the trainings
   */
  public record Setup(
      String application, CadenceOptions options, int windowDays, int trainings, long seed) {}

  /**
   * One window.
   *
   * @param fromMs its begin, epoch milliseconds
   * @param toMs its end
   * @param targets choices that were asked for
   * @param users who made them
   * @param trainedOn choices that the fresh release learnt from
   * @param fresh NDCG@10 of the release that was trained on everything before the window
   * @param ndcgByAge NDCG@10 of those that were trained earlier, by age
   * @param trainedOnByAge choices that those learnt from
   */
  public record Window(
      long fromMs,
      long toMs,
      int targets,
      int users,
      int trainedOn,
      double fresh,
      List<Double> ndcgByAge,
      List<Integer> trainedOnByAge) {
    /** Copies the lists. */
    public Window {
      ndcgByAge = List.copyOf(ndcgByAge);
      trainedOnByAge = List.copyOf(trainedOnByAge);
    }
  }

  /**
   * The loss at one age.
   *
   * @param ageDays how much earlier than the fresh release it was trained
   * @param loss share of the fresh releases' NDCG@10 that is lost; below 0 it was better
   * @param low 2.5 % quantile, windows and users resampled
   * @param high 97.5 % quantile
   * @param fitted on the curve that never falls
   * @param average mean loss of releases that serve until they are that old
   */
  public record Point(
      int ageDays, double loss, double low, double high, double fitted, double average) {}

  /**
   * How often to train.
   *
   * @param cadenceDays the longest time between trainings with a mean loss within the bound
   * @param lowDays 2.5 % quantile over resamples
   * @param highDays 97.5 % quantile
   * @param isBound whether the bound was met as far as the ages reach: then any longer cadence was
   *     not looked at
   * @param text for people
   */
  public record Advice(
      double cadenceDays, double lowDays, double highDays, boolean isBound, String text) {}
}
