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
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The releases that arms of experiments name. Each is loaded and checked when an experiment that
 * needs it comes into force, is kept while one does, and is let go with the last: its memory is
 * freed when no request can reach it any more. One that cannot be served stops the experiments that
 * name it and nothing else.
 *
 * <p>Not thread-safe: whoever changes what is served holds the application's monitor.
 */
final class ExperimentReleases {
  private static final Logger LOG = LoggerFactory.getLogger(ExperimentReleases.class);

  /** Most releases beside the active one; each holds its vectors and networks in memory. */
  static final int RELEASES_MAX = 8;

  private final Function<String, Release> load;
  private final BiFunction<Release, FeatureReader, RequestStages> bind;
  private final ArmShares shares;
  private Map<String, Held> held = Map.of();

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
   * Makes experiments ready to be served, over each of several releases. May take long.
   *
   * @param actives what answers without an experiment: the champion, and a challenger if there is
   *     one
   * @param known other releases that are ready to serve from the view, by version
   * @param refused why experiments must not be served, by name
   * @param view where the releases of arms read features
   * @return what is served over each of {@code actives}
   */
  List<ServedExperiments> serve(
      Experiments experiments,
      Map<String, String> refused,
      List<RequestStages> actives,
      Map<String, RequestStages> known,
      FeatureReader view) {
    Map<String, Held> kept = new LinkedHashMap<>();
    Map<String, RequestStages> ready = new LinkedHashMap<>();
    Map<String, String> missing = new LinkedHashMap<>();
    for (String version : ServedExperiments.releasesOf(experiments)) {
      RequestStages there = known.get(version);
      if (there != null) {
        ready.put(version, there);
        continue;
      }
      if (kept.size() == RELEASES_MAX) {
        missing.put(
            version, "experiments name more releases than are held at once, " + RELEASES_MAX);
        continue;
      }
      try {
        Held release = ready(version, view);
        ready.put(version, release.stages);
        kept.put(version, release);
      } catch (WinnowException e) {
        missing.put(version, String.valueOf(e.getMessage()));
      } catch (RuntimeException e) {
        LOG.error("release {} of an experiment cannot be served", version, e);
        missing.put(version, e.toString());
      }
    }
    held = Map.copyOf(kept);
    return actives.stream()
        .map(active -> ServedExperiments.of(experiments, active, ready, missing, refused, shares))
        .toList();
  }

  /** Loads or binds only what is new: another file seldom changes either. */
  private Held ready(String version, FeatureReader view) {
    @Nullable Held known = held.get(version);
    if (known != null && known.view.equals(view)) {
      return known;
    }
    Release release = known == null ? load.apply(version) : known.release;
    return new Held(release, view, bind.apply(release, view));
  }

  /** A release, ready to serve from a view. */
  private record Held(Release release, FeatureReader view, RequestStages stages) {}
}
