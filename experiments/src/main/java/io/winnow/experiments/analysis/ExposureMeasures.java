package io.winnow.experiments.analysis;

import io.winnow.core.application.Metric;
import io.winnow.experiments.analysis.ExperimentReport.ExposureResult;
import io.winnow.experiments.analysis.ExperimentReport.Group;
import io.winnow.experiments.statistics.Concentration;
import io.winnow.experiments.statistics.Estimate;
import io.winnow.experiments.statistics.Jackknife;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * How the arms spread their impressions over items and groups, beside the catalogue and merit
 * (Singh, Joachims, KDD 2018; Biega, Gummadi, Weikum, SIGIR 2018; see {@link Merit}).
 *
 * <p>Inequality, and the distance from a target, fall with the number of impressions and coverage
 * rises, so arms are compared at equal numbers: what is expected of as many impressions as the
 * least arm has without the largest of its {@link EntityCounts#BUCKETS} parts ({@link Thinned};
 * coverage by {@link Concentration#expectedDistinct}).
 *
 * <p>What could be shown is what was available at some time since the first exposure, so that items
 * that were removed meanwhile are not exposure that nobody deserved.
 *
 * <p>An item in several groups counts in each of them, shown or not.
 */
final class ExposureMeasures {
  private static final int GROUPS_SHOWN = 15;
  private static final double MERIT_SCALE = 1e6;

  private final OutcomePass outcomes;
  private final int arms;
  private final long nowMs;
  private final long sinceMs;
  private final double[] merit;
  private final Map<String, Dimension> dimensions = new HashMap<>();

  /**
   * Of what was collected.
   *
   * @param sinceMs when the first unit was exposed
   * @param nowMs when items are in the groups that are told
   */
  ExposureMeasures(OutcomePass outcomes, int arms, long sinceMs, long nowMs) {
    this.sinceMs = sinceMs;
    this.outcomes = outcomes;
    this.arms = arms;
    this.nowMs = nowMs;
    this.merit = outcomes.merit().of(outcomes.catalogue().size());
  }

  /**
   * One dimension's counts.
   *
   * @param equal impressions at which arms are compared; 0 if an arm has too few
   * @param included the entities that could be shown or were
   * @param catalogue items that may be shown, by entity
   * @param merit of those items, by entity
   */
  private record Dimension(
      boolean full,
      int entities,
      List<EntityCounts.Arm> arms,
      long equal,
      int[] included,
      long[] catalogue,
      double[] merit) {
    long[] counts(int arm, int without) {
      long[] sums = arms.get(arm).sums(without, entities);
      return Arrays.stream(included).mapToLong(entity -> sums[entity]).toArray();
    }

    /** A statistic of each arm's counts of the included entities. */
    List<Estimate> estimates(ToDoubleFunction<long[]> statistic) {
      List<Estimate> estimates = new ArrayList<>();
      for (int arm = 0; arm < arms.size(); arm++) {
        long[] whole = counts(arm, -1);
        if (full || equal == 0 || Arrays.stream(whole).sum() == 0) {
          estimates.add(Estimate.undefined());
          continue;
        }
        double[] without = new double[EntityCounts.BUCKETS];
        for (int part = 0; part < without.length; part++) {
          without[part] = statistic.applyAsDouble(counts(arm, part));
        }
        estimates.add(Jackknife.estimate(statistic.applyAsDouble(whole), without));
      }
      return estimates;
    }
  }

  static String dimension(@Nullable String attribute) {
    return attribute == null ? Needs.ITEMS : attribute;
  }

  private Dimension of(String name) {
    return dimensions.computeIfAbsent(name, this::collect);
  }

  private Dimension collect(String name) {
    EntityCounts counts = outcomes.counts(name);
    Catalogue catalogue = outcomes.catalogue();
    int entities = catalogue.entities(name);
    long[] offered = new long[entities];
    double[] worth = new double[entities];
    for (int item = 0; item < catalogue.size(); item++) {
      if (name.equals(Needs.AGE)) {
        // Items age while the experiment runs: each counts as often as it was new, or older.
        for (int age = 0; age < entities; age++) {
          offered[age] += catalogue.ageTimes(age, item);
          worth[age] += merit[item] * catalogue.ageTimes(age, item);
        }
      } else if (catalogue.wasAvailable(item, sinceMs)) {
        for (int entity : catalogue.entities(name, item, nowMs)) {
          offered[entity]++;
          worth[entity] += merit[item];
        }
      }
    }
    List<EntityCounts.Arm> byArm = new ArrayList<>();
    boolean[] shown = new boolean[entities];
    long equal = Long.MAX_VALUE;
    for (int arm = 0; arm < arms; arm++) {
      EntityCounts.Arm of = counts.arm(arm);
      byArm.add(of);
      for (int entity : of.entities()) {
        shown[entity] = true;
      }
      long[] parts = of.byPart();
      long total = Arrays.stream(parts).sum();
      if (total > 0) {
        // Not more than is there whichever part is left out.
        equal = Math.min(equal, total - Arrays.stream(parts).max().orElse(0));
      }
    }
    int[] included = IntStream.range(0, entities).filter(e -> offered[e] > 0 || shown[e]).toArray();
    return new Dimension(counts.isFull(), entities, byArm, equal, included, offered, worth);
  }

  /** Gini's coefficient over what could be shown, by arm. */
  List<Estimate> gini(String dimension) {
    Dimension of = of(dimension);
    return of.estimates(counts -> Thinned.gini(counts, of.equal()));
  }

  /** The share of what could be shown that an equal number of impressions shows, by arm. */
  List<Estimate> coverage(String dimension) {
    Dimension of = of(dimension);
    return of.estimates(
        counts -> Concentration.expectedDistinct(counts, of.equal()) / of.included().length);
  }

  /** How far exposure is from what it should follow, by arm. */
  List<Estimate> disparity(String dimension, Metric.Against against) {
    Dimension of = of(dimension);
    long[] target =
        Arrays.stream(of.included())
            .mapToLong(entity ->
                switch (against) {
                  case CATALOGUE -> of.catalogue()[entity];
                  case MERIT -> Math.round(MERIT_SCALE * of.merit()[entity]);
                })
            .toArray();
    return of.estimates(counts -> Thinned.distance(counts, target, of.equal()));
  }

  /** Whether a dimension had more entities than may be counted. */
  boolean isFull(String dimension) {
    return of(dimension).full();
  }

  /** All of a dimension. */
  ExposureResult result(String dimension) {
    boolean items = dimension.equals(Needs.ITEMS);
    boolean ages = dimension.equals(Needs.AGE);
    return new ExposureResult(
        dimension,
        ages ? List.of() : gini(dimension),
        ages ? List.of() : coverage(dimension),
        items ? List.of() : disparity(dimension, Metric.Against.CATALOGUE),
        items ? List.of() : disparity(dimension, Metric.Against.MERIT),
        items ? List.of() : groups(dimension));
  }

  private List<Group> groups(String dimension) {
    Dimension of = of(dimension);
    double catalogue = Math.max(1, Arrays.stream(of.catalogue()).sum());
    double worth = Arrays.stream(of.merit()).sum();
    List<long[]> shown = new ArrayList<>();
    for (EntityCounts.Arm arm : of.arms()) {
      shown.add(arm.sums(-1, of.entities()));
    }
    double[] totals = shown.stream().mapToDouble(by -> Arrays.stream(by).sum()).toArray();
    List<String> names = outcomes.catalogue().entityNames(dimension);
    List<Group> groups = new ArrayList<>();
    for (int entity : of.included()) {
      List<Double> exposure = new ArrayList<>();
      for (int arm = 0; arm < totals.length; arm++) {
        exposure.add(shown.get(arm)[entity] / Math.max(1, totals[arm]));
      }
      groups.add(
          new Group(
              names.get(entity),
              of.catalogue()[entity] / catalogue,
              worth > 0 ? of.merit()[entity] / worth : 0,
              exposure));
    }
    return largest(groups);
  }

  /** The largest groups by catalogue and exposure, and all others as one. */
  private static List<Group> largest(List<Group> groups) {
    List<Group> sorted =
        groups.stream()
            .sorted(
                Comparator.comparingDouble((Group group) ->
                        -Math.max(
                            group.catalogue(),
                            group.exposure().stream().max(Double::compare).orElse(0.0)))
                    .thenComparing(Group::name))
            .toList();
    if (sorted.size() <= GROUPS_SHOWN) {
      return sorted;
    }
    List<Group> shown = new ArrayList<>(sorted.subList(0, GROUPS_SHOWN - 1));
    List<Group> rest = sorted.subList(GROUPS_SHOWN - 1, sorted.size());
    List<Double> exposure = new ArrayList<>();
    for (int arm = 0; arm < rest.getFirst().exposure().size(); arm++) {
      int of = arm;
      exposure.add(rest.stream().mapToDouble(group -> group.exposure().get(of)).sum());
    }
    shown.add(
        new Group(
            String.format(Locale.ROOT, "%,d others", rest.size()),
            rest.stream().mapToDouble(Group::catalogue).sum(),
            rest.stream().mapToDouble(Group::merit).sum(),
            exposure));
    return shown;
  }
}
