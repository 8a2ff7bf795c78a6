package io.winnow.models.linear;

import io.winnow.core.Seed;
import io.winnow.models.ItemScorer;
import java.nio.file.Path;
import java.util.function.Supplier;

/**
 * Prints the figures of the simple models: {@code EvaluationRun DATA_FOLDER}, where the folder
 * holds movielens-100k, movielens-1m and online-retail.
 */
final class EvaluationRun {
  private EvaluationRun() {}

  /** Runs all protocols. */
  public static void main(String[] arguments) {
    Path data = Path.of(arguments[0]);
    run(
        "movielens-1m leave-one-out",
        Evaluation.leaveOneOut(
            DataSets.sequences(data.resolve("movielens-1m/sasrec-sequences.txt.gz"))));
    run(
        "movielens-100k temporal",
        Evaluation.temporal(
            DataSets.movieLens100k(data.resolve("movielens-100k/u.data.gz")), 0.9, true));
    run(
        "online-retail temporal",
        Evaluation.temporal(
            DataSets.onlineRetail(data.resolve("online-retail/online_retail.csv.gz")), 0.9, false));
  }

  private static void run(String name, Evaluation evaluation) {
    System.out.println(name);
    row(
        "popularity",
        evaluation,
        () -> Popularity.train(evaluation.training(), Popularity.Config.COUNTS));
    row(
        "popularity_7d",
        evaluation,
        () -> Popularity.train(evaluation.training(), Popularity.Config.window(7)));
    row(
        "transitions",
        evaluation,
        () -> Transitions.train(evaluation.training(), Transitions.Config.DEFAULT, 1));
    row("ease", evaluation, () -> Ease.train(evaluation.training(), Ease.Config.DEFAULT, 1));
    row(
        "ials",
        evaluation,
        () -> ImplicitAls.train(evaluation.training(), ImplicitAls.Config.DEFAULT, new Seed(1), 1));
  }

  private static void row(String name, Evaluation evaluation, Supplier<ItemScorer> train) {
    long start = System.nanoTime();
    ItemScorer scorer = train.get();
    double trained = (System.nanoTime() - start) / 1e9;
    start = System.nanoTime();
    Evaluation.Result result = evaluation.run(scorer);
    double ranked = (System.nanoTime() - start) / 1e9;
    System.out.printf("  %-14s %s train=%.2fs rank=%.2fs%n", name, result, trained, ranked);
  }
}
