package io.winnow.serving;

import io.winnow.core.AttributeValue;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import io.winnow.core.application.Experiment;
import io.winnow.core.application.Experiment.Arm;
import io.winnow.core.application.Experiment.Settings;
import io.winnow.core.application.Experiments;
import io.winnow.experiments.assignment.ArmShares;
import io.winnow.experiments.assignment.Assigner;
import io.winnow.experiments.assignment.Assignment;
import io.winnow.experiments.assignment.Assignments;
import io.winnow.experiments.assignment.Assignments.Holdout;
import io.winnow.experiments.assignment.Subject;
import io.winnow.lifecycle.RequestStages;
import io.winnow.serving.StageRunner.Fallback;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is served: the active release, and what experiments make of it.
 *
 * <p>An arm's settings are checked against every release that they can meet when the experiments
 * come into force. An experiment that cannot be served as it is written is not run at all: its
 * units get the default, nothing is counted, and {@link #status()} says why. Where experiments
 * overlap, their settings are combined, and of conflicting ones the later in the file holds.
 *
 * <p>Immutable but for a cache; thread-safe. Whoever holds one serves one release, or the one that
 * an arm names, from beginning to end.
 */
public final class ServedExperiments {
  private static final Logger LOG = LoggerFactory.getLogger(ServedExperiments.class);

  /** Most combinations of arms that are kept; others are made anew for each request. */
  static final int VARIANTS_MAX = 1_000;

  /** Most combinations of quotas and releases that are checked; beyond, nobody can say. */
  static final int COMBINATIONS_MAX = 10_000;

  private final RequestStages active;
  private final Route untouched;
  private final Map<String, RequestStages> releases;
  private final Map<String, String> stopped;
  private final Assigner assigner;
  private final Experiments experiments;
  private final Map<String, RequestStages> variants = new ConcurrentHashMap<>();

  private ServedExperiments(
      Experiments experiments,
      RequestStages active,
      Map<String, RequestStages> releases,
      Map<String, String> stopped,
      ArmShares shares) {
    this.experiments = experiments;
    this.active = active;
    this.untouched = Route.untouched(active);
    this.releases = Map.copyOf(releases);
    this.stopped = Map.copyOf(stopped);
    this.assigner = new Assigner(experiments, stopped.keySet(), shares);
  }

  /** A release without experiments. */
  public static ServedExperiments none(RequestStages active) {
    return of(Experiments.NONE, active, Map.of(), Map.of(), ArmShares.OF_THE_FILE);
  }

  /**
   * A release with experiments.
   *
   * @param releases that arms name, ready to serve, by version
   * @param missing why others are not among them, by version
   */
  public static ServedExperiments of(
      Experiments experiments,
      RequestStages active,
      Map<String, RequestStages> releases,
      Map<String, String> missing,
      ArmShares shares) {
    Map<String, RequestStages> all = new LinkedHashMap<>(releases);
    all.put(active.version(), active);
    Map<String, String> stopped = new LinkedHashMap<>();
    for (Experiment experiment : experiments.list()) {
      for (Arm arm : experiment.arms()) {
        problem(arm.settings(), active, all, missing)
            .ifPresent(why -> stopped.putIfAbsent(experiment.name(), reason(arm, why)));
      }
    }
    for (Experiment experiment : experiments.list()) {
      if (!stopped.containsKey(experiment.name())) {
        meeting(experiment, experiments, stopped, all)
            .ifPresent(why -> stopped.put(experiment.name(), why));
      }
    }
    stopTooMuch(experiments, active, all, stopped);
    stopped.forEach((name, why) -> LOG.error("experiment {} is not served: {}", name, why));
    return new ServedExperiments(experiments, active, all, stopped, shares);
  }

  private static String reason(Arm arm, String why) {
    return "arm " + arm.name() + ": " + why;
  }

  /** Why a release cannot follow settings, or is not there; empty if it can. */
  private static Optional<String> problem(
      Settings settings,
      RequestStages active,
      Map<String, RequestStages> releases,
      Map<String, String> missing) {
    String version = settings.release();
    RequestStages release = version == null ? active : releases.get(version);
    if (release == null) {
      return Optional.of(
          "release " + version + ": " + missing.getOrDefault(version, "it is not loaded"));
    }
    try {
      release.with(settings);
      return Optional.empty();
    } catch (WinnowException e) {
      return Optional.of("release " + release.version() + ": " + e.getMessage());
    }
  }

  /** Why an experiment cannot go together with the release that another one chooses. */
  private static Optional<String> meeting(
      Experiment experiment,
      Experiments experiments,
      Map<String, String> stopped,
      Map<String, RequestStages> releases) {
    for (Experiment other : experiments.list()) {
      boolean overlaps =
          !stopped.containsKey(other.name())
              && !other.population().layer().equals(experiment.population().layer());
      for (Arm chosen : overlaps ? other.arms() : List.<Arm>of()) {
        String version = chosen.settings().release();
        RequestStages release = version == null ? null : releases.get(version);
        for (Arm arm : release == null ? List.<Arm>of() : experiment.arms()) {
          Optional<String> why =
              arm.settings().release() != null
                  ? Optional.empty()
                  : problem(arm.settings(), Objects.requireNonNull(release), releases, Map.of());
          if (why.isPresent()) {
            return Optional.of(
                reason(arm, why.get() + " (which experiment " + other.name() + " serves)"));
          }
        }
      }
    }
    return Optional.empty();
  }

  /**
   * A way in which experiments of different layers can meet.
   *
   * @param settings their releases and quotas; by all else no arm can disturb another
   * @param layers whose experiments have a part in it
   */
  private record Combination(Settings settings, Set<String> layers) {
    Combination and(Experiment experiment, Settings asked) {
      Set<String> all = new HashSet<>(layers);
      all.add(experiment.population().layer());
      return new Combination(settings.and(asked), all);
    }

    /** What of an arm decides how many candidates there are. */
    static Settings asked(Arm arm) {
      return new Settings(
          arm.settings().release(), arm.settings().quotas(), Map.of(), Settings.NONE.reranking());
    }
  }

  /**
   * Stops experiments that, with those before them in the file, can ask for more candidates than
   * there may be. Left to the request, only those units would lose their exposure that are in such
   * arms of both, and what is left would be no fair sample.
   */
  private static void stopTooMuch(
      Experiments experiments,
      RequestStages active,
      Map<String, RequestStages> releases,
      Map<String, String> stopped) {
    // By combination the arms that lead to it. The empty one is what others are added to.
    Map<Combination, String> known = new LinkedHashMap<>();
    known.put(new Combination(Settings.NONE, Set.of()), "");
    for (Experiment experiment : experiments.list()) {
      if (stopped.containsKey(experiment.name())) {
        continue;
      }
      Map<Combination, String> added = new LinkedHashMap<>();
      known.forEach((before, arms) -> {
        for (Arm arm : experiment.arms()) {
          Settings asked = Combination.asked(arm);
          if (!asked.isNone() && !before.layers.contains(experiment.population().layer())) {
            added.putIfAbsent(
                before.and(experiment, asked),
                (arms.isEmpty() ? "" : arms + " with ") + experiment.name() + "=" + arm.name());
          }
        }
      });
      added.keySet().removeAll(known.keySet());
      Optional<String> why =
          known.size() + added.size() > COMBINATIONS_MAX
              ? Optional.of(
                  "it makes more than %d combinations of arms that change retrieval"
                      .formatted(COMBINATIONS_MAX))
              : added.entrySet().stream()
                  .flatMap(entry ->
                      problem(entry.getKey().settings(), active, releases, Map.of())
                          .map(problem -> entry.getValue() + ": " + problem)
                          .stream())
                  .findFirst();
      if (why.isPresent()) {
        stopped.put(experiment.name(), why.get());
      } else {
        known.putAll(added);
      }
    }
  }

  /** The release that answers what no experiment touches. */
  public RequestStages active() {
    return active;
  }

  /** What is tested. */
  public Experiments experiments() {
    return experiments;
  }

  /** Every experiment, in the file's order, and whether it is served. */
  public List<ExperimentStatus> status() {
    return experiments.list().stream()
        .map(experiment -> {
          String why = stopped.get(experiment.name());
          return new ExperimentStatus(experiment.name(), why == null, why == null ? "" : why);
        })
        .toList();
  }

  Assigner assigner() {
    return assigner;
  }

  /**
   * Finds the way of a request.
   *
   * @param stages takes the time for reading the user's attributes, where an experiment looks at
   *     them
   */
  Route route(RecommendationRequest request, long nowMs, StageRunner stages) {
    if (assigner.isEmpty()) {
      return untouched;
    }
    Subject stranger =
        new Subject(request.user(), request.surface(), request.context(), null, nowMs);
    if (!assigner.needsAttributes(stranger)) {
      return route(stranger);
    }
    Optional<Map<String, AttributeValue>> attributes =
        stages.run(
            "assignment",
            0.1,
            () -> Optional.of(active.userAttributes(request.user())),
            new Fallback<>("no experiment that looks at the user", Optional::empty));
    return route(stranger.with(attributes.orElse(null)));
  }

  private Route route(Subject subject) {
    Assignments assignments = assigner.assign(subject);
    if (assignments.list().isEmpty()) {
      return assignments.holdout() == Holdout.NOT_CONCERNED
          ? untouched
          : Route.untouched(active, assignments);
    }
    try {
      return route(assignments);
    } catch (WinnowException e) {
      // Every combination was checked when the experiments came into force: this is a defect.
      LOG.error("the settings of overlapping experiments do not go together", e);
      return untouched;
    }
  }

  private Route route(Assignments assignments) {
    Assignment interleaved = null;
    for (Assignment assignment : assignments.list()) {
      if (assignment.arm() == null) {
        interleaved = assignment;
      }
    }
    String label = label(assignments, null, null);
    if (interleaved == null) {
      Settings settings = combined(assignments, null);
      return new Route(
          assignments,
          null,
          List.of(new Route.Lane(label, variant(label, settings))),
          label,
          label);
    }
    Experiment experiment = interleaved.experiment();
    List<Route.Lane> lanes = new ArrayList<>();
    for (Arm arm : experiment.arms()) {
      String own = label(assignments, experiment, arm.name());
      // The draft's coins are all that is left to chance, or its propensities would not be known.
      Settings settings = combined(assignments, arm).withoutExploration();
      lanes.add(new Route.Lane(own, variant(own + "/unexplored", settings)));
    }
    return new Route(
        felt(assignments),
        experiment,
        lanes,
        label,
        label(assignments, experiment, Experiment.SHARED_ARM));
  }

  /**
   * Without the experiments that an interleaved slate tells nothing of: whose arms explore more or
   * less, and are the same where nothing explores. An experiment of equal arms stays: that they are
   * equal is what it is to show.
   */
  private static Assignments felt(Assignments assignments) {
    return new Assignments(
        assignments.list().stream()
            .filter(assignment -> !differsByExplorationAlone(assignment.experiment()))
            .toList(),
        assignments.holdout());
  }

  private static boolean differsByExplorationAlone(Experiment experiment) {
    return experiment.arms().stream().map(Arm::settings).distinct().count() > 1
        && experiment.arms().stream()
                .map(arm -> arm.settings().withoutExploration())
                .distinct()
                .count()
            == 1;
  }

  /** The settings of all arms, those of an interleaved experiment being one of its arms'. */
  private static Settings combined(Assignments assignments, @Nullable Arm ofInterleaved) {
    Settings settings = Settings.NONE;
    for (Assignment assignment : assignments.list()) {
      Arm arm = assignment.arm() == null ? ofInterleaved : assignment.arm();
      settings = settings.and(Objects.requireNonNull(arm).settings());
    }
    return settings;
  }

  /**
   * The arms as impressions name them: {@code experiment=arm}, with {@code ;} between them; {@code
   * experiment~arm} where a tester sees it, so that it is not taken for one that counts.
   *
   * @param interleaved whose arm is {@code as}
   */
  private static String label(
      Assignments assignments, @Nullable Experiment interleaved, @Nullable String as) {
    StringBuilder label = new StringBuilder();
    for (Assignment assignment : assignments.list()) {
      if (!label.isEmpty()) {
        label.append(';');
      }
      label.append(assignment.experiment().name()).append(assignment.tester() ? '~' : '=');
      label.append(
          as != null && assignment.experiment().equals(interleaved) ? as : assignment.armName());
    }
    return label.toString();
  }

  /** How many combinations of arms are kept. */
  int variants() {
    return variants.size();
  }

  /** The stages of these settings; those of the same label are the same. */
  private RequestStages variant(String label, Settings settings) {
    RequestStages known = variants.get(label);
    if (known != null) {
      return known;
    }
    String version = settings.release();
    RequestStages release =
        version == null ? active : Objects.requireNonNull(releases.get(version), version);
    RequestStages made = settings.isNone() ? release : release.with(settings);
    if (variants.size() < VARIANTS_MAX) {
      variants.put(label, made);
    }
    return made;
  }

  /**
   * The subject of a question that is not a request; its user's attributes as far as they can be
   * read.
   */
  Subject subject(UserId user, String surface, Map<String, String> context, long nowMs) {
    Subject stranger = new Subject(user, surface, context, null, nowMs);
    if (assigner.needsAttributes(stranger)) {
      try {
        return stranger.with(active.userAttributes(user));
      } catch (RuntimeException e) {
        LOG.warn("the attributes of a user cannot be read; it is in no experiment of them", e);
      }
    }
    return stranger;
  }

  /** The releases that arms of experiments name, in the order of the file. */
  public static Set<String> releasesOf(Experiments experiments) {
    Set<String> versions = new LinkedHashSet<>();
    for (Experiment experiment : experiments.list()) {
      for (Arm arm : experiment.arms()) {
        if (arm.settings().release() != null) {
          versions.add(arm.settings().release());
        }
      }
    }
    return versions;
  }
}
