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

  /** A place of an interleaved slate that no arm gets credit for. */
  private static final String SHARED = "shared";

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
    return of(experiments, active, releases, missing, Map.of(), shares);
  }

  /**
   * The same.
   *
   * @param refused why experiments must not be served, whatever their arms are, by name
   */
  public static ServedExperiments of(
      Experiments experiments,
      RequestStages active,
      Map<String, RequestStages> releases,
      Map<String, String> missing,
      Map<String, String> refused,
      ArmShares shares) {
    Map<String, RequestStages> all = new LinkedHashMap<>(releases);
    all.put(active.version(), active);
    Map<String, String> stopped = new LinkedHashMap<>(refused);
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
    Optional<Map<String, AttributeValue>> attributes =
        !assigner.needsAttributes()
            ? Optional.empty()
            : stages.run(
                "assignment",
                0.1,
                () -> Optional.of(active.userAttributes(request.user())),
                new Fallback<>("no experiment that looks at the user", Optional::empty));
    return route(
        new Subject(
            request.user(), request.surface(), request.context(), attributes.orElse(null), nowMs));
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
      // Each setting was checked by itself; together they may ask for more than there may be.
      LOG.warn("the settings of overlapping experiments do not go together: {}", e.getMessage());
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
    return new Route(assignments, experiment, lanes, label, label(assignments, experiment, SHARED));
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
    Map<String, AttributeValue> attributes = null;
    if (assigner.needsAttributes()) {
      try {
        attributes = active.userAttributes(user);
      } catch (RuntimeException e) {
        LOG.warn("the attributes of a user cannot be read; it is in no experiment of them", e);
      }
    }
    return new Subject(user, surface, context, attributes, nowMs);
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
