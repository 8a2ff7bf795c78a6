package io.winnow.models.encoder;

import io.winnow.core.Problem;
import io.winnow.core.WinnowException;
import java.util.ArrayList;
import java.util.List;

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
   * @param blocks transformer blocks (1 … 8)
   * @param heads attention heads
   * @param maxLength L, how many of a user's last items it reads
   * @param dropout share of elements dropped while training
   */
  public record Network(int embeddingSize, int blocks, int heads, int maxLength, double dropout) {
    /** Checks the ranges. */
    public Network {
      List<Problem> problems = new ArrayList<>();
      check(problems, "embeddingSize", embeddingSize, 2, 1024);
      check(problems, "blocks", blocks, 1, 8);
      check(problems, "heads", heads, 1, 32);
      check(problems, "maxLength", maxLength, 1, 1000);
      check(problems, "dropout", dropout, 0, 0.9);
      if (heads > 0 && embeddingSize % heads != 0) {
        problems.add(
            new Problem(
                "embeddingSize", Integer.toString(embeddingSize), "a multiple of heads " + heads));
      }
      refuse(problems);
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
      List<Problem> problems = new ArrayList<>();
      check(problems, "negatives", negatives, 1, 1 << 16);
      check(problems, "popularityPower", popularityPower, 0, 1);
      check(problems, "uniformShare", uniformShare, 0.01, 1);
      check(problems, "idDropout", idDropout, 0, 0.9);
      refuse(problems);
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
   * @param maxSeconds time budget; the learning rate still falls to its end
   */
  public record Training(
      int batchPositions,
      int epochs,
      int patience,
      double learningRate,
      double weightDecay,
      double maxSeconds) {
    /** Checks the ranges. */
    public Training {
      List<Problem> problems = new ArrayList<>();
      check(problems, "batchPositions", batchPositions, 1, 1 << 20);
      check(problems, "epochs", epochs, 1, 10_000);
      check(problems, "patience", patience, 1, 10_000);
      check(problems, "learningRate", learningRate, 1e-7, 1);
      check(problems, "weightDecay", weightDecay, 0, 1);
      check(problems, "maxSeconds", maxSeconds, 0.1, 1e6);
      refuse(problems);
    }
  }

  /** What the benchmarks were measured with. */
  public static EncoderConfig defaults() {
    return new EncoderConfig(
        new Network(64, 1, 2, 50, 0.1),
        new Sampling(512, 0.75, 0.3, 0.1),
        new Training(1600, 12, 3, 5e-3, 0.01, 180));
  }

  /** The same with other limits. */
  public EncoderConfig withLimits(int epochs, double maxSeconds) {
    Training t = training;
    return new EncoderConfig(
        network,
        sampling,
        new Training(
            t.batchPositions, epochs, t.patience, t.learningRate, t.weightDecay, maxSeconds));
  }

  private static void check(
      List<Problem> problems, String field, double value, double low, double high) {
    if (!(value >= low && value <= high)) {
      problems.add(new Problem(field, Double.toString(value), low + " to " + high));
    }
  }

  private static void refuse(List<Problem> problems) {
    if (!problems.isEmpty()) {
      throw WinnowException.invalid(problems);
    }
  }
}
