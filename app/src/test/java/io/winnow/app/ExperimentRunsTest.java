package io.winnow.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationFile;
import io.winnow.core.application.Experiments;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ExperimentRunsTest {
  @TempDir private Path folder;

  private static Experiments experiments(String text) {
    return ApplicationFile.parse(
            "application: clips\nevents: [click]\nexperiments:\n" + text, "winnow.yaml", Map.of())
        .definition()
        .operations()
        .experiments();
  }

  private static final String TWO =
      """
        one: { arms: { a: {}, b: {} } }
        two: { arms: { a: {}, b: {} } }
      """;

  private ExperimentRuns runs() {
    return ExperimentRuns.in(folder.resolve("experiments.json"));
  }

  @Test
  void problems_otherArmsInTheSameRun_areThoseOfThisExperiment() {
    runs().remember(experiments(TWO));
    assertEquals(Map.of(), runs().problems(experiments(TWO)));
    String other = TWO.replace("one: { arms: { a: {}", "one: { arms: { a: { weight: 2 }");
    assertEquals(Set.of("one"), runs().problems(experiments(other)).keySet());
    assertEquals(Map.of(), runs().problems(experiments(other.replace("one: {", "one: { run: 2,"))));
  }

  @Test
  void remember_runThatIsKnown_keepsWhatItBeganWith() {
    String other = TWO.replace("b: {}", "c: {}");
    runs().remember(experiments(TWO));
    runs().remember(experiments(other));
    assertEquals(Map.of(), runs().problems(experiments(TWO)));
    assertEquals(Set.of("one", "two"), runs().problems(experiments(other)).keySet());
  }

  @Test
  void remember_moreRunsThanAreKept_forgetsTheOldestButNoneThatGoesOn() {
    String changed = "  steady: { arms: { a: {}, c: {} } }\n";
    ExperimentRuns runs = runs();
    for (int run = 1; run <= ExperimentRuns.RUNS_MAX; run++) {
      runs.remember(
          experiments(
              "  steady: { arms: { a: {}, b: {} } }\n  again: { run: %d, arms: { a: {}, b: {} } }\n"
                  .formatted(run)));
    }
    assertEquals(Set.of("steady"), runs().problems(experiments(changed)).keySet());
    String first = "  again: { run: 1, arms: { a: {}, c: {} } }\n";
    assertEquals(Map.of(), runs().problems(experiments(first)), "forgotten");
    assertEquals(Set.of("again"), runs().problems(experiments(first.replace("1,", "2,"))).keySet());
  }

  @Test
  void in_fileOfSomethingElse_isRefusedByName() throws IOException {
    Files.writeString(folder.resolve("experiments.json"), "[1]");
    WinnowException refused = assertThrows(WinnowException.class, this::runs);
    assertTrue(String.valueOf(refused.getMessage()).contains("experiments.json"));
  }
}
