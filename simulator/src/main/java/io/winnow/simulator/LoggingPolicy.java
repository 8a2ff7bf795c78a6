package io.winnow.simulator;

import java.util.ArrayList;
import java.util.List;

/**
 * What served before Winnow: each place is filled from a mixture of what is popular, what is
 * popular in the categories that the user clicks, and chance; nothing that the user has clicked
 * already.
 *
 * <p>The propensity of an item is its probability under the mixture, given the places above.
 */
final class LoggingPolicy {
  private static final List<String> SOURCES = List.of("popularity", "affinity", "random");
  private static final double[] SHARES = {0.35, 0.35, 0.3};

  /** Of the hottest video's heat, so that a video without clicks can be shown. */
  private static final double SMOOTHING = 0.01;

  private final Audience audience;
  private final Dice dice;

  LoggingPolicy(Audience audience, Dice dice) {
    this.audience = audience;
    this.dice = dice;
  }

  /** Draws a slate of different videos; shorter than n only if the user has clicked nearly all. */
  List<Choice> slate(World.Inhabitant inhabitant, List<Video> videos, int n, long timeMs) {
    double[][] weights = weights(inhabitant.memory(), videos);
    double[] sums = new double[weights.length];
    for (int source = 0; source < weights.length; source++) {
      for (double weight : weights[source]) {
        sums[source] += weight;
      }
    }
    List<Choice> slate = new ArrayList<>();
    // Random's weights are 1, so its sum counts what is left; half guards against rounding.
    while (slate.size() < n && sums[2] > 0.5) {
      int user = inhabitant.person().index();
      int source =
          Dice.weighted(SHARES, dice.uniform(Dice.Roll.LOGGED_SOURCE, user, timeMs, slate.size()));
      double uniform = dice.uniform(Dice.Roll.LOGGED_ITEM, user, timeMs, slate.size());
      int drawn = draw(weights[source], sums[source] * uniform);
      double propensity = 0;
      for (int s = 0; s < weights.length; s++) {
        propensity += SHARES[s] * weights[s][drawn] / sums[s];
      }
      slate.add(new Choice(videos.get(drawn), SOURCES.get(source), Math.min(propensity, 1)));
      for (int s = 0; s < weights.length; s++) {
        sums[s] -= weights[s][drawn];
        weights[s][drawn] = 0;
      }
    }
    return slate;
  }

  /** Shape (sources, videos). */
  private double[][] weights(Memory memory, List<Video> videos) {
    double[][] weights = new double[SOURCES.size()][videos.size()];
    for (int v = 0; v < videos.size(); v++) {
      Video video = videos.get(v);
      if (!memory.clicked(video)) {
        double heat = SMOOTHING + audience.heat(video);
        weights[0][v] = heat;
        weights[1][v] = heat * (0.1 + memory.categoryClicks(video.category()));
        weights[2][v] = 1;
      }
    }
    return weights;
  }

  private static int draw(double[] weights, double mark) {
    double left = mark;
    int last = -1;
    for (int v = 0; v < weights.length; v++) {
      if (weights[v] > 0) {
        last = v;
        left -= weights[v];
        if (left < 0) {
          break;
        }
      }
    }
    return last;
  }

  /**
   * A drawn video.
   *
   * @param propensity its probability at its place, in (0, 1]
   */
  record Choice(Video video, String source, double propensity) {}
}
