package io.winnow.models.linear;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.ErrorCode;
import io.winnow.core.Seed;
import io.winnow.core.WinnowException;
import io.winnow.models.Interactions;
import io.winnow.models.linear.ImplicitAls.Config;
import io.winnow.models.linear.ImplicitAls.Factors;
import io.winnow.models.linear.ImplicitAls.Histories;
import io.winnow.models.linear.ImplicitAls.Loss;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Factors that go on from another model's. */
final class ImplicitAlsFromTest {
  private static final Seed SEED = new Seed(2);

  private static Config config(int dimension, int iterations) {
    return new Config(
        new Factors(dimension, dimension, iterations),
        new Loss(0.2, 0.02, 0.5),
        new Histories(1000, 0));
  }

  private static Interactions data(int users) {
    return Generated.groups(1, users, 4, 12, 9);
  }

  private static float[] factors(ImplicitAls model) {
    float[] all = new float[0];
    for (int item = 0; item < model.itemCount(); item++) {
      float[] factor = model.itemFactor(item);
      int at = all.length;
      all = Arrays.copyOf(all, at + factor.length);
      System.arraycopy(factor, 0, all, at, factor.length);
    }
    return all;
  }

  private static double objective(ImplicitAls model, Interactions data) {
    AlsTrainer trainer = new AlsTrainer(data, config(8, 1), SEED, 1, factors(model));
    trainer.train(TrainingSteps.silent());
    return trainer.objective();
  }

  @Test
  void trainFrom_oneIteration_isCloserThanOneFromNothing() {
    ImplicitAls before = ImplicitAls.train(data(200), config(8, 12), SEED, 1);
    Interactions more = data(240);
    double goesOn = objective(ImplicitAls.trainFrom(before, more, config(8, 1), SEED, 2), more);
    double anew = objective(ImplicitAls.train(more, config(8, 1), SEED, 2), more);
    double full = objective(ImplicitAls.train(more, config(8, 12), SEED, 2), more);
    assertTrue(goesOn < anew, () -> goesOn + " against " + anew);
    assertTrue(goesOn < full * 1.02, () -> goesOn + " against " + full);
  }

  @Test
  void trainFrom_anotherDimensionOrFewerItems_isRefused() {
    ImplicitAls before = ImplicitAls.train(data(50), config(8, 1), SEED, 1);
    WinnowException refused =
        assertThrows(
            WinnowException.class,
            () -> ImplicitAls.trainFrom(before, data(50), config(4, 1), SEED, 1));
    assertEquals(
        "linear.ials.factors.dimension: 4 (expected: 8, as the previous training's)",
        refused.getMessage());
    Interactions fewer = Generated.groups(1, 50, 2, 12, 9);
    assertThrows(
        WinnowException.class, () -> ImplicitAls.trainFrom(before, fewer, config(8, 1), SEED, 1));
  }

  @Test
  void train_factorsThatAreNoNumbers_endsNamingIterationAndWhatToTry() {
    Interactions data = data(50);
    float[] start = new float[8 * data.itemCount()];
    start[17] = Float.NaN;
    AlsTrainer trainer = new AlsTrainer(data, config(8, 2), SEED, 1, start);
    WinnowException diverged =
        assertThrows(WinnowException.class, () -> trainer.train(TrainingSteps.silent()));
    assertEquals(ErrorCode.INTERNAL, diverged.code());
    String message = String.valueOf(diverged.getMessage());
    assertTrue(message.startsWith("ials.factors: NaN of item "), message);
    assertTrue(message.contains(" in iteration 1 "), message);
  }

  @Test
  void train_interrupted_ends() {
    Thread.currentThread().interrupt();
    try {
      WinnowException stopped =
          assertThrows(
              WinnowException.class, () -> ImplicitAls.train(data(50), config(8, 1), SEED, 1));
      assertEquals(ErrorCode.UNAVAILABLE, stopped.code());
    } finally {
      assertTrue(Thread.interrupted());
    }
  }
}
