package io.winnow.app;

import io.winnow.lifecycle.Release;
import org.jspecify.annotations.Nullable;

/**
 * What users have of a release that they live with: the clicks per slate that the world expects
 * over as many visits in a world of its own, of the same people, where it answers everybody. What
 * it shows today decides what users are tired of, and what features say, tomorrow; slates of one
 * moment do not tell that, and flatter whichever release has not been shown before.
 *
 * <p>Not thread-safe.
 */
final class LivedTruth {
  /** Visits that the champion answers before a release comes. */
  static final int FIRST_VISITS = 800;

  /** As many as most rollouts take; a lift's standard error is below 1 % then. */
  private static final int VISITS = 8_000;

  private final RolloutBase base;
  private final int visits;
  private double champion = Double.NaN;

  LivedTruth(RolloutBase base) {
    this(base, VISITS);
  }

  /**
   * @param visits that are lived through with each release
   */
  LivedTruth(RolloutBase base, int visits) {
    this.base = base;
    this.visits = visits;
  }

  /** The change of clicks against the champion in its own world, relative. */
  double lift(Release release) {
    if (Double.isNaN(champion)) {
      champion = clicks(null);
    }
    return clicks(release) / champion - 1;
  }

  /** Expected clicks per slate of a release; null for the champion. */
  private double clicks(@Nullable Release release) {
    try (LiveShop shop = base.open()) {
      for (int visit = 0; visit < FIRST_VISITS; visit++) {
        shop.visit();
      }
      if (release != null) {
        release.publish(shop.node().releases());
        shop.node().promote(release.version(), PromotionGate.Promotion.forced("to live with"));
        LadderTrial.follow(shop);
      }
      String version = release == null ? base.champion() : release.version();
      double clicks = 0;
      for (int visit = 0; visit < visits; visit++) {
        LiveShop.Visited visited = shop.visit();
        if (!visited.slate().release().equals(version)) {
          throw new IllegalStateException(
              visited.slate().release() + " answered instead of " + version);
        }
        clicks += visited.expected();
      }
      return clicks / visits;
    }
  }
}
