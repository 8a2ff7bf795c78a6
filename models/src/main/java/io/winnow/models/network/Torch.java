package io.winnow.models.network;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.training.GradientCollector;
import io.winnow.core.Seed;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * PyTorch, reduced to what training needs: run a network forward, and fill in its parameters'
 * gradients. One instance belongs to one training and one thread; several trainings may run at the
 * same time and take turns at each step, because PyTorch's gradient tape is one per process.
 *
 * <p>Deterministic: it draws no random numbers of PyTorch's; dropout masks come from the seed.
 */
public final class Torch implements AutoCloseable {
  private static final String ENGINE = "PyTorch";

  private final Engine engine;
  private final NDManager manager;
  private final Arena arena = new Arena();
  private final DropoutMasks masks;

  /** A loss as a function of the graph it is computed in. */
  public interface Loss {
    /** The loss, shape (1). */
    <V> V of(TrainingGraph<V> graph);
  }

  private Torch(Engine engine, RandomGenerator random, float dropout) {
    this.engine = engine;
    this.manager = engine.newBaseManager(TrainingDevice.chosen().resolve(engine.getGpuCount()));
    this.masks = new DropoutMasks(dropout, random);
  }

  /**
   * Starts PyTorch (once a process, from the jars, without the network) and opens a session.
   *
   * @param dropout the share of elements that {@link Graph#dropout} drops in {@link #step}, 0 … 0.9
   */
  public static Torch open(Seed seed, double dropout) {
    if (!(dropout >= 0 && dropout <= 0.9)) {
      throw new IllegalArgumentException("dropout: " + dropout + " (expected: 0 to 0.9)");
    }
    setUnlessSet("ai.djl.offline", "true");
    setUnlessSet("OPT_OUT_TRACKING", "true");
    // Idle OpenMP threads that spin cost more on busy cores than a second core brings.
    boolean passive = "PASSIVE".equalsIgnoreCase(System.getenv("OMP_WAIT_POLICY"));
    int threads = passive ? Math.min(4, Runtime.getRuntime().availableProcessors()) : 1;
    setUnlessSet("ai.djl.pytorch.num_threads", Integer.toString(threads));
    return new Torch(Engine.getEngine(ENGINE), seed.generator("dropout"), (float) dropout);
  }

  private static void setUnlessSet(String property, String value) {
    if (System.getProperty(property) == null) {
      System.setProperty(property, value);
    }
  }

  /**
   * Runs forward and backward and leaves each parameter's gradient in it.
   *
   * @param parameters those that {@code loss} reads
   * @return the loss
   */
  public float step(List<Parameter> parameters, Loss loss) {
    synchronized (engine) {
      try (GradientCollector collector = engine.newGradientCollector();
          NDManager step = manager.newSubManager()) {
        arena.reset();
        TorchGraph graph = new TorchGraph(step, arena, masks.isActive() ? masks : null, true);
        NDArray value = loss.of(graph);
        collector.backward(value);
        for (Parameter parameter : parameters) {
          graph.readGradient(parameter);
        }
        return value.toFloatArray()[0];
      }
    }
  }

  /** Runs forward only, without dropout: the result's elements, row-major. */
  public float[] evaluate(Loss function) {
    synchronized (engine) {
      try (NDManager step = manager.newSubManager()) {
        arena.reset();
        return function.of(new TorchGraph(step, arena, null, false)).toFloatArray();
      }
    }
  }

  /** How many tensors are alive between steps: always 0, or memory leaks. */
  int liveArrays() {
    return manager.getManagedArrays().size();
  }

  @Override
  public void close() {
    manager.close();
  }

  /**
   * Dropout by a window, at a random place, into one long precomputed mask: fresh random numbers
   * for every element would cost more than a small network's forward pass.
   */
  static final class DropoutMasks {
    private static final int POOL = 1 << 20;

    private final RandomGenerator random;
    private final ByteBuffer pool;
    private final boolean active;

    DropoutMasks(float share, RandomGenerator random) {
      this.random = random;
      this.active = share > 0;
      this.pool =
          ByteBuffer.allocateDirect(active ? 2 * POOL * Float.BYTES : 0)
              .order(ByteOrder.nativeOrder());
      for (int i = 0; active && i < POOL; i++) {
        float value = random.nextFloat() < share ? 0 : 1 / (1 - share);
        pool.putFloat(i * Float.BYTES, value);
        pool.putFloat((POOL + i) * Float.BYTES, value);
      }
    }

    boolean isActive() {
      return active;
    }

    /** A mask of {@code size} elements; repeats itself past the pool's length. */
    ByteBuffer next(int size, Arena arena) {
      int from = random.nextInt(POOL);
      if (size <= POOL) {
        return pool.slice(from * Float.BYTES, size * Float.BYTES).order(ByteOrder.nativeOrder());
      }
      ByteBuffer mask = arena.take(size * Float.BYTES);
      for (int done = 0; done < size; done += POOL) {
        int bytes = Math.min(POOL, size - done) * Float.BYTES;
        mask.put(done * Float.BYTES, pool, from * Float.BYTES, bytes);
      }
      return mask;
    }
  }
}
