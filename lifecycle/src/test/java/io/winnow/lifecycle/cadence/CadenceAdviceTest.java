package io.winnow.lifecycle.cadence;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.Seed;
import io.winnow.lifecycle.cadence.CadenceReport.Point;
import io.winnow.lifecycle.cadence.CadenceWindows.Planned;
import io.winnow.lifecycle.evaluation.ChoiceComparison.Answers;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/** What is said of answers whose loss by age is known. */
final class CadenceAdviceTest {
  private static final List<Integer> AGES = List.of(1, 2, 4, 8, 16);

  /** Users of windows of differing difficulty, whose NDCG falls by a share a day, plus noise. */
  private static List<Answers> answers(int windows, int users, double lossPerDay) {
    RandomGenerator random = new Seed(9).generator("answers");
    List<Answers> answers = new ArrayList<>();
    for (int w = 0; w < windows; w++) {
      double difficulty = 0.1 + 0.3 * w / windows;
      int[] targets = new int[users];
      List<double[]> sums = new ArrayList<>();
      for (int release = 0; release <= AGES.size(); release++) {
        sums.add(new double[users]);
      }
      for (int user = 0; user < users; user++) {
        targets[user] = 1 + random.nextInt(5);
        double own = difficulty * (0.5 + random.nextDouble());
        for (int release = 0; release <= AGES.size(); release++) {
          double age = release == 0 ? 0 : AGES.get(release - 1);
          double noise = 0.01 * random.nextGaussian();
          sums.get(release)[user] = targets[user] * (own * (1 - lossPerDay * age) + noise);
        }
      }
      answers.add(new Answers(targets, sums));
    }
    return answers;
  }

  private static CadenceReport report(List<Answers> answers, double delayDays, int trainedOn) {
    CadenceOptions options = new CadenceOptions(answers.size(), AGES, 0.02, delayDays, 10_000);
    List<Planned> planned = new ArrayList<>();
    for (int w = 0; w < answers.size(); w++) {
      planned.add(
          new Planned(w, w + 1, w, w + 1, List.of(10_000, 9_990, 9_980, 9_960, 9_920, trainedOn)));
    }
    return CadenceAdvice.report(
        new CadenceReport.Setup("known", options, 1, 7, 1), planned, answers, new Seed(1));
  }

  @Test
  void report_knownLoss_findsItWithinItsIntervalsAndTheCadence() {
    CadenceReport report = report(answers(8, 400, 0.005), 0, 9_800);
    for (Point point : report.curve()) {
      double truth = 0.005 * point.ageDays();
      assertTrue(point.low() < truth && truth < point.high(), point::toString);
      assertEquals(truth, point.fitted(), 0.012, point::toString);
    }
    // The mean loss until c is 0.0025 c: 2 % at 8 days.
    assertEquals(8, report.advice().cadenceDays(), 2);
    assertTrue(report.advice().lowDays() < 8 && 8 < report.advice().highDays());
    assertFalse(report.advice().isBound());
    assertEquals(List.of(), report.doubts());
  }

  @Test
  void report_delay_leavesLessTime() {
    List<Answers> answers = answers(8, 400, 0.005);
    double without = report(answers, 0, 9_800).advice().cadenceDays();
    // From age 2 on the mean is 0.005 (2 + c / 2): 2 % at 4 days.
    double with = report(answers, 2, 9_800).advice().cadenceDays();
    assertEquals(4, with, 2);
    assertTrue(with < without);
  }

  @Test
  void report_noLoss_isNearlyFlatAndSaysThatNothingFollows() {
    CadenceReport report = report(answers(8, 400, 0), 0, 9_800);
    for (Point point : report.curve()) {
      assertTrue(point.low() < 0 && 0 < point.high(), point::toString);
      assertTrue(point.fitted() < 0.012, point::toString);
    }
    assertTrue(report.advice().isBound());
    assertTrue(report.doubts().stream().anyMatch(doubt -> doubt.startsWith("the curve is flat")));
  }

  @Test
  void report_fewWindowsAndMuchLessData_areDoubted() {
    List<String> doubts = report(answers(2, 20, 0.005), 0, 5_000).doubts();
    assertTrue(doubts.stream().anyMatch(doubt -> doubt.startsWith("only 2 windows")));
    assertTrue(doubts.stream().anyMatch(doubt -> doubt.startsWith("a window has only ")));
    assertTrue(
        doubts.stream().anyMatch(doubt -> doubt.contains("learnt from 50.00 % fewer choices")));
  }

  @Test
  void textAndHtml_report_tellCurveAdviceAndDoubts() {
    CadenceReport report = report(answers(2, 200, 0.005), 0, 5_000);
    String text = CadenceText.text(report);
    String html = CadenceText.html(report);
    assertTrue(text.contains(report.advice().text()), text);
    assertTrue(html.contains(report.advice().text()), html);
    for (String doubt : report.doubts()) {
      assertTrue(text.contains("doubt: " + doubt), text);
      assertTrue(html.contains(doubt), html);
    }
    for (Point point : report.curve()) {
      assertTrue(text.contains(String.format(Locale.ROOT, "%.2f %%", 100 * point.loss())), text);
    }
    assertTrue(html.contains("<svg") && html.contains("polyline"), html);
  }
}
