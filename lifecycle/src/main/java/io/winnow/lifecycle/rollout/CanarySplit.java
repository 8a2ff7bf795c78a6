package io.winnow.lifecycle.rollout;

import io.winnow.core.Seed;
import io.winnow.core.UserId;
import io.winnow.experiments.assignment.UnitHash;
import io.winnow.lifecycle.registry.ServingPlan;

/**
 * Which users a canary's challenger answers, and which the champion's are compared with: a pure
 * function of the user's id, the rollout's salt and the share, the same on every server and in
 * every later analysis. A user of a lower share keeps the side at a higher one.
 *
 * @param canary the rollout's salt and share
 * @param draw of the users, made ready
 */
public record CanarySplit(ServingPlan.Canary canary, UnitHash.Draw draw) {
  /** The sides of a canary. */
  public enum Side {
    /** Answered by the challenger. */
    CHALLENGER,
    /** Answered by the champion, and compared with the challenger's users. */
    CONTROL,
    /** Answered by the champion. */
    NEITHER
  }

  /** The split of a canary. */
  public static CanarySplit of(ServingPlan.Canary canary) {
    return new CanarySplit(
        canary, new UnitHash.Draw(new Seed(0).derive("ROLLOUT:" + canary.salt()).value()));
  }

  /** The user's side. */
  public Side side(UserId user) {
    return canary.share() > 0 ? side(position(user), canary.share()) : Side.NEITHER;
  }

  /** Where the user lies among all, in [0, 1): below the share are the challenger's. */
  public double position(UserId user) {
    return draw.of(UnitHash.of(user.value()));
  }

  /** The side of a position at a share. */
  static Side side(double position, double share) {
    if (position < share) {
      return Side.CHALLENGER;
    }
    return position >= 1 - share ? Side.CONTROL : Side.NEITHER;
  }
}
