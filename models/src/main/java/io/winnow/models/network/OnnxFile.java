package io.winnow.models.network;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto.Dimension;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import io.winnow.core.Nearest;
import io.winnow.core.Problem;
import io.winnow.models.network.OnnxModel.Port;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What an ONNX file says of itself, compared with what is needed, before ONNX Runtime sees it.
 *
 * <p>A file of another maker is not trusted: one that names further files is refused, since opening
 * it would read whatever path it names; so is one that may compute for ever, or whose graph is too
 * large to be opened.
 */
final class OnnxFile {
  /** The operator sets of ONNX's own domain that ONNX Runtime 1.29 knows in full. */
  static final int OPSET_MIN = 13;

  static final int OPSET_MAX = 26;

  /** Trees and linear models, as scikit-learn and LightGBM are exported. */
  private static final String ML_DOMAIN = "ai.onnx.ml";

  /** The domains of operators that every ONNX Runtime has; it has more, which differ by build. */
  private static final Set<String> DOMAINS = Set.of("", "ai.onnx", ML_DOMAIN);

  private static final String EXPECTED_DOMAINS =
      "operators of ONNX itself or of " + ML_DOMAIN + ", which run everywhere";

  /** Operators that repeat a graph as often as their inputs tell them to. */
  private static final Set<String> REPEATING = Set.of("Loop", "Scan");

  private static final int TOLD_MAX = 5;
  private static final int ML_OPSET_MAX = 5;
  private static final int IR_VERSION_MIN = 3;
  private static final int IR_VERSION_MAX = 13;

  private final String what;
  private final List<Problem> problems = new ArrayList<>();
  private boolean mayOpen = true;

  private OnnxFile(String what) {
    this.what = what;
  }

  /**
   * What is wrong.
   *
   * @param problems all that was found
   * @param mayOpen whether ONNX Runtime may be asked what it thinks
   * @param nodes how many nodes the graph has, inner graphs included
   */
  record Findings(List<Problem> problems, boolean mayOpen, int nodes) {}

  /** Compares a file with what is needed. */
  static Findings check(String what, byte[] onnx, List<Port> inputs, Port output) {
    OnnxFile file = new OnnxFile(what);
    ModelProto model = parse(onnx);
    int nodes = 0;
    if (model == null) {
      file.refuse("", onnx.length + " bytes", "an ONNX file, whole");
    } else {
      file.checkVersions(model);
      nodes = file.checkNodes(model);
      if (namesFiles(model)) {
        file.refuse(
            ".external_data", "weights in another file", "a file that holds all of its weights");
      }
      file.checkPorts(".inputs.", inputs, inputsOf(model));
      file.checkPorts(".outputs.", List.of(output), model.getGraph().getOutputList());
    }
    return new Findings(List.copyOf(file.problems), file.mayOpen, nodes);
  }

  /** The names of a file's inputs; empty if it is no ONNX file. */
  static List<String> inputNames(byte[] onnx) {
    ModelProto model = parse(onnx);
    return model == null
        ? List.of()
        : inputsOf(model).stream().map(ValueInfoProto::getName).toList();
  }

  private static @Nullable ModelProto parse(byte[] onnx) {
    try {
      ModelProto model = ModelProto.parseFrom(onnx);
      // Many bytes that are something else parse as a message of unknown fields.
      return model.getGraph().getNodeCount() == 0 ? null : model;
    } catch (InvalidProtocolBufferException e) {
      return null;
    }
  }

  private void refuse(String field, String value, String expectation) {
    problems.add(new Problem(what + field, value, expectation));
    mayOpen = false;
  }

  private void checkVersions(ModelProto model) {
    long format = model.getIrVersion();
    if (format < IR_VERSION_MIN || format > IR_VERSION_MAX) {
      refuse(
          ".ir_version", Long.toString(format), "from " + IR_VERSION_MIN + " to " + IR_VERSION_MAX);
    }
    boolean standard = false;
    for (OperatorSetIdProto set : model.getOpsetImportList()) {
      String domain = set.getDomain();
      long version = set.getVersion();
      if (domain.isEmpty() || domain.equals("ai.onnx")) {
        standard = true;
        if (version < OPSET_MIN || version > OPSET_MAX) {
          refuse(".opset", Long.toString(version), "from " + OPSET_MIN + " to " + OPSET_MAX);
        }
      } else if (!domain.equals(ML_DOMAIN)) {
        refuse(".opset", "domain " + domain, EXPECTED_DOMAINS);
      } else if (version < 1 || version > ML_OPSET_MAX) {
        refuse(".opset", ML_DOMAIN + " " + version, ML_DOMAIN + " from 1 to " + ML_OPSET_MAX);
      }
    }
    if (!standard) {
      refuse(".opset", "none", "from " + OPSET_MIN + " to " + OPSET_MAX);
    }
  }

  /** Looks at every node, since a file may use a domain that it does not import. */
  private int checkNodes(ModelProto model) {
    List<NodeProto> nodes = new ArrayList<>();
    collect(model.getGraph(), nodes);
    if (nodes.size() > OnnxModel.MAX_NODES) {
      refuse(".nodes", "%,d".formatted(nodes.size()), "at most %,d".formatted(OnnxModel.MAX_NODES));
    }
    if (model.getFunctionsCount() > 0) {
      // Each of its uses puts in the whole function, functions in functions many times over.
      refuse(
          ".functions",
          model.getFunctionsCount() + " of the file's own",
          "none: a graph of ONNX's operators alone");
    }
    Set<String> foreign = new LinkedHashSet<>();
    Set<String> repeating = new LinkedHashSet<>();
    for (NodeProto node : nodes) {
      if (!DOMAINS.contains(node.getDomain())) {
        foreign.add(node.getDomain() + "." + node.getOpType());
      } else if (REPEATING.contains(node.getOpType())) {
        repeating.add(node.getOpType());
      }
    }
    foreign.stream()
        .limit(TOLD_MAX)
        .forEach(operator -> refuse(".operators", operator, EXPECTED_DOMAINS));
    repeating.forEach(
        operator -> refuse(".operators", operator, "no loops, which may run for ever"));
    return nodes.size();
  }

  private static void collect(GraphProto graph, List<NodeProto> nodes) {
    for (NodeProto node : graph.getNodeList()) {
      nodes.add(node);
      for (AttributeProto attribute : node.getAttributeList()) {
        if (attribute.hasG()) {
          collect(attribute.getG(), nodes);
        }
        attribute.getGraphsList().forEach(inner -> collect(inner, nodes));
      }
    }
  }

  /** Whether any tensor, however deep in the graph, lies outside of the file. */
  private static boolean namesFiles(Message message) {
    if (message instanceof TensorProto tensor) {
      return tensor.getDataLocation() == TensorProto.DataLocation.EXTERNAL
          || tensor.getExternalDataCount() > 0;
    }
    for (Object value : message.getAllFields().values()) {
      for (Object element : value instanceof List<?> list ? list : List.of(value)) {
        if (element instanceof Message child && namesFiles(child)) {
          return true;
        }
      }
    }
    return false;
  }

  /** The inputs without those that only give weights a name, as older files list them. */
  private static List<ValueInfoProto> inputsOf(ModelProto model) {
    Set<String> weights = new HashSet<>();
    model.getGraph().getInitializerList().forEach(tensor -> weights.add(tensor.getName()));
    return model.getGraph().getInputList().stream()
        .filter(input -> !weights.contains(input.getName()))
        .toList();
  }

  private void checkPorts(String side, List<Port> expected, List<ValueInfoProto> infos) {
    Map<String, TypeProto> actual = new LinkedHashMap<>();
    infos.forEach(info -> actual.put(info.getName(), info.getType()));
    for (Port port : expected) {
      TypeProto type = actual.remove(port.name());
      if (type == null) {
        problems.add(new Problem(what + side + port.name(), "missing", text(port)));
      } else if (!fits(port, type)) {
        problems.add(new Problem(what + side + port.name(), text(type), text(port)));
      }
    }
    List<String> names = expected.stream().map(Port::name).toList();
    actual.forEach((name, type) ->
        problems.add(
            new Problem(
                what + side + name, text(type), Nearest.expectation("tensor", name, names))));
  }

  private static boolean fits(Port port, TypeProto type) {
    if (!isFloat(type) || !type.getTensorType().hasShape()) {
      return false;
    }
    List<Dimension> dimensions = type.getTensorType().getShape().getDimList();
    if (dimensions.size() != port.shape().size()) {
      return false;
    }
    for (int i = 0; i < dimensions.size(); i++) {
      long wanted = port.shape().get(i);
      long given = dimensions.get(i).hasDimValue() ? dimensions.get(i).getDimValue() : -1;
      // What takes any number of rows takes one.
      if (given != wanted && !(wanted == 1 && given == -1)) {
        return false;
      }
    }
    return true;
  }

  private static boolean isFloat(TypeProto type) {
    return type.hasTensorType()
        && type.getTensorType().getElemType() == TensorProto.DataType.FLOAT.getNumber();
  }

  private static String text(Port port) {
    return "float ("
        + port.shape().stream()
            .map(size -> size < 0 ? "any" : Long.toString(size))
            .collect(Collectors.joining(", "))
        + ")";
  }

  private static String text(TypeProto type) {
    if (!type.hasTensorType()) {
      return type.getValueCase().name().toLowerCase(Locale.ROOT);
    }
    TensorProto.DataType element =
        TensorProto.DataType.forNumber(type.getTensorType().getElemType());
    String name = element == null ? "unknown" : element.name().toLowerCase(Locale.ROOT);
    if (!type.getTensorType().hasShape()) {
      return name + " of any shape";
    }
    return name
        + " ("
        + type.getTensorType().getShape().getDimList().stream()
            .map(size -> size.hasDimValue() ? Long.toString(size.getDimValue()) : "any")
            .collect(Collectors.joining(", "))
        + ")";
  }
}
