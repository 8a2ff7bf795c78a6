package io.winnow.app;

import io.winnow.core.ErrorCode;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import io.winnow.lifecycle.RequestStages;
import io.winnow.lifecycle.RequestStages.Moment;
import io.winnow.lifecycle.RequestStages.Ranked;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * Asks a release before it serves anybody: whether it scores items with numbers. A training that
 * diverged leaves networks that say NaN to everything, in a bundle that is whole.
 */
final class ReleaseProbe {
  private static final int USERS_MAX = 20;
  private static final UserId STRANGER = new UserId("stranger");

  private ReleaseProbe() {}

  /**
   * Checks the scores of some users, and of one without a history.
   *
   * @throws WinnowException with {@code CORRUPT}
   */
  static void check(RequestStages release, List<UserId> users, long timeMs) {
    // A log without recent users still has items, and somebody new may be the next to ask.
    check(release, release.strangerMoment(STRANGER, Map.of(), _ -> true, timeMs));
    for (UserId user : users.subList(0, Math.min(USERS_MAX, users.size()))) {
      check(release, release.moment(user, Map.of(), _ -> true, timeMs));
    }
  }

  private static void check(RequestStages release, Moment moment) {
    Ranked ranked = release.rank(moment, release.retrieve(moment, Duration.ofSeconds(10)));
    for (float score : ranked.scores()) {
      if (!Float.isFinite(score)) {
        throw new WinnowException(
            ErrorCode.CORRUPT,
            "release %s: a score of %s (expected: finite numbers; its training diverged)"
                .formatted(release.version(), score));
      }
    }
  }
}
