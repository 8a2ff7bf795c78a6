package io.winnow.models.network;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The graph as an ONNX file: values are names, and each operation adds a node. The same network and
 * weights give the same bytes.
 */
public final class OnnxWriter implements Graph<String> {
  /** The version of ONNX's operator set that is written. */
  public static final int OPSET = 17;

  private static final int IR_VERSION = 8;
  private static final float EPSILON = 1e-5f;

  private final GraphProto.Builder graph = GraphProto.newBuilder();
  private final Map<String, String> initializers = new HashMap<>();
  private int values;

  /** An empty graph. */
  public OnnxWriter(String name) {
    graph.setName(name);
  }

  /** Declares an input; dimensions are numbers or names ({@code "3"}, {@code "C"}). */
  public String input(String name, List<String> dimensions) {
    graph.addInput(info(name, dimensions));
    return name;
  }

  /** Declares a value as an output of that name. */
  public void output(String value, String name, List<String> dimensions) {
    graph.addNode(
        NodeProto.newBuilder().setOpType("Identity").setName(name).addInput(value).addOutput(name));
    graph.addOutput(info(name, dimensions));
  }

  /** The file. */
  public byte[] toBytes() {
    return ModelProto.newBuilder()
        .setIrVersion(IR_VERSION)
        .setProducerName("winnow")
        .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("").setVersion(OPSET))
        .setGraph(graph)
        .build()
        .toByteArray();
  }

  private static ValueInfoProto info(String name, List<String> dimensions) {
    TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
    for (String dimension : dimensions) {
      boolean number = Character.isDigit(dimension.charAt(0));
      shape.addDim(
          number
              ? TensorShapeProto.Dimension.newBuilder().setDimValue(Long.parseLong(dimension))
              : TensorShapeProto.Dimension.newBuilder().setDimParam(dimension));
    }
    return ValueInfoProto.newBuilder()
        .setName(name)
        .setType(
            TypeProto.newBuilder()
                .setTensorType(
                    TypeProto.Tensor.newBuilder()
                        .setElemType(TensorProto.DataType.FLOAT.getNumber())
                        .setShape(shape)))
        .build();
  }

  private String node(String operator, List<AttributeProto> attributes, String... inputs) {
    String value = "v" + values++;
    graph.addNode(
        NodeProto.newBuilder()
            .setOpType(operator)
            .setName(value)
            .addAllInput(List.of(inputs))
            .addAllAttribute(attributes)
            .addOutput(value));
    return value;
  }

  private String node(String operator, String... inputs) {
    return node(operator, List.of(), inputs);
  }

  private static AttributeProto integer(String name, long value) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeProto.AttributeType.INT)
        .setI(value)
        .build();
  }

  private static AttributeProto integers(String name, int... list) {
    AttributeProto.Builder attribute =
        AttributeProto.newBuilder().setName(name).setType(AttributeProto.AttributeType.INTS);
    for (int value : list) {
      attribute.addInts(value);
    }
    return attribute.build();
  }

  private String floats(String name, float[] data, int[] shape) {
    ByteBuffer bytes =
        ByteBuffer.allocate(data.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(data);
    return initializer(name, TensorProto.DataType.FLOAT, bytes, shape);
  }

  private String longs(long... data) {
    ByteBuffer bytes = ByteBuffer.allocate(data.length * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asLongBuffer().put(data);
    return initializer("i" + values++, TensorProto.DataType.INT64, bytes, new int[] {data.length});
  }

  private String initializer(
      String name, TensorProto.DataType type, ByteBuffer bytes, int[] shape) {
    TensorProto.Builder tensor =
        TensorProto.newBuilder()
            .setName(name)
            .setDataType(type.getNumber())
            .setRawData(ByteString.copyFrom(bytes));
    for (int dimension : shape) {
      tensor.addDims(dimension);
    }
    graph.addInitializer(tensor);
    return name;
  }

  @Override
  public String parameter(Parameter parameter) {
    return initializers.computeIfAbsent(
        parameter.name(), name -> floats(name, parameter.values, parameter.shape()));
  }

  @Override
  public String constant(float[] data, int... shape) {
    return floats("c" + values++, data, shape);
  }

  @Override
  public String add(String a, String b) {
    return node("Add", a, b);
  }

  @Override
  public String subtract(String a, String b) {
    return node("Sub", a, b);
  }

  @Override
  public String multiply(String a, String b) {
    return node("Mul", a, b);
  }

  @Override
  public String divide(String a, String b) {
    return node("Div", a, b);
  }

  @Override
  public String matMul(String a, String b) {
    return node("MatMul", a, b);
  }

  @Override
  public String relu(String x) {
    return node("Relu", x);
  }

  @Override
  public String sigmoid(String x) {
    return node("Sigmoid", x);
  }

  @Override
  public String log(String x) {
    return node("Log", x);
  }

  @Override
  public String sqrt(String x) {
    return node("Sqrt", x);
  }

  @Override
  public String abs(String x) {
    return node("Abs", x);
  }

  @Override
  public String sign(String x) {
    return node("Sign", x);
  }

  @Override
  public String clip(String x, float minimum, float maximum) {
    String low = constant(new float[] {minimum});
    String high = constant(new float[] {maximum});
    return node("Clip", x, low, high);
  }

  @Override
  public String isUnknown(String x) {
    return node("Cast", List.of(integer("to", 1)), node("IsNaN", x));
  }

  @Override
  public String zeroUnknown(String x) {
    return node("Where", node("IsNaN", x), constant(new float[] {0}), x);
  }

  @Override
  public String softmax(String x) {
    return node("Softmax", List.of(integer("axis", -1)), x);
  }

  @Override
  public String sum(String x) {
    return node("ReduceSum", List.of(integer("keepdims", 1)), x, longs(-1));
  }

  @Override
  public String concat(String first, String second) {
    return node("Concat", List.of(integer("axis", -1)), first, second);
  }

  @Override
  public List<String> split(String x, int parts) {
    NodeProto.Builder node =
        NodeProto.newBuilder()
            .setOpType("Split")
            .setName("v" + values++)
            .addInput(x)
            .addAttribute(integer("axis", -1));
    List<String> results = new ArrayList<>();
    for (int i = 0; i < parts; i++) {
      results.add("v" + values++);
    }
    graph.addNode(node.addAllOutput(results));
    return results;
  }

  @Override
  public String reshape(String x, int... shape) {
    long[] dimensions = new long[shape.length];
    for (int i = 0; i < shape.length; i++) {
      dimensions[i] = shape[i];
    }
    return node("Reshape", x, longs(dimensions));
  }

  @Override
  public String transpose(String x, int... axes) {
    return node("Transpose", List.of(integers("perm", axes)), x);
  }

  @Override
  public String layerNorm(String x, String gain, String bias) {
    AttributeProto epsilon =
        AttributeProto.newBuilder()
            .setName("epsilon")
            .setType(AttributeProto.AttributeType.FLOAT)
            .setF(EPSILON)
            .build();
    return node("LayerNormalization", List.of(integer("axis", -1), epsilon), x, gain, bias);
  }

  @Override
  public String dropout(String x) {
    return x;
  }

  /**
   * The leading square of a table: rows and columns 0 … l−1 of its last two axes, where l is the
   * length of {@code like}'s axis 1.
   *
   * @param table shape (1, H, Lmax, Lmax)
   * @param like shape (B, l, …)
   */
  public String leadingSquare(String table, String like) {
    String length = node("Gather", node("Shape", like), longs(1));
    String ends = node("Concat", List.of(integer("axis", 0)), length, length);
    return node("Slice", table, longs(0, 0), ends, longs(2, 3));
  }
}
