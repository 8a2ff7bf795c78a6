package io.winnow.benchmarks.rollout;

import io.winnow.benchmarks.Figures;
import io.winnow.benchmarks.Figures.Goal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Counts what became of releases. */
public final class RolloutFigures {
  private static final double PROMOTED_SHARE = 0.9;
  private static final List<String> STAGES = List.of("gate", "shadow", "canary", "live");

  private RolloutFigures() {}

  /** Figures of bad releases. */
  public static void bad(Figures.Builder figures, List<Trial> trials) {
    long caught = trials.stream().filter(trial -> isCaught(trial)).count();
    figures
        .count("bad.released", trials.size(), "releases")
        .count("bad.caught", caught, "releases", Goal.exactly(trials.size()));
    for (String stage : STAGES) {
      figures.count(
          "bad.caught_by." + stage,
          trials.stream()
              .filter(trial -> isCaught(trial) && trial.end().stage().equals(stage))
              .count(),
          "releases");
    }
    figures
        .count(
            "bad.users_harmed",
            trials.stream().mapToLong(trial -> trial.harm().users()).sum(),
            "users who were shown a slate, summed over releases")
        .count(
            "bad.slates_shown",
            trials.stream().mapToLong(trial -> trial.harm().slates()).sum(),
            "slates")
        .count(
            "bad.users_harmed_most",
            trials.stream().mapToLong(trial -> trial.harm().users()).max().orElse(0),
            "users of one release")
        .count(
            "bad.visits_most",
            trials.stream().mapToLong(Trial::visits).max().orElse(0),
            "visits until one was caught");
    Map<String, List<Trial>> kinds = byKind(trials);
    kinds.forEach((kind, of) ->
        figures.count(
            "bad.%s.caught".formatted(kind),
            of.stream().filter(RolloutFigures::isCaught).count(),
            "of " + of.size()));
  }

  /**
   * Figures of good releases.
   *
   * @param wanted how many were to be tried
   * @param discarded how many were trained that are not good
   */
  public static void good(Figures.Builder figures, int wanted, List<Trial> trials, int discarded) {
    figures
        .count("good.released", trials.size(), "releases")
        .count(
            "good.promoted",
            trials.stream().filter(Trial::isPromoted).count(),
            "releases",
            Goal.atLeast(Math.ceil(PROMOTED_SHARE * wanted)))
        .count("good.not_counted", discarded, "trained, and not as good as the champion")
        .add(
            "good.visits_mean",
            trials.stream().mapToLong(Trial::visits).average().orElse(0),
            "visits from proposal to end");
  }

  /** Whether a bad release was taken back, or not let through. */
  private static boolean isCaught(Trial trial) {
    return switch (trial.end().outcome()) {
      case "rejected", "rolled_back", "cancelled" -> true;
      default -> false;
    };
  }

  private static Map<String, List<Trial>> byKind(List<Trial> trials) {
    Map<String, List<Trial>> kinds = new LinkedHashMap<>();
    trials.forEach(trial -> kinds.computeIfAbsent(trial.kind(), _ -> new ArrayList<>()).add(trial));
    return kinds;
  }

  /** The columns of {@link #rows}. */
  public static List<String> heads() {
    return List.of(
        "kind",
        "releases",
        "true change of clicks",
        "ended",
        "users who saw it, most",
        "visits, most");
  }

  /** A row a kind: how bad, where caught, whom it reached. */
  public static List<List<String>> rows(List<Trial> trials) {
    List<List<String>> rows = new ArrayList<>();
    byKind(trials)
        .forEach((kind, of) -> {
          List<Double> lifts =
              of.stream().map(Trial::lift).filter(lift -> !lift.isNaN()).sorted().toList();
          Map<String, Integer> ends = new TreeMap<>();
          of.forEach(trial ->
              ends.merge(trial.end().outcome() + " at " + trial.end().stage(), 1, Integer::sum));
          rows.add(
              List.of(
                  kind,
                  String.valueOf(of.size()),
                  lifts.isEmpty()
                      ? "cannot serve"
                      : String.format(
                          Locale.ROOT,
                          "%+.0f to %+.0f %%",
                          100 * lifts.getFirst(),
                          100 * lifts.getLast()),
                  String.join(
                      ", ",
                      ends.entrySet().stream()
                          .map(end -> end.getValue() + " " + end.getKey())
                          .toList()),
                  String.format(
                      Locale.ROOT,
                      "%,d",
                      of.stream().mapToInt(trial -> trial.harm().users()).max().orElse(0)),
                  String.format(
                      Locale.ROOT, "%,d", of.stream().mapToLong(Trial::visits).max().orElse(0))));
        });
    return rows;
  }
}
