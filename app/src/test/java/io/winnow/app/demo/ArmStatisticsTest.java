package io.winnow.app.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.Seed;
import io.winnow.core.UserId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

final class ArmStatisticsTest {
  /** A user's slates: how many clicks each had. */
  private static List<int[]> people(int users, double mean, RandomGenerator random) {
    List<int[]> people = new ArrayList<>();
    for (int user = 0; user < users; user++) {
      double own = mean * (0.2 + 1.6 * random.nextDouble());
      int[] clicks = new int[1 + random.nextInt(20)];
      for (int slate = 0; slate < clicks.length; slate++) {
        for (int place = 0; place < 10; place++) {
          clicks[slate] += random.nextDouble() < own / 10 ? 1 : 0;
        }
      }
      people.add(clicks);
    }
    return people;
  }

  private static ArmStatistics arm(List<int[]> people) {
    ArmStatistics arm = new ArmStatistics();
    for (int user = 0; user < people.size(); user++) {
      for (int clicks : people.get(user)) {
        arm.add(new UserId("u" + user), clicks);
      }
    }
    return arm;
  }

  private static double ratio(List<int[]> people) {
    long slates = people.stream().mapToLong(clicks -> clicks.length).sum();
    return people.stream().flatMapToInt(Arrays::stream).sum() / (double) slates;
  }

  /** The oracle: users drawn again and again, with replacement. */
  private static double[] bootstrap(List<int[]> people, RandomGenerator random) {
    double[] ratios = new double[4_000];
    for (int b = 0; b < ratios.length; b++) {
      List<int[]> drawn = new ArrayList<>();
      for (int i = 0; i < people.size(); i++) {
        drawn.add(people.get(random.nextInt(people.size())));
      }
      ratios[b] = ratio(drawn);
    }
    Arrays.sort(ratios);
    return ratios;
  }

  @Test
  void clicksPerSlate_isTheRatioOfSums() {
    ArmStatistics arm = new ArmStatistics();
    arm.add(new UserId("a"), 3);
    arm.add(new UserId("a"), 0);
    arm.add(new UserId("b"), 1);
    assertEquals(4 / 3.0, arm.clicksPerSlate().value());
    assertEquals(2, arm.users());
    assertEquals(3, arm.slates());
    assertEquals(4, arm.clicks());
  }

  @Test
  void clicksPerSlate_intervalAgreesWithABootstrapOverUsers() {
    RandomGenerator random = new Seed(7).generator("bootstrap");
    for (int round = 0; round < 5; round++) {
      List<int[]> people = people(150, 1.5, random);
      Estimate estimate = arm(people).clicksPerSlate();
      double[] ratios = bootstrap(people, random);
      double width = estimate.high() - estimate.low();
      assertEquals(ratios[(int) (0.025 * ratios.length)], estimate.low(), 0.15 * width);
      assertEquals(ratios[(int) (0.975 * ratios.length)], estimate.high(), 0.15 * width);
    }
  }

  @Test
  void clicksPerSlate_ofUsersWhoDiffer_isWiderThanIfSlatesWereIndependent() {
    List<int[]> people = new ArrayList<>();
    for (int user = 0; user < 40; user++) {
      int[] clicks = new int[20];
      Arrays.fill(clicks, user % 2 == 0 ? 0 : 4);
      people.add(clicks);
    }
    Estimate estimate = arm(people).clicksPerSlate();
    double naive = 2 * 1.96 * 2 / Math.sqrt(800);
    assertTrue(estimate.high() - estimate.low() > 4 * naive, estimate.toString());
  }

  @Test
  void liftOver_coversTheTruthAboutAsOftenAsItSays() {
    RandomGenerator random = new Seed(8).generator("coverage");
    int rounds = 400;
    int covered = 0;
    for (int round = 0; round < rounds; round++) {
      Estimate lift = arm(people(120, 1.8, random)).liftOver(arm(people(120, 1.2, random)));
      covered += lift.low() <= 0.5 && 0.5 <= lift.high() ? 1 : 0;
    }
    assertTrue(covered > 0.91 * rounds && covered < 0.99 * rounds, covered + " of " + rounds);
  }

  @Test
  void clicksPerSlate_ofOneUser_hasNoUpperBound() {
    ArmStatistics arm = new ArmStatistics();
    arm.add(new UserId("a"), 3);
    assertEquals(new Estimate(3, 0, Double.POSITIVE_INFINITY), arm.clicksPerSlate());
  }
}
