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
import java.util.List;

/** An ONNX file put together node by node, as another tool might write it. */
public final class HandmadeNetwork {
  private final GraphProto.Builder graph = GraphProto.newBuilder().setName("handmade");

  /** Declares an input of floats; −1 is any size. */
  public HandmadeNetwork input(String name, long... shape) {
    graph.addInput(info(name, shape));
    return this;
  }

  /** Declares an output of floats. */
  public HandmadeNetwork output(String name, long... shape) {
    graph.addOutput(info(name, shape));
    return this;
  }

  /** Adds constant whole numbers. */
  public HandmadeNetwork constant(String name, long... values) {
    TensorProto.Builder tensor =
        TensorProto.newBuilder()
            .setName(name)
            .setDataType(TensorProto.DataType.INT64.getNumber())
            .addDims(values.length);
    for (long value : values) {
      tensor.addInt64Data(value);
    }
    graph.addInitializer(tensor);
    return this;
  }

  /** Adds an operation. */
  public HandmadeNetwork node(String operator, String output, String... inputs) {
    graph.addNode(node(operator, output, List.of(inputs)));
    return this;
  }

  /** Adds an operation with an attribute that is a whole number. */
  public HandmadeNetwork node(
      String operator, String attribute, long value, String output, String... inputs) {
    graph.addNode(
        node(operator, output, List.of(inputs))
            .addAttribute(
                AttributeProto.newBuilder()
                    .setName(attribute)
                    .setType(AttributeProto.AttributeType.INT)
                    .setI(value)));
    return this;
  }

  private static NodeProto.Builder node(String operator, String output, List<String> inputs) {
    return NodeProto.newBuilder().setOpType(operator).addAllInput(inputs).addOutput(output);
  }

  private static ValueInfoProto info(String name, long... shape) {
    TensorShapeProto.Builder dimensions = TensorShapeProto.newBuilder();
    for (int i = 0; i < shape.length; i++) {
      dimensions.addDim(
          shape[i] < 0
              ? TensorShapeProto.Dimension.newBuilder().setDimParam("d" + i)
              : TensorShapeProto.Dimension.newBuilder().setDimValue(shape[i]));
    }
    return ValueInfoProto.newBuilder()
        .setName(name)
        .setType(
            TypeProto.newBuilder()
                .setTensorType(
                    TypeProto.Tensor.newBuilder()
                        .setElemType(TensorProto.DataType.FLOAT.getNumber())
                        .setShape(dimensions)))
        .build();
  }

  /** The file, of operator set 18. */
  public byte[] toBytes() {
    return ModelProto.newBuilder()
        .setIrVersion(8)
        .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(18))
        .setGraph(graph)
        .build()
        .toByteArray();
  }
}
