package io.winnow.models.encoder;

import io.winnow.models.Ranges;

/**
 * How an encoder is built and trained.
 *
 * @param network its size
 * @param sampling what it learns from
 * @param training how long
 */
public record EncoderConfig(Network network, Sampling sampling, Training training) {
  /**
   * The network's size.
   *
   * @param embeddingSize E, a multiple of {@code heads}
   * @param blocks how many blocks of attention (1 … 8)
   * @param heads attention heads
   * @param maxLength L, how many of a user's last items it reads
   * @param dropout share of elements dropped while training
   */
  public record Network(int embeddingSize, int blocks, int heads, int maxLength, double dropout) {
    /** Checks the ranges. */
    public Network {
      new Ranges()
          .check("embeddingSize", embeddingSize, 2, 1024)
          .check("blocks", blocks, 1, 8)
          .check("heads", heads, 1, 32)
          .check("maxLength", maxLength, 1, 1000)
          .check("dropout", dropout, 0, 0.9)
          .require(
              heads < 1 || embeddingSize % heads == 0,
              "embeddingSize",
              embeddingSize,
              "a multiple of heads " + heads)
          .refuse();
    }
  }

  /**
   * What it learns from.
   *
   * @param negatives M, items drawn a step and shared by its positions; a catalogue of up to 2 M
   *     items is used whole
   * @param popularityPower α: items are drawn by count^α
   * @param uniformShare the share of draws that ignore popularity
   * @param idDropout how often an item with tokens is used without its own embedding, so that one
   *     without history is understood by its tokens
   */
  public record Sampling(
      int negatives, double popularityPower, double uniformShare, double idDropout) {
    /** Checks the ranges. */
    public Sampling {
      new Ranges()
          .check("negatives", negatives, 1, 1 << 16)
          .check("popularityPower", popularityPower, 0, 1)
          .check("uniformShare", uniformShare, 0.01, 1)
          .check("idDropout", idDropout, 0, 0.9)
          .refuse();
    }
  }

  /**
   * How long.
   *
   * @param batchPositions events predicted in a step, about
   * @param epochs at most
   * @param patience epochs without a better held-out NDCG@10 before it stops
   * @param learningRate the highest
   * @param weightDecay share of the weights that a step of learning rate 1 takes away
   * @param averaging decay of the moving average of the weights that is measured and kept, at most:
   *     short trainings average over a tenth of their steps; 0 keeps the last weights
   * @param maxSeconds time budget; the learning rate still falls to its end
   */
  public record Training(
      int batchPositions,
      int epochs,
      int patience,
      double learningRate,
      double weightDecay,
      double averaging,
      double maxSeconds) {
    /** Checks the ranges. */
    public Training {
      new Ranges()
          .check("batchPositions", batchPositions, 1, 1 << 20)
          .check("epochs", epochs, 1, 10_000)
          .check("patience", patience, 1, 10_000)
          .check("learningRate", learningRate, 1e-7, 1)
          .check("weightDecay", weightDecay, 0, 1)
          .check("averaging", averaging, 0, 0.99999)
          .check("maxSeconds", maxSeconds, 0.1, 1e6)
          .refuse();
    }
  }

  /** What the benchmarks were measured with. */
  public static EncoderConfig defaults() {
    return new EncoderConfig(
        new Network(64, 2, 2, 100, 0.2),
        new Sampling(2048, 0.75, 0.3, 0.03),
        new Training(1600, 12, 3, 3e-3, 0.01, 0.998, 1800));
  }

  /** The same with other limits. */
  public EncoderConfig withLimits(int epochs, double maxSeconds) {
    Training t = training;
    return new EncoderConfig(
        network,
        sampling,
        new Training(
            t.batchPositions,
            epochs,
            t.patience,
            t.learningRate,
            t.weightDecay,
            t.averaging,
            maxSeconds));
  }
}
