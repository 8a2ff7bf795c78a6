package io.winnow.app;

import io.winnow.core.Problem;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.ApplicationFile;
import io.winnow.core.application.Experiments;
import io.winnow.core.application.FeatureDefinition;
import io.winnow.features.FeatureReader;
import io.winnow.features.FeatureSchema;
import io.winnow.features.HeldFeatures;
import io.winnow.features.StateFolders;
import io.winnow.lifecycle.ApplicationChange;
import io.winnow.lifecycle.Release;
import io.winnow.lifecycle.ReleaseStore;
import io.winnow.serving.ServedExperiments;
import io.winnow.serving.http.ApplicationControl;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The application file that is in force, and putting another in its place. Events are taken by the
 * new file at once; features follow when they are computed.
 *
 * <p>Thread-safe. Its monitor guards what the application asks for and which store is served: what
 * changes either holds it. Going back to another release does not ({@link ReleaseSwitch}).
 */
final class LiveApplication implements ApplicationControl {
  private static final Logger LOG = LoggerFactory.getLogger(LiveApplication.class);

  private final DataFolder data;
  private final ReleaseStore releases;
  private final Map<String, String> environment;
  private final List<String> pinned;
  private volatile ApplicationFile file;

  /** Why experiments of the file must not be served, by name. */
  private volatile Map<String, String> refused = Map.of();

  private volatile Consumer<ApplicationFile> listener = _ -> {};
  private volatile Runnable meanwhile = () -> {};
  private volatile Supplier<List<String>> planned = List::of;
  private volatile @Nullable FeatureRollout rollout;

  /**
   * @param pinned versions of releases whose features are held besides the active one's
   */
  LiveApplication(
      DataFolder data,
      ApplicationFile file,
      ReleaseStore releases,
      Map<String, String> environment,
      List<String> pinned) {
    this.data = data;
    this.file = file;
    this.releases = releases;
    this.environment = Map.copyOf(environment);
    this.pinned = List.copyOf(pinned);
  }

  /** The file in force. */
  ApplicationFile file() {
    return file;
  }

  /**
   * Takes the file that the server starts with. Serving goes on whatever became of its experiments
   * while it was down: one that is not what its run began with is not served, until its run is
   * raised.
   */
  synchronized void start() {
    ExperimentRuns runs = ExperimentRuns.in(data.experimentRuns());
    if (Files.exists(data.applicationFile())) {
      try {
        runs.remember(experiments(data.application(null, environment)));
      } catch (WinnowException e) {
        LOG.warn("nothing is known of the experiments of before: {}", e.getMessage());
      }
    }
    Map<String, String> reasons = new LinkedHashMap<>();
    runs.problems(experiments(file))
        .forEach((name, problems) ->
            reasons.put(
                name, String.join("; ", problems.stream().map(Problem::toString).toList())));
    refused = Map.copyOf(reasons);
    runs.remember(experiments(file));
    data.keep(file);
  }

  private static Experiments experiments(ApplicationFile of) {
    return of.definition().operations().experiments();
  }

  /** Why experiments of the file in force must not be served, by name. */
  Map<String, String> refusedExperiments() {
    return refused;
  }

  /** Is told of each file that comes into force, before its features are computed. */
  void onChange(Consumer<ApplicationFile> listener) {
    this.listener = listener;
  }

  /**
   * Runs where the features of another file are still to be computed, so that what needs none of
   * them follows it at once; with this monitor held.
   */
  void meanwhile(Runnable follow) {
    this.meanwhile = follow;
  }

  void follow(FeatureRollout rollout) {
    this.rollout = rollout;
  }

  /** Says which releases this server has in service or on trial. */
  void planned(Supplier<List<String>> versions) {
    this.planned = versions;
  }

  /** What the store should hold: this file's features, and those that releases in use need. */
  StateFolders.Contents contents() {
    ApplicationFile now = file;
    return new StateFolders.Contents(now, needed(now));
  }

  /**
   * The application files of the releases that this server serves or is to serve, of those that are
   * pinned, and of those that arms of experiments name.
   */
  private List<ApplicationFile> needed(ApplicationFile of) {
    Set<String> versions = new LinkedHashSet<>();
    releases.active().ifPresent(versions::add);
    versions.addAll(planned.get());
    versions.addAll(ServedExperiments.releasesOf(of.definition().operations().experiments()));
    pinned.forEach(versions::remove);
    List<ApplicationFile> files = new ArrayList<>();
    for (String version : pinned) {
      files.add(Release.applicationOf(releases, version));
    }
    for (String version : versions) {
      try {
        files.add(Release.applicationOf(releases, version));
      } catch (WinnowException e) {
        LOG.error("release {}: nothing is held for it: {}", version, e.getMessage());
      }
    }
    return files;
  }

  /** This as a rollout sees it. */
  FeatureRollout.Target target(Function<FeatureReader, Runnable> prepare) {
    LiveApplication live = this;
    return new FeatureRollout.Target() {
      @Override
      public ApplicationFile application() {
        return file;
      }

      @Override
      public StateFolders.Contents contents() {
        return live.contents();
      }

      @Override
      public Object monitor() {
        return live;
      }

      @Override
      public Runnable prepare(FeatureReader next) {
        return prepare.apply(next);
      }
    };
  }

  @Override
  public synchronized Accepted apply(String yaml) {
    ApplicationFile next = ApplicationFile.parse(yaml, ApplicationFile.NAME, environment);
    ApplicationDefinition before = file.definition();
    List<FeatureSchema> needed =
        needed(next).stream().map(other -> FeatureSchema.of(other.definition())).toList();
    ExperimentRuns runs = ExperimentRuns.in(data.experimentRuns());
    List<Problem> problems =
        new ArrayList<>(ApplicationChange.problems(before, next.definition(), needed));
    runs.problems(experiments(next)).values().forEach(problems::addAll);
    if (!problems.isEmpty()) {
      throw WinnowException.invalid(problems.stream().distinct().toList());
    }
    FeatureRollout following = Objects.requireNonNull(rollout);
    // Both throw where the file cannot be followed; nothing has changed then.
    HeldFeatures.of(next.definition(), needed).hash();
    following.checkIdle();
    runs.remember(experiments(next));
    data.keep(next);
    file = next;
    refused = Map.of();
    listener.accept(next);
    boolean backfill = following.start();
    if (backfill) {
      meanwhile.run();
    }
    ApplicationChange change = ApplicationChange.between(before, next.definition());
    LOG.info(
        "another application file: {} features added, {} changed, {} removed; {}",
        change.added().size(),
        change.changed().size(),
        change.removed().size(),
        backfill ? "computing them" : "all are held");
    return new Accepted(change, backfill);
  }

  @Override
  public Status status() {
    FeatureRollout following = Objects.requireNonNull(rollout);
    ApplicationFile now = file;
    HeldFeatures held = following.held();
    List<FeatureDefinition> readable =
        Stream.concat(
                held.definitions().stream(),
                now.definition().features().stream().filter(held::holds))
            .distinct()
            .toList();
    return new Status(
        now,
        "%016x".formatted(HeldFeatures.of(now.definition()).hash()),
        readable,
        following.status());
  }
}
