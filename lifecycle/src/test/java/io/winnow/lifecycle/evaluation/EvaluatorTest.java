package io.winnow.lifecycle.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.TimeSource;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationFile;
import io.winnow.events.RecordSource;
import io.winnow.lifecycle.Release;
import io.winnow.lifecycle.TestApplications;
import io.winnow.lifecycle.TinyWorld;
import io.winnow.lifecycle.Trainer;
import io.winnow.lifecycle.TrainingProgress;
import io.winnow.lifecycle.evaluation.EvaluationTable.Kind;
import io.winnow.lifecycle.evaluation.Evaluator.Protocol;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

final class EvaluatorTest {
  /** A rule that changes slates. */
  private static final ApplicationFile CAPPED =
      ApplicationFile.parse(
          TestApplications.clips().text() + "reranking: { cap: { category: 4 } }\n",
          "capped.yaml",
          Map.of());

  private final RecordSource records = RecordSource.of(TinyWorld.records(900));

  private static Evaluator evaluator(ApplicationFile application) {
    return new Evaluator(
        application, TinyWorld.config(1), TimeSource.system(), TrainingProgress.silent());
  }

  @Test
  void evaluate_temporal_hasARowForEveryModel() {
    EvaluationTable table = evaluator(CAPPED).evaluate(records, Protocol.TEMPORAL, 0.9);
    assertEquals("temporal", table.protocol());
    assertTrue(table.targets() > 50);
    Set<String> models =
        table.rows().stream().map(EvaluationTable.Row::model).collect(Collectors.toSet());
    assertEquals(
        Set.of(
            "popularity",
            "popularity_7d",
            "transitions",
            "ease",
            "ials",
            "two_tower",
            "trending",
            "popular",
            "fresh",
            "candidates",
            "ranker",
            "pipeline"),
        models);
    assertEquals(Kind.SIMPLE, table.row("ease").kind());
    assertEquals(Kind.PIPELINE, table.row("pipeline").kind());
    for (EvaluationTable.Row row : table.rows()) {
      double ndcg = row.metrics().getOrDefault("ndcg@10", -1.0);
      double[] interval = row.intervals().getOrDefault("ndcg@10", new double[2]);
      assertTrue(0 <= ndcg && ndcg <= 1 && interval[0] <= ndcg && ndcg <= interval[1], row + "");
    }
    assertTrue(table.row("two_tower").trainSeconds() > 0);
    assertNotEquals(
        table.row("ranker").metrics().get("diversity"),
        table.row("pipeline").metrics().get("diversity"),
        "the pipeline's row went through re-ranking");
    assertEquals(1.0, table.row("candidates").metrics().get("recall@100"), "all 66 items");
  }

  @Test
  void evaluate_leaveOneOut_hasATargetForEachUser() {
    EvaluationTable table =
        evaluator(TestApplications.clips()).evaluate(records, Protocol.LEAVE_ONE_OUT, 0.9);
    assertEquals("leave-one-out", table.protocol());
    assertEquals(40, table.targets());
    assertTrue(table.row("popularity").metrics().getOrDefault("recall@100", 0.0) > 0.99);
  }

  @Test
  void evaluate_aReleaseThatSawTheTargets_isRefused() {
    Release release =
        new Trainer(
                TestApplications.clips(),
                TinyWorld.config(1),
                TimeSource.system(),
                TrainingProgress.silent())
            .train(records, 700);
    Evaluator evaluator = evaluator(TestApplications.clips());
    assertThrows(WinnowException.class, () -> evaluator.evaluate(release, records, 699, Map.of()));
    EvaluationTable table = evaluator.evaluate(release, records, 700, Map.of());
    assertEquals(Split.from(release.definition(), records, 700).targets().size(), table.targets());
    assertThrows(
        WinnowException.class,
        () -> evaluator.evaluate(release, records, records.endOffset(), Map.of()),
        "nothing to predict");
  }
}
