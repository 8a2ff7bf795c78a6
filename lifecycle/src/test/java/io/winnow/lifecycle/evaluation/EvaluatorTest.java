package io.winnow.lifecycle.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.Event;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
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
import java.util.HashSet;
import java.util.List;
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
            "random",
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
      if (row.model().equals("random")) {
        continue;
      }
      double ndcg = row.metrics().getOrDefault("ndcg@10", -1.0);
      double[] interval = row.intervals().getOrDefault("ndcg@10", new double[2]);
      assertTrue(0 <= ndcg && ndcg <= 1 && interval[0] <= ndcg && ndcg <= interval[1], row + "");
    }
    assertTrue(table.row("two_tower").trainSeconds() > 0);
    assertNotEquals(
        table.row("ranker").metrics().get("diversity"),
        table.row("pipeline").metrics().get("diversity"),
        "the pipeline's row went through re-ranking");
    assertEquals(0, table.details().unreachable());
    assertTrue(table.details().checkedPlaces() > 100 * table.targets());
    assertEquals("category", table.details().calibrationAttribute());
    assertEquals(1.0, table.row("candidates").metrics().get("recall@100"), "all 66 items");
  }

  @Test
  void evaluate_itemsThatAppearBehindTheCut_areAGroupOfTheirOwn() {
    EvaluationTable table =
        evaluator(TestApplications.clips()).evaluate(records, Protocol.TEMPORAL, 0.5);
    Set<ItemId> known = new HashSet<>();
    Split split = Split.temporal(TestApplications.clips().definition(), records, 0.5);
    records.replay(
        0,
        split.trainingEnd(),
        (_, record) -> {
          if (record instanceof LogRecord.Happened(Event event)) {
            known.add(event.item());
          }
        });
    List<ItemId> fresh =
        split.targets().stream()
            .map(Split.Target::item)
            .filter(item -> !known.contains(item))
            .toList();
    EvaluationTable.Group group =
        table.groups().stream()
            .filter(candidate -> candidate.name().equals("new_items"))
            .findFirst()
            .orElseThrow();
    assertEquals(fresh.size(), group.targets());
    assertEquals(new HashSet<>(fresh).size(), group.items());
    assertTrue(group.items() >= 3, "six items come late");
    assertEquals(
        1.0,
        group.row("candidates").metrics().get("recall@100"),
        "placed by their category, though no model has seen them");
    assertTrue(
        group.row("two_tower").metrics().getOrDefault("recall@100", 0.0) > 0.99,
        "their tokens give them a vector");
    assertEquals(0.5, group.row("random").metrics().getOrDefault("percentile", 0.0), 1e-6);
    assertEquals(table.rows().size() - 1, group.differences().size());
  }

  @Test
  void evaluate_severalSeeds_givesTheMeanOfEach() {
    Evaluator evaluator = evaluator(TestApplications.clips());
    EvaluationTable both = evaluator.evaluate(records, Protocol.TEMPORAL, 0.9, List.of(1L, 5L));
    EvaluationTable one = evaluator.evaluate(records, Protocol.TEMPORAL, 0.9, List.of(1L));
    assertEquals(2, both.details().seeds().size());
    assertEquals(5, both.details().seeds().getLast().seed());
    assertEquals(List.of(), one.details().seeds());
    for (int row = 0; row < both.rows().size(); row++) {
      double first = ndcg(both.details().seeds().getFirst().rows().get(row));
      double second = ndcg(both.details().seeds().getLast().rows().get(row));
      assertEquals(ndcg(one.rows().get(row)), first, "a seed alone gives the same");
      assertEquals((first + second) / 2, ndcg(both.rows().get(row)), 1e-12);
      assertEquals(
          Math.abs(first - second) / Math.sqrt(2),
          both.rows().get(row).spread().getOrDefault("ndcg@10", -1.0),
          1e-12);
    }
    EvaluationTable.Difference difference = both.differences().getLast();
    assertEquals(
        ndcg(both.row("pipeline")) - ndcg(both.row(difference.minus())),
        difference.metrics().getOrDefault("ndcg@10", 9.0),
        1e-12);
    assertEquals("ranker", difference.minus());
  }

  private static double ndcg(EvaluationTable.Row row) {
    return row.metrics().getOrDefault("ndcg@10", -1.0);
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
