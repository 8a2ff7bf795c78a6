package io.winnow.lifecycle.rollout;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.ErrorCode;
import io.winnow.core.Seed;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import io.winnow.lifecycle.registry.ServingPlan;
import io.winnow.lifecycle.rollout.TrialObservations.Counts;
import io.winnow.lifecycle.rollout.TrialObservations.Side;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

final class TrialObservationsTest {
  private static TrialRecorder filled(long seed) {
    TrialRecorder recorder = new TrialRecorder("r");
    RandomGenerator random = new Seed(seed).generator("answers");
    for (int i = 0; i < 500; i++) {
      recorder.answered(
          List.of(Side.TWIN, Side.SHADOW, Side.CHAMPION).get(random.nextInt(3)),
          new TrialRecorder.Answer(
              (long) (1e5 * Math.exp(3 * random.nextGaussian())),
              random.nextInt(10) == 0,
              random.nextInt(5) == 0,
              random.nextInt(3) == 0));
    }
    recorder.compared(0.25);
    recorder.compared(0.75);
    recorder.dropped();
    return recorder;
  }

  @Test
  void fromJson_ofWhatWasWritten_isTheSame() {
    TrialObservations seen = filled(1).observations();
    assertEquals(seen, TrialObservations.fromJson(seen.toJson()));
    assertEquals(
        TrialObservations.NONE, TrialObservations.fromJson(TrialObservations.NONE.toJson()));
    assertTrue(seen.of(Side.TWIN).requests() > 100, seen.toString());
    assertEquals(0.5, seen.shadow().meanOverlap());
  }

  @Test
  void merge_ofServers_isTheSum() {
    TrialObservations one = filled(1).observations();
    TrialObservations other = filled(2).observations();
    TrialObservations both = TrialObservations.merge(List.of(one, other));
    for (Side side : Side.values()) {
      assertEquals(one.of(side).plus(other.of(side)), both.of(side));
    }
    assertEquals(new TrialObservations.Shadow(4, 2, 2), both.shadow());
    assertEquals(both, TrialObservations.merge(List.of(other, one)));
    assertEquals(TrialObservations.NONE, TrialObservations.merge(List.of()));
  }

  @Test
  void fromJson_ofSomethingElse_isCorrupt() {
    for (String text :
        List.of(
            "{", "{\"twin\":{\"latency\":{\"x\":1}}}", "{\"twin\":{\"latency\":{\"999\":1}}}")) {
      WinnowException failed =
          assertThrows(WinnowException.class, () -> TrialObservations.fromJson(text), text);
      assertEquals(ErrorCode.CORRUPT, failed.code());
    }
  }

  @Test
  void percentileMs_isWithinABucketOfTheTruth() {
    RandomGenerator random = new Seed(4).generator("latency");
    TrialRecorder recorder = new TrialRecorder("r");
    List<Double> all = new ArrayList<>();
    for (int i = 0; i < 10_000; i++) {
      double milliseconds = 5 * Math.exp(random.nextGaussian());
      all.add(milliseconds);
      recorder.answered(
          Side.LIVE, new TrialRecorder.Answer((long) (milliseconds * 1e6), false, false, false));
    }
    Collections.sort(all);
    Counts counts = recorder.observations().of(Side.LIVE);
    for (double share : new double[] {0.01, 0.5, 0.95, 0.999}) {
      double exact = all.get((int) Math.ceil(share * all.size()) - 1);
      double told = counts.latency().percentileMs(share);
      assertTrue(told >= exact && told <= exact * 1.1, share + ": " + told + " for " + exact);
    }
    assertEquals(10_000, counts.latency().total());
    long above = all.stream().filter(time -> time > 20).count();
    long told = counts.latency().countAbove(20);
    assertTrue(told <= above && told > above * 0.8, told + " of " + above);
  }

  @Test
  void side_ofUsers_isAFixedShareThatGrowsAndNeverMovesAnybody() {
    int users = 20_000;
    CanarySplit small = CanarySplit.of(new ServingPlan.Canary("v2-1", 0.05));
    CanarySplit large = CanarySplit.of(new ServingPlan.Canary("v2-1", 0.25));
    CanarySplit other = CanarySplit.of(new ServingPlan.Canary("v3-1", 0.25));
    int challenger = 0;
    int control = 0;
    int both = 0;
    for (int i = 0; i < users; i++) {
      UserId user = new UserId("u" + i);
      CanarySplit.Side before = small.side(user);
      CanarySplit.Side after = large.side(user);
      if (before != CanarySplit.Side.NEITHER) {
        assertEquals(before, after);
      }
      challenger += after == CanarySplit.Side.CHALLENGER ? 1 : 0;
      control += after == CanarySplit.Side.CONTROL ? 1 : 0;
      both +=
          after == CanarySplit.Side.CHALLENGER && other.side(user) == CanarySplit.Side.CHALLENGER
              ? 1
              : 0;
    }
    assertEquals(0.25, (double) challenger / users, 0.01);
    assertEquals(0.25, (double) control / users, 0.01);
    assertEquals(0.0625, (double) both / users, 0.01, "another rollout asks other users");
    assertEquals(
        CanarySplit.Side.NEITHER, CanarySplit.of(ServingPlan.Canary.NONE).side(new UserId("u1")));
    // Fixed for ever: an analysis years later computes the same.
    assertEquals(0.9154, large.position(new UserId("u1")), 1e-3);
  }
}
