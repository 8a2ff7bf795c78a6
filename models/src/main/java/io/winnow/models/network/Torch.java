package io.winnow.models.network;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import io.winnow.core.Seed;
import io.winnow.models.Interruption;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.random.RandomGenerator;

/**
 * PyTorch, reduced to what training needs: run a network forward, and fill in its parameters'
 * gradients. One instance belongs to one training and one thread; several trainings may run at the
 * same time and take turns at each step, because PyTorch's number of threads is one per process.
 *
 * <p>A step's batch may be cut into shards. Each runs forward and backward on a thread of its own
 * with PyTorch's own threads off: for small networks that is nearly twice as fast on two cores as
 * two threads inside each operation, and what a shard touches stays in its core's cache. Gradients
 * are added in the order of the shards, so the outcome does not depend on the number of threads.
 *
 * <p>Deterministic: it draws no random numbers of PyTorch's; dropout masks come from the seed.
 */
public final class Torch implements AutoCloseable {
  private static final String ENGINE = "PyTorch";
  private static final int MAX_THREADS = 4;

  private final Engine engine;
  private final NDManager manager;
  private final Arena sharedArena = new Arena();
  private final DropoutMasks masks;
  private final List<Slot> slots = new ArrayList<>();
  private final int threads;
  private final ExecutorService workers;
  private long steps;

  /** A loss as a function of the graph it is computed in. */
  public interface Loss {
    /** The loss, shape (1). */
    <V> V of(TrainingGraph<V> graph);
  }

  /**
   * A part of a step's batch.
   *
   * @param own parameters that no other shard reads
   * @param loss its part of the step's loss, which is the sum over the shards
   */
  public record Shard(List<Parameter> own, Loss loss) {
    /** Copies the list. */
    public Shard {
      own = List.copyOf(own);
    }
  }

  private Torch(Engine engine, int threads, Seed seed, float dropout) {
    this.engine = engine;
    this.manager = engine.newBaseManager(TrainingDevice.chosen().resolve(engine.getGpuCount()));
    this.masks = new DropoutMasks(dropout, seed);
    this.threads = threads;
    this.workers =
        Executors.newFixedThreadPool(
            threads, Thread.ofPlatform().daemon().name("torch-", 0).factory());
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
    int cores = Math.min(MAX_THREADS, Runtime.getRuntime().availableProcessors());
    // Idle OpenMP threads that spin cost more on busy cores than a second core brings.
    boolean passive = "PASSIVE".equalsIgnoreCase(System.getenv("OMP_WAIT_POLICY"));
    setUnlessSet("ai.djl.pytorch.num_threads", Integer.toString(passive ? cores : 1));
    return new Torch(Engine.getEngine(ENGINE), cores, seed.derive("dropout"), (float) dropout);
  }

  /** What decides the last bits of a training beside its data, settings and seed. */
  public static String platform() {
    try (Torch torch = open(new Seed(0), 0)) {
      return "PyTorch %s, %s, %d threads, %d lanes"
          .formatted(
              torch.engine.getVersion(), torch.manager.getDevice(), torch.threads, Gemm.lanes());
    }
  }

  private static void setUnlessSet(String property, String value) {
    if (System.getProperty(property) == null) {
      System.setProperty(property, value);
    }
  }

  /**
   * Runs forward and backward on the calling thread, with PyTorch's own threads, and leaves each
   * parameter's gradient in it.
   *
   * @param parameters those that {@code loss} reads
   * @return the loss
   */
  public float step(List<Parameter> parameters, Loss loss) {
    return (float) step(steps++, parameters, List.of(new Shard(List.of(), loss)));
  }

  /**
   * Runs forward and backward on each shard and leaves each parameter's gradient in it.
   *
   * @param number the step's number, of which its dropout depends
   * @param shared parameters that any shard may read; their gradients are summed
   * @param shards at least one
   * @return the sum of the losses
   */
  public double step(long number, List<Parameter> shared, List<Shard> shards) {
    while (slots.size() < shards.size()) {
      slots.add(new Slot());
    }
    synchronized (engine) {
      sharedArena.reset();
      Map<String, ByteBuffer> weights = TorchGraph.weights(shared, sharedArena);
      int before = JniUtils.getNumThreads();
      if (shards.size() == 1) {
        slots.getFirst().run(number, 0, weights, shared, shards.getFirst());
      } else {
        JniUtils.setNumThreads(1);
        try {
          runAll(number, weights, shared, shards);
        } finally {
          JniUtils.setNumThreads(before);
        }
      }
    }
    double sum = 0;
    for (int p = 0; p < shared.size(); p++) {
      float[] gradient = shared.get(p).gradient;
      System.arraycopy(slots.getFirst().gradients.get(p), 0, gradient, 0, gradient.length);
    }
    for (int s = 0; s < shards.size(); s++) {
      sum += slots.get(s).loss;
      for (int p = 0; p < shared.size() && s > 0; p++) {
        add(slots.get(s).gradients.get(p), shared.get(p).gradient);
      }
    }
    return sum;
  }

  private static void add(float[] source, float[] target) {
    for (int i = 0; i < target.length; i++) {
      target[i] += source[i];
    }
  }

  private void runAll(
      long number, Map<String, ByteBuffer> weights, List<Parameter> shared, List<Shard> shards) {
    List<Callable<Boolean>> tasks = new ArrayList<>();
    for (int s = 0; s < shards.size(); s++) {
      int index = s;
      tasks.add(() -> {
        slots.get(index).run(number, index, weights, shared, shards.get(index));
        return true;
      });
    }
    try {
      for (Future<Boolean> future : workers.invokeAll(tasks)) {
        future.get();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Interruption.of("training");
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case RuntimeException failure -> throw failure;
        case Error failure -> throw failure;
        case null, default -> throw new IllegalStateException(e);
      }
    }
  }

  /** What one shard of a step borrows and leaves; one thread at a time. */
  private final class Slot {
    private final Arena arena = new Arena();
    private final List<float[]> gradients = new ArrayList<>();
    private float loss;

    void run(
        long number,
        int index,
        Map<String, ByteBuffer> weights,
        List<Parameter> shared,
        Shard shard) {
      boolean before = JniUtils.isGradMode();
      JniUtils.setGradMode(true);
      try (NDManager step = manager.newSubManager()) {
        arena.reset();
        TorchGraph graph = new TorchGraph(step, arena, masks.of(number, index), weights);
        NDArray value = shard.loss.of(graph);
        // DJL's gradient collector allows one at a time in a process; PyTorch does not care.
        JniUtils.backward((PtNDArray) value, (PtNDArray) value.onesLike(), false, false);
        for (int p = 0; p < shared.size(); p++) {
          graph.readGradient(shared.get(p), gradient(p, shared.get(p).gradient.length));
        }
        for (Parameter parameter : shard.own) {
          graph.readGradient(parameter, parameter.gradient);
        }
        loss = value.toFloatArray()[0];
      } finally {
        JniUtils.setGradMode(before);
      }
    }

    private float[] gradient(int p, int length) {
      if (p == gradients.size()) {
        gradients.add(new float[length]);
      } else if (gradients.get(p).length != length) {
        gradients.set(p, new float[length]);
      }
      return gradients.get(p);
    }
  }

  /** Runs forward only, without dropout: the result's elements, row-major. */
  public float[] evaluate(Loss function) {
    synchronized (engine) {
      boolean before = JniUtils.isGradMode();
      JniUtils.setGradMode(false);
      try (NDManager step = manager.newSubManager()) {
        sharedArena.reset();
        return function.of(new TorchGraph(step, sharedArena)).toFloatArray();
      } finally {
        JniUtils.setGradMode(before);
      }
    }
  }

  /** How many threads work on a step's shards. */
  public int threads() {
    return threads;
  }

  /** How many tensors are alive between steps: always 0, or memory leaks. */
  int liveArrays() {
    return manager.getManagedArrays().size();
  }

  @Override
  public void close() {
    // After an interrupt shards may still run, on memory that the manager would free.
    workers.close();
    manager.close();
  }

  /**
   * Dropout by a window, at a random place, into one long precomputed mask: fresh random numbers
   * for every element would cost more than a small network's forward pass. The places follow from
   * the seed, the step and the shard alone.
   */
  static final class DropoutMasks {
    private static final int POOL = 1 << 20;

    private final Seed seed;
    private final ByteBuffer pool;
    private final boolean active;

    DropoutMasks(float share, Seed seed) {
      this.seed = seed;
      this.active = share > 0;
      this.pool =
          ByteBuffer.allocateDirect(active ? 2 * POOL * Float.BYTES : 0)
              .order(ByteOrder.nativeOrder());
      RandomGenerator random = seed.generator("masks");
      for (int i = 0; active && i < POOL; i++) {
        float value = random.nextFloat() < share ? 0 : 1 / (1 - share);
        pool.putFloat(i * Float.BYTES, value);
        pool.putFloat((POOL + i) * Float.BYTES, value);
      }
    }

    /** The masks of one shard of one step. */
    Sequence of(long step, int shard) {
      return new Sequence(Seed.mix(Seed.mix(seed.value() ^ step) + shard));
    }

    /** One mask after the other. */
    final class Sequence {
      private long state;

      private Sequence(long state) {
        this.state = state;
      }

      boolean isActive() {
        return active;
      }

      /** A mask of {@code size} elements; repeats itself past the pool's length. */
      ByteBuffer next(int size, Arena arena) {
        int from = (int) (Seed.mix(state++) & (POOL - 1));
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
}
