package io.winnow.lifecycle.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.ItemId;
import io.winnow.core.UserId;
import io.winnow.lifecycle.TrainingRequest;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

final class ImpressionMetricsTest {
  private final ImpressionMetrics metrics = new ImpressionMetrics(List.of("click", "like"));

  @Test
  void values_ofTwoSlates_areTheTextbookOnes() {
    // Clicks .9 and .2 against .1 and .4: 3 of 4 pairs are in order, but within slates 1 of 1 and 0
    // of 1.
    metrics.add(shown(1, 0, 0, 0), new float[] {0.9f, 0.5f, 0.1f, 0.5f});
    metrics.add(shown(1, 0, 0, 0), new float[] {0.2f, 0.5f, 0.4f, 0.5f});
    assertEquals(0.75, value("auc"), 1e-9);
    assertEquals(0.5, value("gauc"), 1e-9);
    assertEquals(
        -(Math.log(0.9) + Math.log(0.9) + Math.log(0.2) + Math.log(0.6)) / 4,
        value("log_loss"),
        1e-6);
    assertFalse(
        metrics.values().containsKey("like.auc"), "there was no like, so its AUC is not defined");
    assertEquals(0.5, value("like.ece"), 1e-6);
  }

  @Test
  void values_withoutSlates_areNone() {
    assertTrue(metrics.values().isEmpty());
  }

  private double value(String name) {
    return Objects.requireNonNull(metrics.values().get(name), name);
  }

  private static TrainingRequest.Shown shown(float... labels) {
    return new TrainingRequest.Shown(
        new UserId("u"), 0, 0, List.of(new ItemId("a"), new ItemId("b")), new int[] {0, 1}, labels);
  }
}
