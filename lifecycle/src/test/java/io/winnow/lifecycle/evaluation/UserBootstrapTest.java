package io.winnow.lifecycle.evaluation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.Seed;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

final class UserBootstrapTest {
  @Test
  void differenceInterval_ofEqualRows_isZero() {
    double[] sums = sums(40, "hits");
    double[][] means = bootstrap(40, 1).means(List.of(sums, sums.clone()));
    assertArrayEquals(new double[] {0, 0}, UserBootstrap.differenceInterval(means[0], means[1]));
    assertTrue(width(UserBootstrap.interval(means[0])) > 0, "though each of them varies");
  }

  @Test
  void differenceInterval_ofRowsThatGoTogether_isNarrowerThanEither() {
    double[] sums = sums(200, "hits");
    double[] better = sums.clone();
    for (int user = 0; user < better.length; user++) {
      better[user] += user % 2 == 0 ? 0.02 : 0.01;
    }
    double[][] means = bootstrap(200, 2).means(List.of(better, sums));
    double[] difference = UserBootstrap.differenceInterval(means[0], means[1]);
    assertTrue(0.01 < difference[0] && difference[1] < 0.02, Arrays.toString(difference));
    assertTrue(width(difference) < width(UserBootstrap.interval(means[0])) / 5);
  }

  @Test
  void means_areTheSameForAnyNumberOfThreads_andAnotherForAnotherSeed() {
    List<double[]> sums = List.of(sums(30, "a"), sums(30, "b"));
    double[][] one = bootstrap(30, 1).means(sums);
    double[][] three = bootstrap(30, 3).means(sums);
    assertArrayEquals(one[0], three[0]);
    assertArrayEquals(one[1], three[1]);
    double[][] other = new UserBootstrap(ones(30), new Seed(2), 1).means(sums);
    assertTrue(!Arrays.equals(one[0], other[0]));
  }

  @Test
  void means_ofUsersWithDifferentNumbersOfTargets_areOverTargets() {
    // Two users, 1 target that hit and 3 that missed; a third has no targets and is never drawn.
    UserBootstrap bootstrap = new UserBootstrap(new int[] {1, 3, 0}, new Seed(1), 1);
    assertEquals(2, bootstrap.users());
    double[] means = bootstrap.means(List.of(new double[] {1, 0, 0}))[0];
    for (double mean : means) {
      assertTrue(mean == 1 || mean == 0.25 || mean == 0, "both, one or the other: " + mean);
    }
    assertEquals(3, Arrays.stream(means).distinct().count());
    assertArrayEquals(new double[] {0, 1}, UserBootstrap.interval(means));
  }

  @Test
  void interval_withMoreUsers_isNarrower() {
    assertTrue(widthOf(2000) < widthOf(50) / 3);
  }

  private static double widthOf(int users) {
    double[] sums = sums(users, "hits");
    double[] interval = UserBootstrap.interval(bootstrap(users, 1).means(List.of(sums))[0]);
    double mean = Arrays.stream(sums).average().orElseThrow();
    assertTrue(interval[0] < mean && mean < interval[1]);
    return width(interval);
  }

  private static UserBootstrap bootstrap(int users, int threads) {
    return new UserBootstrap(ones(users), new Seed(1), threads);
  }

  private static int[] ones(int users) {
    int[] ones = new int[users];
    Arrays.fill(ones, 1);
    return ones;
  }

  private static double[] sums(int users, String name) {
    RandomGenerator random = new Seed(5).generator(name);
    return random.doubles(users).toArray();
  }

  private static double width(double[] interval) {
    return interval[1] - interval[0];
  }
}
