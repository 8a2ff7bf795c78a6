package io.winnow.app;

import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.winnow.app.PromotionGate.Promotion;
import io.winnow.core.Event;
import io.winnow.core.LogRecord;
import io.winnow.core.TimeSource;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationFile;
import io.winnow.core.application.FeatureStorePolicy;
import io.winnow.events.EventLog;
import io.winnow.events.EventLogConfig;
import io.winnow.events.EventLogs;
import io.winnow.features.AuditReport;
import io.winnow.features.EmbeddedConfig;
import io.winnow.features.FeatureAudit;
import io.winnow.features.LiveAudit;
import io.winnow.features.OnlineStore;
import io.winnow.features.OnlineStores;
import io.winnow.lifecycle.Release;
import io.winnow.lifecycle.ReleaseDefinitions;
import io.winnow.lifecycle.ReleaseManifest;
import io.winnow.lifecycle.ReleaseStore;
import io.winnow.lifecycle.ServingRelease;
import io.winnow.lifecycle.Trainer;
import io.winnow.lifecycle.TrainerConfig;
import io.winnow.lifecycle.TrainingProgress;
import io.winnow.serving.RecommendationPipeline;
import io.winnow.serving.http.FeatureMonitoring;
import io.winnow.serving.http.HttpConfig;
import io.winnow.serving.http.HttpDependencies;
import io.winnow.serving.http.HttpServer;
import io.winnow.serving.http.Page;
import io.winnow.serving.http.ReleaseInfo;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The composition root: one Winnow over one data folder, everything embedded. Parts are opened in
 * the order in which they depend on each other and closed in reverse.
 *
 * <p>Thread-safe. One process at a time has a data folder; the event log's lock sees to it.
 */
final class Node implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Node.class);
  private static final int QUEUED_STAGES_MAX = 1024;
  private static final int WARM_UP_RECORDS = 5_000;
  private static final int WARM_UP_REQUESTS = 300;

  private final ApplicationFile application;
  private final TimeSource clock;
  private final TimeSource requestClock;
  private final OnlineStore store;
  private final EventLog log;
  private final ReleaseStore releases;
  private final ThreadPoolExecutor stages;
  private final ThreadPoolExecutor sources;
  private final ExecutorService waiting;
  private final RecommendationPipeline pipeline;
  private final LiveAudit audit;
  private final PromotionGate gate;
  private final PrometheusMeterRegistry meters =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);

  private Node(
      DataFolder data,
      ApplicationFile application,
      TimeSource clock,
      OnlineStore store,
      EventLog log) {
    this.application = application;
    this.clock = clock;
    this.requestClock = data.requestClock(clock);
    this.store = store;
    this.log = log;
    this.releases = new ReleaseStore(data.releases());
    this.stages = pool("stage");
    this.sources = pool("source");
    this.waiting = Executors.newVirtualThreadPerTaskExecutor();
    this.pipeline =
        new RecommendationPipeline(
            serving(Release.untrained(application)), log, requestClock, stages, waiting);
    FeatureStorePolicy.Audit policy = application.definition().operations().featureStore().audit();
    this.audit =
        new LiveAudit(
            log,
            application::definition,
            LiveAudit.Config.of(policy.sample()),
            () -> TimeUnit.NANOSECONDS.toMillis(System.nanoTime()));
    this.gate = new PromotionGate(data, policy.maxMismatches());
  }

  /**
   * Opens the folder and serves its active release, if there is one that is whole. The application
   * file is kept in the folder from then on.
   *
   * @throws WinnowException with {@code UNAVAILABLE} if another process has the folder; nothing in
   *     it was changed then
   */
  static Node open(DataFolder data, ApplicationFile application, TimeSource clock) {
    OnlineStore store =
        OnlineStores.embedded(application.definition(), data.features(), EmbeddedConfig.DEFAULT);
    EventLog log = null;
    try {
      log = openLog(data, application, clock, store);
      data.keep(application);
      Node node = new Node(data, application, clock, store, log);
      node.releases.active().ifPresent(node::installIfWhole);
      return node;
    } catch (RuntimeException e) {
      try (OnlineStore _ = store;
          EventLog _ = log) {
        throw e;
      }
    }
  }

  /** Opens the log and brings the feature store up to it. */
  private static EventLog openLog(
      DataFolder data, ApplicationFile application, TimeSource clock, OnlineStore store) {
    EventLogConfig config = EventLogConfig.in(data.log());
    EventLog opened =
        EventLogs.open(config, application.definition().schema(), clock, List.of(store));
    if (store.appliedOffset() <= opened.endOffset()) {
      return opened;
    }
    // The log lost its tail (a damaged disk): what the store knows of it did not happen.
    LOG.warn(
        "feature store at offset {} is ahead of the log's end {}: rebuilding it",
        store.appliedOffset(),
        opened.endOffset());
    opened.close();
    store.discard();
    return EventLogs.open(config, application.definition().schema(), clock, List.of(store));
  }

  private static ThreadPoolExecutor pool(String name) {
    int cores = Runtime.getRuntime().availableProcessors();
    return new ThreadPoolExecutor(
        cores,
        cores,
        1,
        TimeUnit.MINUTES,
        new ArrayBlockingQueue<>(QUEUED_STAGES_MAX),
        Thread.ofPlatform().daemon().name("winnow-" + name + "-", 0).factory());
  }

  /**
   * At start there is nothing better to keep than the untrained release, whatever is wrong; say why
   * and go on. Answers say that they are degraded.
   */
  private void installIfWhole(String version) {
    try {
      pipeline.install(load(version));
    } catch (WinnowException e) {
      LOG.error("release {} is not served: {}", version, e.getMessage());
    } catch (RuntimeException e) {
      LOG.error("release {} is not served", version, e);
    }
  }

  private ServingRelease serving(Release release) {
    return new ServingRelease(release, store, sources);
  }

  /** Loads a bundle and runs it warm, so that its first requests meet compiled code. */
  private ServingRelease load(String version) {
    ServingRelease loaded = serving(Release.load(releases, version));
    loaded.warmUp(recentUsers(), WARM_UP_REQUESTS, requestClock.nowMs());
    return loaded;
  }

  /** Some users of the newest records. */
  private List<UserId> recentUsers() {
    Set<UserId> users = new LinkedHashSet<>();
    log.replay(
        Math.max(0, log.endOffset() - WARM_UP_RECORDS),
        log.endOffset(),
        (_, record) -> {
          if (record instanceof LogRecord.Happened(Event event)) {
            users.add(event.user());
          }
        });
    return List.copyOf(users);
  }

  /**
   * Loads a bundle, makes it the active one and serves it from the next request on.
   *
   * @param promotion whether the audit of served features has a say
   * @throws WinnowException if it is not whole or does not fit, or if the audit speaks against a
   *     newer release; then the one before stays active and serves on
   */
  void activate(String version, Promotion promotion) {
    gate.check(version, releases.active(), audit.status().report(), promotion);
    ServingRelease next = load(version);
    releases.activate(version);
    pipeline.install(next);
    LOG.info("serving release {}", version);
  }

  /**
   * Trains on everything the log holds now, publishes the release and serves it.
   *
   * @throws WinnowException as {@link #activate}; where the audit speaks against it, before
   *     anything is trained
   */
  ReleaseManifest trainAndActivate(
      TrainerConfig config, TrainingProgress progress, Promotion promotion) {
    gate.check("to be trained", Optional.empty(), audit.status().report(), promotion);
    Release release = new Trainer(application, config, clock, progress).train(log, log.endOffset());
    ReleaseManifest manifest = release.publish(releases);
    activate(manifest.version(), promotion);
    return manifest;
  }

  /**
   * Starts the HTTP server over this node, and the audit of what it serves. The caller closes it
   * before the node.
   */
  HttpServer serve(HttpConfig config, Map<String, Page> pages) {
    audit.start();
    return HttpServer.start(
        config,
        new HttpDependencies(
            application.definition(),
            log,
            store,
            pipeline,
            new HttpDependencies.Operations(
                this::releaseInfos,
                List::of,
                meters,
                clock,
                requestClock,
                UUID::randomUUID,
                () -> new FeatureMonitoring(audit.status(), gate.maxMismatches())),
            pages));
  }

  private List<ReleaseInfo> releaseInfos() {
    String active = pipeline.release();
    List<ReleaseInfo> infos = new ArrayList<>();
    for (String version : releases.versions().reversed()) {
      ReleaseManifest manifest = releases.manifest(version);
      infos.add(
          new ReleaseInfo(
              version, manifest.createdMs(), manifest.metrics(), version.equals(active)));
    }
    return infos;
  }

  /** Compares what was served with what replay computes, now and for the whole log. */
  AuditReport auditFeatures(FeatureAudit.Options options) {
    AuditReport report =
        FeatureAudit.run(log, new ReleaseDefinitions(application.definition(), releases), options);
    gate.remember(report);
    return report;
  }

  ApplicationFile application() {
    return application;
  }

  EventLog log() {
    return log;
  }

  OnlineStore store() {
    return store;
  }

  ReleaseStore releases() {
    return releases;
  }

  RecommendationPipeline pipeline() {
    return pipeline;
  }

  /** Ends the work before what it works on: stages, then log, then store. May be called again. */
  @Override
  public void close() {
    audit.close();
    gate.remember(audit.status().report());
    stages.shutdownNow();
    sources.shutdownNow();
    waiting.close();
    try (OnlineStore _ = store;
        EventLog _ = log) {
      meters.close();
    }
  }
}
