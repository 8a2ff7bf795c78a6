package io.winnow.benchmarks;

import io.winnow.core.Seed;
import io.winnow.core.TimeSource;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationFile;
import io.winnow.events.RecordSource;
import io.winnow.lifecycle.Release;
import io.winnow.lifecycle.Trainer;
import io.winnow.lifecycle.TrainerConfig;
import io.winnow.lifecycle.TrainingProgress;
import io.winnow.lifecycle.TrainingStart;
import io.winnow.lifecycle.evaluation.ChoiceComparison;
import io.winnow.lifecycle.evaluation.ChoiceComparison.Answers;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a training that goes on from a release costs and gives, beside a full one: a champion is
 * trained up to a first cut of a log; then, up to a second one, one release in full and one from
 * the champion for each way to do that. All of them answer the same choices behind the second cut.
 */
public final class IncrementalBenchmark {
  private final Config config;
  private final TrainingProgress progress;
  private final Figures.Builder figures = new Figures.Builder("incremental");

  /**
   * What is compared.
   *
   * @param training its seed is the first one
   * @param ways to go on, by name; at least one
   * @param from share of the choices before the first cut
   * @param to share before the second one
   * @param seeds how many trainings of each
   * @param maxTargets how many choices are asked for at most
   */
  public record Config(
      ApplicationFile application,
      TrainerConfig training,
      Map<String, TrainerConfig.Incremental> ways,
      double from,
      double to,
      int seeds,
      int maxTargets) {
    /** Checks the ranges. */
    public Config {
      ways = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(ways));
      if (!(from > 0 && to > from && to < 1)) {
        throw WinnowException.invalid("from, to", from + ", " + to, "0 < from < to < 1");
      }
      if (seeds < 1 || seeds > 100) {
        throw WinnowException.invalid("seeds", seeds, "1 to 100");
      }
    }
  }

  private IncrementalBenchmark(Config config, TrainingProgress progress) {
    this.config = config;
    this.progress = progress;
  }

  /** Trains and measures. */
  public static Figures run(Config config, RecordSource records, TrainingProgress progress) {
    return new IncrementalBenchmark(config, progress).run(records);
  }

  /** A release and the seconds that its training took. */
  private record Timed(Release release, double seconds) {}

  private Figures run(RecordSource records) {
    ChoiceComparison log =
        new ChoiceComparison(
            config.application().definition(), records, config.training().threads());
    int first = (int) (log.choices() * config.from());
    int second = (int) (log.choices() * config.to());
    List<String> names = new ArrayList<>(List.of("champion", "full"));
    names.addAll(config.ways().keySet());
    double[] seconds = new double[names.size()];
    double[] squares = new double[names.size()];
    List<Answers> runs = new ArrayList<>();
    for (int s = 0; s < config.seeds(); s++) {
      TrainerConfig training = config.training().withSeed(config.training().seed() + s);
      List<Timed> trained = new ArrayList<>();
      Timed champion = train(records, log.offset(first), training, TrainingStart.full());
      trained.add(champion);
      trained.add(train(records, log.offset(second), training, TrainingStart.full()));
      for (TrainerConfig.Incremental way : config.ways().values()) {
        trained.add(
            train(
                records,
                log.offset(second),
                training.withIncremental(way),
                TrainingStart.from(champion.release())));
      }
      Answers answers =
          log.answer(
              new ChoiceComparison.Window(second, log.choices(), config.maxTargets()),
              trained.stream().map(Timed::release).toList());
      runs.add(answers);
      for (int r = 0; r < names.size(); r++) {
        seconds[r] += trained.get(r).seconds() / config.seeds();
        squares[r] += Math.pow(answers.ndcg(r), 2) / config.seeds();
        progress.step(
            names.get(r),
            "seed %d: ndcg@10 %.4f, %.1f s"
                .formatted(training.seed(), answers.ndcg(r), trained.get(r).seconds()));
      }
    }
    figures.add("choices.new", second - first, "choices");
    figures.add("choices.known", first, "choices");
    figures.add("choices.asked", runs.getFirst().targets(), "choices");
    add(names, mean(runs), seconds, squares);
    return figures.build();
  }

  private Timed train(
      RecordSource records, long toOffset, TrainerConfig training, TrainingStart start) {
    long began = System.nanoTime();
    Release release =
        new Trainer(config.application(), training, TimeSource.system(), progress)
            .train(records, toOffset, start);
    return new Timed(release, (System.nanoTime() - began) / 1e9);
  }

  /** Each user's mean over the seeds: the targets are the same ones. */
  private static Answers mean(List<Answers> runs) {
    Answers first = runs.getFirst();
    List<double[]> sums = new ArrayList<>();
    for (int r = 0; r < first.ndcgByUser().size(); r++) {
      double[] mean = new double[first.targetsByUser().length];
      for (Answers run : runs) {
        for (int user = 0; user < mean.length; user++) {
          mean[user] += run.ndcgByUser().get(r)[user] / runs.size();
        }
      }
      sums.add(mean);
    }
    return new Answers(first.targetsByUser(), sums);
  }

  private void add(List<String> names, Answers mean, double[] seconds, double[] squares) {
    Seed seed = new Seed(config.training().seed());
    for (int r = 0; r < names.size(); r++) {
      String name = names.get(r);
      figures.add(name + ".seconds", seconds[r], "s");
      figures.add(name + ".ndcg10", mean.ndcg(r), "NDCG@10");
      double variance = Math.max(0, squares[r] - Math.pow(mean.ndcg(r), 2));
      figures.add(name + ".seed_deviation", Math.sqrt(variance), "NDCG@10");
      if (r != 1) {
        double[] interval = mean.differenceInterval(r, 1, seed);
        figures.add(name + ".minus_full", mean.ndcg(r) - mean.ndcg(1), "NDCG@10");
        figures.add(name + ".minus_full.low", interval[0], "NDCG@10");
        figures.add(name + ".minus_full.high", interval[1], "NDCG@10");
      }
    }
  }
}
