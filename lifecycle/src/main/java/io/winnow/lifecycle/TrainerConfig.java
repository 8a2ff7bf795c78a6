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
 * @param incremental what is other where a training goes on from a release
 */
public record TrainerConfig(
    long seed,
    int threads,
    Split split,
    EncoderConfig encoder,
    EncoderConfig encoderRefit,
    Linear linear,
    RankerConfig ranker,
    Incremental incremental) {
  /** With the usual training from a release. */
  public TrainerConfig(
      long seed,
      int threads,
      Split split,
      EncoderConfig encoder,
      EncoderConfig encoderRefit,
      Linear linear,
      RankerConfig ranker) {
    this(seed, threads, split, encoder, encoderRefit, linear, ranker, Incremental.DEFAULT);
  }

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

  /**
   * A training that goes on from a release. The models keep their shape, and what is not named here
   * is as in a full training, {@code encoder_refit} for the encoder.
   *
   * @param epochs of the encoder, at most
   * @param rehearsal the share of sequences without new events that an epoch of the encoder learns
   *     from as well, 0 to 1
   * @param learningRate of the encoder, as a share of its usual one
   * @param rankerEpochs of the ranker, at most
   * @param rankerLearningRate of the ranker, as a share of its usual one
   * @param ialsIterations alternations of users and items, from the release's factors
   */
  public record Incremental(
      int epochs,
      double rehearsal,
      double learningRate,
      int rankerEpochs,
      double rankerLearningRate,
      int ialsIterations) {
    /** What docs/cadence.md measured. */
    public static final Incremental DEFAULT = new Incremental(3, 0.1, 0.5, 3, 0.5, 2);

    /** Checks the ranges. */
    public Incremental {
      new Ranges()
          .check("epochs", epochs, 1, 1000)
          .check("rehearsal", rehearsal, 0, 1)
          .check("learningRate", learningRate, 1e-3, 1)
          .check("rankerEpochs", rankerEpochs, 1, 1000)
          .check("rankerLearningRate", rankerLearningRate, 1e-3, 1)
          .check("ialsIterations", ialsIterations, 1, 1000)
          .refuse();
    }

    /** The encoder's configuration. */
    EncoderConfig encoder(EncoderConfig refit) {
      EncoderConfig.Training t = refit.training();
      return new EncoderConfig(
          refit.network(),
          refit.sampling(),
          new EncoderConfig.Training(
              t.batchPositions(),
              epochs,
              t.patience(),
              t.learningRate() * learningRate,
              t.weightDecay(),
              t.averaging(),
              t.maxSeconds()));
    }

    /** The ranker's. */
    RankerConfig ranker(RankerConfig full) {
      RankerConfig.Training t = full.training();
      return new RankerConfig(
          full.network(),
          new RankerConfig.Training(
              t.batchRows(),
              rankerEpochs,
              t.learningRate() * rankerLearningRate,
              t.weightDecay(),
              t.listwiseShare(),
              t.holdOutShare(),
              t.maxSeconds(),
              t.averaging()));
    }

    /** That of iALS. */
    ImplicitAls.Config ials(ImplicitAls.Config full) {
      ImplicitAls.Factors f = full.factors();
      return new ImplicitAls.Config(
          new ImplicitAls.Factors(f.dimension(), f.blockSize(), ialsIterations),
          full.loss(),
          full.histories());
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

  /** The same with another number of threads. */
  public TrainerConfig withThreads(int other) {
    return new TrainerConfig(
        seed, other, split, encoder, encoderRefit, linear, ranker, incremental);
  }

  /** The same with other settings of a training that goes on from a release. */
  public TrainerConfig withIncremental(Incremental other) {
    return new TrainerConfig(seed, threads, split, encoder, encoderRefit, linear, ranker, other);
  }

  /** The same with another seed. */
  public TrainerConfig withSeed(long other) {
    return new TrainerConfig(
        other, threads, split, encoder, encoderRefit, linear, ranker, incremental);
  }
}
