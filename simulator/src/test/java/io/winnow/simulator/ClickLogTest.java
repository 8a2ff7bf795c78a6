package io.winnow.simulator;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.Problem;
import io.winnow.core.Seed;
import io.winnow.core.WinnowException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class ClickLogTest {
  private static final int SLATES = 6_000;
  private static final ClickLog LOG =
      ClickLog.generate(ClickLog.Config.defaults(SLATES, new Seed(3)));

  @Test
  void generate_again_isTheSameAndAnotherSeedIsNot() {
    ClickLog again = ClickLog.generate(ClickLog.Config.defaults(300, new Seed(4)));
    ClickLog same = ClickLog.generate(ClickLog.Config.defaults(300, new Seed(4)));
    ClickLog other = ClickLog.generate(ClickLog.Config.defaults(300, new Seed(5)));
    assertArrayEquals(again.rows().features(), same.rows().features());
    assertArrayEquals(again.rows().outcomes(), same.rows().outcomes());
    assertArrayEquals(again.slates().history().ageSeconds(), same.slates().history().ageSeconds());
    assertArrayEquals(again.items().vectors(), same.items().vectors());
    assertFalse(Arrays.equals(again.rows().outcomes(), other.rows().outcomes()));
  }

  @Test
  void outcomes_inBinsOfTheTruth_happenAsOftenAsItSays() {
    double[] expected = new double[20];
    double[] happened = new double[20];
    double[] variance = new double[20];
    for (int row = 0; row < LOG.rows().items().length; row++) {
      double seen = ClickLog.seen(LOG.rows().places()[row]);
      double click = seen * LOG.rows().clickIfSeen()[row];
      double longView = click * LOG.rows().longIfClicked()[row];
      count(expected, variance, (int) (click * 10), click);
      count(expected, variance, 10 + (int) (longView * 10), longView);
      happened[(int) (click * 10)] += LOG.rows().outcomes()[row * 2];
      happened[10 + (int) (longView * 10)] += LOG.rows().outcomes()[row * 2 + 1];
      assertTrue(LOG.rows().outcomes()[row * 2] >= LOG.rows().outcomes()[row * 2 + 1]);
    }
    int compared = 0;
    for (int bin = 0; bin < 20; bin++) {
      assertEquals(expected[bin], happened[bin], 4 * Math.sqrt(variance[bin]) + 1, "bin " + bin);
      compared += expected[bin] > 50 ? 1 : 0;
    }
    assertTrue(compared >= 12, "bins compared: " + compared);
  }

  private static void count(double[] expected, double[] variance, int bin, double p) {
    expected[bin] += p;
    variance[bin] += p * (1 - p);
  }

  @Test
  void truth_ofTheLogsOwnColumns_isWhatIsWritten() {
    ClickTruth truth = new ClickTruth(new Seed(3));
    ClickLog.Histories history = LOG.slates().history();
    int ages = ClickTruth.AGE_GROUPS.size();
    int genres = ages + 1 + ClickTruth.DEVICES.size() + ClickTruth.DAY_PARTS.size();
    int tired = 0;
    for (int s = SLATES - 300; s < SLATES; s++) {
      for (int row = LOG.slates().offsets()[s]; row < LOG.slates().offsets()[s + 1]; row++) {
        float[] x =
            Arrays.copyOfRange(
                LOG.rows().features(),
                row * ClickLog.FEATURES.size(),
                (row + 1) * ClickLog.FEATURES.size());
        ClickTruth.Asking asking =
            new ClickTruth.Asking(
                one(x, 0, ages),
                x[ages] > 0,
                one(x, ages + 1, 3),
                one(x, ages + 4, ClickTruth.DAY_PARTS.size()));
        int n = x.length;
        ClickTruth.Facts facts =
            new ClickTruth.Facts(
                one(x, genres, ClickTruth.GENRES.size()), Math.log(x[n - 3]), x[n - 2], x[n - 1]);
        double drive = 0;
        int creatorClicks = 0;
        int item = LOG.rows().items()[row];
        for (int j = history.offsets()[s]; j < history.offsets()[s + 1]; j++) {
          drive +=
              ClickTruth.pull(
                  history.types()[j], history.ageSeconds()[j], cosine(item, history.items()[j]));
          boolean same = LOG.items().creators()[item] == LOG.items().creators()[history.items()[j]];
          creatorClicks +=
              same && ClickTruth.tires(history.types()[j], history.ageSeconds()[j]) ? 1 : 0;
        }
        tired += creatorClicks > 0 ? 1 : 0;
        assertEquals(
            truth.click(asking, facts, drive, creatorClicks), LOG.rows().clickIfSeen()[row], 1e-4);
        assertEquals(truth.longView(facts, drive), LOG.rows().longIfClicked()[row], 1e-4);
      }
    }
    assertTrue(tired > 3, "rows of creators clicked within the day: " + tired);
  }

  private static int one(float[] x, int from, int count) {
    int found = -1;
    for (int i = 0; i < count; i++) {
      if (x[from + i] == 1) {
        assertEquals(-1, found, "one of a kind");
        found = i;
      }
    }
    return found;
  }

  private static double cosine(int a, int b) {
    int width = LOG.items().width();
    double dot = 0;
    for (int e = 0; e < width; e++) {
      dot += LOG.items().vectors()[a * width + e] * LOG.items().vectors()[b * width + e];
    }
    return dot;
  }

  @Test
  void history_ofEachSlate_isWhatTheLogHeldBefore() {
    Map<Integer, List<Integer>> clicked = new HashMap<>();
    ClickLog.Histories history = LOG.slates().history();
    int compared = 0;
    int bounded = 0;
    for (int s = 0; s < SLATES; s++) {
      assertTrue(s == 0 || LOG.slates().timesMs()[s] >= LOG.slates().timesMs()[s - 1]);
      List<Integer> held = new ArrayList<>();
      for (int j = history.offsets()[s]; j < history.offsets()[s + 1]; j++) {
        boolean first = j == history.offsets()[s];
        assertTrue(history.ageSeconds()[j] >= 0);
        assertTrue(first || history.ageSeconds()[j] <= history.ageSeconds()[j - 1], "oldest first");
        if (history.types()[j] != ClickTruth.DISMISS) {
          held.add(history.items()[j]);
        }
      }
      bounded += history.offsets()[s + 1] - history.offsets()[s] == ClickLog.HISTORY ? 1 : 0;
      List<Integer> own = clicked.computeIfAbsent(LOG.slates().users()[s], _ -> new ArrayList<>());
      int newest = Math.min(own.size(), held.size());
      assertEquals(
          own.subList(own.size() - newest, own.size()),
          held.subList(held.size() - newest, held.size()));
      compared += newest;
      for (int row = LOG.slates().offsets()[s]; row < LOG.slates().offsets()[s + 1]; row++) {
        if (LOG.rows().outcomes()[row * 2] > 0) {
          own.add(LOG.rows().items()[row]);
        }
      }
    }
    assertTrue(compared > 10_000, "events compared: " + compared);
    assertTrue(bounded > 10, "histories at the bound: " + bounded);
  }

  @Test
  void slates_shuffledOrNot_differInWhatStandsOnTop() {
    double[] ratings = new double[4];
    int rating = ClickLog.FEATURES.indexOf("item.rating");
    for (int s = 0; s < SLATES; s++) {
      int from = LOG.slates().offsets()[s];
      assertEquals(from + 10, LOG.slates().offsets()[s + 1]);
      Set<Integer> items = new HashSet<>();
      for (int row = from; row < from + 10; row++) {
        items.add(LOG.rows().items()[row]);
        assertTrue(
            LOG.rows().features()[row * ClickLog.FEATURES.size() + ClickLog.FEATURES.size() - 1]
                >= 0,
            "published");
      }
      assertEquals(10, items.size());
      int kind = LOG.slates().shuffled()[s] ? 2 : 0;
      ratings[kind] += LOG.rows().features()[from * ClickLog.FEATURES.size() + rating];
      ratings[kind + 1]++;
    }
    assertEquals(0.25, ratings[3] / SLATES, 0.03);
    assertTrue(ratings[0] / ratings[1] > ratings[2] / ratings[3] + 0.5);
  }

  @Test
  void config_outOfRange_namesEveryField() {
    WinnowException refusal =
        assertThrows(
            WinnowException.class, () -> new ClickLog.Config(0, 31, 0, 5, 1.5, new Seed(1)));
    assertEquals(
        List.of("slates", "slateSize", "users", "items", "shuffledShare"),
        refusal.problems().stream().map(Problem::field).toList());
  }
}
