package io.winnow.models.ranker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.Problem;
import io.winnow.models.network.HandmadeNetwork;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Rankers that look right and answer wrongly. */
final class RankerProbeTest {
  private static final RankerSpec SPEC =
      new RankerSpec(
          List.of("a", "b", "c"),
          0,
          List.of("click"),
          List.of(1f),
          new RankerMetrics(List.of(), Double.NaN, 0, 0));

  private static HandmadeNetwork network() {
    return new HandmadeNetwork()
        .input("features", -1, 3)
        .output("probabilities", -1, 1)
        .constant("one", 1);
  }

  /** Unknown features become 0, then their mean. */
  private static HandmadeNetwork filled() {
    return network()
        .node("IsNaN", "unknown", "features")
        .node("Sub", "zeros", "features", "features")
        .node("Not", "known", "unknown")
        .node("Cast", "to", 1, "weight", "known")
        .node("Relu", "positive", "weight")
        .node("ReduceSum", "sum", "positive", "one");
  }

  private static List<Problem> probe(byte[] onnx) {
    try (Ranker ranker = Ranker.load(onnx, SPEC)) {
      return ranker.probe();
    }
  }

  @Test
  void probe_probabilities_areFine() {
    assertEquals(List.of(), probe(filled().node("Sigmoid", "probabilities", "sum").toBytes()));
  }

  @Test
  void probe_nanForUnknownFeatures_isTold() {
    List<Problem> problems =
        probe(
            network()
                .node("ReduceSum", "sum", "features", "one")
                .node("Sigmoid", "probabilities", "sum")
                .toBytes());
    assertEquals("ranker.probabilities[0][0]", problems.getFirst().field());
    assertEquals("NaN where every feature is NaN", problems.getFirst().value());
  }

  @Test
  void probe_logitsInsteadOfProbabilities_areTold() {
    List<Problem> problems = probe(filled().node("Identity", "probabilities", "sum").toBytes());
    assertFalse(problems.isEmpty());
    assertTrue(
        problems.getFirst().expectation().startsWith("a probability, 0 to 1"), problems.toString());
  }

  @Test
  void probe_answerThatDependsOnTheBatch_isTold() {
    List<Problem> problems =
        probe(filled().node("Softmax", "axis", 0, "probabilities", "sum").toBytes());
    assertEquals("ranker.probabilities", problems.getFirst().field());
    assertTrue(problems.getFirst().value().contains("among 7 rows"), problems.toString());
  }

  @Test
  void probe_networkThatFails_isTold() {
    List<Problem> problems =
        probe(
            filled()
                .constant("two", 2, 1)
                .node("Sigmoid", "p", "sum")
                .node("Reshape", "probabilities", "p", "two")
                .toBytes());
    assertEquals(1, problems.size());
    assertTrue(problems.getFirst().expectation().contains("1, 2 and 7 rows"), problems.toString());
  }

  @Test
  void probe_tooFewAnswers_areTold() {
    List<Problem> problems =
        probe(
            filled()
                .constant("zero", 0)
                .node("Sigmoid", "p", "sum")
                .node("ReduceMax", "probabilities", "p", "zero")
                .toBytes());
    assertEquals("1 a row", problems.getFirst().expectation());
  }
}
