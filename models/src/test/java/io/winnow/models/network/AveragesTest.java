package io.winnow.models.network;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.Seed;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

final class AveragesTest {
  private static final int ROWS = 12;
  private static final int WIDTH = 3;

  /** Weights that walk, with their average by its definition: every number in every step. */
  private static final class Walk {
    final RandomGenerator random = new Seed(9).generator("walk");
    final Parameter parameter = Parameter.of("p", new float[5], 5);
    final float[] table = new float[ROWS * WIDTH];
    final double[] parameterAverage = new double[5];
    final double[] tableAverage = new double[ROWS * WIDTH];
    final Averages averages;
    final Averages.Table rows;
    final double cap;
    int steps;

    Walk(double cap) {
      this.cap = cap;
      averages = new Averages(cap);
      averages.follow(List.of(parameter));
      rows = averages.follow(table, WIDTH);
    }

    void step() {
      steps++;
      averages.begin();
      for (int i = 0; i < 5; i++) {
        parameter.values()[i] += random.nextFloat();
      }
      for (int row = 0; row < ROWS; row++) {
        // Row 0 changes in every step, row 11 in one of twelve.
        if (random.nextInt(row + 1) == 0) {
          rows.beforeChange(row);
          for (int e = 0; e < WIDTH; e++) {
            table[row * WIDTH + e] += random.nextFloat();
          }
          rows.afterChange(row);
        }
      }
      averages.end();
      double decay = Math.min(cap, (1.0 + steps) / (10.0 + steps));
      for (int i = 0; i < 5; i++) {
        parameterAverage[i] = decay * parameterAverage[i] + (1 - decay) * parameter.values()[i];
      }
      for (int i = 0; i < table.length; i++) {
        tableAverage[i] = decay * tableAverage[i] + (1 - decay) * table[i];
      }
    }

    void assertAverages() {
      assertClose(parameterAverage, averages.parameters().getFirst());
      assertClose(tableAverage, rows.values());
    }
  }

  private static void assertClose(double[] expected, float[] actual) {
    float[] floats = new float[expected.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) expected[i];
    }
    assertArrayEquals(floats, actual, 1e-3f);
  }

  @Test
  void average_rowsTouchedNowAndThen_isTheOneOfEveryStep() {
    Walk walk = new Walk(0.95);
    for (int step = 0; step < 300; step++) {
      walk.step();
      if (step % 37 == 0) {
        walk.assertAverages();
      }
    }
    walk.assertAverages();
    assertTrue(walk.table[0] - walk.rows.values()[0] > 1, "the average lags behind");
  }

  @Test
  void average_decayZero_isTheWeightsThemselves() {
    Walk walk = new Walk(0);
    for (int step = 0; step < 20; step++) {
      walk.step();
    }
    assertArrayEquals(walk.table, walk.rows.values());
    assertArrayEquals(walk.parameter.values(), walk.averages.parameters().getFirst());
  }

  @Test
  void read_whatWasWritten_goesOnAlike() throws IOException {
    Walk one = new Walk(0.9);
    for (int step = 0; step < 40; step++) {
      one.step();
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    one.averages.write(new DataOutputStream(bytes));
    Walk two = new Walk(0.9);
    for (int step = 0; step < 40; step++) {
      two.step();
    }
    two.averages.begin();
    two.averages.end();
    two.averages.read(new DataInputStream(new ByteArrayInputStream(bytes.toByteArray())));
    for (int step = 0; step < 40; step++) {
      one.step();
      two.step();
    }
    assertArrayEquals(one.rows.values(), two.rows.values());
    assertArrayEquals(one.averages.parameters().getFirst(), two.averages.parameters().getFirst());
  }
}
