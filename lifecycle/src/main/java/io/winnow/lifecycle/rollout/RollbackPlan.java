package io.winnow.lifecycle.rollout;

import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import io.winnow.lifecycle.registry.LedgerEntry;
import io.winnow.lifecycle.registry.Registry;
import io.winnow.lifecycle.registry.ServingPlan;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The way back: a plan with an earlier champion and nothing on trial. What the earlier champion had
 * before it becomes the release before again, so that going back twice goes back twice, and not to
 * the release that was just taken away.
 */
public final class RollbackPlan {
  private static final int ENTRIES_MAX = 1_000;

  private RollbackPlan() {}

  /**
   * The plan to go back to.
   *
   * @param to the release to go back to, or null for the one before
   * @throws WinnowException with {@code NOT_FOUND} if there is none before; {@code
   *     INVALID_ARGUMENT} if it is the champion already
   */
  public static ServingPlan of(Registry registry, ServingPlan plan, @Nullable String to) {
    String target = to == null ? plan.previous() : to;
    if (target == null) {
      throw new WinnowException(
          ErrorCode.NOT_FOUND,
          "release before: none (expected: a champion, %s, that took the place of another)"
              .formatted(plan.champion()));
    }
    if (target.equals(plan.champion())) {
      throw WinnowException.invalid("release", target, "another than the champion");
    }
    return new ServingPlan(
        plan.revision(),
        target,
        before(registry, target, plan.champion()),
        null,
        ServingPlan.Canary.NONE,
        null,
        0);
  }

  /** What was the release before when the target served last, as the ledger tells. */
  private static @Nullable String before(
      Registry registry, String target, @Nullable String leaving) {
    List<LedgerEntry> ledger = registry.ledger(Long.MIN_VALUE / 2, Long.MAX_VALUE / 2, ENTRIES_MAX);
    for (LedgerEntry entry : ledger) {
      if (target.equals(entry.plan().champion())) {
        String before = entry.plan().previous();
        return before == null
                || before.equals(leaving)
                || before.equals(target)
                || !isThere(registry, before)
            ? null
            : before;
      }
    }
    return null;
  }

  /** Whether a plan may name it: its files may have been deleted since. */
  private static boolean isThere(Registry registry, String version) {
    return registry.release(version).filter(release -> release.deletedMs() == 0).isPresent();
  }
}
