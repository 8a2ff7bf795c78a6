package io.winnow.serving.http;

import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import io.winnow.core.application.Rollout.Health;
import io.winnow.lifecycle.registry.Cause;
import io.winnow.lifecycle.registry.Rollout;
import io.winnow.lifecycle.registry.ServerStatus;
import io.winnow.lifecycle.registry.ServingPlan;
import io.winnow.lifecycle.rollout.PromotionLadder;
import io.winnow.lifecycle.rollout.TrialObservations.Side;
import io.winnow.lifecycle.rollout.TrialRecorder;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Every release but {@code gone} may be sent up a ladder which nobody moves. */
final class RecordingRollouts implements RolloutControl {
  static final Health HEALTH = new Health(0.01, 1.5, 0.02, 0.001);

  private volatile ServingPlan plan =
      new ServingPlan(3, "r1", "r0", null, ServingPlan.Canary.NONE, null, 0);
  private volatile @Nullable Rollout open;
  private volatile @Nullable Rollout ended;
  volatile String reason = "";

  @Override
  public Standing standing() {
    Rollout now = open;
    Rollout last = ended;
    TrialRecorder recorder = new TrialRecorder("r2-1");
    recorder.answered(Side.SHADOW, new TrialRecorder.Answer(3_000_000, true, true, false));
    return new Standing(
        plan,
        now == null
            ? Optional.empty()
            : Optional.of(new PromotionLadder.Standing(now, recorder.observations(), null)),
        last == null ? List.of() : List.of(last),
        io.winnow.core.application.Rollout.DEFAULT,
        List.of(
            new ServerStatus(
                "s1", "http://127.0.0.1:1", 3, "r1", "release r2 cannot be served: gone", 0)));
  }

  @Override
  public Rollout start(String release, String why) {
    reason = why;
    if (release.equals("gone")) {
      throw new WinnowException(ErrorCode.NOT_FOUND, "release: " + release);
    }
    if (open != null) {
      throw new WinnowException(ErrorCode.CONFLICT, "rollout r2-1 is open");
    }
    Rollout begun =
        new Rollout(
            "r2-1",
            "r2",
            "r1",
            Rollout.Stage.GATE,
            1_000,
            1_000,
            0,
            7,
            List.of(
                new Rollout.Decision(
                    1_000,
                    Rollout.Stage.GATE,
                    Rollout.Stage.GATE,
                    new Cause("person:http", why, Map.of("log_offset", 7.0)))));
    open = begun;
    return begun;
  }

  @Override
  public Rollout cancel(String why) {
    reason = why;
    Rollout now = open;
    if (now == null) {
      throw new WinnowException(ErrorCode.NOT_FOUND, "rollout: none is open");
    }
    Rollout cancelled =
        new Rollout(
            now.id(),
            now.candidate(),
            now.champion(),
            Rollout.Stage.CANCELLED,
            now.startedMs(),
            2_000,
            now.step(),
            now.fromOffset(),
            now.decisions());
    ended = cancelled;
    open = null;
    return cancelled;
  }

  @Override
  public ServingPlan rollback(@Nullable String to, String why) {
    reason = why;
    ServingPlan before = plan;
    String target = to == null ? before.previous() : to;
    if (target == null) {
      throw new WinnowException(ErrorCode.NOT_FOUND, "release before: none");
    }
    plan =
        new ServingPlan(
            before.revision() + 1, target, null, null, ServingPlan.Canary.NONE, null, 0);
    return plan;
  }
}
