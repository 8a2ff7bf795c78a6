package io.winnow.ranking;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.application.FeatureDefinition;
import io.winnow.features.FeatureSchema;
import java.util.List;
import org.junit.jupiter.api.Test;

final class RankerInputsTest {
  private static final FeatureSchema SCHEMA =
      new FeatureSchema(
          List.of(
              new FeatureDefinition(
                  "hour",
                  new FeatureDefinition.Entity.Request(),
                  new FeatureDefinition.Aggregation.HourOfDay())));

  private final RankerInputs inputs = new RankerInputs(SCHEMA, List.of("ease", "trending"));

  @Test
  void names_listStoreFeaturesThenSources() {
    assertEquals("request.hour", inputs.names().getFirst());
    assertEquals("source.ease.score", inputs.names().get(1));
    assertEquals("source.trending.rank", inputs.names().get(6));
  }

  @Test
  void assemble_scoresBecomeStandardisedAndRanked() {
    float nan = Float.NaN;
    float[] matrix = inputs.assemble(3, new float[] {7, 7, 7}, new float[] {1, 5, 3, nan, 2, 5});
    assertArrayEquals(
        new float[] {7, 1, -1.2247449f, (float) -Math.log(3), 5, 0, 0},
        java.util.Arrays.copyOfRange(matrix, 0, 7),
        1e-6f);
    assertEquals(0f, matrix[7 + 3], 1e-9f, "the best score has rank 0");
    assertTrue(Float.isNaN(matrix[7 + 4]) && Float.isNaN(matrix[7 + 5]), "no score stays unknown");
    assertEquals(0f, matrix[14 + 6], 1e-9f, "equal scores share the best rank");
  }

  @Test
  void assemble_wrongShape_isRefused() {
    assertThrows(
        IllegalArgumentException.class, () -> inputs.assemble(2, new float[2], new float[3]));
  }
}
