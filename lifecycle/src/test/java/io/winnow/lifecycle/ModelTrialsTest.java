package io.winnow.lifecycle;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.ErrorCode;
import io.winnow.core.LogRecord;
import io.winnow.core.WinnowException;
import io.winnow.events.RecordSource;
import io.winnow.lifecycle.ModelTrials.Part;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class ModelTrialsTest {
  private static final List<LogRecord> RECORDS = TinyWorld.records(900);
  private static final int END = TinyWorld.records(700).size();
  private static final TrainerConfig CONFIG = TinyWorld.config(1);

  /** Fails whoever reads behind the end, and counts what is read. */
  private static final class Watched implements RecordSource {
    private long reads;
    private long highest = -1;

    @Override
    public long endOffset() {
      return RECORDS.size();
    }

    @Override
    public void replay(long from, long to, Visitor visitor) {
      for (long offset = from; offset < to; offset++) {
        assertTrue(offset < END, "record " + offset + " lies behind the cut " + END);
        reads++;
        highest = Math.max(highest, offset);
        visitor.visit(offset, RECORDS.get((int) offset));
      }
    }
  }

  private static ModelTrials trials(RecordSource records) {
    return new ModelTrials(
        TestApplications.clips(), records, END, CONFIG, TrainingProgress.silent());
  }

  @Test
  void measure_everyPart_readsNothingBehindTheEnd() {
    Watched watched = new Watched();
    ModelTrials trials = trials(watched);
    assertTrue(trials.targetCount() > 20, trials.targetCount() + " targets");
    for (Part part : Part.values()) {
      double score = trials.measure(part, CONFIG);
      assertTrue(score > 0.02 && score < 1, part + ": " + score);
    }
    assertTrue(watched.reads > END, "it was read");
    assertEquals(END - 1, watched.highest);
  }

  @Test
  void measure_laterRecords_changeNothing() {
    ModelTrials whole = trials(RecordSource.of(RECORDS));
    ModelTrials prefix = trials(RecordSource.of(RECORDS.subList(0, END)));
    for (Part part : Part.values()) {
      assertEquals(whole.measure(part, CONFIG), prefix.measure(part, CONFIG), part.toString());
    }
  }

  @Test
  void measure_otherSettings_giveOtherFigures() {
    ModelTrials trials = trials(RecordSource.of(RECORDS));
    String dimension =
        TrainerSettings.values(CONFIG).keySet().stream()
            .filter(path -> path.matches("linear\\.ials\\..*dimension"))
            .findFirst()
            .orElseThrow();
    Map<Part, Map<String, String>> changes =
        Map.of(
            Part.TRANSITIONS, Map.of("linear.transitions.steps", "1"),
            Part.EASE, Map.of("linear.ease.lambda", "1"),
            Part.IALS, Map.of(dimension, "2"),
            Part.ENCODER, Map.of("encoder.training.epochs", "20"),
            Part.RANKER, Map.of("ranker.training.learning_rate", "0.02"));
    changes.forEach((part, settings) ->
        assertNotEquals(
            trials.measure(part, CONFIG),
            trials.measure(part, TrainerSettings.with(CONFIG, settings)),
            part.toString()));
  }

  @Test
  void measure_rankerWithOtherSources_learnsFromNewExamples() {
    ModelTrials trials = trials(RecordSource.of(RECORDS));
    double before = trials.measure(Part.RANKER, CONFIG);
    TrainerConfig other =
        TrainerSettings.with(
            CONFIG, Map.of("linear.ease.lambda", "1", "linear.transitions.steps", "1"));
    assertNotEquals(before, trials.measure(Part.RANKER, other));
    assertEquals(before, trials.measure(Part.RANKER, CONFIG));
  }

  @Test
  void gain_scoreThatIsNotFinite_isNeverToTheModelsCredit() {
    boolean[] had = new boolean[4];
    int[] popularity = {1, 1, 1, 1};
    for (float broken : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
      float[] scores = {broken, 0, 1, broken};
      assertEquals(0, ModelTrials.gain(0, had, scores, popularity), "asked for: " + broken);
      assertEquals(
          Math.log(2) / Math.log(4),
          ModelTrials.gain(2, had, scores, popularity),
          1e-12,
          "two others: " + broken);
    }
    assertEquals(1, ModelTrials.gain(2, had, new float[] {0, 0, 1, 0}, popularity));
    assertEquals(0, ModelTrials.gain(-1, had, new float[4], popularity));
  }

  @Test
  void examples_areThoseThatTrainingShows() {
    List<float[]> shown = new ArrayList<>();
    new Trainer(TestApplications.clips(), CONFIG, () -> 1, TrainingProgress.silent())
        .showExamplesTo(examples -> shown.add(examples.features()))
        .train(RecordSource.of(RECORDS), END);
    float[] alone =
        new Trainer(TestApplications.clips(), CONFIG, () -> 1, TrainingProgress.silent())
            .examples(RecordSource.of(RECORDS), END)
            .features();
    assertEquals(1, shown.size());
    assertArrayEquals(shown.getFirst(), alone);
  }

  @Test
  void create_tooFewChoices_saysWhatItHasAndWants() {
    WinnowException refusal =
        assertThrows(
            WinnowException.class,
            () ->
                new ModelTrials(
                    TestApplications.clips(),
                    RecordSource.of(RECORDS),
                    100,
                    CONFIG,
                    TrainingProgress.silent()));
    assertEquals(ErrorCode.INVALID_ARGUMENT, refusal.code());
    assertTrue(String.valueOf(refusal.getMessage()).contains("to tune on"), refusal.getMessage());
  }
}
