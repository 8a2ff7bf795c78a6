package io.winnow.lifecycle.cadence;

import io.winnow.core.Seed;
import io.winnow.lifecycle.cadence.CadenceReport.Advice;
import io.winnow.lifecycle.cadence.CadenceReport.Point;
import io.winnow.lifecycle.cadence.CadenceReport.Setup;
import io.winnow.lifecycle.cadence.CadenceReport.Window;
import io.winnow.lifecycle.cadence.CadenceWindows.Planned;
import io.winnow.lifecycle.evaluation.ChoiceComparison.Answers;
import io.winnow.lifecycle.evaluation.UserBootstrap;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Turns the answers of a study into a curve, a cadence, and what speaks against both. */
final class CadenceAdvice {
  private static final int FEW_WINDOWS = 4;
  private static final int FEW_TARGETS = 200;

  /** A release that learnt from so much less is worse for that alone. */
  private static final double MUCH_LESS = 0.1;

  private CadenceAdvice() {}

  /**
   * The report.
   *
   * @param answers of each window: the fresh release first, then one an age
   */
  static CadenceReport report(
      Setup setup, List<Planned> planned, List<Answers> answers, Seed seed) {
    CadenceOptions options = setup.options();
    double[] ages = options.lagsDays().stream().mapToDouble(Integer::doubleValue).toArray();
    DecayDraws draws = DecayDraws.of(answers, seed);
    double[] weights = draws.weights();
    DecayCurve curve = DecayCurve.fit(ages, draws.losses(), weights);
    double[] cadences = new double[draws.resampled().length];
    for (int r = 0; r < cadences.length; r++) {
      cadences[r] =
          DecayCurve.fit(ages, draws.resampled()[r], weights)
              .cadence(options.delayDays(), options.maxLoss());
    }
    List<Point> points = new ArrayList<>();
    for (int age = 0; age < ages.length; age++) {
      double[] interval = draws.interval(age);
      double life = ages[age] - options.delayDays();
      points.add(
          new Point(
              options.lagsDays().get(age),
              draws.losses()[age],
              interval[0],
              interval[1],
              curve.losses()[age],
              life > 0 ? curve.average(options.delayDays(), life) : curve.at(ages[age])));
    }
    List<Window> windows = windows(planned, answers);
    Advice advice = advice(options, curve, UserBootstrap.interval(cadences));
    return new CadenceReport(
        setup, windows, points, advice, doubts(setup, windows, points, advice));
  }

  private static List<Window> windows(List<Planned> planned, List<Answers> answers) {
    List<Window> windows = new ArrayList<>();
    for (int w = 0; w < planned.size(); w++) {
      Answers answer = answers.get(w);
      List<Double> ndcg = new ArrayList<>();
      for (int release = 1; release < answer.ndcgByUser().size(); release++) {
        ndcg.add(answer.ndcg(release));
      }
      List<Integer> cuts = planned.get(w).cuts();
      windows.add(
          new Window(
              planned.get(w).fromMs(),
              planned.get(w).toMs(),
              answer.targets(),
              answer.targetsByUser().length,
              cuts.getFirst(),
              answer.ndcg(0),
              ndcg,
              cuts.subList(1, cuts.size())));
    }
    return windows;
  }

  private static Advice advice(CadenceOptions options, DecayCurve curve, double[] interval) {
    double cadence = curve.cadence(options.delayDays(), options.maxLoss());
    double longest = Math.max(0, options.maxLagDays() - options.delayDays());
    boolean isBound = longest > 0 && cadence >= longest;
    String bound = percent(options.maxLoss());
    String text;
    if (cadence <= 0) {
      text =
          "No cadence keeps the mean loss at %s or below: a release whose data is %s days old when it begins to serve has lost more."
              .formatted(bound, number(options.delayDays()));
    } else if (isBound) {
      text =
          "Training every %s days keeps the mean loss at %s or below, and so may a longer cadence: no greater age was measured."
              .formatted(number(cadence), bound);
    } else {
      text =
          "Training every %s days keeps the mean loss at %s; the interval over windows and users goes from %s to %s%s days."
              .formatted(
                  number(cadence),
                  bound,
                  number(interval[0]),
                  interval[1] >= longest ? "more than " : "",
                  number(interval[1]));
    }
    return new Advice(cadence, interval[0], interval[1], isBound, text);
  }

  private static List<String> doubts(
      Setup setup, List<Window> windows, List<Point> points, Advice advice) {
    List<String> doubts = new ArrayList<>();
    Point last = points.getLast();
    if (windows.size() < FEW_WINDOWS) {
      doubts.add(
          "only %d windows: how much one time differs from another is hardly known; take --cuts %d or more"
              .formatted(windows.size(), FEW_WINDOWS));
    }
    int fewest = windows.stream().mapToInt(Window::targets).min().orElse(0);
    if (fewest < FEW_TARGETS) {
      doubts.add(
          "a window has only %d choices: larger windows (a greater first lag) say more"
              .formatted(fewest));
    }
    if (last.low() <= 0) {
      doubts.add(
          "the curve is flat: even after %d days the interval of the loss, %s to %s, includes none, so the cadence follows from noise"
              .formatted(last.ageDays(), percent(last.low()), percent(last.high())));
    }
    if (last.high() - last.low() > 2 * Math.abs(last.loss())) {
      doubts.add(
          "the interval at %d days is wider than twice the loss itself".formatted(last.ageDays()));
    }
    for (Point point : points) {
      if (point.fitted() < point.low() || point.fitted() > point.high()) {
        doubts.add(
            "at %d days the curve that never falls, %s, lies outside of the measured interval, %s to %s: something else than age is at work"
                .formatted(
                    point.ageDays(),
                    percent(point.fitted()),
                    percent(point.low()),
                    percent(point.high())));
      }
    }
    if (advice.cadenceDays() > 0 && advice.cadenceDays() < setup.options().lagsDays().getFirst()) {
      doubts.add(
          "the cadence is shorter than the smallest age that was measured, %d days: a straight line was drawn from 0"
              .formatted(setup.options().lagsDays().getFirst()));
    }
    double less =
        windows.stream()
            .mapToDouble(
                window -> 1 - (double) window.trainedOnByAge().getLast() / window.trainedOn())
            .average()
            .orElse(0);
    if (less > MUCH_LESS) {
      doubts.add(
          "the oldest releases learnt from %s fewer choices than the fresh ones: part of their loss is less data, which weighs less as the log grows"
              .formatted(percent(less)));
    }
    return doubts;
  }

  /** A share as a percentage. */
  static String percent(double share) {
    double shown = Math.abs(share) < 5e-5 ? 0 : share;
    return String.format(Locale.ROOT, "%.2f %%", 100 * shown);
  }

  /** Days, without digits that say nothing. */
  static String number(double days) {
    return days >= 10 || days == Math.rint(days)
        ? String.format(Locale.ROOT, "%.0f", Math.floor(days))
        : String.format(Locale.ROOT, "%.1f", Math.floor(days * 10) / 10);
  }
}
