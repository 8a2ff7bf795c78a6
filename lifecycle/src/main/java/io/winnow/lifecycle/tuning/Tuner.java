package io.winnow.lifecycle.tuning;

import io.winnow.core.Seed;
import io.winnow.core.TimeSource;
import io.winnow.core.WinnowException;
import io.winnow.lifecycle.ModelTrials.Part;
import io.winnow.lifecycle.TrainerConfig;
import io.winnow.lifecycle.TrainerSettings;
import io.winnow.lifecycle.tuning.TuningJournal.Trial;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Searches one model after another: random search (Bergstra, Bengio 2012), and for the encoder,
 * whose trainings are long, successive halving (Jamieson, Talwalkar 2016): many candidates get a
 * quarter of their epochs, the best third of them a half, the best of those all.
 *
 * <p>Each model has a share of the budget; what it leaves goes to the next. The first trial of each
 * is the base itself, which is always trained, so the result is never worse on the choices that
 * were looked at. Any other trial begins only if trials like it fit into the time that is left.
 *
 * <p>The ranker's figures are those over certain sources: when the best of a model before it
 * changes, its search begins anew, and the trials over other sources are neither compared nor
 * charged.
 *
 * <p>The order of trials depends on seed and scores alone. Trials that the journal has are not
 * repeated, and their time counts, so a search that was killed goes on where it was. Not
 * thread-safe.
 */
final class Tuner {
  private static final String EPOCHS = "encoder.training.epochs";

  /** Trials that take no time would never use up the budget. */
  private static final int BRACKETS_MAX = 1000;

  /** Characters; libraries tell their whole call stack. */
  private static final int FAILURE_MAX = 1000;

  private static final double[] WHOLE = {1};
  private static final double[] HALVING = {0.25, 0.5, 1};
  private static final int HALVED_TO_A_THIRD = 3;

  private final TuningSpace space;
  private final TrainerConfig base;
  private final Seed seed;
  private final Budget budget;
  private final TuningJournal journal;
  private final Objective objective;
  private final TimeSource clock;
  private final TuningProgress progress;
  private final Consumer<Map<String, String>> onBest;
  private @Nullable Map<String, String> told;

  /** Trains and measures. */
  @FunctionalInterface
  interface Objective {
    /** How good a model is with a configuration; higher is better. */
    double measure(Part part, TrainerConfig config);
  }

  /**
   * How long, and what for.
   *
   * @param seconds in all, those of earlier processes included
   * @param parts the models that are searched
   */
  record Budget(double seconds, List<Part> parts) {
    /** What each model's trainings are worth against the others'. */
    private static final Map<Part, Double> SHARES =
        new EnumMap<>(
            Map.of(
                Part.TRANSITIONS, 0.08,
                Part.EASE, 0.08,
                Part.IALS, 0.14,
                Part.ENCODER, 0.5,
                Part.RANKER, 0.2));

    /** Puts the parts into their order. */
    Budget {
      parts = parts.stream().distinct().sorted().toList();
    }

    private static double share(Part part) {
      return Objects.requireNonNull(SHARES.get(part));
    }

    /** What a model and those before it may take together, seconds. */
    double until(Part part) {
      double all = parts.stream().mapToDouble(Budget::share).sum();
      return seconds
          * parts.stream().filter(p -> p.compareTo(part) <= 0).mapToDouble(Budget::share).sum()
          / all;
    }
  }

  /** Candidates that go through the rungs together. */
  private record Candidate(String name, Map<String, String> settings) {}

  /**
   * @param onBest receives the settings beyond the base: when the search begins, those that the
   *     journal has, and then whenever they change
   */
  Tuner(
      TuningSpace space,
      TrainerConfig base,
      Seed seed,
      Budget budget,
      TuningJournal journal,
      Objective objective,
      TimeSource clock,
      TuningProgress progress,
      Consumer<Map<String, String>> onBest) {
    this.space = space;
    this.base = base;
    this.seed = seed;
    this.budget = budget;
    this.journal = journal;
    this.objective = objective;
    this.clock = clock;
    this.progress = progress;
    this.onBest = onBest;
  }

  /**
   * Searches until the budget is spent.
   *
   * @return what is better than the base, by path, other models' earlier searches with this journal
   *     included; empty if nothing is
   */
  Map<String, String> run() {
    tell();
    for (Part part : budget.parts()) {
      search(part);
    }
    return best();
  }

  private void tell() {
    Map<String, String> now = best();
    if (!now.equals(told)) {
      told = now;
      onBest.accept(now);
    }
  }

  /** The best of every model, whether it is searched now or was before. */
  private Map<String, String> best() {
    Map<String, String> best = bestBefore(Part.RANKER);
    Trial ranker = best(name(Part.RANKER));
    if (ranker == null) {
      // Until it is tried over the new sources, what was best over others is the best guess.
      ranker = best(lastRanker());
    }
    if (ranker != null) {
      best.putAll(ranker.settings());
    }
    return best;
  }

  /** The best of the models before one, which are its sources. */
  private Map<String, String> bestBefore(Part end) {
    Map<String, String> best = new LinkedHashMap<>();
    for (Part part : Part.values()) {
      Trial winner = part.compareTo(end) < 0 ? best(name(part)) : null;
      if (winner != null) {
        best.putAll(winner.settings());
      }
    }
    return best;
  }

  /** The newest of the ranker's searches that has a figure. */
  private String lastRanker() {
    String last = name(Part.RANKER);
    for (Trial trial : journal.trials().values()) {
      if (isOf(Part.RANKER, trial) && trial.share() == 1 && trial.score() != null) {
        last = search(trial.id());
      }
    }
    return last;
  }

  private static String search(String id) {
    return id.split("/", 2)[0];
  }

  private void search(Part part) {
    String name = name(part);
    TrainerConfig from = TrainerSettings.with(base, bestBefore(part));
    run(part, name + "/base", Map.of(), 1, from);
    for (int bracket = 0; bracket < BRACKETS_MAX; bracket++) {
      if (!bracket(part, name + "/" + bracket, from)) {
        break;
      }
    }
  }

  /** Figures of the ranker with other sources are of another search. */
  private String name(Part part) {
    String name = part.name().toLowerCase(Locale.ROOT);
    Map<String, String> best = part == Part.RANKER ? bestBefore(part) : Map.of();
    if (best.isEmpty()) {
      return name;
    }
    CRC32C sources = new CRC32C();
    sources.update(best.toString().getBytes(StandardCharsets.UTF_8));
    return name + "-" + Long.toHexString(sources.getValue());
  }

  /**
   * One round of candidates.
   *
   * @return whether there was time for all of it
   */
  private boolean bracket(Part part, String name, TrainerConfig from) {
    double[] rungs = part == Part.ENCODER ? HALVING : WHOLE;
    int count = (int) Math.pow(HALVED_TO_A_THIRD, rungs.length - 1);
    List<Candidate> candidates = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      String candidate = name + "/" + i;
      candidates.add(new Candidate(candidate, space.draw(part, seed, candidate)));
    }
    for (int rung = 0; rung < rungs.length; rung++) {
      Map<Candidate, Double> scores = new LinkedHashMap<>();
      for (Candidate candidate : candidates) {
        String id = candidate.name() + "/" + rung;
        if (!journal.trials().containsKey(id) && expected(part, rungs[rung]) > left(part)) {
          return false;
        }
        Trial trial = run(part, id, candidate.settings(), rungs[rung], from);
        Double score = trial.score();
        scores.put(candidate, score == null ? Double.NEGATIVE_INFINITY : score);
      }
      candidates =
          scores.entrySet().stream()
              .sorted(Map.Entry.comparingByValue(Comparator.reverseOrder()))
              .limit(Math.max(1, candidates.size() / HALVED_TO_A_THIRD))
              .map(Map.Entry::getKey)
              .toList();
    }
    return true;
  }

  private Trial run(
      Part part, String id, Map<String, String> settings, double share, TrainerConfig from) {
    Trial trial = journal.trials().get(id);
    if (trial == null) {
      trial = measure(part, id, settings, share, from);
      journal.add(trial);
      tell();
      Trial winner = best(search(id));
      progress.trial(
          part,
          id,
          settings,
          trial.score(),
          winner == null ? null : winner.score(),
          Math.max(0, budget.seconds() - spent(Part.RANKER)));
    }
    return trial;
  }

  private Trial measure(
      Part part, String id, Map<String, String> settings, double share, TrainerConfig from) {
    long beganMs = clock.nowMs();
    Double score = null;
    String failure = null;
    try {
      double measured =
          objective.measure(part, shortened(TrainerSettings.with(from, settings), share));
      if (Double.isFinite(measured)) {
        score = measured;
      } else {
        failure = "no figure: " + (Double.isNaN(measured) ? "nothing was held out" : measured);
      }
    } catch (WinnowException e) {
      failure = String.valueOf(e.getMessage());
    } catch (RuntimeException | OutOfMemoryError e) {
      if (endsSearch(e)) {
        throw e;
      }
      // The same settings would fail in the same way at every start of the search.
      failure = e.toString();
    }
    if (failure != null && failure.length() > FAILURE_MAX) {
      failure = failure.substring(0, FAILURE_MAX) + "…";
    }
    return new Trial(id, settings, share, score, (clock.nowMs() - beganMs) / 1e3, failure);
  }

  /** Whether settings cannot be the cause: an interruption, or a defect that is not of memory. */
  private static boolean endsSearch(Throwable failure) {
    boolean ends = Thread.currentThread().isInterrupted();
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      ends |= cause instanceof InterruptedException;
      ends |= cause instanceof Error && !(cause instanceof OutOfMemoryError);
    }
    return ends;
  }

  private static TrainerConfig shortened(TrainerConfig config, double share) {
    if (share == 1) {
      return config;
    }
    int epochs =
        Integer.parseInt(Objects.requireNonNull(TrainerSettings.values(config).get(EPOCHS)));
    return TrainerSettings.with(
        config, Map.of(EPOCHS, Long.toString(Math.max(1, Math.round(epochs * share)))));
  }

  /** The best whole training of a model; the earlier of equals. */
  private @Nullable Trial best(String name) {
    Trial winner = null;
    for (Trial trial : journal.trials().values()) {
      Double score = trial.score();
      if (trial.id().startsWith(name + "/") && trial.share() == 1 && score != null) {
        Double leading = winner == null ? null : winner.score();
        winner = leading == null || score > leading ? trial : winner;
      }
    }
    return winner;
  }

  /** What trials of a model take on average, for a share of the training, seconds. */
  private double expected(Part part, double share) {
    return share
        * journal.trials().values().stream()
            .filter(trial -> isOf(part, trial))
            .mapToDouble(trial -> trial.seconds() / trial.share())
            .average()
            .orElse(0);
  }

  private double left(Part part) {
    return budget.until(part) - spent(part);
  }

  /** What a model and those before it took so far, seconds; the ranker over its sources only. */
  private double spent(Part part) {
    Set<String> charged =
        budget.parts().stream()
            .filter(p -> p.compareTo(part) <= 0)
            .map(this::name)
            .collect(Collectors.toSet());
    return journal.trials().values().stream()
        .filter(trial -> charged.contains(search(trial.id())))
        .mapToDouble(Trial::seconds)
        .sum();
  }

  private static boolean isOf(Part part, Trial trial) {
    return trial.id().startsWith(part.name().toLowerCase(Locale.ROOT));
  }
}
