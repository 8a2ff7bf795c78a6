package io.winnow.lifecycle.rollout;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.winnow.core.LogRecord;
import io.winnow.core.WinnowException;
import io.winnow.events.RecordSource;
import io.winnow.lifecycle.TestApplications;
import io.winnow.lifecycle.TinyWorld;
import io.winnow.lifecycle.TrainingRequests;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

final class HoldoutTest {
  private static long[] outcomes(int n) {
    return LongStream.range(0, n).map(i -> 10 * i + 5).toArray();
  }

  private static Holdout choose(int outcomes, double share) {
    return Holdout.choose(outcomes(outcomes), 10L * outcomes, share, 200, 100);
  }

  @Test
  void choose_manyOutcomes_holdsTheShareBack() {
    assertEquals(new Holdout(95_005, 9_500, 500), choose(10_000, 0.05));
  }

  @Test
  void choose_shareBelowTheMinimum_holdsTheMinimumBack() {
    assertEquals(new Holdout(8_005, 800, 200), choose(1_000, 0.05));
  }

  @Test
  void choose_shortLog_givesUpAQuarterAndTrainingKeepsWhatItNeeds() {
    assertEquals(new Holdout(3_005, 300, 100), choose(400, 0.05));
    assertEquals(new Holdout(1_005, 100, 20), choose(120, 0.05));
    assertEquals(new Holdout(900, 90, 0), choose(90, 0.05));
    assertEquals(new Holdout(0, 0, 0), choose(0, 0.05));
  }

  @Test
  void choose_shareOfNothing_holdsNothingBack() {
    assertEquals(new Holdout(10_000, 1_000, 0), choose(1_000, 0));
  }

  @Test
  void choose_shareThatIsNone_isRefused() {
    assertThrows(WinnowException.class, () -> choose(1_000, 1));
    assertThrows(WinnowException.class, () -> choose(1_000, Double.NaN));
  }

  @Test
  void choose_ofALog_countsOutcomesAsTheTrainerDoes() {
    List<LogRecord> records = TinyWorld.records(700);
    Holdout chosen =
        Holdout.choose(
            TestApplications.clips().definition(), RecordSource.of(records), records.size(), 100);
    TrainingRequests requests = new TrainingRequests(TestApplications.clips().definition());
    RecordSource.of(records).replay(requests);
    int all = requests.choices().size();
    assertEquals(all / 4, chosen.heldOutcomes());
    assertEquals(all, chosen.trainingOutcomes() + chosen.heldOutcomes());
    assertEquals(
        chosen.heldOutcomes(),
        requests.choices().stream()
            .filter(choice -> choice.asOfOffset() >= chosen.toOffset())
            .count());
    assertThrows(
        WinnowException.class,
        () ->
            Holdout.choose(
                TestApplications.clips().definition(),
                RecordSource.of(records),
                records.size() + 1,
                100));
  }
}
