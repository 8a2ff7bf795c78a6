package io.winnow.models.ranker;

import io.winnow.models.Ranges;

/**
 * How a ranker is built and trained.
 *
 * @param network its size
 * @param training how it learns
 */
public record RankerConfig(Network network, Training training) {
  private static final double AVERAGING = 0.999;

  /**
   * The network's size.
   *
   * @param hidden1 width of the first hidden layer
   * @param hidden2 width of the second hidden layer
   * @param crossLayers how many cross layers (0 … 4)
   * @param members how many networks, trained from different seeds, are averaged
   * @param dropout share of hidden elements dropped while training
   * @param attention how the history is read, where examples have one
   */
  public record Network(
      int hidden1, int hidden2, int crossLayers, int members, double dropout, Attention attention) {
    /** With the usual attention. */
    public Network(int hidden1, int hidden2, int crossLayers, int members, double dropout) {
      this(hidden1, hidden2, crossLayers, members, dropout, Attention.DEFAULT);
    }

    /** Checks the ranges. */
    public Network {
      new Ranges()
          .check("hidden1", hidden1, 1, 4096)
          .check("hidden2", hidden2, 1, 4096)
          .check("crossLayers", crossLayers, 0, 4)
          .check("members", members, 1, 8)
          .check("dropout", dropout, 0, 0.9)
          .refuse();
    }
  }

  /**
   * The size of the attention over the history.
   *
   * @param heads how many ways there are to weigh the events
   * @param hidden width of the layer that reads one event's relations
   * @param outputs how many columns the network gets
   */
  public record Attention(int heads, int hidden, int outputs) {
    /** What the benchmarks were measured with. */
    public static final Attention DEFAULT = new Attention(4, 16, 16);

    /** Checks the ranges. */
    public Attention {
      new Ranges()
          .check("attention.heads", heads, 1, 16)
          .check("attention.hidden", hidden, 1, 256)
          .check("attention.outputs", outputs, 1, 256)
          .refuse();
    }
  }

  /**
   * How it learns.
   *
   * @param batchRows rows of a step, about; whole requests
   * @param epochs at most; small data is given more, so that at least {@code 400} steps are made
   * @param learningRate the highest
   * @param weightDecay share of the weights that a step of learning rate 1 takes away
   * @param listwiseShare the listwise loss's share of the whole, 0 … 1
   * @param holdOutShare the latest share of requests, half for stopping and calibration, half for
   *     the metrics
   * @param maxSeconds time budget; the learning rate still falls to its end
   * @param averaging how much the average of the weights that is kept remembers: an earlier step's
   *     share after one more, 0 to 0.9999; 0 keeps the last step alone
   */
  public record Training(
      int batchRows,
      int epochs,
      double learningRate,
      double weightDecay,
      double listwiseShare,
      double holdOutShare,
      double maxSeconds,
      double averaging) {
    /** With the usual averaging. */
    public Training(
        int batchRows,
        int epochs,
        double learningRate,
        double weightDecay,
        double listwiseShare,
        double holdOutShare,
        double maxSeconds) {
      this(
          batchRows,
          epochs,
          learningRate,
          weightDecay,
          listwiseShare,
          holdOutShare,
          maxSeconds,
          AVERAGING);
    }

    /** Checks the ranges. */
    public Training {
      new Ranges()
          .check("batchRows", batchRows, 1, 1 << 20)
          .check("epochs", epochs, 1, 1000)
          .check("learningRate", learningRate, 1e-7, 1)
          .check("weightDecay", weightDecay, 0, 1)
          .check("listwiseShare", listwiseShare, 0, 1)
          .check("holdOutShare", holdOutShare, 0.01, 0.5)
          .check("maxSeconds", maxSeconds, 0.1, 1e6)
          .check("averaging", averaging, 0, 0.9999)
          .refuse();
    }
  }

  /** What the benchmarks were measured with. */
  public static RankerConfig defaults() {
    return new RankerConfig(
        new Network(128, 64, 2, 1, 0.1), new Training(1024, 3, 2e-3, 0.01, 0.5, 0.15, 120));
  }

  /** The same with another share of the listwise loss. */
  public RankerConfig withListwiseShare(double share) {
    Training t = training;
    return new RankerConfig(
        network,
        new Training(
            t.batchRows,
            t.epochs,
            t.learningRate,
            t.weightDecay,
            share,
            t.holdOutShare,
            t.maxSeconds,
            t.averaging));
  }

  /** The same with another number of networks. */
  public RankerConfig withMembers(int members) {
    Network n = network;
    return new RankerConfig(
        new Network(n.hidden1, n.hidden2, n.crossLayers, members, n.dropout, n.attention),
        training);
  }

  /** The same with other limits. */
  public RankerConfig withLimits(int epochs, double maxSeconds) {
    Training t = training;
    return new RankerConfig(
        network,
        new Training(
            t.batchRows,
            epochs,
            t.learningRate,
            t.weightDecay,
            t.listwiseShare,
            t.holdOutShare,
            maxSeconds,
            t.averaging));
  }
}
