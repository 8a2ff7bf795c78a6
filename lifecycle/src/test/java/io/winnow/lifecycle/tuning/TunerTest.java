package io.winnow.lifecycle.tuning;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.Seed;
import io.winnow.core.WinnowException;
import io.winnow.lifecycle.ModelTrials.Part;
import io.winnow.lifecycle.TrainerConfig;
import io.winnow.lifecycle.TrainerSettings;
import io.winnow.lifecycle.tuning.TuningJournal.Trial;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TunerTest {
  private static final TrainerConfig BASE = TrainerConfig.defaults(1, 1);
  private static final Map<String, String> SEARCH = Map.of("seed", "1");

  @TempDir Path folder;

  /** Ends a search as a kill does: not as a training that failed. */
  private static final class Killed extends Error {
    private static final long serialVersionUID = 1;
  }

  /** A made-up world: figures of settings by rule, time by clock. */
  private static final class World {
    private final List<String> measured = new ArrayList<>();
    private long nowMs;
    private double budgetSeconds = 1000;
    private List<Part> parts = List.of(Part.values());
    private long seed = 1;
    private int dieAfter = Integer.MAX_VALUE;

    private static String dimension(Map<String, String> values) {
      return values.entrySet().stream()
          .filter(setting -> setting.getKey().matches("linear\\.ials\\..*dimension"))
          .map(Map.Entry::getValue)
          .findFirst()
          .orElseThrow();
    }

    /** The optimum is at λ = 100, a learning rate of .003, and so on. */
    double measure(Part part, TrainerConfig config) {
      if (measured.size() == dieAfter) {
        throw new Killed();
      }
      Map<String, String> values = TrainerSettings.values(config);
      measured.add(part + " " + values);
      nowMs += part == Part.ENCODER ? 2000L * config.encoder().training().epochs() : 5000;
      return switch (part) {
        case TRANSITIONS -> 1 - Math.abs(config.linear().transitions().decay() - 0.5);
        case EASE -> 1 / (1 + Math.abs(Math.log(config.linear().ease().lambda() / 100)));
        case IALS -> {
          if (dimension(values).equals("128")) {
            throw WinnowException.invalid("loss", "NaN", "a number");
          }
          yield 0.5;
        }
        case ENCODER ->
            1 / (1 + Math.abs(Math.log(config.encoder().training().learningRate() / 0.003)))
                - 1.0 / config.encoder().training().epochs();
        case RANKER -> config.ranker().network().crossLayers() + config.linear().ease().lambda();
      };
    }
  }

  private Map<String, String> run(World world, String journal, List<Map<String, String>> improved) {
    try (TuningJournal file = TuningJournal.open(folder.resolve(journal), SEARCH)) {
      return new Tuner(
              TuningSpace.DEFAULT,
              BASE,
              new Seed(world.seed),
              new Tuner.Budget(world.budgetSeconds, world.parts),
              file,
              world::measure,
              () -> world.nowMs,
              TuningProgress.silent(),
              best -> improved.add(Map.copyOf(best)))
          .run();
    }
  }

  private Map<String, String> run(World world, String journal) {
    return run(world, journal, new ArrayList<>());
  }

  private void run(Tuner.Objective objective) {
    try (TuningJournal file = TuningJournal.open(folder.resolve("j"), SEARCH)) {
      new Tuner(
              TuningSpace.DEFAULT,
              BASE,
              new Seed(1),
              new Tuner.Budget(1, List.of(Part.EASE)),
              file,
              objective,
              () -> 0,
              TuningProgress.silent(),
              _ -> {})
          .run();
    }
  }

  private List<Trial> trials(String journal) {
    try (TuningJournal file = TuningJournal.open(folder.resolve(journal), SEARCH)) {
      return List.copyOf(file.trials().values());
    }
  }

  private static double value(Map<String, String> best, String path) {
    return Double.parseDouble(TrainerSettings.values(TrainerSettings.with(BASE, best)).get(path));
  }

  @Test
  void run_findsBetterSettingsThanTheBase_andBuildsOnThem() {
    World world = new World();
    List<Map<String, String>> improved = new ArrayList<>();
    Map<String, String> best = run(world, "j", improved);
    assertTrue(Math.abs(value(best, "linear.transitions.decay") - 0.5) < 0.1, best.toString());
    assertTrue(Math.abs(Math.log(value(best, "linear.ease.lambda") / 100)) < 0.6, best.toString());
    assertEquals(0.003, value(best, "encoder.training.learning_rate"), 0.0015, best.toString());
    assertEquals(3, value(best, "ranker.network.cross_layers"));
    assertEquals(
        value(best, "encoder.network.embedding_size"),
        value(best, "encoder_refit.network.embedding_size"));
    assertFalse(
        best.keySet().stream().anyMatch(path -> path.startsWith("linear.ials")),
        "nothing was better than the base");
    assertEquals(best, improved.getLast());
    assertEquals(Map.of(), improved.getFirst());
    // The ranker was tried with the sources' best settings.
    String ranker = world.measured.getLast();
    assertTrue(ranker.startsWith("RANKER"), ranker);
    assertTrue(
        ranker.contains("linear.ease.lambda=" + best.get("linear.ease.lambda") + ","), ranker);
  }

  @Test
  void run_again_triesTheSameInTheSameOrder() {
    World first = new World();
    World second = new World();
    World other = new World();
    other.seed = 2;
    assertEquals(run(first, "a"), run(second, "b"));
    assertEquals(first.measured, second.measured);
    run(other, "c");
    assertNotEquals(first.measured, other.measured);
    assertTrue(first.measured.size() > 40, first.measured.size() + " trials");
  }

  @Test
  void run_budget_isKept_exceptForTheTrialInFlight() {
    for (double seconds : new double[] {1, 60, 300, 1000, 4000}) {
      World world = new World();
      world.budgetSeconds = seconds;
      run(world, "j" + seconds);
      double longest =
          trials("j" + seconds).stream().mapToDouble(Trial::seconds).max().orElseThrow();
      double bases =
          trials("j" + seconds).stream()
              .filter(trial -> trial.id().endsWith("/base"))
              .mapToDouble(Trial::seconds)
              .sum();
      assertTrue(
          world.nowMs / 1e3 <= Math.max(seconds, bases) + longest,
          world.nowMs + " ms of " + seconds + " s");
      if (seconds >= 1000) {
        assertTrue(world.nowMs / 1e3 > 0.7 * seconds, world.nowMs + " ms of " + seconds + " s");
      }
    }
  }

  @Test
  void run_partsThatWereNotAskedFor_areLeftAlone() {
    World world = new World();
    world.parts = List.of(Part.EASE);
    world.budgetSeconds = 100;
    run(world, "j");
    assertTrue(world.measured.stream().allMatch(trial -> trial.startsWith("EASE")));
    assertTrue(world.measured.size() > 15, world.measured.size() + " trials in 100 s of 5 s");
  }

  @Test
  void run_halving_givesTheWholeTrainingToTheBestOfAQuarter() {
    World world = new World();
    world.parts = List.of(Part.ENCODER);
    world.budgetSeconds = 2000;
    run(world, "j");
    List<Trial> bracket =
        trials("j").stream().filter(trial -> trial.id().startsWith("encoder/0/")).toList();
    assertEquals(13, bracket.size());
    assertEquals(9, bracket.stream().filter(trial -> trial.share() == 0.25).count());
    assertEquals(3, bracket.stream().filter(trial -> trial.share() == 0.5).count());
    List<Trial> quarters = bracket.subList(0, 9);
    double third =
        quarters.stream().mapToDouble(Trial::score).sorted().skip(6).findFirst().orElseThrow();
    for (Trial half : bracket.subList(9, 12)) {
      Trial quarter =
          quarters.stream()
              .filter(trial -> trial.settings().equals(half.settings()))
              .findFirst()
              .orElseThrow();
      assertTrue(quarter.score() >= third);
    }
    assertEquals(1, bracket.getLast().share());
  }

  @Test
  void run_trainingThatFails_isATrialWithoutFigure() {
    World world = new World();
    world.parts = List.of(Part.IALS);
    world.budgetSeconds = 300;
    run(world, "j");
    List<Trial> failed = trials("j").stream().filter(trial -> trial.score() == null).toList();
    assertFalse(failed.isEmpty());
    assertEquals("loss: NaN (expected: a number)", failed.getFirst().failure());
  }

  @Test
  void run_trialsWithoutDuration_end() {
    World world = new World();
    world.parts = List.of(Part.EASE);
    try (TuningJournal file = TuningJournal.open(folder.resolve("j"), SEARCH)) {
      new Tuner(
              TuningSpace.DEFAULT,
              BASE,
              new Seed(1),
              new Tuner.Budget(1, world.parts),
              file,
              world::measure,
              () -> 0,
              TuningProgress.silent(),
              _ -> {})
          .run();
    }
    assertEquals(1001, world.measured.size());
  }

  @Test
  void run_afterADeathAtAnyTrial_goesOnAsIfNothingHadHappened() {
    World whole = new World();
    whole.budgetSeconds = 120;
    Map<String, String> best = run(whole, "whole");
    List<Trial> trials = trials("whole");
    for (int dieAfter = 0; dieAfter < trials.size(); dieAfter++) {
      String journal = "j" + dieAfter;
      World dying = new World();
      dying.budgetSeconds = 120;
      dying.dieAfter = dieAfter;
      boolean died = false;
      try {
        run(dying, journal);
      } catch (Killed e) {
        died = true;
      }
      assertTrue(died);
      World next = new World();
      next.budgetSeconds = 120;
      assertEquals(best, run(next, journal));
      assertEquals(trials, trials(journal));
      assertEquals(trials.size() - dieAfter, next.measured.size(), "none is repeated");
    }
  }

  @Test
  void run_withMoreMinutesLater_addsTrials() {
    World world = new World();
    world.budgetSeconds = 200;
    run(world, "j");
    List<Trial> before = trials("j");
    World longer = new World();
    longer.budgetSeconds = 600;
    run(longer, "j");
    List<Trial> after = trials("j");
    assertTrue(after.size() > before.size() + 10);
    assertEquals(before, after.subList(0, before.size()));
  }

  @Test
  void run_again_beginsWithTheBestOfTheJournal() {
    Map<String, String> best = run(new World(), "j");
    List<Map<String, String>> improved = new ArrayList<>();
    run(new World(), "j", improved);
    assertEquals(best, improved.getFirst());
  }

  @Test
  void run_onePartLater_keepsTheOthersSettings() {
    World first = new World();
    first.parts = List.of(Part.TRANSITIONS, Part.ENCODER);
    Map<String, String> before = run(first, "j");
    assertFalse(before.isEmpty());
    World second = new World();
    second.parts = List.of(Part.EASE);
    List<Map<String, String>> improved = new ArrayList<>();
    Map<String, String> best = run(second, "j", improved);
    assertTrue(best.containsKey("linear.ease.lambda"), best.toString());
    improved.add(best);
    for (Map<String, String> told : improved) {
      assertTrue(told.entrySet().containsAll(before.entrySet()), told.toString());
    }
  }

  @Test
  void run_killedWithinAModel_hasToldTheBestSoFar() {
    World world = new World();
    world.parts = List.of(Part.EASE);
    world.dieAfter = 12;
    List<Map<String, String>> improved = new ArrayList<>();
    assertThrows(Killed.class, () -> run(world, "j", improved));
    Trial best = trials("j").stream().max(Comparator.comparingDouble(Trial::score)).orElseThrow();
    assertFalse(best.settings().isEmpty());
    assertEquals(best.settings(), improved.getLast());
  }

  @Test
  void run_rankerOverOtherSources_isSearchedAnewAndNotCharged() {
    World alone = new World();
    alone.parts = List.of(Part.RANKER);
    Map<String, String> before = run(alone, "j");
    assertEquals("3", before.get("ranker.network.cross_layers"));
    World all = new World();
    all.budgetSeconds = 500;
    List<Map<String, String>> improved = new ArrayList<>();
    run(all, "j", improved);
    List<String> anew =
        trials("j").stream().map(Trial::id).filter(id -> id.startsWith("ranker-")).toList();
    assertTrue(anew.getFirst().endsWith("/base"), anew.toString());
    assertTrue(anew.size() > 10, anew.toString());
    assertEquals(1, anew.stream().filter(id -> id.endsWith("/base")).count(), anew.toString());
    // While the sources are searched, the ranker's settings over others are kept.
    assertTrue(improved.get(1).entrySet().containsAll(before.entrySet()), improved.toString());
  }

  @Test
  void run_budgetThatIsSpentAtOnce_stillTrainsEveryBase() {
    World world = new World();
    world.budgetSeconds = 1;
    run(world, "j");
    List<String> ids = trials("j").stream().map(Trial::id).toList();
    assertEquals(
        List.of("transitions/base", "ease/base", "ials/base", "encoder/base", "ranker/base"),
        ids.stream().filter(id -> id.endsWith("/base")).toList());
  }

  @Test
  void run_trainingThatBreaksInALibrary_isJournalledAndNotRepeated() {
    List<Part> measured = new ArrayList<>();
    Tuner.Objective broken =
        (part, _) -> {
          measured.add(part);
          return switch (measured.size()) {
            case 2 -> throw new IllegalStateException("c10::Error " + "x".repeat(5000));
            case 3 -> throw new OutOfMemoryError("Java heap space");
            case 4 -> throw new IllegalStateException(new OutOfMemoryError("in a shard"));
            case 5 -> Double.POSITIVE_INFINITY;
            case 9 -> throw new Killed();
            default -> 0.5;
          };
        };
    assertThrows(Killed.class, () -> run(broken));
    List<Trial> failed = trials("j").subList(1, 5);
    assertEquals(8, trials("j").size());
    assertTrue(failed.stream().allMatch(trial -> trial.score() == null), failed.toString());
    String first = String.valueOf(failed.getFirst().failure());
    assertTrue(first.startsWith("java.lang.IllegalStateException: c10::Error"), first);
    assertEquals(1001, first.length());
    assertEquals("java.lang.OutOfMemoryError: Java heap space", failed.get(1).failure());
    run(broken);
    assertEquals(failed, trials("j").subList(1, 5));
    assertEquals(1001, trials("j").size());
    assertEquals(1002, measured.size(), "only the one in flight is repeated");
  }

  @Test
  void run_interruptionOrDefect_endsTheSearchAndIsNotJournalled() {
    for (Throwable cause : List.of(new InterruptedException(), new AssertionError("too far"))) {
      assertThrows(
          IllegalStateException.class,
          () ->
              run((_, _) -> {
                throw new IllegalStateException(cause);
              }));
    }
    assertEquals(List.of(), trials("j"));
  }

  /** What the killed process runs: the fourth trial never ends. */
  public static final class Child {
    private Child() {}

    /** Runs the search into the folder that is named. */
    public static void main(String[] arguments) {
      World world = new World();
      try (TuningJournal file = TuningJournal.open(Path.of(arguments[0], "j"), SEARCH)) {
        new Tuner(
                TuningSpace.DEFAULT,
                BASE,
                new Seed(1),
                new Tuner.Budget(world.budgetSeconds, world.parts),
                file,
                (part, config) -> {
                  if (world.measured.size() == 3) {
                    System.out.println("in flight");
                    waitForever();
                  }
                  return world.measure(part, config);
                },
                () -> world.nowMs,
                TuningProgress.silent(),
                _ -> {})
            .run();
      }
    }

    private static void waitForever() {
      try {
        new CountDownLatch(1).await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  @Test
  void run_afterTheProcessWasKilled_repeatsOnlyTheTrialInFlight() throws Exception {
    Process child =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Child.class.getName(),
                folder.toString())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    try (BufferedReader out =
        new BufferedReader(new InputStreamReader(child.getInputStream(), StandardCharsets.UTF_8))) {
      assertEquals("in flight", out.readLine());
    } finally {
      child.destroyForcibly().waitFor();
    }
    // As if the kill had come in the middle of a write.
    Files.writeString(folder.resolve("j"), "{\"id\":\"half", StandardOpenOption.APPEND);
    assertEquals(3, trials("j").size());
    World whole = new World();
    Map<String, String> best = run(whole, "whole");
    World next = new World();
    assertEquals(best, run(next, "j"));
    assertEquals(trials("whole"), trials("j"));
    assertEquals(whole.measured.subList(3, whole.measured.size()), next.measured);
  }
}
