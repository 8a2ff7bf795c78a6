package io.winnow.models.network;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import com.google.protobuf.InvalidProtocolBufferException;
import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

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

  private static final long LOADING_STACK_BYTES = 64L << 20;

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
   * Loads a network and checks that it is the one expected.
   *
   * @throws WinnowException CORRUPT if the bytes are no network, or one with other inputs, outputs
   *     or operator set
   */
  public static OnnxModel load(String what, byte[] onnx, List<Port> inputs, Port output) {
    checkOpset(what, onnx);
    FutureTask<OnnxModel> task = new FutureTask<>(() -> create(what, onnx, inputs, output));
    // ONNX Runtime's optimiser recurses over the graph with frames of kilobytes: a network of 40
    // nodes overflows a thread's usual megabyte, which kills the process.
    new Thread(null, task, "onnx-load", LOADING_STACK_BYTES).start();
    try {
      return task.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException runtime) {
        throw runtime;
      }
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new WinnowException(ErrorCode.UNAVAILABLE, what + ": interrupted while loading", e);
    }
  }

  private static OnnxModel create(String what, byte[] onnx, List<Port> inputs, Port output) {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(1);
      options.setInterOpNumThreads(1);
      options.setExecutionMode(OrtSession.SessionOptions.ExecutionMode.SEQUENTIAL);
      options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.ALL_OPT);
      OrtSession session = environment.createSession(onnx, options);
      try {
        checkPorts(what + ".inputs", inputs, session.getInputInfo());
        checkPorts(what + ".outputs", List.of(output), session.getOutputInfo());
      } catch (OrtException | RuntimeException e) {
        session.close();
        throw e;
      }
      return new OnnxModel(environment, session, List.copyOf(inputs), output);
    } catch (OrtException e) {
      throw new WinnowException(
          ErrorCode.CORRUPT, what + ": not a network that runs: " + e.getMessage(), e);
    }
  }

  private static void checkOpset(String what, byte[] onnx) {
    ModelProto model;
    try {
      model = ModelProto.parseFrom(onnx);
    } catch (InvalidProtocolBufferException e) {
      throw new WinnowException(
          ErrorCode.CORRUPT, what + ": " + onnx.length + " bytes (expected: an ONNX file)", e);
    }
    List<Long> opsets =
        model.getOpsetImportList().stream().map(OperatorSetIdProto::getVersion).toList();
    if (!opsets.equals(List.of((long) OnnxWriter.OPSET))) {
      throw new WinnowException(
          ErrorCode.CORRUPT,
          what + ".opset: " + opsets + " (expected: [" + OnnxWriter.OPSET + "])");
    }
  }

  private static void checkPorts(String what, List<Port> expected, Map<String, NodeInfo> infos) {
    Map<String, Port> actual = new HashMap<>();
    infos.forEach((name, info) -> {
      if (info.getInfo() instanceof TensorInfo tensor) {
        actual.put(name, Port.of(name, tensor.getShape()));
      }
    });
    Map<String, Port> wanted = new HashMap<>();
    expected.forEach(port -> wanted.put(port.name(), port));
    if (!actual.equals(wanted)) {
      throw new WinnowException(
          ErrorCode.CORRUPT, what + ": " + actual.values() + " (expected: " + expected + ")");
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
