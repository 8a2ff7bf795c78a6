package io.winnow.models.linear;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.Seed;
import io.winnow.models.linear.SubspaceSolver.Neighbours;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class SubspaceSolverTest {
  private static final int N = 21;
  private static final int ROWS = 300;
  private static final double UNOBSERVED = 0.05;
  private static final float RIDGE = 0.4f;

  private final RandomGenerator random = new Seed(17).generator("solver");
  private final float[] fixed = Generated.floats(random, ROWS * N);
  private final float[] gram = AlsTrainer.gram(fixed, N, UNOBSERVED, 1);

  /** Some rows, more than are packed at a time, one of them twice. */
  private Neighbours neighbours(double memoryPower) {
    int[] rows = new int[150];
    for (int e = 0; e < rows.length; e++) {
      rows[e] = random.nextInt(ROWS);
    }
    return new Neighbours(fixed, rows, 10, 130, memoryPower);
  }

  private static double weight(Neighbours known, int e) {
    return Math.pow(1 + e, -known.memoryPower());
  }

  /** The minimum by the normal equations in double precision. */
  private double[] exact(Neighbours known) {
    double[][] a = new double[N][N];
    double[] b = new double[N];
    for (int i = 0; i < N; i++) {
      a[i][i] = RIDGE;
    }
    for (int row = 0; row < ROWS; row++) {
      add(a, row, UNOBSERVED);
    }
    for (int e = 0; e < known.count(); e++) {
      int row = known.rows()[known.first() + e];
      add(a, row, weight(known, e));
      for (int i = 0; i < N; i++) {
        b[i] += weight(known, e) * fixed[row * N + i];
      }
    }
    return DenseSolve.solve(a, b);
  }

  private void add(double[][] a, int row, double weight) {
    for (int i = 0; i < N; i++) {
      for (int j = 0; j < N; j++) {
        a[i][j] += weight * fixed[row * N + i] * fixed[row * N + j];
      }
    }
  }

  private double objective(Neighbours known, float[] x, int offset) {
    double sum = 0;
    for (int row = 0; row < ROWS; row++) {
      double prediction = Kernels.Scalar.dot(x, offset, fixed, row * N, N);
      sum += UNOBSERVED * prediction * prediction;
    }
    for (int e = 0; e < known.count(); e++) {
      int row = known.rows()[known.first() + e];
      double error = 1 - Kernels.Scalar.dot(x, offset, fixed, row * N, N);
      sum += weight(known, e) * error * error;
    }
    return sum + RIDGE * Kernels.Scalar.dot(x, offset, x, offset, N);
  }

  @Test
  void sweep_oneBlock_isTheExactSolutionWhateverWasThere() {
    for (double memoryPower : new double[] {0, 0.8}) {
      Neighbours known = neighbours(memoryPower);
      double[] expected = exact(known);
      float[] x = Generated.floats(random, 4 + N + 3);
      float[] around = x.clone();
      new SubspaceSolver(N, N + 10, gram).sweep(known, RIDGE, x, 4);
      for (int i = 0; i < N; i++) {
        assertEquals(expected[i], x[4 + i], 1e-4);
      }
      for (int i : new int[] {0, 3, 4 + N, 6 + N}) {
        assertEquals(around[i], x[i]);
      }
    }
  }

  @Test
  void sweep_anyBlockSize_fallsToTheExactSolution() {
    for (int blockSize : new int[] {1, 2, 8, 16, 20}) {
      for (double memoryPower : new double[] {0, 0.8}) {
        Neighbours known = neighbours(memoryPower);
        SubspaceSolver solver = new SubspaceSolver(N, blockSize, gram);
        float[] x = Generated.floats(random, N);
        double before = objective(known, x, 0);
        double first = before;
        for (int sweep = 0; sweep < 300; sweep++) {
          solver.sweep(known, RIDGE, x, 0);
          double after = objective(known, x, 0);
          assertTrue(after <= before + 1e-4, after + " after " + before);
          before = after;
        }
        assertTrue(before < first / 2);
        double[] expected = exact(known);
        for (int i = 0; i < N; i++) {
          assertEquals(expected[i], x[i], 1e-3, "block of " + blockSize);
        }
      }
    }
  }

  @Test
  void sweep_shortRowAfterALongOne_isAsFromAFreshSolver() {
    Neighbours known = neighbours(0);
    Neighbours few = new Neighbours(fixed, new int[] {3, 5}, 0, 2, 0);
    SubspaceSolver used = new SubspaceSolver(N, 8, gram);
    used.sweep(known, RIDGE, new float[N], 0);
    float[] again = new float[N];
    used.sweep(few, RIDGE, again, 0);
    float[] fresh = new float[N];
    new SubspaceSolver(N, 8, gram).sweep(few, RIDGE, fresh, 0);
    for (int i = 0; i < N; i++) {
      assertEquals(fresh[i], again[i]);
    }
  }
}
