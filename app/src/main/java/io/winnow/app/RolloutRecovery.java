package io.winnow.app;

import io.winnow.benchmarks.rollout.ClickCurve;
import io.winnow.core.Seed;
import io.winnow.features.AuditReport;
import io.winnow.features.HeldFeatures;
import io.winnow.lifecycle.TrainingProgress;
import io.winnow.lifecycle.registry.Cause;
import io.winnow.lifecycle.registry.Rollout;
import io.winnow.lifecycle.rollout.GateProgress;
import io.winnow.lifecycle.rollout.OfflineGate;
import io.winnow.simulator.WorldConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * The tastes of a world move, and its shop trains anew at each cadence, through gate and ladder, or
 * never does.
 *
 * <p>Times in days from the end of the past on, C being the cadence: trainings at C and 2 C bring
 * the shop to its level, whichever course it takes; the tastes move at 3 C, right before a training
 * that knows nothing of it, the first that one course has and the other has not. The first that
 * sees a whole cadence of the new tastes is at 4 C; by 5 C, within one cadence, its release has to
 * serve and what users do to have recovered. The level before is that of 2 C to 3 C; the level
 * after that of 5 C to 6 C.
 */
final class RolloutRecovery {
  private static final double DAY_MS = 86_400_000.0;
  private static final long BUCKET_MS = 6 * 3_600_000L;
  private static final int VISITS_A_STEP = 100;

  /** When the tastes move, in cadences. */
  static final int ONSET = 3;

  private static final int RECOVERED = 5;
  private static final int END = 7;

  private final RolloutBase base;
  private final Plan plan;
  private final ConsoleProgress progress;

  /**
   * What is done.
   *
   * @param cadenceDays C
   * @param share of people whose taste moves
   */
  record Plan(double cadenceDays, double share) {
    /** Daily, and more than half of the people. */
    static final Plan DEFAULT = new Plan(1, 0.6);
  }

  /**
   * How it went.
   *
   * @param curve clicks per slate
   * @param before level before the tastes moved
   * @param lowest level of the first cadence after
   * @param after level of the cadence in which it must have recovered
   * @param lives when a release went live, in days
   */
  record Course(
      ClickCurve curve,
      ClickCurve.Point before,
      ClickCurve.Point lowest,
      ClickCurve.Point after,
      List<Double> lives) {
    /** The level after, relative to the one before. */
    double recovered() {
      return after.clicks() / before.clicks();
    }
  }

  RolloutRecovery(RolloutBase base, Plan plan, ConsoleProgress progress) {
    this.base = base;
    this.plan = plan;
    this.progress = progress;
  }

  /**
   * Lives through it.
   *
   * @param retraining whether trainings go on when the tastes have moved
   */
  Course run(boolean retraining) {
    double cadence = plan.cadenceDays;
    ClickCurve curve = new ClickCurve(base.nowMs(), BUCKET_MS);
    List<Double> lives = new ArrayList<>();
    try (LiveShop shop =
        base.open(
            new WorldConfig.Drift(
                ONSET * cadence, 0, plan.share, WorldConfig.Drift.Kind.VARIETY))) {
      double due = cadence;
      double day = 0;
      while (day < END * cadence) {
        for (int i = 0; i < VISITS_A_STEP; i++) {
          LiveShop.Visited visited = shop.visit();
          curve.add(visited.timeMs(), visited.clicks());
          day = (visited.timeMs() - base.nowMs()) / DAY_MS;
        }
        shop.send();
        climb(shop, day, lives);
        if (day >= due) {
          told(curve, due - cadence, due, retraining);
          boolean trains = retraining || due < ONSET * cadence;
          due += cadence;
          if (trains && shop.node().registry().openRollout().isEmpty()) {
            propose(shop, day);
          }
        }
      }
    }
    return new Course(
        curve,
        curve.between((ONSET - 1) * cadence, ONSET * cadence),
        curve.between(ONSET * cadence, (ONSET + 1) * cadence),
        curve.between(RECOVERED * cadence, (RECOVERED + 1) * cadence),
        List.copyOf(lives));
  }

  private void told(ClickCurve curve, double from, double to, boolean retraining) {
    ClickCurve.Point point = curve.between(from, to);
    progress.line(
        "recovery     %s retraining, day %.1f to %.1f: %.3f ± %.3f clicks per slate"
            .formatted(
                retraining ? "with" : "without", from, to, point.clicks(), point.halfWidth()));
  }

  private void climb(LiveShop shop, double day, List<Double> lives) {
    Rollout open = shop.node().registry().openRollout().orElse(null);
    if (open == null) {
      return;
    }
    LadderTrial.follow(shop);
    Rollout next = Objects.requireNonNull(shop.node().climb().rollout());
    LadderTrial.follow(shop);
    if (next.stage() != open.stage()) {
      progress.line(
          "recovery     day %.2f: %s %s: %s"
              .formatted(
                  day,
                  next.candidate(),
                  next.stage().label(),
                  next.decisions().getLast().cause().reason()));
    }
    if (open.stage() != Rollout.Stage.LIVE && next.stage() == Rollout.Stage.LIVE) {
      lives.add(day);
    }
  }

  private void propose(LiveShop shop, double day) {
    Node node = shop.node();
    String version =
        base.train(
            shop, new Seed(1).derive("day-" + day).value(), node.log(), TrainingProgress.silent());
    String champion = Objects.requireNonNull(node.registry().plan().champion());
    node.propose(version, Cause.of("job:train", "cadence"));
    OfflineGate gate =
        new OfflineGate(
            shop.application().definition(),
            node.releases(),
            HeldFeatures.of(shop.application().definition()),
            OfflineGate.Settings.of(shop.application().definition(), new Seed(1)),
            GateProgress.silent());
    String text = node.judge(gate.judge(version, champion, node.log(), AuditReport.NONE)).text();
    progress.line("recovery     day %.2f: %s %s".formatted(day, version, text));
  }
}
