package io.winnow.app;

import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import io.winnow.lifecycle.registry.Cause;
import io.winnow.lifecycle.registry.Registry;
import io.winnow.lifecycle.registry.Rollout;
import io.winnow.lifecycle.registry.ServingPlan;
import io.winnow.lifecycle.rollout.RollbackPlan;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Changes of the plan that a person asks for, with what they mean for a rollout that is open. Where
 * somebody else changes the plan at the same moment, it is tried again on what came of that.
 */
final class PlanChanges {
  private static final int ATTEMPTS = 5;

  private PlanChanges() {}

  /** Serves a release to everybody; an open rollout ends, of another release as cancelled. */
  static ServingPlan promote(Registry registry, long logEnd, String version, Cause cause) {
    return change(
        registry,
        logEnd,
        "promote",
        Rollout.Stage.CANCELLED,
        plan -> version.equals(plan.champion()) ? plan.withoutTrials() : plan.promote(version),
        cause);
  }

  /**
   * Goes back; an open rollout ends.
   *
   * @param to a release, or null for the one before
   */
  static ServingPlan rollback(Registry registry, long logEnd, @Nullable String to, Cause cause) {
    return change(
        registry,
        logEnd,
        "rollback",
        Rollout.Stage.ROLLED_BACK,
        plan -> RollbackPlan.of(registry, plan, to),
        cause);
  }

  /**
   * Ends the open rollout: users get the champion of before; a candidate that is live is rolled
   * back.
   *
   * @throws WinnowException with {@code NOT_FOUND} if none is open
   */
  static Rollout cancel(Registry registry, long logEnd, Cause cause) {
    for (int attempt = 1; ; attempt++) {
      try {
        Rollout open =
            registry
                .openRollout()
                .orElseThrow(
                    () -> new WinnowException(ErrorCode.NOT_FOUND, "rollout: none is open"));
        ServingPlan plan = registry.plan();
        return open.stage() == Rollout.Stage.LIVE && plan.previous() != null
            ? registry.advance(
                open,
                Rollout.Stage.ROLLED_BACK,
                open.step(),
                logEnd,
                RollbackPlan.of(registry, plan, null),
                cause)
            : registry.advance(
                open, Rollout.Stage.CANCELLED, open.step(), logEnd, plan.withoutTrials(), cause);
      } catch (WinnowException e) {
        if (e.code() != ErrorCode.CONFLICT || attempt == ATTEMPTS) {
          throw e;
        }
      }
    }
  }

  private static ServingPlan change(
      Registry registry,
      long logEnd,
      String action,
      Rollout.Stage end,
      Function<ServingPlan, ServingPlan> next,
      Cause cause) {
    for (int attempt = 1; ; attempt++) {
      try {
        ServingPlan plan = registry.plan();
        ServingPlan wanted = next.apply(plan);
        Rollout open = registry.openRollout().orElse(null);
        if (open == null) {
          return wanted.equals(plan) ? plan : registry.change(wanted, action, cause);
        }
        registry.advance(open, end, open.step(), logEnd, wanted, cause);
        return registry.plan();
      } catch (WinnowException e) {
        if (e.code() != ErrorCode.CONFLICT || attempt == ATTEMPTS) {
          throw e;
        }
      }
    }
  }
}
