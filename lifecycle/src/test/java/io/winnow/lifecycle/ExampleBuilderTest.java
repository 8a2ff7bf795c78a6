package io.winnow.lifecycle;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.Event;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.Seed;
import io.winnow.core.TimeSource;
import io.winnow.core.UserId;
import io.winnow.core.application.ApplicationFile;
import io.winnow.events.RecordSource;
import io.winnow.features.FeatureReader.FeatureQuery;
import io.winnow.features.PointInTimeReplay;
import io.winnow.lifecycle.RequestStages.Moment;
import io.winnow.models.ranker.HistorySpec;
import io.winnow.models.ranker.ItemFacts;
import io.winnow.models.ranker.RankingExamples;
import io.winnow.models.ranker.RequestHistory;
import io.winnow.retrieval.CandidateSet;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class ExampleBuilderTest {
  private static final int SPLIT = 800;

  private final ApplicationFile clips = TestApplications.clips();
  private final List<LogRecord> records = TinyWorld.records(900);
  private final Release release =
      new Trainer(clips, TinyWorld.config(1), TimeSource.system(), TrainingProgress.silent())
          .train(RecordSource.of(records), SPLIT);

  private List<TrainingRequest> requests() {
    TrainingRequests collected = new TrainingRequests(clips.definition());
    RecordSource.of(records).replay(collected);
    List<TrainingRequest> requests = new ArrayList<>();
    for (TrainingRequest.Chosen choice : collected.choices()) {
      if (choice.asOfOffset() >= SPLIT) {
        requests.add(choice);
      }
    }
    return requests.subList(0, 60);
  }

  private RankingExamples build(List<LogRecord> log, List<TrainingRequest> requests) {
    return build(log, requests, true);
  }

  private RankingExamples build(
      List<LogRecord> log, List<TrainingRequest> requests, boolean vectors) {
    return new ExampleBuilder(clips.definition(), release, vectors, 6, new Seed(3), 2)
        .build(RecordSource.of(log), requests);
  }

  @Test
  void build_rows_areWhatServingComputesAtThatOffset() {
    List<TrainingRequest> requests = requests();
    RankingExamples examples = build(records, requests);
    assertEquals(requests.size(), examples.requests(), "a small catalogue is retrieved whole");
    int width = examples.featureNames().size();
    int[] compared = {0};
    int[] cosines = {0};
    PointInTimeReplay.play(
        RecordSource.of(records),
        clips.definition(),
        requests.stream().mapToLong(TrainingRequest::asOfOffset).toArray(),
        (r, reader) -> {
          TrainingRequest request = requests.get(r);
          ServingRelease serving = new ServingRelease(release, reader, new CallerRunsExecutor());
          Moment moment = serving.moment(request.user(), Map.of(), _ -> true, request.timeMs());
          CandidateSet candidates = serving.retrieve(moment, Duration.ofMinutes(1));
          float[] inputs =
              serving.inputs(
                  candidates,
                  reader.read(
                      new FeatureQuery(
                          request.user(), candidates.items(), Map.of(), request.timeMs())));
          int from = examples.groupOffsets()[r];
          int to = examples.groupOffsets()[r + 1];
          for (int row = from; row < to; row++) {
            int at = BoundRetrieval.rowOf(candidates, examples.embeddings().items()[row]);
            assertArrayEquals(
                Arrays.copyOfRange(inputs, at * width, (at + 1) * width),
                Arrays.copyOfRange(examples.features(), row * width, (row + 1) * width));
            compared[0]++;
          }
          HistorySpec spec = examples.history().spec();
          float[] relations =
              serving
                  .history(spec, moment)
                  .relations(spec, serving.retrieval().facts().of(candidates.items()));
          int size = relations.length / candidates.size();
          for (int row = from; row < to; row++) {
            int at = BoundRetrieval.rowOf(candidates, examples.embeddings().items()[row]);
            ItemFacts facts = examples.history().facts().get(examples.history().candidates()[row]);
            assertArrayEquals(
                Arrays.copyOfRange(relations, at * size, (at + 1) * size),
                examples.history().requests().get(r).relations(spec, List.of(facts)));
            cosines[0] += relations[at * size + 2] != 0 ? 1 : 0;
          }
          int target = serving.indexOf(((TrainingRequest.Chosen) request).item());
          assertEquals(target, examples.embeddings().items()[from], "the choice stands first");
          assertEquals(
              to - from,
              IntStream.range(from, to)
                  .map(row -> examples.embeddings().items()[row])
                  .distinct()
                  .count());
        });
    assertEquals(compared[0], examples.rows());
    assertTrue(compared[0] > 1000, "rows were compared: " + compared[0]);
    assertTrue(cosines[0] > 1000, "rows with a history: " + cosines[0]);
  }

  @Test
  void build_laterEvents_changeNothing() {
    List<TrainingRequest> requests = requests().subList(0, 20);
    RankingExamples before = build(records, requests);
    List<LogRecord> more = new ArrayList<>(records);
    for (int i = 0; i < 200; i++) {
      more.add(
          new LogRecord.Happened(
              new Event(
                  "later" + i,
                  "click",
                  new UserId("u" + i % 40),
                  new ItemId("i" + i % 70),
                  TinyWorld.BEGIN_MS + i, // even where they claim to be old
                  Double.NaN)));
    }
    RankingExamples after = build(more, requests);
    assertArrayEquals(before.features(), after.features());
    assertArrayEquals(before.embeddings().queryVectors(), after.embeddings().queryVectors());
    assertArrayEquals(before.embeddings().items(), after.embeddings().items());
    assertArrayEquals(before.outcomes().labels(), after.outcomes().labels());
    for (int r = 0; r < before.requests(); r++) {
      RequestHistory earlier = before.history().requests().get(r);
      assertArrayEquals(
          earlier.ageSeconds(), after.history().requests().get(r).ageSeconds(), "request " + r);
    }
  }

  @Test
  void build_withoutVectors_holdsTheSameRowsAndNoVectors() {
    List<TrainingRequest> requests = requests().subList(0, 20);
    RankingExamples with = build(records, requests);
    RankingExamples without = build(records, requests, false);
    assertEquals(with.featureNames(), without.featureNames());
    assertArrayEquals(with.features(), without.features());
    assertArrayEquals(with.outcomes().labels(), without.outcomes().labels());
    assertTrue(with.embeddings().itemVectors().length > 0);
    assertEquals(0, without.embeddings().itemVectors().length);
  }

  @Test
  void build_shownSlate_keepsPositionsAndLabelsOfWhatWasKnown() {
    long offset = records.size();
    TrainingRequest.Shown shown =
        new TrainingRequest.Shown(
            new UserId("u1"),
            TinyWorld.BEGIN_MS + 1000 * TinyWorld.STEP_MS,
            offset,
            List.of(new ItemId("i5"), new ItemId("never heard of"), new ItemId("i7")),
            new int[] {0, 1, 2},
            new float[] {1, 0, 1, 1, 0, 1});
    TrainingRequest.Shown unknown =
        new TrainingRequest.Shown(
            new UserId("u1"),
            shown.timeMs(),
            offset,
            List.of(new ItemId("never heard of")),
            new int[] {0},
            new float[] {1, 1});
    RankingExamples examples = build(records, List.of(shown, unknown));
    assertArrayEquals(new int[] {0, 2}, examples.groupOffsets());
    assertArrayEquals(new int[] {0, 2}, examples.outcomes().positions());
    assertArrayEquals(new float[] {1, 0, 0, 1}, examples.outcomes().labels());
    assertArrayEquals(new int[] {5, 7}, examples.embeddings().items());
  }
}
