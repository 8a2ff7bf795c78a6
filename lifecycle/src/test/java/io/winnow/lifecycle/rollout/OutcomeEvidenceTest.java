package io.winnow.lifecycle.rollout;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.Event;
import io.winnow.core.LogRecord;
import io.winnow.core.UserId;
import io.winnow.core.application.EventFilter;
import io.winnow.core.application.Objectives;
import io.winnow.lifecycle.registry.ServingPlan;
import io.winnow.lifecycle.rollout.CanarySplit.Side;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class OutcomeEvidenceTest {
  private static final Objectives CLICKS =
      new Objectives(
          List.of(new Objectives.Objective("click", EventFilter.ofType("click"), 1)),
          Duration.ofMinutes(30));
  private static final double SHARE = 0.25;
  private static final CanarySplit SPLIT = CanarySplit.of(new ServingPlan.Canary("v2-1", SHARE));

  private static OutcomeEvidence.Trial trial(long fromOffset) {
    return new OutcomeEvidence.Trial(
        SPLIT, "v2", "v1", SHARE, List.of(new OutcomeEvidence.Step(fromOffset, SHARE)));
  }

  /** The challenger's users click so much more. */
  private static CanaryLog.World world(double lift) {
    return new CanaryLog.World() {
      @Override
      public String release(UserId user) {
        return SPLIT.side(user) == Side.CHALLENGER ? "v2" : "v1";
      }

      @Override
      public double lift(UserId user) {
        return SPLIT.side(user) == Side.CHALLENGER ? lift : 0;
      }
    };
  }

  private static final CanaryLog.World BEFORE =
      new CanaryLog.World() {
        @Override
        public String release(UserId user) {
          return "v1";
        }

        @Override
        public double lift(UserId user) {
          return 0;
        }
      };

  private static OutcomeComparison compare(CanaryLog log, long from, long to) {
    OutcomeEvidence evidence = new OutcomeEvidence(trial(from), CLICKS);
    evidence.follow(log, trial(from), to);
    return evidence.compare(0.95, 0.05);
  }

  @Test
  void isOf_anotherObjectiveOrShare_isAnotherFold() {
    OutcomeEvidence evidence = new OutcomeEvidence(trial(5), CLICKS);
    assertTrue(evidence.isOf(trial(5), CLICKS));
    assertFalse(evidence.isOf(trial(5), new Objectives(CLICKS.list(), Duration.ofMinutes(31))));
    OutcomeEvidence.Trial wider =
        new OutcomeEvidence.Trial(
            SPLIT, "v2", "v1", 0.5, List.of(new OutcomeEvidence.Step(5, SHARE)));
    assertFalse(evidence.isOf(wider, CLICKS));
  }

  @Test
  void compare_isWhatACountByHandGives() {
    CanaryLog log = new CanaryLog(1, 0.1);
    log.slates(2_000, BEFORE);
    long from = log.endOffset();
    log.slates(4_000, world(0.5));
    OutcomeComparison seen = compare(log, from, log.endOffset());

    Map<String, Long> slates = new HashMap<>();
    Map<String, Long> clicks = new HashMap<>();
    Map<String, Long> shownMs = new HashMap<>();
    log.replay((offset, record) -> {
      if (record instanceof LogRecord.Happened(Event event)) {
        Side side = SPLIT.side(event.user());
        String pair = event.user() + " " + event.item();
        if (event.impression() != null && offset >= from) {
          shownMs.put(pair, event.timeMs());
          if (event.impression().position() == 0) {
            slates.merge(side.name(), 1L, Long::sum);
          }
        } else if (event.impression() != null) {
          shownMs.remove(pair);
        } else if (offset >= from && shownMs.remove(pair) != null) {
          clicks.merge(side.name(), 1L, Long::sum);
        }
      }
    });
    assertEquals(slates.get("CHALLENGER"), seen.slates());
    assertEquals(slates.get("CHALLENGER"), seen.stepSlates());
    assertEquals(slates.get("CONTROL"), seen.controlSlates());
    // What users did before is taken out, so the levels move a little and towards each other.
    assertEquals(
        (double) clicks.get("CHALLENGER") / slates.get("CHALLENGER"), seen.perSlate(), 0.02);
    assertEquals(
        (double) clicks.get("CONTROL") / slates.get("CONTROL"), seen.controlPerSlate(), 0.02);
    assertTrue(seen.lift().contains(0.5), seen.toString());
  }

  @Test
  void follow_inStepsOrAtOnce_isTheSame() {
    CanaryLog log = new CanaryLog(2, 0.1);
    log.slates(1_000, BEFORE);
    long from = log.endOffset();
    OutcomeEvidence stepwise = new OutcomeEvidence(trial(from), CLICKS);
    for (int i = 0; i < 20; i++) {
      log.slates(100, world(0));
      stepwise.follow(log, trial(from), log.endOffset());
    }
    assertEquals(compare(log, from, log.endOffset()), stepwise.compare(0.95, 0.05));
  }

  @Test
  void follow_anotherReleaseAnswers_isNotCounted() {
    CanaryLog log = new CanaryLog(3, 0.1);
    log.slates(500, BEFORE);
    OutcomeComparison seen = compare(log, 0, log.endOffset());
    assertEquals(0, seen.slates(), "the challenger's users were answered by the champion");
    assertTrue(seen.controlSlates() > 50, seen.toString());
    assertTrue(seen.lift().low() == Double.NEGATIVE_INFINITY, "nothing to compare");
  }

  /** By hand: a challenger's user who is shown the same item twice, and clicks in between. */
  @Test
  void follow_outcomeBehindAnotherShowing_countsForTheRightRelease() {
    assertEquals(1, clicksAfterTwoShowings("v2", "v2", 1), 1e-6, "told late, of the first");
    assertEquals(1, clicksAfterTwoShowings("v2", "v2", 3), 1e-6, "of the second");
    assertEquals(1, clicksAfterTwoShowings("v2", "v1", 1), 1e-6, "of the first, which counts");
    assertEquals(0, clicksAfterTwoShowings("v2", "v1", 3), 1e-6, "of the second, which does not");
  }

  /**
   * Shown at minutes 0 and 2, clicked at a minute, told in that order; clicks of the challenger.
   */
  private static double clicksAfterTwoShowings(String first, String second, int minute) {
    CanaryLog log = new CanaryLog(7, 0);
    log.slates(2_000, world(0));
    UserId user = new UserId("u0");
    for (int u = 1; SPLIT.side(user) != Side.CHALLENGER; u++) {
      user = new UserId("u" + u);
    }
    log.show(user, "x", first, 0);
    log.show(user, "x", second, 2);
    log.click(user, "x", minute);
    log.click(user, "x", minute); // counts once
    OutcomeComparison seen = compare(log, 0, log.endOffset());
    return seen.perSlate() * seen.slates();
  }

  @Test
  void follow_shareRises_countsUsersFromTheirStepOn() {
    CanaryLog log = new CanaryLog(6, 0.1);
    log.slates(500, world(0));
    long second = log.endOffset();
    log.slates(500, world(0));
    OutcomeEvidence.Trial rising =
        new OutcomeEvidence.Trial(
            SPLIT,
            "v2",
            "v1",
            SHARE,
            List.of(new OutcomeEvidence.Step(0, 0), new OutcomeEvidence.Step(second, SHARE)));
    OutcomeEvidence evidence = new OutcomeEvidence(rising, CLICKS);
    evidence.follow(log, rising, log.endOffset());
    OutcomeComparison seen = evidence.compare(0.95, 0.05);
    OutcomeComparison whole = compare(log, second, log.endOffset());
    assertEquals(whole.slates(), seen.slates());
    assertEquals(whole.slates(), seen.stepSlates());
  }

  @Test
  void compare_nothingDiffersAndOneLooksOften_hardlyEverSaysWorse() {
    int worse = 0;
    int looks = 0;
    for (int run = 0; run < 100; run++) {
      CanaryLog log = new CanaryLog(100 + run, 0.1);
      log.slates(1_500, BEFORE);
      long from = log.endOffset();
      OutcomeEvidence evidence = new OutcomeEvidence(trial(from), CLICKS);
      boolean said = false;
      for (int look = 0; look < 25 && !said; look++) {
        log.slates(200, world(0));
        evidence.follow(log, trial(from), log.endOffset());
        said = evidence.compare(0.95, 0.05).lift().high() < 0;
        looks++;
      }
      worse += said ? 1 : 0;
    }
    assertTrue(looks > 2_000, "it looked " + looks + " times");
    assertTrue(worse <= 6, worse + " of 100 runs; the interval may miss on this side in 2.5");
  }

  @Test
  void compare_usersClickHalfAsMuch_isSaidSoon() {
    for (int run = 0; run < 10; run++) {
      CanaryLog log = new CanaryLog(300 + run, 0.1);
      log.slates(1_000, BEFORE);
      long from = log.endOffset();
      OutcomeEvidence evidence = new OutcomeEvidence(trial(from), CLICKS);
      boolean said = false;
      int slates = 0;
      while (!said && slates < 20_000) {
        log.slates(200, world(-0.5));
        slates += 200;
        evidence.follow(log, trial(from), log.endOffset());
        said = evidence.compare(0.95, 0.05).lift().high() < 0;
      }
      assertTrue(said && slates <= 15_000, "run " + run + ": after " + slates);
    }
  }
}
