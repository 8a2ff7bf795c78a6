package io.winnow.app;

import io.winnow.benchmarks.rollout.Trial;
import io.winnow.core.Seed;
import io.winnow.core.UserId;
import io.winnow.features.AuditReport;
import io.winnow.features.HeldFeatures;
import io.winnow.lifecycle.registry.Cause;
import io.winnow.lifecycle.registry.Rollout;
import io.winnow.lifecycle.registry.ServingPlan;
import io.winnow.lifecycle.rollout.GateProgress;
import io.winnow.lifecycle.rollout.GateReport;
import io.winnow.lifecycle.rollout.OfflineGate;
import io.winnow.lifecycle.rollout.PromotionLadder;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;

/**
 * Sends a release up the ladder of a shop's node while its people go on visiting: the offline gate
 * over the shop's log, then shadow, canary and live as the ladder decides, nobody looking on.
 *
 * <p>The ladder is asked for a step every so many visits, as the job runner asks it every few
 * seconds. Not thread-safe.
 */
final class LadderTrial {
  /** Two seconds at fifty visits a second. */
  private static final int VISITS_A_STEP = 100;

  /** Servers follow a plan within a second; a candidate that is loaded is waited for. */
  private static final int FOLLOW_ATTEMPTS = 12_000;

  private static final long PAUSE_NANOS = 5_000_000;

  private final LiveShop shop;
  private final long visitsMax;

  /**
   * @param visitsMax a rollout that is still open after so many is left as it is
   */
  LadderTrial(LiveShop shop, long visitsMax) {
    this.shop = shop;
    this.visitsMax = visitsMax;
  }

  /**
   * Tries a release.
   *
   * @param version is published and not registered yet
   * @param kind what is wrong with it
   * @param truth is kept beside the result
   */
  Trial run(String version, String kind, Map<String, Double> truth) {
    long began = System.nanoTime();
    Node node = shop.node();
    shop.send();
    String champion = Objects.requireNonNull(node.registry().plan().champion());
    node.propose(version, Cause.of("job:train", "bench"));
    Rollout rollout = Objects.requireNonNull(node.judge(judge(version, champion)).rollout());
    Set<UserId> users = new HashSet<>();
    long slates = 0;
    long visits = 0;
    String waits = "";
    while (rollout.isOpen() && visits < visitsMax) {
      follow(shop);
      for (int i = 0; i < VISITS_A_STEP; i++) {
        LiveShop.Visited visited = shop.visit();
        if (visited.slate().release().equals(version)) {
          users.add(visited.user());
          slates++;
        }
      }
      visits += VISITS_A_STEP;
      shop.send();
      PromotionLadder.Step step = node.climb();
      rollout = Objects.requireNonNull(step.rollout());
      waits = step.text();
    }
    follow(shop);
    Rollout.Decision last = rollout.decisions().getLast();
    return new Trial(
        version,
        kind,
        truth,
        rollout.isOpen()
            ? new Trial.End(rollout.stage().label(), rollout.stage().label(), waits)
            : new Trial.End(rollout.stage().label(), last.from().label(), last.cause().reason()),
        visits,
        new Trial.Harm(users.size(), slates),
        (System.nanoTime() - began) / 1e9);
  }

  private GateReport judge(String version, String champion) {
    Node node = shop.node();
    return new OfflineGate(
            shop.application().definition(),
            node.releases(),
            HeldFeatures.of(shop.application().definition()),
            OfflineGate.Settings.of(shop.application().definition(), new Seed(1)),
            GateProgress.silent())
        .judge(version, champion, node.log(), AuditReport.NONE);
  }

  /** Waits until the node serves what the plan says, or says why it cannot. */
  static void follow(LiveShop shop) {
    Node node = shop.node();
    for (int attempt = 0; attempt < FOLLOW_ATTEMPTS; attempt++) {
      ServingPlan plan = node.registry().plan();
      if (node.status().revision() == plan.revision()) {
        return;
      }
      node.followNow();
      LockSupport.parkNanos(PAUSE_NANOS);
    }
    throw new IllegalStateException("the node does not follow: " + node.status());
  }
}
