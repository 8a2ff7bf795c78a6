package io.winnow.lifecycle.evaluation;

import io.winnow.core.Seed;
import io.winnow.lifecycle.evaluation.EvaluationTable.Details;
import io.winnow.lifecycle.evaluation.EvaluationTable.Difference;
import io.winnow.lifecycle.evaluation.EvaluationTable.Group;
import io.winnow.lifecycle.evaluation.EvaluationTable.Kind;
import io.winnow.lifecycle.evaluation.EvaluationTable.Row;
import io.winnow.lifecycle.evaluation.EvaluationTable.SeedRows;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * Turns the answers of one or several trainings into a table. Of several, each figure is the mean;
 * intervals are of that mean over draws of users, for these trainings. Not thread-safe.
 */
final class TableBuilder {
  /** The row that others are compared with. */
  private static final String COMPARED = "pipeline";

  /** What a random order of the items would give. */
  private static final String RANDOM = "random";

  private final Split split;
  private final Known known;
  private final List<Measured> runs;
  private final Seed seed;
  private final int threads;
  private final int[] userOf;

  /**
   * @param runs at least one, with the same rows
   * @param seed of the bootstrap
   */
  TableBuilder(Split split, Known known, List<Measured> runs, Seed seed, int threads) {
    this.split = split;
    this.known = known;
    this.runs = List.copyOf(runs);
    this.seed = seed;
    this.threads = threads;
    this.userOf = split.targets().stream().mapToInt(Split.Target::userIndex).toArray();
  }

  /** A row's figures before they are given intervals: of each run, and where they came from. */
  private record Draft(
      String model, Kind kind, List<Placements> placements, List<Map<String, Double>> metrics) {}

  /**
   * @param calibrationAttribute see {@link Details}
   */
  EvaluationTable build(Evaluator.Protocol protocol, Optional<String> calibrationAttribute) {
    int[] all = IntStream.range(0, split.targets().size()).toArray();
    List<Draft> drafts = drafts(all, true);
    Figures figures = figures(all, drafts);
    List<Group> groups = new ArrayList<>();
    group("new_items", t -> !known.items().contains(split.targets().get(t).item()), groups);
    group("new_users", t -> !known.users().contains(split.targets().get(t).user()), groups);
    group("no_history", facts().withoutHistory()::get, groups);
    return new EvaluationTable(
        protocol.label(),
        split.cutMs(),
        split.targets().size(),
        figures.rows(),
        figures.differences(),
        groups,
        new Details(
            split.userCount(),
            IntStream.of(facts().allowedCounts()).filter(count -> count == 0).count(),
            runs.stream().mapToLong(run -> run.facts().checkedPlaces()).sum(),
            calibrationAttribute.orElse(null),
            runs.size() == 1 ? List.of() : seeds(drafts)));
  }

  private Measured.Facts facts() {
    return runs.getFirst().facts();
  }

  private void group(String name, IntPredicate member, List<Group> groups) {
    int[] targets = IntStream.range(0, split.targets().size()).filter(member).toArray();
    if (targets.length == 0) {
      return;
    }
    Figures figures = figures(targets, drafts(targets, false));
    groups.add(
        new Group(
            name,
            targets.length,
            (int) IntStream.of(targets).map(t -> userOf[t]).distinct().count(),
            (int)
                IntStream.of(targets)
                    .mapToObj(t -> split.targets().get(t).item())
                    .distinct()
                    .count(),
            figures.rows(),
            figures.differences()));
  }

  /**
   * The rows over some targets.
   *
   * @param whole whether they are all targets, so that figures of all lists belong to them
   */
  private List<Draft> drafts(int[] targets, boolean whole) {
    List<Draft> drafts = new ArrayList<>();
    Placements.Random random = Placements.Random.of(facts().allowedCounts());
    drafts.add(
        new Draft(
            RANDOM,
            Kind.SIMPLE,
            runs.stream().<Placements>map(_ -> random).toList(),
            runs.stream().map(_ -> RankMetrics.ranking(random, targets)).toList()));
    runs.getFirst()
        .rows()
        .forEach((model, first) -> {
          List<Placements> placements = new ArrayList<>();
          List<Map<String, Double>> metrics = new ArrayList<>();
          for (Measured run : runs) {
            ModelAnswers answers = Objects.requireNonNull(run.rows().get(model), model);
            Map<String, Double> values = RankMetrics.ranking(answers.placements(), targets);
            if (whole) {
              values.putAll(RankMetrics.beyond(answers, run.facts().catalogSize()));
              if (first.kind() == Kind.RANKER) {
                values.putAll(run.onSlates());
              }
            }
            placements.add(answers.placements());
            metrics.add(values);
          }
          drafts.add(new Draft(model, first.kind(), placements, metrics));
        });
    return drafts;
  }

  private record Figures(List<Row> rows, List<Difference> differences) {}

  /** Gives rows their intervals, and the differences theirs, all from the same draws of users. */
  private Figures figures(int[] targets, List<Draft> drafts) {
    int[] targetsByUser = new int[split.userCount()];
    for (int target : targets) {
      targetsByUser[userOf[target]]++;
    }
    List<double[]> sums = new ArrayList<>();
    for (Draft draft : drafts) {
      sums.add(sums(targets, draft, false));
      sums.add(sums(targets, draft, true));
    }
    double[][] means = new UserBootstrap(targetsByUser, seed, threads).means(sums);
    int compared = -1;
    List<Row> rows = new ArrayList<>();
    for (int d = 0; d < drafts.size(); d++) {
      Draft draft = drafts.get(d);
      compared = draft.model().equals(COMPARED) ? d : compared;
      Map<String, double[]> intervals = new LinkedHashMap<>();
      intervals.put(RankMetrics.NDCG, UserBootstrap.interval(means[2 * d]));
      intervals.put(RankMetrics.HITS, UserBootstrap.interval(means[2 * d + 1]));
      double seconds =
          runs.stream()
              .mapToDouble(run -> run.trainSeconds().getOrDefault(draft.model(), 0.0))
              .average()
              .orElse(0);
      rows.add(
          new Row(
              draft.model(),
              draft.kind(),
              combined(draft.metrics(), TableBuilder::mean),
              intervals,
              runs.size() == 1 ? Map.of() : combined(draft.metrics(), TableBuilder::deviation),
              seconds));
    }
    List<Difference> differences = new ArrayList<>();
    for (int d = 0; compared >= 0 && d < rows.size(); d++) {
      if (d != compared) {
        differences.add(difference(rows, compared, d, means));
      }
    }
    return new Figures(rows, differences);
  }

  private static Difference difference(List<Row> rows, int model, int minus, double[][] means) {
    Map<String, Double> metrics = new LinkedHashMap<>();
    Map<String, double[]> intervals = new LinkedHashMap<>();
    List<String> names = List.of(RankMetrics.NDCG, RankMetrics.HITS);
    for (int k = 0; k < names.size(); k++) {
      String name = names.get(k);
      metrics.put(
          name,
          Objects.requireNonNull(rows.get(model).metrics().get(name))
              - Objects.requireNonNull(rows.get(minus).metrics().get(name)));
      intervals.put(
          name, UserBootstrap.differenceInterval(means[2 * model + k], means[2 * minus + k]));
    }
    return new Difference(rows.get(model).model(), rows.get(minus).model(), metrics, intervals);
  }

  /** Each user's sum of NDCG or hits over its targets, the mean of the runs. */
  private double[] sums(int[] targets, Draft draft, boolean hits) {
    double[] mean = new double[split.userCount()];
    for (Placements placements : draft.placements()) {
      double[] sums =
          RankMetrics.sumsByUser(
              targets,
              userOf,
              mean.length,
              hits ? target -> placements.within(target, RankMetrics.TOP) : placements::ndcg);
      for (int user = 0; user < mean.length; user++) {
        mean[user] += sums[user] / draft.placements().size();
      }
    }
    return mean;
  }

  private List<SeedRows> seeds(List<Draft> drafts) {
    List<SeedRows> seeds = new ArrayList<>();
    for (int r = 0; r < runs.size(); r++) {
      List<Row> rows = new ArrayList<>();
      for (Draft draft : drafts) {
        rows.add(
            new Row(
                draft.model(),
                draft.kind(),
                draft.metrics().get(r),
                Map.of(),
                Map.of(),
                runs.get(r).trainSeconds().getOrDefault(draft.model(), 0.0)));
      }
      seeds.add(new SeedRows(runs.get(r).seed(), rows));
    }
    return seeds;
  }

  /** Something of several values. */
  private interface Statistic {
    double of(double[] values);
  }

  /** A statistic of each figure that all runs have. */
  private static Map<String, Double> combined(
      List<Map<String, Double>> metrics, Statistic statistic) {
    Set<String> names = new LinkedHashSet<>(metrics.getFirst().keySet());
    metrics.forEach(run -> names.retainAll(run.keySet()));
    Map<String, Double> combined = new LinkedHashMap<>();
    for (String name : names) {
      combined.put(
          name,
          statistic.of(
              metrics.stream()
                  .mapToDouble(run -> Objects.requireNonNull(run.get(name)))
                  .toArray()));
    }
    return combined;
  }

  private static double mean(double[] values) {
    return IntStream.range(0, values.length).mapToDouble(i -> values[i]).sum() / values.length;
  }

  /** With n - 1 in the denominator. */
  private static double deviation(double[] values) {
    double mean = mean(values);
    double sum = 0;
    for (double value : values) {
      sum += (value - mean) * (value - mean);
    }
    return Math.sqrt(sum / (values.length - 1));
  }
}
