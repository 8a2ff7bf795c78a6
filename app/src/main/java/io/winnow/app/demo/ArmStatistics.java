package io.winnow.app.demo;

import io.winnow.core.UserId;
import java.util.HashMap;
import java.util.Map;

/**
 * Slates and clicks of one arm's users.
 *
 * <p>People differ more than slates do, so users, not slates, are what was sampled: clicks per
 * slate is a ratio of two sums over users, and its variance is that of the linearised ratio
 * (Cochran, Sampling Techniques, 3rd edition, 6.4; 'delta method').
 *
 * <p>Memory grows with users. Not thread-safe.
 */
final class ArmStatistics {
  private static final double NORMAL_975 = 1.959964;

  private final Map<UserId, Tally> users = new HashMap<>();
  private long slates;
  private long clicks;

  private static final class Tally {
    private long slates;
    private long clicks;
  }

  /** Adds one slate of a user. */
  void add(UserId user, int clicked) {
    Tally tally = users.computeIfAbsent(user, _ -> new Tally());
    tally.slates++;
    tally.clicks += clicked;
    slates++;
    clicks += clicked;
  }

  long users() {
    return users.size();
  }

  long slates() {
    return slates;
  }

  long clicks() {
    return clicks;
  }

  /** Clicks per slate; NaN without slates, an endless interval with fewer than two users. */
  Estimate clicksPerSlate() {
    double ratio = (double) clicks / slates;
    double margin = NORMAL_975 * standardError();
    return new Estimate(ratio, Math.max(0, ratio - margin), ratio + margin);
  }

  /**
   * By what share this arm's clicks per slate exceed another's, such as 0.5 for half as many again.
   * The interval is symmetric in the logarithm of the ratio.
   */
  Estimate liftOver(ArmStatistics other) {
    double ratio = (double) clicks / slates;
    double otherRatio = (double) other.clicks / other.slates;
    double lift = ratio / otherRatio;
    double margin =
        NORMAL_975 * Math.hypot(standardError() / ratio, other.standardError() / otherRatio);
    return new Estimate(lift - 1, lift * Math.exp(-margin) - 1, lift * Math.exp(margin) - 1);
  }

  private double standardError() {
    int n = users.size();
    if (n < 2) {
      return Double.POSITIVE_INFINITY;
    }
    double ratio = (double) clicks / slates;
    double squares = 0;
    for (Tally tally : users.values()) {
      double residual = tally.clicks - ratio * tally.slates;
      squares += residual * residual;
    }
    return Math.sqrt(squares * n / (n - 1)) / slates;
  }
}
