package io.winnow.lifecycle.tuning;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.LogRecord;
import io.winnow.core.Problem;
import io.winnow.core.WinnowException;
import io.winnow.events.RecordSource;
import io.winnow.lifecycle.ModelTrials.Part;
import io.winnow.lifecycle.TestApplications;
import io.winnow.lifecycle.TinyWorld;
import io.winnow.lifecycle.TrainerConfig;
import io.winnow.lifecycle.TrainerSettings;
import io.winnow.lifecycle.TrainingProgress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TuningTest {
  private static final List<LogRecord> RECORDS = TinyWorld.records(900);
  private static final TrainerConfig BASE = TinyWorld.config(1);

  @TempDir Path folder;

  private long nowMs;

  /** Each look at the clock takes a second, so each trial does. */
  private long clock() {
    nowMs += 1000;
    return nowMs;
  }

  private Map<String, String> run(
      TrainerConfig base, List<LogRecord> records, double minutes, List<String> trials) {
    return new Tuning(
            folder,
            new Tuning.Config(base, minutes, List.of(Part.TRANSITIONS, Part.EASE)),
            this::clock)
        .run(
            TestApplications.clips(),
            RecordSource.of(records),
            records.size(),
            (_, id, _, score, _, _) -> trials.add(id + " " + score),
            TrainingProgress.silent());
  }

  @Test
  void run_writesWhatTrainingReads_andGoesOn() throws IOException {
    List<String> trials = new ArrayList<>();
    Map<String, String> best = run(BASE, RECORDS, 0.5, trials);
    assertTrue(trials.size() >= 20 && trials.size() <= 31, trials.toString());
    assertTrue(!best.isEmpty(), "some of the draws is better than the defaults");
    TrainerConfig read = TrainerSettings.read(folder.resolve(Tuning.BEST), BASE);
    assertEquals(TrainerSettings.with(BASE, best), read);
    assertTrue(Files.readString(folder.resolve(Tuning.BEST)).startsWith("# The best settings"));

    // Whoever stops the next run at its first word still finds what was best.
    assertThrows(
        IllegalStateException.class,
        () ->
            new Tuning(
                    folder,
                    new Tuning.Config(BASE, 1, List.of(Part.TRANSITIONS, Part.EASE)),
                    this::clock)
                .run(
                    TestApplications.clips(),
                    RecordSource.of(RECORDS),
                    RECORDS.size(),
                    (_, _, _, _, _, _) -> {
                      throw new IllegalStateException("stopped");
                    },
                    TrainingProgress.silent()));
    assertTrue(!TrainerSettings.read(folder.resolve(Tuning.BEST), BASE).equals(BASE));

    List<String> none = new ArrayList<>();
    assertEquals(best, run(BASE, RECORDS, 0.5, none));
    assertTrue(none.size() <= 1, "the budget was used: " + none);
    List<String> more = new ArrayList<>();
    run(BASE, RECORDS, 1, more);
    assertTrue(more.size() > 15, more.toString());
  }

  @Test
  void run_otherDataOrSettingsInTheSameFolder_areRefused() {
    run(BASE, RECORDS, 0.1, new ArrayList<>());
    TrainerConfig other =
        TrainerSettings.with(TinyWorld.config(2), Map.of("split.min_choices", "99"));
    List<LogRecord> less = RECORDS.subList(0, RECORDS.size() - 1);
    WinnowException refusal =
        assertThrows(WinnowException.class, () -> run(other, less, 0.1, new ArrayList<>()));
    assertEquals(
        List.of("end_offset", "records", "seed", "settings"),
        refusal.problems().stream().map(Problem::field).toList());
  }

  @Test
  void cut_isWhereEvaluationCuts() {
    RecordSource records = RecordSource.of(RECORDS);
    long cut = Tuning.cut(TestApplications.clips(), records, 0.9);
    assertTrue(cut > RECORDS.size() / 2 && cut < RECORDS.size(), cut + "");
    assertTrue(RECORDS.get((int) cut) instanceof LogRecord.Happened);
    assertEquals(RECORDS.size(), Tuning.cut(TestApplications.clips(), records, 1));
  }

  @Test
  void config_outsideItsRange_isRefused() {
    for (double minutes : new double[] {0, -1, Double.NaN, 1e6}) {
      assertThrows(
          WinnowException.class, () -> new Tuning.Config(BASE, minutes, List.of(Part.EASE)));
    }
    assertThrows(WinnowException.class, () -> new Tuning.Config(BASE, 1, List.of()));
  }
}
