package io.winnow.lifecycle;

import io.winnow.models.encoder.EncoderConfig;
import io.winnow.models.linear.Ease;
import io.winnow.models.linear.ImplicitAls;
import io.winnow.models.linear.Transitions;
import io.winnow.models.ranker.RankerConfig;

/**
 * How a release is trained. The defaults are meant to be good for any application.
 *
 * @param seed decides everything random
 * @param threads how many threads may compute
 * @param split how the log is divided between retrieval models and ranker
 * @param encoder the query encoder's training from scratch
 * @param encoderRefit its training when it goes on with newer events
 * @param linear the linear models
 * @param ranker the ranker
 */
public record TrainerConfig(
    long seed,
    int threads,
    Split split,
    EncoderConfig encoder,
    EncoderConfig encoderRefit,
    Linear linear,
    RankerConfig ranker) {

  /**
   * How the log is divided.
   *
   * @param rankerShare the newest share of choices, in (0, 1), from which the ranker learns
   * @param minChoices fewer choices than this are too little to train on
   * @param minSlateOutcomes with fewer outcomes of shown slates the ranker learns from choices
   *     instead
   * @param minRankerRequests with fewer usable requests the release has no ranker
   * @param maxRankerRequests more are thinned evenly
   * @param vectors whether the ranker reads query and item vectors beside features and source
   *     scores
   * @param history how many of the user's newest events the ranker looks at; 0 for none
   */
  public record Split(
      double rankerShare,
      int minChoices,
      int minSlateOutcomes,
      int minRankerRequests,
      int maxRankerRequests,
      boolean vectors,
      int history) {
    /** A ranker that does not look at the history. */
    public Split(
        double rankerShare,
        int minChoices,
        int minSlateOutcomes,
        int minRankerRequests,
        int maxRankerRequests,
        boolean vectors) {
      this(
          rankerShare,
          minChoices,
          minSlateOutcomes,
          minRankerRequests,
          maxRankerRequests,
          vectors,
          0);
    }
  }

  /** The linear models' configurations. */
  public record Linear(Transitions.Config transitions, Ease.Config ease, ImplicitAls.Config ials) {}

  /** The defaults for a seed and a number of threads. */
  public static TrainerConfig defaults(long seed, int threads) {
    return new TrainerConfig(
        seed,
        threads,
        new Split(0.2, 100, 500, 50, 12_000, false, 0),
        EncoderConfig.defaults(),
        EncoderConfig.defaults().withLimits(8, 1800),
        new Linear(Transitions.Config.DEFAULT, Ease.Config.DEFAULT, ImplicitAls.Config.DEFAULT),
        RankerConfig.defaults());
  }

  /** The same with another seed. */
  public TrainerConfig withSeed(long other) {
    return new TrainerConfig(other, threads, split, encoder, encoderRefit, linear, ranker);
  }
}
