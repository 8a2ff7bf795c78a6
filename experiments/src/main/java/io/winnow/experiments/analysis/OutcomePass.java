package io.winnow.experiments.analysis;

import io.winnow.core.Event;
import io.winnow.core.Impression;
import io.winnow.core.LogRecord;
import io.winnow.core.application.EventFilter;
import io.winnow.core.application.Experiment;
import io.winnow.core.application.Metric;
import io.winnow.events.RecordSource;
import io.winnow.experiments.statistics.Moments;
import io.winnow.experiments.statistics.UnitMoments;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The second replay: what the units did, before and after they met the experiment, and what they
 * were shown. Everything is joined by event time, in whatever order it reached the log.
 */
final class OutcomePass implements RecordSource.Visitor {
  private static final int TEAMS_MAX = 10_000;
  private static final int NOT_EXPOSED = -2;

  private final Experiment experiment;
  private final UnitKeys keys;
  private final Units units;
  private final LongIntMap requests;
  private final Catalogue catalogue;
  private final Showings showings;
  private final Merit merit = new Merit();
  private final Map<String, UnitTally> tallies = new LinkedHashMap<>();
  private final Map<String, UnitValues> quantiles = new LinkedHashMap<>();
  private final Map<String, EventFilter> quantileFilters = new HashMap<>();
  private final Map<String, EntityCounts> counts = new LinkedHashMap<>();
  private final Map<String, double[][]> credits = new LinkedHashMap<>();
  private final Map<String, UnitTally[]> byType = new HashMap<>();
  private final Map<String, Integer> teams = new HashMap<>();
  private final boolean labelled;
  private final boolean[] seenBefore;
  private final @Nullable UnitDays days;
  private final List<String> followed;
  private final long beforeMs;
  private final List<Snapshot> snapshots = new ArrayList<>();
  private final List<Due> due;
  private int nextDue;
  private long clockMs = Long.MIN_VALUE;
  private long records;

  /** When the state is written down, and which look that is, or 0. */
  record Due(long timeMs, int look) {}

  /**
   * Begins.
   *
   * @param labelled whether impressions name the experiment's arm when their request was exposed to
   *     it, as those of all experiments of the application file do: only such impressions count for
   *     what the arms show. Else all of the units' impressions do
   */
  OutcomePass(
      AnalysisRequest request, ExposurePass exposed, Needs needs, List<Due> due, boolean labelled) {
    this.labelled = labelled;
    this.experiment = request.experiment();
    this.keys = new UnitKeys(experiment);
    this.units = exposed.units();
    this.requests = exposed.requests();
    this.due = List.copyOf(due);
    this.catalogue = new Catalogue(request.application().schema(), needs.attributes());
    this.showings = new Showings(request.application().objectives(), request.limits().showings());
    this.beforeMs =
        keys.bySession() || keys.hasPeriods() ? 0 : experiment.plan().before().toMillis();
    this.seenBefore = new boolean[units.size()];
    for (Metric metric : needs.metrics()) {
      open(metric, request.limits());
    }
    for (String dimension : needs.dimensions()) {
      counts.put(dimension, new EntityCounts(request.limits().entities()));
    }
    String primary = experiment.goals().primary();
    this.followed =
        Stream.concat(Stream.of(primary), experiment.goals().guardrails().keySet().stream())
            .distinct()
            .filter(tallies::containsKey)
            .toList();
    this.days =
        tallies.get(primary) instanceof UnitTally.Sums sums && !keys.hasPeriods()
            ? new UnitDays(units, sums, request.limits().unitDays())
            : null;
  }

  private void open(Metric metric, AnalysisLimits limits) {
    if (UnitTally.isUnitMetric(metric)) {
      UnitTally tally = UnitTally.of(metric, catalogue, units.size());
      tallies.put(metric.name(), tally);
      if (experiment.design() instanceof Experiment.Design.Interleaving) {
        credits.put(metric.name(), new double[experiment.arms().size()][units.size()]);
      }
    } else if (metric.definition() instanceof Metric.Definition.Quantile(double _, var of)) {
      quantiles.put(metric.name(), new UnitValues(units, limits.values()));
      quantileFilters.put(metric.name(), of);
    }
  }

  @Override
  public void visit(long offset, LogRecord record) {
    records++;
    switch (record) {
      case LogRecord.Happened(Event event) -> {
        if (event.impression() != null) {
          tick(offset, event.timeMs());
        }
        happened(event);
      }
      case LogRecord.Exposed exposed -> tick(offset, exposed.timeMs());
      case LogRecord.ItemPut put -> catalogue.put(put);
      case LogRecord.ItemRemoved removed -> catalogue.remove(removed);
      case LogRecord.UserPut _ -> {}
    }
  }

  /** Winnow's own records carry the server's time; clients' clocks are not asked. */
  private void tick(long offset, long timeMs) {
    clockMs = Math.max(clockMs, timeMs);
    while (nextDue < due.size() && due.get(nextDue).timeMs() <= clockMs) {
      snapshots.add(snapshot(due.get(nextDue++), offset));
    }
  }

  private void happened(Event event) {
    int unit = unit(event);
    if (unit < 0) {
      if (event.impression() != null) {
        // Dates items that were never put.
        catalogue.find(event.item(), event.timeMs());
      }
      return;
    }
    long sinceMs = event.timeMs() - units.firstMs(unit);
    Impression impression = event.impression();
    if (impression == null) {
      if (sinceMs < 0) {
        seenBefore[unit] = true;
      }
      // Before what is left out of its own unit: a bandit's showing may be another period's.
      showings.outcome(who(event, unit), event, (showing, worth) -> outcome(event, showing, worth));
    }
    if (units.isMixed(unit) || sinceMs < -beforeMs) {
      return;
    }
    int item = impression == null ? -1 : catalogue.find(event.item(), event.timeMs());
    // Before the experiment no impression names it.
    boolean concerned = impression == null || sinceMs < 0 || !labelled || isExposed(impression);
    for (UnitTally tally : byType.computeIfAbsent(event.type(), this::selecting)) {
      if (concerned || !tally.isExposure()) {
        tally.event(unit, event, item, sinceMs);
      }
    }
    if (days != null
        && sinceMs >= 0
        && (concerned || !tally(experiment.goals().primary()).isExposure())) {
      days.event(unit, event, item, sinceMs);
    }
    if (sinceMs >= 0) {
      quantileFilters.forEach((name, filter) -> {
        if (filter.test(event) && event.hasValue()) {
          values(name).add(unit, event.value());
        }
      });
    }
    if (impression != null) {
      shown(event, impression, unit, item, concerned);
    }
  }

  /** The unit that an event belongs to, or -1. */
  private int unit(Event event) {
    if (!keys.bySession()) {
      long user = Hashes.of(event.user().value());
      return keys.hasPeriods() ? units.find(user, event.timeMs()) : units.find(user);
    }
    Impression impression = event.impression();
    String request = impression == null ? event.requestId() : impression.requestId();
    return request == null ? -1 : requests.get(Hashes.of(request));
  }

  private long who(Event event, int unit) {
    return keys.bySession() ? units.hash(unit) : Hashes.of(event.user().value());
  }

  private UnitTally[] selecting(String type) {
    return tallies.values().stream().filter(tally -> tally.selects(type)).toArray(UnitTally[]::new);
  }

  private void shown(Event event, Impression impression, int unit, int item, boolean concerned) {
    int team = credits.isEmpty() ? -1 : team(impression.provenance().arm());
    // What comes after the first exposure of something shown before it is in neither time: in the
    // time before it would depend on whether the arm shows the item once more.
    boolean before = event.timeMs() < units.firstMs(unit);
    showings.show(
        who(event, unit),
        unit,
        event,
        item,
        impression.position(),
        team,
        concerned,
        before ? units.firstMs(unit) : Long.MAX_VALUE);
    if (before || !concerned) {
      return;
    }
    int arm = units.arm(unit);
    counts.forEach((dimension, count) -> {
      for (int entity : catalogue.entities(dimension, item, event.timeMs())) {
        count.add(arm, units.hash(unit), entity);
      }
    });
    merit.shown(item, impression.position());
  }

  private void outcome(Event event, Showings.Showing showing, double worth) {
    long sinceMs = showing.timeMs - units.firstMs(showing.unit);
    if (worth != 0) {
      tallies.values().forEach(tally -> tally.worth(showing.unit, worth, sinceMs));
      if (days != null) {
        days.worth(showing.unit, worth, sinceMs);
      }
      if (sinceMs >= 0 && showing.concerned) {
        merit.worth(showing.item, showing.position, worth);
      }
    }
    if (showing.team >= 0 && sinceMs >= 0) {
      credits.forEach((name, byArm) -> {
        double[] credit = byArm[showing.team];
        if (tallies.get(name) instanceof UnitTally.Sums sums) {
          credit[showing.unit] += sums.above().isWorth() ? worth : sums.above().of(event, -1);
        } else if (tallies.get(name) instanceof UnitTally.Flags flags
            && flags.counts(event, event.timeMs() - units.firstMs(showing.unit))) {
          credit[showing.unit] = 1;
        }
      });
    }
  }

  /** Whether an impression's request was exposed to the experiment: then it names an arm of it. */
  private boolean isExposed(Impression impression) {
    return team(impression.provenance().arm()) != NOT_EXPOSED;
  }

  /**
   * The arm that gave a place, -1 if none alone did, or {@link #NOT_EXPOSED} where the label of the
   * impression does not name the experiment.
   */
  private int team(String arms) {
    Integer known = teams.get(arms);
    if (known != null) {
      return known;
    }
    int team = NOT_EXPOSED;
    for (String part : arms.split(";", -1)) {
      if (part.startsWith(experiment.name() + "=")) {
        String name = part.substring(experiment.name().length() + 1);
        List<String> names = experiment.arms().stream().map(Experiment.Arm::name).toList();
        team = names.indexOf(name);
      }
    }
    if (teams.size() < TEAMS_MAX) {
      teams.put(arms, team);
    }
    return team;
  }

  private Snapshot snapshot(Due at, long offset) {
    catalogue.countAges(at.timeMs());
    Map<String, List<UnitMoments>> moments = new LinkedHashMap<>();
    long[] met = new long[experiment.arms().size()];
    for (String metric : followed) {
      moments.put(metric, IntStream.range(0, met.length).mapToObj(_ -> new UnitMoments()).toList());
    }
    for (int unit = 0; unit < units.size(); unit++) {
      if (units.isMixed(unit) || units.firstOffset(unit) >= offset) {
        continue;
      }
      int arm = units.arm(unit);
      met[arm]++;
      long sinceMs = at.timeMs() - units.firstMs(unit);
      for (Map.Entry<String, List<UnitMoments>> of : moments.entrySet()) {
        UnitTally tally = tally(of.getKey());
        if (tally.counts(unit, sinceMs)) {
          of.getValue().get(arm).add(tally.totals(unit));
        }
      }
    }
    return new Snapshot(
        at.timeMs(),
        at.look(),
        Arrays.stream(met).boxed().toList(),
        moments.entrySet().stream()
            .collect(
                Collectors.toMap(
                    Map.Entry::getKey,
                    of -> of.getValue().stream().map(UnitMoments::snapshot).toList())));
  }

  /** Writes down what is due by now though the log has nothing newer. */
  void finish(long endOffset, long nowMs) {
    tick(endOffset, nowMs);
    catalogue.countAges(nowMs);
    List<Experiment.Field> segments = experiment.goals().segments();
    for (int field = 0; field < segments.size(); field++) {
      if (segments.get(field) instanceof Experiment.Field.NewUsers) {
        for (int unit = 0; unit < units.size(); unit++) {
          units.setSegment(field, unit, seenBefore[unit] ? "known" : "new");
        }
      }
    }
  }

  /**
   * A metric's moments by arm, over the units of a segment.
   *
   * @param field whose values tell segments apart, or -1 for all units together
   * @return by segment code, then arm
   */
  List<List<Moments>> moments(UnitTally tally, int field, long asOfMs) {
    int codes = field < 0 ? 1 : units.segmentValues(field).size();
    List<List<UnitMoments>> moments = new ArrayList<>();
    for (int code = 0; code < codes; code++) {
      List<UnitMoments> arms = new ArrayList<>();
      for (int arm = 0; arm < experiment.arms().size(); arm++) {
        arms.add(new UnitMoments());
      }
      moments.add(arms);
    }
    for (int unit = 0; unit < units.size(); unit++) {
      if (!units.isMixed(unit) && tally.counts(unit, asOfMs - units.firstMs(unit))) {
        moments
            .get(field < 0 ? 0 : units.segment(field, unit))
            .get(units.arm(unit))
            .add(tally.totals(unit));
      }
    }
    return moments.stream().map(arms -> arms.stream().map(UnitMoments::snapshot).toList()).toList();
  }

  Units units() {
    return units;
  }

  Catalogue catalogue() {
    return catalogue;
  }

  Merit merit() {
    return merit;
  }

  /** Whether behaviour before the first exposure is collected. */
  boolean hasBefore() {
    return beforeMs > 0;
  }

  /** Units that met one arm only. */
  long[] unitsByArm() {
    long[] byArm = new long[experiment.arms().size()];
    for (int unit = 0; unit < units.size(); unit++) {
      if (!units.isMixed(unit)) {
        byArm[units.arm(unit)]++;
      }
    }
    return byArm;
  }

  /** A metric's credits of the units that met one arm only, each at most the metric's cap. */
  double[] unmixed(String metric, double[] byUnit) {
    double cap =
        tallies.get(metric) instanceof UnitTally.Sums sums ? sums.cap() : Double.POSITIVE_INFINITY;
    return IntStream.range(0, units.size())
        .filter(unit -> !units.isMixed(unit))
        .mapToDouble(unit -> Math.min(cap, byUnit[unit]))
        .toArray();
  }

  /** What a metric that is a number by unit has counted. */
  UnitTally tally(String metric) {
    return Objects.requireNonNull(tallies.get(metric));
  }

  /** The values of all quantiles, by metric. */
  Map<String, UnitValues> quantiles() {
    return quantiles;
  }

  /** The values that a quantile is of. */
  UnitValues values(String metric) {
    return Objects.requireNonNull(quantiles.get(metric));
  }

  /** Impressions by arm and entity of a dimension. */
  EntityCounts counts(String dimension) {
    return Objects.requireNonNull(counts.get(dimension));
  }

  /** Credited outcomes of an interleaving by metric, then arm, then unit. */
  Map<String, double[][]> credits() {
    return credits;
  }

  /** The effect by day; null where the primary metric has no days. */
  @Nullable UnitDays days() {
    return days;
  }

  List<Snapshot> snapshots() {
    return snapshots;
  }

  long records() {
    return records;
  }
}
