package io.winnow.models.network;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import io.winnow.core.ErrorCode;
import io.winnow.core.Problem;
import io.winnow.core.Seed;
import io.winnow.core.WinnowException;
import io.winnow.models.network.OnnxModel.Port;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/** What is refused of a file that somebody else made, and with which words. */
final class OnnxModelTest {
  private static final List<Port> INPUTS = List.of(Port.of("x", -1, 3));
  private static final Port OUTPUT = Port.of("y", -1, 3);

  /** y = relu(x + w), as it should be, then broken. */
  private static byte[] file(Consumer<ModelProto.Builder> breaking) {
    ModelProto.Builder model =
        ModelProto.newBuilder()
            .setIrVersion(8)
            .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(17))
            .setGraph(
                GraphProto.newBuilder()
                    .setName("g")
                    .addInput(info("x", TensorProto.DataType.FLOAT, -1, 3))
                    .addOutput(info("y", TensorProto.DataType.FLOAT, -1, 3))
                    .addInitializer(
                        TensorProto.newBuilder()
                            .setName("w")
                            .setDataType(TensorProto.DataType.FLOAT.getNumber())
                            .addDims(3)
                            .addAllFloatData(List.of(1f, 2f, 3f)))
                    .addNode(
                        NodeProto.newBuilder()
                            .setOpType("Add")
                            .addInput("x")
                            .addInput("w")
                            .addOutput("s"))
                    .addNode(
                        NodeProto.newBuilder().setOpType("Relu").addInput("s").addOutput("y")));
    breaking.accept(model);
    return model.build().toByteArray();
  }

  private static ValueInfoProto info(String name, TensorProto.DataType type, long... shape) {
    TensorShapeProto.Builder dimensions = TensorShapeProto.newBuilder();
    for (long size : shape) {
      dimensions.addDim(
          size < 0
              ? TensorShapeProto.Dimension.newBuilder().setDimParam("C")
              : TensorShapeProto.Dimension.newBuilder().setDimValue(size));
    }
    return ValueInfoProto.newBuilder()
        .setName(name)
        .setType(
            TypeProto.newBuilder()
                .setTensorType(
                    TypeProto.Tensor.newBuilder()
                        .setElemType(type.getNumber())
                        .setShape(dimensions)))
        .build();
  }

  private static List<String> refused(byte[] onnx) {
    WinnowException refusal =
        assertThrows(
            WinnowException.class, () -> OnnxModel.load("net", onnx, INPUTS, OUTPUT).close());
    assertEquals(ErrorCode.CORRUPT, refusal.code());
    assertFalse(refusal.problems().isEmpty());
    return refusal.problems().stream().map(Problem::toString).toList();
  }

  private static List<String> refused(Consumer<ModelProto.Builder> breaking) {
    return refused(file(breaking));
  }

  private static void setOpset(ModelProto.Builder model, String domain, long version) {
    model.addOpsetImport(OperatorSetIdProto.newBuilder().setDomain(domain).setVersion(version));
  }

  @Test
  void load_everyOpsetOfTheRange_runs() {
    for (int opset = OnnxFile.OPSET_MIN; opset <= OnnxFile.OPSET_MAX; opset++) {
      int version = opset;
      byte[] onnx =
          file(model -> {
            model.clearOpsetImport();
            setOpset(model, version % 2 == 0 ? "" : "ai.onnx", version);
            setOpset(model, "ai.onnx.ml", 3);
          });
      try (OnnxModel network = OnnxModel.load("net", onnx, INPUTS, OUTPUT)) {
        assertArrayEquals(
            new float[] {0, 2, 4, 1, 2, 3},
            network.run(List.of(new float[] {-1, 0, 1, 0, 0, 0}), List.of(new long[] {2, 3})),
            "opset " + opset);
      }
    }
  }

  @Test
  void load_otherOpsets_areRefusedWithTheRange() {
    for (int opset : new int[] {0, 12, 27, 1000}) {
      assertEquals(
          List.of("net.opset: " + opset + " (expected: from 13 to 26)"),
          refused(model -> {
            model.clearOpsetImport();
            setOpset(model, "", opset);
          }));
    }
    assertEquals(
        List.of("net.opset: none (expected: from 13 to 26)"),
        refused(ModelProto.Builder::clearOpsetImport));
    assertEquals(
        List.of("net.opset: ai.onnx.ml 6 (expected: ai.onnx.ml from 1 to 5)"),
        refused(model -> setOpset(model, "ai.onnx.ml", 6)));
    assertTrue(
        refused(model -> setOpset(model, "com.microsoft", 1))
            .getFirst()
            .startsWith("net.opset: domain com.microsoft (expected: operators of ONNX itself"));
    assertEquals(
        List.of("net.ir_version: 14 (expected: from 3 to 13)"),
        refused(model -> model.setIrVersion(14)));
  }

  @Test
  void load_otherNames_areToldWithWhatIsMissing() {
    assertEquals(
        List.of(
            "net.inputs.x: missing (expected: float (any, 3))",
            "net.inputs.xx: float (any, 3) (expected: tensor among x)"),
        refused(
                model -> {
                  GraphProto.Builder graph = model.getGraphBuilder();
                  graph.setInput(0, info("xx", TensorProto.DataType.FLOAT, -1, 3));
                  graph.getNodeBuilder(0).setInput(0, "xx");
                })
            .stream()
            .sorted()
            .toList());
    List<String> output =
        refused(model -> {
          GraphProto.Builder graph = model.getGraphBuilder();
          graph.setOutput(0, info("result", TensorProto.DataType.FLOAT, -1, 3));
          graph.getNodeBuilder(1).setOutput(0, "result");
        });
    assertTrue(
        output.contains("net.outputs.y: missing (expected: float (any, 3))"), output.toString());
  }

  @Test
  void load_otherTypesRanksAndWidths_areTold() {
    assertEquals(
        List.of("net.inputs.x: float (any, 4) (expected: float (any, 3))"),
        refused(model ->
                model.getGraphBuilder().setInput(0, info("x", TensorProto.DataType.FLOAT, -1, 4)))
            .subList(0, 1));
    assertEquals(
        List.of("net.inputs.x: float (1, 3) (expected: float (any, 3))"),
        refused(model ->
            model.getGraphBuilder().setInput(0, info("x", TensorProto.DataType.FLOAT, 1, 3))));
    assertEquals(
        List.of("net.inputs.x: float (any, any) (expected: float (any, 3))"),
        refused(model ->
            model.getGraphBuilder().setInput(0, info("x", TensorProto.DataType.FLOAT, -1, -1))));
    assertEquals(
        List.of("net.inputs.x: float (any, 1, 3) (expected: float (any, 3))"),
        refused(model ->
                model
                    .getGraphBuilder()
                    .setInput(0, info("x", TensorProto.DataType.FLOAT, -1, 1, 3)))
            .subList(0, 1));
    List<String> types =
        refused(model ->
            model.getGraphBuilder().setInput(0, info("x", TensorProto.DataType.DOUBLE, -1, 3)));
    assertEquals("net.inputs.x: double (any, 3) (expected: float (any, 3))", types.getFirst());
    List<String> several =
        refused(model -> {
          model.getGraphBuilder().setInput(0, info("x", TensorProto.DataType.INT64, -1, 3));
          model.getGraphBuilder().setOutput(0, info("y", TensorProto.DataType.FLOAT, -1, 2));
          model.clearOpsetImport();
        });
    assertEquals(3, several.size(), several.toString());
  }

  @Test
  void load_unknownOperator_isToldBesideWhatElseIsWrong() {
    List<String> problems =
        refused(model -> {
          GraphProto.Builder graph = model.getGraphBuilder();
          graph.getNodeBuilder(1).setOpType("Sparkle");
          graph.addInput(info("more", TensorProto.DataType.FLOAT, -1, 3));
        });
    assertEquals(2, problems.size(), problems.toString());
    assertTrue(problems.get(0).startsWith("net.inputs.more: float (any, 3)"), problems.get(0));
    assertTrue(problems.get(1).contains("Sparkle"), problems.get(1));
  }

  @Test
  void load_weightsInAnotherFile_areNeverOpened() {
    TensorProto outside =
        TensorProto.newBuilder()
            .setName("w")
            .setDataType(TensorProto.DataType.FLOAT.getNumber())
            .addDims(3)
            .setDataLocation(TensorProto.DataLocation.EXTERNAL)
            .addExternalData(
                StringStringEntryProto.newBuilder().setKey("location").setValue("../secret"))
            .build();
    String expected =
        "net.external_data: weights in another file (expected: a file that holds all of its"
            + " weights)";
    assertEquals(
        List.of(expected), refused(model -> model.getGraphBuilder().setInitializer(0, outside)));
    // Also where it hides in a node's subgraph.
    assertEquals(
        List.of(expected),
        refused(model ->
            model
                .getGraphBuilder()
                .addNode(
                    NodeProto.newBuilder()
                        .setOpType("If")
                        .addAttribute(
                            AttributeProto.newBuilder()
                                .setName("then_branch")
                                .setType(AttributeProto.AttributeType.GRAPH)
                                .setG(GraphProto.newBuilder().addInitializer(outside))))));
  }

  /** y = relu(relu(… relu(x + w))). */
  private static byte[] chain(int nodes) {
    return file(model -> {
      GraphProto.Builder graph = model.getGraphBuilder();
      graph.removeNode(1);
      for (int i = 1; i < nodes; i++) {
        graph.addNode(
            NodeProto.newBuilder()
                .setOpType("Sin")
                .addInput(i == 1 ? "s" : "s" + (i - 1))
                .addOutput(i == nodes - 1 ? "y" : "s" + i));
      }
    });
  }

  @Test
  void load_thousandsOfNodes_getsAStackThatGrowsWithThem() {
    assertEquals(64L << 20, OnnxModel.stackBytes(1));
    assertEquals(64L << 20, OnnxModel.stackBytes(1024));
    assertEquals(250L << 20, OnnxModel.stackBytes(4000));
    assertEquals(1L << 30, OnnxModel.stackBytes(OnnxModel.MAX_NODES));
    try (OnnxModel network = OnnxModel.load("net", chain(4000), INPUTS, OUTPUT)) {
      assertEquals(
          3, network.run(List.of(new float[] {0, 1, 2}), List.of(new long[] {1, 3})).length);
    }
  }

  @Test
  void load_moreNodesThanItsStackHolds_isRefusedWithTheCount() {
    int most = OnnxModel.MAX_NODES;
    assertEquals(16_384, most);
    assertEquals(List.of("net.nodes: 16,385 (expected: at most 16,384)"), refused(chain(most + 1)));
    // Those of inner graphs count.
    GraphProto.Builder inner = GraphProto.newBuilder();
    for (int i = 0; i < most; i++) {
      inner.addNode(NodeProto.newBuilder().setOpType("Sin"));
    }
    assertEquals(
        List.of("net.nodes: 16,387 (expected: at most 16,384)"),
        refused(model -> model.getGraphBuilder().addNode(branching(inner))));
  }

  private static NodeProto branching(GraphProto.Builder inner) {
    return NodeProto.newBuilder()
        .setOpType("If")
        .addAttribute(
            AttributeProto.newBuilder()
                .setName("then_branch")
                .setType(AttributeProto.AttributeType.GRAPH)
                .setG(inner))
        .build();
  }

  @Test
  void load_operatorOfAnotherDomainThatIsNotImported_isRefused() {
    String expected =
        "net.operators: com.microsoft.Gelu (expected: operators of ONNX itself or of ai.onnx.ml,"
            + " which run everywhere)";
    NodeProto gelu =
        NodeProto.newBuilder()
            .setDomain("com.microsoft")
            .setOpType("Gelu")
            .addInput("s")
            .addOutput("y")
            .build();
    assertEquals(List.of(expected), refused(model -> model.getGraphBuilder().setNode(1, gelu)));
    assertEquals(
        List.of(expected),
        refused(model ->
            model.getGraphBuilder().addNode(branching(GraphProto.newBuilder().addNode(gelu)))));
  }

  @Test
  void load_loops_areRefused() {
    for (String operator : List.of("Loop", "Scan")) {
      NodeProto loop = NodeProto.newBuilder().setOpType(operator).build();
      String expected =
          "net.operators: " + operator + " (expected: no loops, which may run for ever)";
      assertEquals(List.of(expected), refused(model -> model.getGraphBuilder().addNode(loop)));
      assertEquals(
          List.of(expected),
          refused(model ->
              model.getGraphBuilder().addNode(branching(GraphProto.newBuilder().addNode(loop)))));
    }
  }

  @Test
  void load_functionsOfTheFilesOwn_areRefused() {
    assertEquals(
        List.of(
            "net.functions: 1 of the file's own (expected: none: a graph of ONNX's operators"
                + " alone)"),
        refused(model -> model.addFunctions(FunctionProto.newBuilder().setName("f"))));
  }

  @Test
  void load_whatIsNoNetwork_isRefused() {
    for (byte[] bytes :
        List.of(
            new byte[0],
            "PK\3\4 a zip, or so".getBytes(StandardCharsets.ISO_8859_1),
            "{\"weights\": [1, 2, 3]}".getBytes(StandardCharsets.UTF_8))) {
      assertEquals(
          List.of("net: " + bytes.length + " bytes (expected: an ONNX file, whole)"),
          refused(bytes));
    }
  }

  @Test
  void load_cutAnywhere_isRefused() {
    byte[] whole = file(_ -> {});
    OnnxModel.load("net", whole, INPUTS, OUTPUT).close();
    for (int length = 0; length < whole.length; length++) {
      byte[] cut = Arrays.copyOf(whole, length);
      // The operator set stands last: a cut right before it leaves a network without one.
      assertFalse(refused(cut).isEmpty());
    }
  }

  @Test
  void load_bytesChangedAtRandom_isRefusedOrRuns() {
    byte[] whole = file(_ -> {});
    RandomGenerator random = new Seed(3).generator("bytes");
    int refusals = 0;
    for (int i = 0; i < 300; i++) {
      byte[] changed = whole.clone();
      for (int n = random.nextInt(1, 4); n > 0; n--) {
        changed[random.nextInt(changed.length)] = (byte) random.nextInt(256);
      }
      try {
        OnnxModel.load("net", changed, INPUTS, OUTPUT).close();
      } catch (WinnowException e) {
        assertEquals(ErrorCode.CORRUPT, e.code());
        refusals++;
      }
    }
    assertTrue(refusals > 100, refusals + " of 300");
  }
}
