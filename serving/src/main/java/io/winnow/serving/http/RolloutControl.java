package io.winnow.serving.http;

import io.winnow.lifecycle.registry.Rollout;
import io.winnow.lifecycle.registry.ServerStatus;
import io.winnow.lifecycle.registry.ServingPlan;
import io.winnow.lifecycle.rollout.PromotionLadder;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Brings releases to users, and back. Thread-safe. */
public interface RolloutControl {
  /**
   * How everything stands.
   *
   * @throws io.winnow.core.WinnowException with {@code UNAVAILABLE} if the registry does not answer
   */
  Standing standing();

  /**
   * Sends a release up the ladder.
   *
   * @param reason a sentence for the ledger
   * @throws io.winnow.core.WinnowException with {@code NOT_FOUND} if there is no such release,
   *     {@code CONFLICT} if another one is on its way
   */
  Rollout start(String release, String reason);

  /**
   * Ends the open rollout; users get the champion of before.
   *
   * @throws io.winnow.core.WinnowException with {@code NOT_FOUND} if none is open
   */
  Rollout cancel(String reason);

  /**
   * Goes back to the release before, or to a given one, on all servers.
   *
   * @param to a release, or null for the one before
   * @return the plan that is in force now
   * @throws io.winnow.core.WinnowException with {@code NOT_FOUND} if there is none before
   */
  ServingPlan rollback(@Nullable String to, String reason);

  /**
   * How everything stands.
   *
   * @param plan what all servers should serve
   * @param open the rollout that is open, and what is known of it; empty if none is
   * @param newest the newest rollouts that have ended, newest first
   * @param thresholds of the application file
   * @param servers what each says of itself
   */
  record Standing(
      ServingPlan plan,
      Optional<PromotionLadder.Standing> open,
      List<Rollout> newest,
      io.winnow.core.application.Rollout thresholds,
      List<ServerStatus> servers) {
    /** Copies the lists. */
    public Standing {
      newest = List.copyOf(newest);
      servers = List.copyOf(servers);
    }
  }
}
