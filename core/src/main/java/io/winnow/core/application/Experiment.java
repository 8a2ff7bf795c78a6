package io.winnow.core.application;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * An experiment: who is in it, what its arms change, what it is judged by, and how.
 *
 * @param name unique in the application
 * @param run counts its runs from 1; another run draws units anew and is analysed by itself
 * @param population who is in it
 * @param design how units and arms meet
 * @param arms at least two; the first is the control
 * @param goals what it is judged by
 * @param plan how it is judged
 */
public record Experiment(
    String name,
    int run,
    Population population,
    Design design,
    List<Arm> arms,
    Goals goals,
    Plan plan) {
  /** Stands for the arm of requests that no experiment touches. */
  public static final String DEFAULT_ARM = "default";

  /** Stands for the arm of a place of an interleaved slate that no arm gets credit for. */
  public static final String SHARED_ARM = "shared";

  /** Copies the arms. */
  public Experiment {
    arms = List.copyOf(arms);
  }

  /** The arm that the others are compared with. */
  public Arm control() {
    return arms.getFirst();
  }

  /** What is drawn. */
  public enum Unit {
    /** The user, by id: the same arm wherever and whenever. */
    USER,
    /** The session: the field {@code session} of the request's context. */
    SESSION
  }

  /**
   * Who is in the experiment.
   *
   * @param unit what is drawn
   * @param layer experiments of one layer exclude each other, those of different layers overlap
   * @param share its part of the layer
   * @param traffic the share of that part that is in the experiment now, in [0, 1]; a ramp raises
   *     it, and nobody who is in changes the arm
   * @param when all of these hold
   * @param from when it begins, or null
   * @param until when it ends, or null
   */
  public record Population(
      Unit unit,
      String layer,
      Range share,
      double traffic,
      List<Condition> when,
      @Nullable Instant from,
      @Nullable Instant until) {
    /** Copies the conditions. */
    public Population {
      when = List.copyOf(when);
    }
  }

  /** A part {@code [from, to)} of the units of a layer, in [0, 1]. */
  public record Range(double from, double to) {
    /** All of it. */
    public static final Range ALL = new Range(0, 1);

    /** Whether two parts have units in common. */
    public boolean overlaps(Range other) {
      return from < other.to && other.from < to;
    }
  }

  /**
   * A targeting rule. What a request does not name, and an attribute that was never put, has none
   * of the values: {@code when} leaves it out, {@code unless} lets it in. Where the user's
   * attributes cannot be read, which is something else, neither lets anybody in.
   *
   * @param field what is looked at
   * @param values one of these
   * @param negated whether it must be none of these
   */
  public record Condition(Field field, Set<String> values, boolean negated) {
    /** Copies the values. */
    public Condition {
      values = Set.copyOf(values);
    }
  }

  /** What targeting and segments look at. */
  public sealed interface Field {
    /** {@code surface}: where the slate is shown. */
    record Surface() implements Field {
      @Override
      public String toString() {
        return "surface";
      }
    }

    /** {@code context.device}: a field of the request's context. */
    record Context(String name) implements Field {
      @Override
      public String toString() {
        return "context." + name;
      }
    }

    /** {@code user.country}: an attribute of the user, of type string or strings. */
    record User(String attribute) implements Field {
      @Override
      public String toString() {
        return "user." + attribute;
      }
    }

    /**
     * {@code new_users}: whether the user had no event before the first exposure; for segments
     * only.
     */
    record NewUsers() implements Field {
      @Override
      public String toString() {
        return "new_users";
      }
    }
  }

  /** How units and arms meet. */
  public sealed interface Design {
    /** Each unit is in one arm, drawn by the arms' weights. */
    record Split() implements Design {}

    /** Each slate is drafted from the two arms' slates in turns (team-draft). */
    record Interleaving() implements Design {}

    /**
     * Each unit is in one arm for a period; the weights follow the results (Thompson sampling).
     *
     * @param metric what decides: a ratio, mean or conversion
     * @param period after which weights are drawn anew
     * @param floor the least weight of an arm, at most 1 by the number of arms
     */
    record Bandit(String metric, Duration period, double floor) implements Design {}
  }

  /**
   * One way to answer.
   *
   * @param weight above 0; arms are drawn in proportion
   * @param settings what it changes; nothing for the usual control
   */
  public record Arm(String name, double weight, Settings settings) {}

  /**
   * What an arm changes of what is served.
   *
   * @param release the version of another release, or null for the active one
   * @param quotas of candidate sources, by name; 0 to ask it for none
   * @param objectives weights by objective
   * @param reranking what changes of it
   */
  public record Settings(
      @Nullable String release,
      Map<String, Integer> quotas,
      Map<String, Double> objectives,
      RerankingChange reranking) {
    /** Changes nothing. */
    public static final Settings NONE =
        new Settings(null, Map.of(), Map.of(), new RerankingChange(null, null, null, null));

    /** Copies the maps. */
    public Settings {
      quotas = Collections.unmodifiableMap(new LinkedHashMap<>(quotas));
      objectives = Collections.unmodifiableMap(new LinkedHashMap<>(objectives));
    }

    /** Whether it changes nothing. */
    public boolean isNone() {
      return equals(NONE);
    }

    /** These changes, with nothing left to exploration. */
    public Settings withoutExploration() {
      return new Settings(
          release,
          quotas,
          objectives,
          new RerankingChange(reranking.diversity(), reranking.caps(), 0.0, reranking.exclude()));
    }

    /**
     * Both changes, as of two experiments that overlap; where they conflict the later one holds.
     */
    public Settings and(Settings later) {
      if (later.isNone()) {
        return this;
      }
      Map<String, Integer> bothQuotas = new LinkedHashMap<>(quotas);
      bothQuotas.putAll(later.quotas);
      Map<String, Double> bothObjectives = new LinkedHashMap<>(objectives);
      bothObjectives.putAll(later.objectives);
      return new Settings(
          later.release == null ? release : later.release,
          bothQuotas,
          bothObjectives,
          reranking.and(later.reranking));
    }

    /** A release's policy with these changes. */
    public Policy applyTo(Policy policy) {
      Map<String, Integer> all = new LinkedHashMap<>(policy.retrieval().quotas());
      all.putAll(quotas);
      return new Policy(
          new Policy.Retrieval(all), reranking.applyTo(policy.reranking()), policy.serving());
    }

    /** A release's objectives with these weights. */
    public Objectives applyTo(Objectives before) {
      List<Objectives.Objective> list = new ArrayList<>();
      for (Objectives.Objective objective : before.list()) {
        list.add(
            new Objectives.Objective(
                objective.name(),
                objective.when(),
                objectives.getOrDefault(objective.name(), objective.weight())));
      }
      return new Objectives(list, before.within());
    }
  }

  /**
   * What changes of re-ranking; null keeps what there is.
   *
   * @param diversity replaces it; of strength 0 for none
   * @param caps replace all of them
   * @param explore replaces it
   * @param exclude replaces all rules
   */
  public record RerankingChange(
      Policy.@Nullable Diversity diversity,
      @Nullable Map<String, Integer> caps,
      @Nullable Double explore,
      @Nullable List<Policy.Exclusion> exclude) {
    /** Copies the collections. */
    public RerankingChange {
      caps = caps == null ? null : Collections.unmodifiableMap(new LinkedHashMap<>(caps));
      exclude = exclude == null ? null : List.copyOf(exclude);
    }

    RerankingChange and(RerankingChange later) {
      return new RerankingChange(
          later.diversity == null ? diversity : later.diversity,
          later.caps == null ? caps : later.caps,
          later.explore == null ? explore : later.explore,
          later.exclude == null ? exclude : later.exclude);
    }

    Policy.Reranking applyTo(Policy.Reranking before) {
      return new Policy.Reranking(
          diversity == null ? before.diversity() : diversity,
          caps == null ? before.caps() : caps,
          explore == null ? before.explore() : explore,
          exclude == null ? before.exclude() : exclude);
    }
  }

  /**
   * What the experiment is judged by; metrics by name.
   *
   * @param primary decides
   * @param secondary are told beside it, corrected for their number
   * @param guardrails the relative worsening, such as 0.02, that would not be accepted, by metric
   * @param segments the parts of the population that are told apart
   */
  public record Goals(
      String primary,
      List<String> secondary,
      Map<String, Double> guardrails,
      List<Field> segments) {
    /** Copies the collections. */
    public Goals {
      secondary = List.copyOf(secondary);
      guardrails = Collections.unmodifiableMap(new LinkedHashMap<>(guardrails));
      segments = List.copyOf(segments);
    }
  }

  /**
   * How the experiment is judged.
   *
   * @param looks how often one may look and stop
   * @param duration how long it is meant to run
   * @param alpha the chance of finding a difference where there is none
   * @param power the chance of finding the minimum effect where it is
   * @param minimumEffect the relative difference of the primary metric that would matter
   * @param before how long before the first exposure behaviour is used to reduce variance; zero for
   *     not at all
   */
  public record Plan(
      Looks looks,
      Duration duration,
      double alpha,
      double power,
      double minimumEffect,
      Duration before) {}

  /** How often one may look and stop. */
  public sealed interface Looks {
    /** So many times, evenly over the duration (alpha spending). */
    record Planned(int count) implements Looks {}

    /** Whenever one likes (a confidence sequence). */
    record Always() implements Looks {}
  }
}
