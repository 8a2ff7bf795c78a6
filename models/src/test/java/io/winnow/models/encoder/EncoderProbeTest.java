package io.winnow.models.encoder;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.Problem;
import io.winnow.models.network.HandmadeNetwork;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Encoders that look right and answer wrongly. */
final class EncoderProbeTest {
  private static final EncoderSpec SPEC =
      new EncoderSpec(4, 9, 10, 0, 0, new EncoderMetrics(0, Double.NaN, 0, Double.NaN));

  private static HandmadeNetwork network() {
    return new HandmadeNetwork()
        .input("history", -1, -1, 4)
        .input("last", -1, -1)
        .output("query", -1, 4)
        .constant("one", 1)
        .constant("two", 2)
        .node("Unsqueeze", "mask", "last", "two")
        .node("Mul", "marked", "history", "mask");
  }

  /** The latest item's vector, as {@code latest}. */
  private static HandmadeNetwork latest() {
    return network().node("ReduceSum", "keepdims", 0, "latest", "marked", "one");
  }

  private static List<Problem> probe(byte[] onnx) {
    try (QueryEncoder encoder = QueryEncoder.load(onnx, SPEC)) {
      return encoder.probe();
    }
  }

  @Test
  void probe_latestItem_isFine() {
    assertEquals(List.of(), probe(latest().node("Identity", "query", "latest").toBytes()));
  }

  @Test
  void probe_paddingThatCounts_isTold() {
    List<Problem> problems =
        probe(network().node("ReduceMean", "keepdims", 0, "query", "history", "one").toBytes());
    assertEquals("encoder.query", problems.getFirst().field());
    assertTrue(
        problems.stream().anyMatch(problem -> problem.expectation().contains("padding")),
        problems.toString());
  }

  @Test
  void probe_vectorsThatAreNoNumbers_areTold() {
    List<Problem> problems = probe(latest().node("Log", "query", "latest").toBytes());
    assertEquals("NaN for a history of 1 items", problems.getFirst().value());
  }

  @Test
  void probe_answerThatDependsOnTheBatch_isTold() {
    List<Problem> problems =
        probe(latest().node("Softmax", "axis", 0, "query", "latest").toBytes());
    assertTrue(problems.getFirst().expectation().contains("whatever others"), problems.toString());
  }

  @Test
  void probe_historiesOfOneLengthOnly_areTold() {
    List<Problem> problems =
        probe(latest().constant("rows", 1, 4).node("Reshape", "query", "latest", "rows").toBytes());
    assertTrue(
        problems.getFirst().expectation().contains("alone and together"), problems.toString());
  }
}
