package io.winnow.lifecycle;

import io.winnow.models.Ranges;
import io.winnow.models.encoder.EncoderConfig;
import io.winnow.models.linear.Ease;
import io.winnow.models.linear.ImplicitAls;
import io.winnow.models.linear.Transitions;
import io.winnow.models.ranker.HistorySpec;
import io.winnow.models.ranker.RankerConfig;

/**
 * How a release is trained. The defaults are meant to be good for any application.
 *
 * @param seed decides everything random
 * @param threads how many threads may compute
 * @param split how the log is divided between retrieval models and ranker
 * @param encoder the query encoder's training from scratch
 * @param encoderRefit its training when it goes on with newer events: a network of the same shape,
 *     whose dropout may differ
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
  /** Checks what one record cannot: that the refit can go on with the encoder. */
  public TrainerConfig {
    EncoderConfig.Network begun = encoder.network();
    EncoderConfig.Network goesOn = encoderRefit.network();
    Ranges same = new Ranges();
    same(same, "embeddingSize", goesOn.embeddingSize(), begun.embeddingSize());
    same(same, "blocks", goesOn.blocks(), begun.blocks());
    same(same, "heads", goesOn.heads(), begun.heads());
    same(same, "maxLength", goesOn.maxLength(), begun.maxLength());
    same.refuse();
  }

  private static void same(Ranges ranges, String name, int goesOn, int begun) {
    ranges.require(
        goesOn == begun,
        "encoderRefit.network." + name,
        goesOn,
        begun + ", as encoder.network has it, with which the refit goes on");
  }

  /**
   * How the log is divided.
   *
   * @param rankerShare the newest share of choices, in (0, 1), from which the ranker learns
   * @param minChoices fewer choices than this are too little to train on; at least 1, as the other
   *     counts
   * @param minSlateOutcomes with fewer outcomes of shown slates the ranker learns from choices
   *     instead
   * @param minRankerRequests with fewer usable requests the release has no ranker
   * @param maxRankerRequests more are thinned evenly
   * @param vectors whether the ranker reads query and item vectors beside features and source
   *     scores
   * @param history how many of the user's newest events the ranker looks at, 0 (none) to {@value
   *     HistorySpec#MAX_LENGTH}
   */
  public record Split(
      double rankerShare,
      int minChoices,
      int minSlateOutcomes,
      int minRankerRequests,
      int maxRankerRequests,
      boolean vectors,
      int history) {
    /** Checks the ranges. */
    public Split {
      Ranges ranges =
          new Ranges()
              .require(
                  rankerShare > 0 && rankerShare < 1,
                  "rankerShare",
                  rankerShare,
                  "between 0 and 1, without both")
              .require(
                  history >= 0 && history <= HistorySpec.MAX_LENGTH,
                  "history",
                  history,
                  "0 to " + HistorySpec.MAX_LENGTH);
      atLeastOne(ranges, "minChoices", minChoices);
      atLeastOne(ranges, "minSlateOutcomes", minSlateOutcomes);
      atLeastOne(ranges, "minRankerRequests", minRankerRequests);
      atLeastOne(ranges, "maxRankerRequests", maxRankerRequests);
      ranges.refuse();
    }

    private static void atLeastOne(Ranges ranges, String field, int value) {
      ranges.require(value >= 1, field, value, "1 or more");
    }

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
