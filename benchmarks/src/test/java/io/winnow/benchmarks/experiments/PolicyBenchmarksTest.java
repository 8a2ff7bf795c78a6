package io.winnow.benchmarks.experiments;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.benchmarks.Figures;
import io.winnow.benchmarks.experiments.RankerPair.Change;
import io.winnow.benchmarks.experiments.RankerPair.Visits;
import io.winnow.core.Seed;
import io.winnow.core.WinnowException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.random.RandomGenerator;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Small runs of the benchmarks of interleaving, off-policy estimates and bandits. */
class PolicyBenchmarksTest {
  private static final Seed SEED = new Seed(2);

  private static double figure(Figures figures, String name) {
    return Objects.requireNonNull(figures.figures().get(name), name).value();
  }

  @Test
  void offPolicy_smallRun_coversAndDoesNotDependOnThreads() {
    Figures one =
        OffPolicyBenchmark.run(new OffPolicyBenchmark.Config(60, 500, 10, 20_000, 1, SEED));
    Figures three =
        OffPolicyBenchmark.run(new OffPolicyBenchmark.Config(60, 500, 10, 20_000, 3, SEED));
    assertEquals(one.figures(), three.figures());
    assertEquals(60, figure(one, "off_policy.releases"));
    assertEquals(0.95, figure(one, "off_policy.coverage"), 0.09);
    assertTrue(figure(one, "off_policy.kendall_tau") > 0.3);
    assertTrue(figure(one, "off_policy.model_alone.kendall_tau") > 0.5);
    assertEquals(0, figure(one, "off_policy.model_alone.bias"), 0.02);
    assertTrue(
        figure(one, "off_policy.model_alone.width")
            < figure(one, "off_policy.sequential_weighted_doubly_robust.width"));
    assertTrue(figure(one, "off_policy.propensity_error_in_deviations") < 5);
    assertEquals(0, figure(one, "off_policy.logged_propensity_error"), 1e-12);
    assertTrue(figure(one, "off_policy.slot_ips.coverage") < figure(one, "off_policy.coverage"));
  }

  @Test
  void interleaving_smallRun_needsFewerUsersAndDoesNotDependOnThreads() {
    Figures one =
        InterleavingBenchmark.run(
            new InterleavingBenchmark.Config(100, 10_000, 200, 2, 5, 1, SEED));
    Figures three =
        InterleavingBenchmark.run(
            new InterleavingBenchmark.Config(100, 10_000, 200, 2, 5, 3, SEED));
    assertEquals(one.figures(), three.figures());
    assertTrue(figure(one, "interleaving.users_ratio") < 0.05);
    assertTrue(Math.abs(figure(one, "interleaving.bias_in_deviations")) < 4);
    assertEquals(0.8, figure(one, "interleaving.power"), 0.12);
  }

  @Test
  void rankerPair_manyUsers_doAsTheEnumerationSays() {
    RankerPair pair = RankerPair.draw(20, new Change(0.2, 0.5), SEED.generator("pair"));
    RandomGenerator random = SEED.generator("users");
    double clicks = 0;
    double visits = 0;
    double credits = 0;
    int users = 40_000;
    for (int u = 0; u < users; u++) {
      Visits alone = pair.alone(0, pair.drawUser(random), random);
      clicks += alone.first();
      visits += alone.visits();
      Visits both = pair.interleaved(random);
      credits += both.first() - both.second();
    }
    assertEquals(RankerPair.meanVisits(), visits / users, 0.1);
    assertEquals(pair.clicksPerSlate(0), clicks / visits, 0.02);
    assertEquals(pair.creditPerUser(), credits / users, 0.05);
    assertEquals(0, pair.withoutTaste().creditPerUser(), 1e-9);
  }

  @Test
  void bandit_smallRun_isLessBiasedAndDoesNotDependOnThreads() {
    Figures one = BanditBenchmark.run(new BanditBenchmark.Config(150, 10, 200, 1, SEED));
    assertEquals(
        one.figures(),
        BanditBenchmark.run(new BanditBenchmark.Config(150, 10, 200, 3, SEED)).figures());
    assertEquals(0.95, figure(one, "bandit.coverage"), 0.05);
    assertTrue(figure(one, "bandit.regret_ratio") < 0.9);
    assertTrue(Math.abs(figure(one, "bandit.bias_in_deviations")) < 4);
  }

  @Test
  void openBandit_twoSmallLogs_estimatesEachFromTheOther(@TempDir Path folder) throws IOException {
    for (String campaign : new String[] {"men", "women"}) {
      write(folder.resolve("random_" + campaign + ".csv.gz"), 0.5);
      write(folder.resolve("bts_" + campaign + ".csv.gz"), 0.8);
    }
    Figures figures = OpenBanditBenchmark.run(new OpenBanditBenchmark.Config(folder));
    String name = "off_policy.open_bandit.men.random_to_thompson.";
    // Item 0 is clicked every second time, item 1 never: .25 at random, .4 by Thompson sampling.
    assertEquals(0.4, figure(figures, name + "ips"), 1e-9);
    assertEquals(0.4, figure(figures, name + "weighted_doubly_robust"), 0.01);
    assertEquals(1, figure(figures, name + "inside"));
    assertEquals(0, figure(figures, name + "doubts"));
    assertEquals(0.25, figure(figures, "off_policy.open_bandit.men.thompson_to_random.ips"), 1e-9);
  }

  /** 1,200 rows in which item 0 has a share of the rows of each place. */
  private static void write(Path file, double share) throws IOException {
    StringBuilder text = new StringBuilder(",timestamp,item_id,position,click,propensity_score\n");
    for (int place = 1; place <= 3; place++) {
      for (int i = 0; i < 400; i++) {
        boolean first = i < 400 * share;
        text.append(i).append(",t,").append(first ? 0 : 1).append(',').append(place);
        text.append(',').append(first && i % 4 < 2 ? 1 : 0);
        text.append(',').append(first ? share : 1 - share).append('\n');
      }
    }
    try (GZIPOutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
      out.write(text.toString().getBytes(StandardCharsets.UTF_8));
    }
  }

  @Test
  void openBandit_folderWithoutLogs_namesTheFile(@TempDir Path folder) {
    WinnowException missing =
        assertThrows(
            WinnowException.class,
            () -> OpenBanditBenchmark.run(new OpenBanditBenchmark.Config(folder)));
    assertTrue(
        Objects.toString(missing.getMessage()).contains("random_men.csv.gz"), missing.getMessage());
  }

  @Test
  void config_badSizes_namesFields() {
    WinnowException refused =
        assertThrows(
            WinnowException.class, () -> new OffPolicyBenchmark.Config(1, 1, 2, 1, 1, SEED));
    assertEquals(2, refused.problems().size());
    assertThrows(
        WinnowException.class, () -> new InterleavingBenchmark.Config(1, 1, 1, 1, 1, 1, SEED));
    assertThrows(WinnowException.class, () -> new BanditBenchmark.Config(2, 1, 1, 1, SEED));
  }
}
