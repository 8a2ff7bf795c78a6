package io.winnow.serving.http;

import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.winnow.core.TimeSource;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.events.EventLog;
import io.winnow.features.FeatureReader;
import io.winnow.lifecycle.registry.Registry;
import io.winnow.serving.Recommender;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What the server is an adapter of. All parts are thread-safe and outlive it.
 *
 * @param application decides what events, items and users look like
 * @param log takes what clients send
 * @param features answers what is known about items and users now
 * @param recommender makes slates
 * @param operations what operators see
 * @param pages more read-only pages by path, such as {@code /}
 * @param controls what changes what is served
 */
public record HttpDependencies(
    ApplicationDefinition application,
    EventLog log,
    FeatureReader features,
    Recommender recommender,
    Operations operations,
    Map<String, Page> pages,
    Controls controls) {
  /** What serves one application and never another. */
  public HttpDependencies(
      ApplicationDefinition application,
      EventLog log,
      FeatureReader features,
      Recommender recommender,
      Operations operations,
      Map<String, Page> pages) {
    this(application, log, features, recommender, operations, pages, Controls.NONE);
  }

  /** The same parts for an application that took the place of this one. */
  HttpDependencies with(ApplicationDefinition next) {
    return new HttpDependencies(next, log, features, recommender, operations, pages, controls);
  }

  /** Copies the pages, keeping their order. */
  public HttpDependencies {
    pages = Collections.unmodifiableMap(new LinkedHashMap<>(pages));
  }

  /**
   * What changes what is served. Where one is null, its calls are not there.
   *
   * @param application changes the application
   * @param rollouts brings releases to users, and back
   * @param registry knows the releases and the ledger
   * @param jobs orders jobs and tells what became of them
   */
  public record Controls(
      @Nullable ApplicationControl application,
      @Nullable RolloutControl rollouts,
      @Nullable Registry registry,
      @Nullable JobControl jobs) {
    /** Everything is fixed. */
    public static final Controls NONE = new Controls(null, null, null, null);
  }

  /**
   * What operators see, and what tests replace.
   *
   * @param releases newest first
   * @param notReady why requests cannot be answered yet; empty when they can
   * @param meters where the server's metrics go; {@code /metrics} prints all of it
   * @param time the clock
   * @param requestTime the clock of requests; another where the data ended long ago
   * @param ids makes ids of requests, and of events that come without one
   * @param audit how the audit of served features stands
   */
  public record Operations(
      Supplier<List<ReleaseInfo>> releases,
      Supplier<List<String>> notReady,
      PrometheusMeterRegistry meters,
      TimeSource time,
      TimeSource requestTime,
      Supplier<UUID> ids,
      Supplier<FeatureMonitoring> audit) {}
}
