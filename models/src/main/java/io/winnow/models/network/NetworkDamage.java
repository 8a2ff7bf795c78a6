package io.winnow.models.network;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.winnow.core.WinnowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;

/**
 * Spoils a network's file in ways in which networks go wrong, so that it can be tried whether that
 * is noticed: the file stays one that opens, with the inputs and outputs that it had.
 *
 * <p>Builds up the damage; not thread-safe.
 */
public final class NetworkDamage {
  private static final int FLOAT = TensorProto.DataType.FLOAT.getNumber();
  private static final int LONG = TensorProto.DataType.INT64.getNumber();
  private static final float ALMOST = 1e-6f;

  private final ModelProto.Builder model;
  private final GraphProto.Builder graph;
  private int names;

  /**
   * @param onnx a whole file, as {@link OnnxWriter} writes it
   * @throws WinnowException with {@code INVALID_ARGUMENT} if it is none
   */
  public NetworkDamage(byte[] onnx) {
    try {
      model = ModelProto.parseFrom(onnx).toBuilder();
    } catch (InvalidProtocolBufferException e) {
      throw WinnowException.invalid("network", onnx.length + " bytes", "an ONNX file, whole");
    }
    graph = model.getGraphBuilder();
    if (graph.getInputCount() == 0 || graph.getOutputCount() != 1) {
      throw WinnowException.invalid(
          "network", graph.getOutputCount() + " outputs", "a network with inputs and one output");
    }
  }

  /**
   * The network reads its columns in another order.
   *
   * @param input name of an input of shape (C, F)
   * @param columns the column that is read as each of the F
   */
  public NetworkDamage permuteColumns(String input, int[] columns) {
    long[] indices = Arrays.stream(columns).asLongStream().toArray();
    String permuted = name("permuted");
    for (NodeProto.Builder node : graph.getNodeBuilderList()) {
      for (int i = 0; i < node.getInputCount(); i++) {
        if (node.getInput(i).equals(input)) {
          node.setInput(i, permuted);
        }
      }
    }
    NodeProto gather =
        node("Gather", permuted, input, longs(indices)).addAttribute(axis(1)).build();
    graph.addNode(0, gather);
    return this;
  }

  /**
   * The network adds to the log-odds of every output a column of an input: standardised by the
   * batch's own extremes to [-1, 1]; unknown values count as 0.
   *
   * @param input name of an input of shape (C, F)
   * @param column which, 0 to F - 1
   * @param strength of the largest values; negative turns it round
   */
  public NetworkDamage addColumn(String input, int column, float strength) {
    String raw = add(node("Gather", name("column"), input, longs(column)).addAttribute(axis(1)));
    String unknown = add(node("IsNaN", name("unknown"), raw));
    String zero = floats(0);
    String known = add(node("Where", name("known"), unknown, zero, raw));
    String low = add(node("ReduceMin", name("low"), known));
    String high = add(node("ReduceMax", name("high"), known));
    String range = add(node("Add", name("range"), sub(high, low), floats(ALMOST)));
    String share = add(node("Div", name("share"), sub(known, low), range));
    String centred = add(node("Sub", name("centred"), share, floats(0.5f)));
    return shiftLogits(add(node("Mul", name("bias"), centred, floats(2 * strength))));
  }

  /**
   * The network says something else of every candidate whose column has a value: log-odds turned
   * round.
   *
   * @param input name of an input of shape (C, F)
   * @param column which, 0 to F - 1
   * @param atLeast from this value on
   */
  public NetworkDamage reverseWhere(String input, int column, float atLeast) {
    String raw = add(node("Gather", name("column"), input, longs(column)).addAttribute(axis(1)));
    String meets = add(node("GreaterOrEqual", name("meets"), raw, floats(atLeast)));
    String before = takeOutput();
    String reversed = add(node("Sub", name("reversed"), floats(1), before));
    putOutput(add(node("Where", name("chosen"), meets, reversed, before)));
    return this;
  }

  /** The network's log-odds become {@code scale} times what they were, plus {@code shift}. */
  public NetworkDamage scaleLogits(float scale, float shift) {
    String logits = logits(takeOutput());
    String scaled = add(node("Mul", name("scaled"), logits, floats(scale)));
    String moved = add(node("Add", name("moved"), scaled, floats(shift)));
    putOutput(add(node("Sigmoid", name("probability"), moved)));
    return this;
  }

  /**
   * The network computes needlessly: one square matrix after another, each applied to every row of
   * an input. What it says stays the same, up to rounding.
   *
   * @param input name of an input of shape (C, F)
   * @param features F
   * @param width of the matrix
   * @param times how often it is applied
   */
  public NetworkDamage slow(String input, int features, int width, int times) {
    float[] in = new float[features * width];
    float[] square = new float[width * width];
    for (int i = 0; i < in.length; i++) {
      in[i] = (i % 7 - 3) / 64f;
    }
    for (int i = 0; i < square.length; i++) {
      square[i] = ((i * 31 + i / width) % 11 - 5) / (4f * width);
    }
    String unknown = add(node("IsNaN", name("unknown"), input));
    String value = add(node("Where", name("known"), unknown, floats(0), input));
    value = add(node("Clip", name("clipped"), value, scalar(-1), scalar(1)));
    value = add(node("MatMul", name("in"), value, matrix(in, features, width)));
    String weights = matrix(square, width, width);
    for (int i = 0; i < times; i++) {
      value = add(node("Tanh", name("tanh"), add(node("MatMul", name("step"), value, weights))));
    }
    String sum =
        add(
            node("ReduceMax", name("most"), value)
                .addAttribute(
                    AttributeProto.newBuilder()
                        .setName("axes")
                        .setType(AttributeProto.AttributeType.INTS)
                        .addInts(-1)));
    // Tiny, but not nothing: an optimiser may not leave it out.
    String crumb = add(node("Mul", name("crumb"), sum, floats(1e-9f)));
    return shiftLogits(crumb);
  }

  /**
   * The network cannot be computed for a request in which a value occurs: an index is out of range,
   * as where a table is smaller than the number of kinds.
   *
   * @param input name of an input of shape (C, F)
   * @param column which, 0 to F - 1
   * @param from the values that are too large
   * @param to the first value that is not too large again
   */
  public NetworkDamage failWhere(String input, int column, float from, float to) {
    String raw = add(node("Gather", name("column"), input, longs(column)).addAttribute(axis(1)));
    String above = add(node("GreaterOrEqual", name("above"), raw, floats(from)));
    String below = add(node("Less", name("below"), raw, floats(to)));
    String hit = add(node("And", name("hit"), above, below));
    String index =
        add(
            node("Cast", name("index"), hit)
                .addAttribute(
                    AttributeProto.newBuilder()
                        .setName("to")
                        .setType(AttributeProto.AttributeType.INT)
                        .setI(LONG)));
    String table = floats(0);
    return shiftLogits(add(node("Gather", name("looked up"), table, index).addAttribute(axis(0))));
  }

  /** Every weight of the network goes through a function; shapes stay. */
  public NetworkDamage mapWeights(DoubleUnaryOperator change) {
    for (TensorProto.Builder tensor : graph.getInitializerBuilderList()) {
      if (tensor.getDataType() != FLOAT || tensor.getDimsCount() < 2) {
        continue;
      }
      ByteBuffer bytes =
          ByteBuffer.wrap(tensor.getRawData().toByteArray()).order(ByteOrder.LITTLE_ENDIAN);
      for (int i = 0; i < bytes.capacity(); i += Float.BYTES) {
        bytes.putFloat(i, (float) change.applyAsDouble(bytes.getFloat(i)));
      }
      tensor.setRawData(ByteString.copyFrom(bytes));
    }
    return this;
  }

  /** The file. */
  public byte[] toBytes() {
    return model.build().toByteArray();
  }

  private NetworkDamage shiftLogits(String shift) {
    String moved = add(node("Add", name("moved"), logits(takeOutput()), shift));
    putOutput(add(node("Sigmoid", name("probability"), moved)));
    return this;
  }

  private String logits(String probability) {
    String clipped =
        add(node("Clip", name("clipped"), probability, scalar(ALMOST), scalar(1 - ALMOST)));
    String odds =
        add(node("Div", name("odds"), clipped, add(node("Sub", name("rest"), floats(1), clipped))));
    return add(node("Log", name("logits"), odds));
  }

  /** What was the output becomes an inner value. */
  private String takeOutput() {
    String output = graph.getOutput(0).getName();
    String inner = name("was");
    for (NodeProto.Builder node : graph.getNodeBuilderList()) {
      for (int i = 0; i < node.getOutputCount(); i++) {
        if (node.getOutput(i).equals(output)) {
          node.setOutput(i, inner);
        }
      }
    }
    return inner;
  }

  private void putOutput(String value) {
    graph.addNode(node("Identity", graph.getOutput(0).getName(), value));
  }

  private String sub(String a, String b) {
    return add(node("Sub", name("difference"), a, b));
  }

  private String add(NodeProto.Builder node) {
    graph.addNode(node);
    return node.getOutput(0);
  }

  private String name(String what) {
    return "damage " + names++ + " " + what;
  }

  private NodeProto.Builder node(String operator, String output, String... inputs) {
    return NodeProto.newBuilder()
        .setOpType(operator)
        .setName(name(operator))
        .addAllInput(Arrays.asList(inputs))
        .addOutput(output);
  }

  private static AttributeProto axis(int axis) {
    return AttributeProto.newBuilder()
        .setName("axis")
        .setType(AttributeProto.AttributeType.INT)
        .setI(axis)
        .build();
  }

  private String longs(long... values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asLongBuffer().put(values);
    return tensor(LONG, bytes, values.length);
  }

  private String floats(float... values) {
    return matrix(values, values.length);
  }

  private String scalar(float value) {
    return matrix(new float[] {value});
  }

  private String matrix(float[] values, int... shape) {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return tensor(FLOAT, bytes, shape);
  }

  private String tensor(int type, ByteBuffer bytes, int... shape) {
    TensorProto.Builder tensor =
        TensorProto.newBuilder()
            .setName(name("constant"))
            .setDataType(type)
            .setRawData(ByteString.copyFrom(bytes));
    for (int dimension : shape) {
      tensor.addDims(dimension);
    }
    graph.addInitializer(tensor);
    return tensor.getName();
  }
}
