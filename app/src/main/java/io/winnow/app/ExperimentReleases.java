package io.winnow.app;

import io.winnow.core.WinnowException;
import io.winnow.core.application.Experiments;
import io.winnow.experiments.assignment.ArmShares;
import io.winnow.features.FeatureReader;
import io.winnow.lifecycle.Release;
import io.winnow.lifecycle.RequestStages;
import io.winnow.serving.ServedExperiments;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The releases that arms of experiments name. Each is loaded and checked when an experiment that
 * needs it comes into force, is kept while one does, and is let go with the last: its memory is
 * freed when no request can reach it any more. One that cannot be served stops the experiments that
 * name it and nothing else.
 *
 * <p>Thread-safe. {@link #load} is called by one at a time, whoever holds the application's
 * monitor; {@link #serve} is quick and never loads.
 */
final class ExperimentReleases {
  private static final Logger LOG = LoggerFactory.getLogger(ExperimentReleases.class);

  /** Most releases beside those of the plan; each holds its vectors and networks in memory. */
  static final int RELEASES_MAX = 8;

  private final Function<String, Release> load;
  private final BiFunction<Release, FeatureReader, RequestStages> bind;
  private final ArmShares shares;
  private volatile Map<Bound, RequestStages> held = Map.of();
  private volatile Map<Bound, String> missing = Map.of();
  private volatile Map<String, Release> releases = Map.of();

  /**
   * @param load reads a release whole
   * @param bind makes it ready to serve from a view of the feature store
   * @param shares of bandits' arms
   */
  ExperimentReleases(
      Function<String, Release> load,
      BiFunction<Release, FeatureReader, RequestStages> bind,
      ArmShares shares) {
    this.load = load;
    this.bind = bind;
    this.shares = shares;
  }

  /**
   * Makes the releases that experiments name ready to serve from a view. May take long. What is
   * bound to another view stays until {@link #keep}.
   *
   * @param known those that the caller has ready
   */
  void load(Experiments experiments, Set<String> known, FeatureReader view) {
    Map<String, Release> kept = new LinkedHashMap<>();
    Map<Bound, RequestStages> ready = new LinkedHashMap<>();
    Map<Bound, String> failed = new LinkedHashMap<>();
    Set<String> named = ServedExperiments.releasesOf(experiments);
    held.forEach((bound, stages) -> {
      if (named.contains(bound.version) && !bound.view.equals(view)) {
        ready.put(bound, stages);
      }
    });
    for (String version : named) {
      if (known.contains(version)) {
        continue;
      }
      Bound bound = new Bound(version, view);
      if (kept.size() == RELEASES_MAX) {
        failed.put(bound, "experiments name more releases than are held at once, " + RELEASES_MAX);
        continue;
      }
      try {
        // Loads or binds only what is new: another file seldom changes either.
        Release before = releases.get(version);
        Release release = before == null ? load.apply(version) : before;
        RequestStages there = held.get(bound);
        ready.put(bound, there == null ? bind.apply(release, view) : there);
        kept.put(version, release);
      } catch (WinnowException e) {
        failed.put(bound, String.valueOf(e.getMessage()));
      } catch (RuntimeException e) {
        LOG.error("release {} of an experiment cannot be served", version, e);
        failed.put(bound, e.toString());
      }
    }
    releases = Map.copyOf(kept);
    held = Map.copyOf(ready);
    missing = Map.copyOf(failed);
  }

  /** Lets go of what is bound to other views. */
  void keep(FeatureReader view) {
    Map<Bound, RequestStages> kept = new LinkedHashMap<>(held);
    kept.keySet().removeIf(bound -> !bound.view.equals(view));
    held = Map.copyOf(kept);
  }

  /**
   * Experiments over each of several releases, with the arms that are ready.
   *
   * @param refused why experiments must not be served, by name
   * @param actives what answers without an experiment: the champion, and a challenger if there is
   *     one
   * @param known other releases that are ready to serve from the view, by version
   * @param view where the releases of arms read features
   * @return what is served over each of {@code actives}
   */
  List<ServedExperiments> serve(
      Experiments experiments,
      Map<String, String> refused,
      List<RequestStages> actives,
      Map<String, RequestStages> known,
      FeatureReader view) {
    Map<String, RequestStages> ready = new LinkedHashMap<>();
    Map<String, String> lacking = new LinkedHashMap<>();
    Map<Bound, RequestStages> bound = held;
    Map<Bound, String> failed = missing;
    for (String version : ServedExperiments.releasesOf(experiments)) {
      Bound key = new Bound(version, view);
      RequestStages own = bound.get(key);
      RequestStages there = known.getOrDefault(version, own);
      if (there != null) {
        ready.put(version, there);
      } else {
        lacking.put(version, failed.getOrDefault(key, "it is being loaded"));
      }
    }
    return actives.stream()
        .map(active -> ServedExperiments.of(experiments, active, ready, lacking, refused, shares))
        .toList();
  }

  /** A release as it serves from a view. */
  private record Bound(String version, FeatureReader view) {}
}
