package io.winnow.lifecycle.tuning;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.Seed;
import io.winnow.lifecycle.ModelTrials.Part;
import io.winnow.lifecycle.TrainerConfig;
import io.winnow.lifecycle.TrainerSettings;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class TuningSpaceTest {
  private static final TrainerConfig DEFAULTS = TrainerConfig.defaults(1, 2);

  @Test
  void space_everyEndOfEveryRange_isASettingThatTrainingTakes() {
    int tried = 0;
    for (List<Dimension> dimensions : TuningSpace.DEFAULT.dimensions().values()) {
      for (Dimension dimension : dimensions) {
        for (String end : dimension.ends()) {
          assertDoesNotThrow(
              () -> TrainerSettings.with(DEFAULTS, Map.of(dimension.path(), end)),
              dimension.path() + ": " + end);
          tried++;
        }
      }
    }
    assertTrue(tried > 50, tried + " ends");
    assertEquals(Set.of(Part.values()), TuningSpace.DEFAULT.dimensions().keySet());
  }

  @Test
  void draw_manyTimes_coversTheRangesAndStaysWithin() {
    for (Part part : Part.values()) {
      Set<Map<String, String>> drawn = new HashSet<>();
      for (int i = 0; i < 200; i++) {
        Map<String, String> settings = TuningSpace.DEFAULT.draw(part, new Seed(1), "t" + i);
        assertDoesNotThrow(() -> TrainerSettings.with(DEFAULTS, settings), settings.toString());
        drawn.add(settings);
      }
      assertTrue(drawn.size() > 190, part + ": " + drawn.size());
    }
    Set<String> steps = new HashSet<>();
    for (int i = 0; i < 500; i++) {
      steps.add(
          TuningSpace.DEFAULT
              .draw(Part.TRANSITIONS, new Seed(1), "t" + i)
              .get("linear.transitions.steps"));
    }
    assertEquals(20, steps.size(), "every whole number from 1 to 20: " + steps);
  }

  @Test
  void draw_dependsOnSeedAndNameAlone() {
    Map<String, String> first = TuningSpace.DEFAULT.draw(Part.EASE, new Seed(1), "ease/0/0");
    assertEquals(first, TuningSpace.DEFAULT.draw(Part.EASE, new Seed(1), "ease/0/0"));
    assertNotEquals(first, TuningSpace.DEFAULT.draw(Part.EASE, new Seed(2), "ease/0/0"));
    assertNotEquals(first, TuningSpace.DEFAULT.draw(Part.EASE, new Seed(1), "ease/1/0"));
  }
}
