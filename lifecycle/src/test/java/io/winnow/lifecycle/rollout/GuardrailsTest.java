package io.winnow.lifecycle.rollout;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.Seed;
import io.winnow.core.application.Rollout.Health;
import io.winnow.lifecycle.rollout.TrialObservations.Counts;
import io.winnow.lifecycle.rollout.TrialObservations.Side;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

final class GuardrailsTest {
  private static final Health HEALTH = new Health(0.01, 1.5, 0.02, 0.001);
  private static final double ALPHA = 0.01;

  /** How a release answers. */
  private record Nature(double errors, double degraded, double empty, double milliseconds) {}

  private static final Nature GOOD = new Nature(0.002, 0.01, 0.002, 8);

  private static void answer(TrialRecorder recorder, Side side, Nature nature, RandomGenerator r) {
    boolean error = r.nextDouble() < nature.errors;
    recorder.answered(
        side,
        new TrialRecorder.Answer(
            (long) (nature.milliseconds * 1e6 * Math.exp(0.4 * r.nextGaussian())),
            error,
            error || r.nextDouble() < nature.degraded,
            r.nextDouble() < nature.empty));
  }

  /** After how many requests of the candidate it is called broken; 0 for never. */
  private static int brokenAfter(Nature candidate, double share, int requests, long seed) {
    TrialRecorder recorder = new TrialRecorder("t");
    RandomGenerator random = new Seed(seed).generator("answers");
    int asked = 0;
    while (asked < requests) {
      if (random.nextDouble() < share) {
        answer(recorder, Side.CHALLENGER, candidate, random);
        asked++;
        if (asked % (asked < 200 ? 5 : 20) == 0) {
          TrialObservations now = recorder.observations();
          if (Guardrails.judge(HEALTH, now.of(Side.CHALLENGER), now.of(Side.CHAMPION), ALPHA)
              .isBroken()) {
            return asked;
          }
        }
      } else {
        answer(recorder, Side.CHAMPION, GOOD, random);
      }
    }
    return 0;
  }

  @Test
  void judge_releaseAsGoodAsTheChampion_isHardlyEverBrokenHoweverOftenOneLooks() {
    int broken = 0;
    for (int run = 0; run < 100; run++) {
      broken += brokenAfter(GOOD, 0.5, 1_500, run) > 0 ? 1 : 0;
    }
    assertTrue(broken <= 2, broken + " of 100 runs of 105 looks");
  }

  @Test
  void judge_halfOfTheRequestsFail_isSeenWithinSomeDozen() {
    for (int run = 0; run < 20; run++) {
      int seen = brokenAfter(new Nature(0.5, 0.5, 0, 8), 0.05, 500, run);
      assertTrue(seen > 0 && seen <= 40, "run " + run + ": after " + seen);
    }
  }

  @Test
  void judge_threeTimesAsSlow_isSeen() {
    for (int run = 0; run < 20; run++) {
      int seen = brokenAfter(new Nature(0.002, 0.01, 0.002, 24), 0.25, 2_000, run);
      assertTrue(seen > 0 && seen <= 200, "run " + run + ": after " + seen);
    }
  }

  @Test
  void judge_emptyAnswersForATwentiethOfTheUsers_areSeen() {
    for (int run = 0; run < 20; run++) {
      int seen = brokenAfter(new Nature(0.002, 0.01, 0.05, 8), 0.25, 2_000, run);
      assertTrue(seen > 0 && seen <= 1_000, "run " + run + ": after " + seen);
    }
  }

  @Test
  void judge_slowerByLessThanAnybodyFeels_isNoHarm() {
    TrialRecorder recorder = new TrialRecorder("t");
    for (int i = 0; i < 5_000; i++) {
      recorder.answered(Side.TWIN, new TrialRecorder.Answer(200_000, false, false, false));
      recorder.answered(Side.SHADOW, new TrialRecorder.Answer(1_200_000, false, false, false));
    }
    TrialObservations now = recorder.observations();
    Guardrails.Findings findings =
        Guardrails.judge(HEALTH, now.of(Side.SHADOW), now.of(Side.TWIN), ALPHA);
    assertFalse(findings.isBroken(), findings.toString());
    assertTrue(findings.numbers().get("latency_limit_ms") > 2, findings.toString());
  }

  @Test
  void judge_nothingSeen_isNotBroken() {
    assertFalse(Guardrails.judge(HEALTH, Counts.NONE, Counts.NONE, ALPHA).isBroken());
  }

  @Test
  void judge_broken_saysWhatWasSeenAndWhatIsAllowed() {
    TrialRecorder recorder = new TrialRecorder("t");
    for (int i = 0; i < 400; i++) {
      recorder.answered(
          Side.CHALLENGER, new TrialRecorder.Answer(1_000_000, i % 2 == 0, i % 2 == 0, false));
      recorder.answered(Side.CHAMPION, new TrialRecorder.Answer(1_000_000, false, false, false));
    }
    TrialObservations now = recorder.observations();
    Guardrails.Findings findings =
        Guardrails.judge(HEALTH, now.of(Side.CHALLENGER), now.of(Side.CHAMPION), ALPHA);
    assertEquals(2, findings.broken().size(), findings.toString());
    assertTrue(
        findings.broken().getFirst().startsWith("errors: 200 of 400 requests (at least "),
        findings.toString());
    assertTrue(
        findings.broken().getFirst().endsWith("allowed are 1.00 % more"), findings.toString());
    assertEquals(0.5, findings.numbers().get("errors"));
    assertEquals(0.0, findings.numbers().get("champion.errors"));
  }
}
