package io.winnow.serving;

import io.winnow.core.UserId;
import io.winnow.lifecycle.RequestStages;
import io.winnow.lifecycle.registry.ServingPlan;
import io.winnow.lifecycle.rollout.CanarySplit;
import io.winnow.lifecycle.rollout.TrialObservations.Side;
import io.winnow.lifecycle.rollout.TrialRecorder;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a server serves at one moment: a champion, perhaps a challenger for some of the users, and
 * perhaps a shadow. A request takes one of these and keeps it, so it is answered by one side from
 * beginning to end whatever comes into force meanwhile.
 *
 * <p>Immutable but for the counts of its recorder; thread-safe.
 *
 * @param champion answers
 * @param trial what is on trial; null if nothing is
 */
public record ServedPlan(ServedExperiments champion, @Nullable Trial trial) {
  /** A release on trial. */
  public sealed interface Trial {
    /** Counts the answers. */
    TrialRecorder recorder();

    /**
     * Answers a share of users.
     *
     * @param challenger with the experiments that the champion has
     * @param split which users
     */
    record Canary(ServedExperiments challenger, CanarySplit split, TrialRecorder recorder)
        implements Trial {}

    /**
     * Is asked beside the champion and shown to nobody.
     *
     * @param shadow the release
     * @param twin the champion's, bound as the shadow is, so that their times compare
     * @param share of requests that are asked, in [0, 1]
     */
    record Shadow(RequestStages shadow, RequestStages twin, double share, TrialRecorder recorder)
        implements Trial {}

    /** Answers everybody as the champion, and is still watched. */
    record Live(TrialRecorder recorder) implements Trial {}
  }

  /** A champion and nothing on trial. */
  public static ServedPlan of(ServedExperiments champion) {
    return new ServedPlan(champion, null);
  }

  /** What answers a user. */
  public ServedExperiments of(UserId user) {
    return trial instanceof Trial.Canary(ServedExperiments challenger, CanarySplit split, _)
            && split.side(user) == CanarySplit.Side.CHALLENGER
        ? challenger
        : champion;
  }

  /** Whose answers those of a side are; empty where nobody counts them. */
  Optional<Side> side(ServedExperiments answering) {
    return switch (trial) {
      case Trial.Canary _ -> Optional.of(answering == champion ? Side.CHAMPION : Side.CHALLENGER);
      case Trial.Live _ -> Optional.of(Side.LIVE);
      case Trial.Shadow _ -> Optional.empty();
      case null -> Optional.empty();
    };
  }

  /** The users of the canary; nobody where there is none. */
  public ServingPlan.Canary canary() {
    return trial instanceof Trial.Canary(_, CanarySplit split, _)
        ? split.canary()
        : ServingPlan.Canary.NONE;
  }
}
