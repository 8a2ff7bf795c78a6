package io.winnow.experiments.statistics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.Seed;
import io.winnow.core.WinnowException;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

final class SequentialPlanTest {
  private static final int EXPERIMENTS = 1500;
  private static final int USERS = 400;
  private static final int LOOKS = 10;

  /** A look of each day, of a mean by unit that grows as long as users come back. */
  private static List<Contrast> growing(double lift, boolean comeEvenly, RandomGenerator random) {
    double[] totals = new double[USERS];
    double[] rates = new double[USERS];
    for (int u = 0; u < USERS; u++) {
      rates[u] = random.nextExponential() * (u % 2 == 1 ? 1 + lift : 1);
    }
    List<Contrast> looks = new ArrayList<>();
    for (int day = 1; day <= LOOKS; day++) {
      int present = comeEvenly ? USERS * day / LOOKS : USERS;
      UnitMoments[] arms = {new UnitMoments(), new UnitMoments()};
      for (int u = 0; u < present; u++) {
        totals[u] += rates[u] * random.nextExponential();
        arms[u % 2].add(UnitTotals.mean(totals[u]));
      }
      looks.add(
          new Contrast(Estimate.ratio(arms[0].snapshot()), Estimate.ratio(arms[1].snapshot())));
    }
    return looks;
  }

  private static List<Judgement> judge(SequentialPlan plan, List<Contrast> contrasts) {
    List<Look> looks = new ArrayList<>();
    for (int k = 0; k < contrasts.size(); k++) {
      Contrast contrast = contrasts.get(k);
      double level = SequentialPlan.level(List.of(contrast.control(), contrast.treatment()));
      looks.add(plan.look(contrast, level, (k + 1.0) / LOOKS, k == LOOKS - 1));
    }
    return plan.rule().judge(looks);
  }

  private static double called(SequentialPlan plan, double lift, boolean comeEvenly, int until) {
    int called = 0;
    for (int i = 0; i < EXPERIMENTS; i++) {
      RandomGenerator random = new Seed(7).derive("growing").generator(Integer.toString(i));
      List<Judgement> judged = judge(plan, growing(lift, comeEvenly, random));
      called += judged.subList(0, until).stream().anyMatch(Judgement::crossed) ? 1 : 0;
    }
    return (double) called / EXPERIMENTS;
  }

  @Test
  void judge_meanThatGrows_keepsAlphaAndFindsTheEffectBeforeTheEnd() {
    for (boolean comeEvenly : new boolean[] {true, false}) {
      String world = comeEvenly ? "coming evenly" : "there from the first day";
      // Of 400 users, as many as find some 40 % with the power that is planned.
      double effect = comeEvenly ? 0.42 : 0.30;
      SequentialPlan planned = SequentialPlan.planned(0.05);
      SequentialPlan always = SequentialPlan.always(0.05, 0.8, effect);
      double plannedNull = called(planned, 0, comeEvenly, LOOKS);
      double alwaysNull = called(always, 0, comeEvenly, LOOKS);
      double plannedPower = called(planned, effect, comeEvenly, LOOKS);
      double plannedEarly = called(planned, effect, comeEvenly, LOOKS - 3);
      double alwaysPower = called(always, effect, comeEvenly, LOOKS);
      String figures =
          "%s: null %.3f %.3f, power %.3f (early %.3f) %.3f"
              .formatted(world, plannedNull, alwaysNull, plannedPower, plannedEarly, alwaysPower);
      // Four standard errors are 0.023.
      assertTrue(plannedNull < 0.073 && plannedNull > 0.01, figures);
      assertTrue(alwaysNull < 0.06, figures);
      assertTrue(plannedPower > 0.6, figures);
      assertTrue(plannedEarly > 0.15, figures);
      assertTrue(alwaysPower > 0.4, figures);
    }
  }

  @Test
  void look_scaleGrows_hasTheSameInformation() {
    SequentialPlan plan = SequentialPlan.always(0.05, 0.8, 0.1);
    Contrast day = new Contrast(new Estimate(10, 0.3, 1000), new Estimate(11, 0.4, 1000));
    Contrast month = new Contrast(new Estimate(300, 9, 1000), new Estimate(330, 12, 1000));
    assertEquals(
        plan.look(day, 10.5, 0, false).information(),
        plan.look(month, 315, 0, false).information(),
        1e-9);
    assertTrue(month.information() < day.information() / 100);
  }

  @Test
  void always_minimumEffect_plansWithoutAnyData() {
    // (1.96 + 0.84)² / 0.02²
    assertEquals(7.849 / 0.0004, SequentialPlan.always(0.05, 0.8, 0.02).plannedInformation(), 10);
    assertThrows(WinnowException.class, () -> SequentialPlan.always(0.05, 0.8, 0));
    assertThrows(WinnowException.class, () -> new SequentialPlan(new OneLook(0.05), Double.NaN));
  }

  @Test
  void look_nothingKnown_hasNoInformation() {
    Contrast none = new Contrast(Estimate.undefined(), new Estimate(1, 0.1, 10));
    double level = SequentialPlan.level(List.of(none.control(), none.treatment()));
    assertEquals(
        new Look(0, 0, 0, false),
        SequentialPlan.always(0.05, 0.8, 0.1).look(none, level, 0.5, false));
    assertEquals(0.125, SequentialPlan.planned(0.05).look(none, level, 0.25, false).fraction());
  }

  @Test
  void inflation_rules_areThoseOfTheRules() {
    assertEquals(
        AlwaysValid.planned(0.05).inflation(0.8),
        SequentialPlan.always(0.05, 0.8, 0.02).inflation(0.8, 1));
    assertTrue(SequentialPlan.planned(0.05).inflation(0.8, 14) > 1);
    assertEquals(1, new SequentialPlan(new OneLook(0.05), 1).inflation(0.8, 5));
  }
}
