package io.winnow.models.network;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import io.winnow.core.ErrorCode;
import io.winnow.core.Problem;
import io.winnow.core.WinnowException;
import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.stream.Collectors;

/**
 * A network that ONNX Runtime runs, on the calling thread. Thread-safe.
 *
 * <p>Its memory outside the heap is freed when nothing can reach the network any more. A release
 * that was replaced may still be computing for a request that did not wait for it, so nobody else
 * knows when that is. Whoever does know may {@link #close} earlier; nothing may run at that time or
 * after.
 */
public final class OnnxModel implements AutoCloseable {
  private static final Cleaner CLEANER = Cleaner.create();

  private final OrtEnvironment environment;
  private final OrtSession session;
  private final Cleaner.Cleanable cleanable;
  private final List<Port> inputs;
  private final Port output;

  /**
   * A named tensor at the network's edge.
   *
   * @param shape its dimensions; −1 is any
   */
  public record Port(String name, List<Long> shape) {
    /** A port with these dimensions. */
    public static Port of(String name, long... shape) {
      return new Port(name, Arrays.stream(shape).boxed().toList());
    }
  }

  /**
   * Stack of the thread that loads. ONNX Runtime's optimiser recurses over the graph with frames of
   * kilobytes: a network of 40 nodes overflows a thread's usual megabyte, which kills the process.
   */
  private static final long NODE_STACK_BYTES = 64L << 10;

  private static final long MIN_STACK_BYTES = 64L << 20;
  private static final long MAX_STACK_BYTES = 1L << 30;

  /** The most nodes, those of inner graphs included, that a network may have. */
  static final int MAX_NODES = (int) (MAX_STACK_BYTES / NODE_STACK_BYTES);

  private OnnxModel(
      OrtEnvironment environment, OrtSession session, List<Port> inputs, Port output) {
    this.environment = environment;
    this.session = session;
    this.inputs = inputs;
    this.output = output;
    this.cleanable = CLEANER.register(this, new Closing(session));
  }

  /** Must not know the model, or the model would stay reachable. */
  private record Closing(OrtSession session) implements Runnable {
    @Override
    public void run() {
      try {
        session.close();
      } catch (OrtException e) {
        throw new WinnowException(ErrorCode.INTERNAL, "closing a network: " + e.getMessage(), e);
      }
    }
  }

  /**
   * Loads a network and checks that it is the one expected: the file whole and self-contained, an
   * operator set and operators that ONNX Runtime knows and that come to an end, at most {@value
   * #MAX_NODES} of them, inputs and output with these names and shapes, of type float.
   *
   * @param what names the network in problems, such as {@code ranker}
   * @throws WinnowException CORRUPT with everything that is wrong
   */
  public static OnnxModel load(String what, byte[] onnx, List<Port> inputs, Port output) {
    OnnxFile.Findings found = OnnxFile.check(what, onnx, inputs, output);
    List<Problem> problems = new ArrayList<>(found.problems());
    if (found.mayOpen()) {
      try {
        OrtSession session = open(what, onnx, found.nodes());
        if (problems.isEmpty()) {
          return new OnnxModel(
              OrtEnvironment.getEnvironment(), session, List.copyOf(inputs), output);
        }
        new Closing(session).run();
      } catch (OrtException e) {
        problems.add(new Problem(what, reason(e), "a network that ONNX Runtime opens"));
      }
    }
    throw new WinnowException(
        ErrorCode.CORRUPT,
        problems.stream().map(Problem::toString).collect(Collectors.joining("; ")),
        problems,
        null);
  }

  /** The names of the inputs that a file declares; empty if it is no ONNX file. */
  public static List<String> inputNames(byte[] onnx) {
    return OnnxFile.inputNames(onnx);
  }

  private static String reason(OrtException e) {
    String message = String.valueOf(e.getMessage());
    int at = message.indexOf("message: ");
    return at < 0 ? message : message.substring(at + "message: ".length());
  }

  private static OrtSession open(String what, byte[] onnx, int nodes) throws OrtException {
    FutureTask<OrtSession> task = new FutureTask<>(() -> create(onnx));
    new Thread(null, task, "onnx-load", stackBytes(nodes)).start();
    try {
      return task.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof OrtException refused) {
        throw refused;
      }
      if (e.getCause() instanceof RuntimeException runtime) {
        throw runtime;
      }
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new WinnowException(ErrorCode.UNAVAILABLE, what + ": interrupted while loading", e);
    }
  }

  /** The stack for loading a network of at most {@value #MAX_NODES} nodes. */
  static long stackBytes(int nodes) {
    return Math.max(MIN_STACK_BYTES, nodes * NODE_STACK_BYTES);
  }

  private static OrtSession create(byte[] onnx) throws OrtException {
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(1);
      options.setInterOpNumThreads(1);
      // What fails is thrown, and told by who catches it.
      options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
      options.setExecutionMode(OrtSession.SessionOptions.ExecutionMode.SEQUENTIAL);
      options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.ALL_OPT);
      return OrtEnvironment.getEnvironment().createSession(onnx, options);
    }
  }

  /**
   * Runs the network.
   *
   * @param data one array an input, in the order given to {@link #load}, row-major
   * @param shapes their shapes
   * @return the output, row-major
   */
  public float[] run(List<float[]> data, List<long[]> shapes) {
    Map<String, OnnxTensor> tensors = new HashMap<>();
    try {
      for (int i = 0; i < inputs.size(); i++) {
        FloatBuffer buffer = FloatBuffer.wrap(data.get(i));
        tensors.put(
            inputs.get(i).name(), OnnxTensor.createTensor(environment, buffer, shapes.get(i)));
      }
      try (OrtSession.Result result = session.run(tensors)) {
        OnnxTensor tensor = (OnnxTensor) result.get(0);
        FloatBuffer buffer = tensor.getFloatBuffer();
        float[] values = new float[buffer.remaining()];
        buffer.get(values);
        return values;
      }
    } catch (OrtException e) {
      throw new WinnowException(
          ErrorCode.INTERNAL, output.name() + ": the network failed: " + e.getMessage(), e);
    } finally {
      tensors.values().forEach(OnnxTensor::close);
      Reference.reachabilityFence(this);
    }
  }

  @Override
  public void close() {
    cleanable.clean();
  }
}
