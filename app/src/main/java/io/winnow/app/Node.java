package io.winnow.app;

import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.winnow.app.PromotionGate.Promotion;
import io.winnow.core.Event;
import io.winnow.core.LogRecord;
import io.winnow.core.Problem;
import io.winnow.core.TimeSource;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.ApplicationFile;
import io.winnow.core.application.Engines;
import io.winnow.core.application.FeatureStorePolicy;
import io.winnow.core.application.Schema;
import io.winnow.events.EventLog;
import io.winnow.events.EventLogConfig;
import io.winnow.events.EventLogs;
import io.winnow.events.KafkaLogConfig;
import io.winnow.events.LogFold;
import io.winnow.features.AuditReport;
import io.winnow.features.BackfillProgress;
import io.winnow.features.EmbeddedConfig;
import io.winnow.features.FeatureAudit;
import io.winnow.features.FeatureReader;
import io.winnow.features.FeatureSchema;
import io.winnow.features.LiveAudit;
import io.winnow.features.OnlineStore;
import io.winnow.features.RedisConfig;
import io.winnow.features.StateFolders;
import io.winnow.features.StateFolders.Contents;
import io.winnow.features.StateFolders.Opened;
import io.winnow.features.SwitchableOnlineStore;
import io.winnow.lifecycle.CallerRunsExecutor;
import io.winnow.lifecycle.Release;
import io.winnow.lifecycle.ReleaseDefinitions;
import io.winnow.lifecycle.ReleaseManifest;
import io.winnow.lifecycle.ReleaseStore;
import io.winnow.lifecycle.RequestStages;
import io.winnow.lifecycle.ServingRelease;
import io.winnow.lifecycle.Trainer;
import io.winnow.lifecycle.TrainerConfig;
import io.winnow.lifecycle.TrainingCheckpoints;
import io.winnow.lifecycle.TrainingFiles;
import io.winnow.lifecycle.TrainingProgress;
import io.winnow.lifecycle.TrainingStart;
import io.winnow.lifecycle.registry.Cause;
import io.winnow.lifecycle.registry.Registries;
import io.winnow.lifecycle.registry.Registry;
import io.winnow.lifecycle.registry.Rollout;
import io.winnow.lifecycle.registry.ServerStatus;
import io.winnow.lifecycle.registry.ServingPlan;
import io.winnow.lifecycle.rollout.GateReport;
import io.winnow.lifecycle.rollout.PromotionLadder;
import io.winnow.serving.BanditAllocation;
import io.winnow.serving.RecommendationPipeline;
import io.winnow.serving.ServedExperiments;
import io.winnow.serving.http.FeatureMonitoring;
import io.winnow.serving.http.HttpConfig;
import io.winnow.serving.http.HttpDependencies;
import io.winnow.serving.http.HttpServer;
import io.winnow.serving.http.Page;
import io.winnow.serving.http.ReleaseInfo;
import io.winnow.serving.http.RolloutControl;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
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
  private static final int ROLLOUTS_SHOWN = 10;
  private static final int QUIET_WARM_UP_REQUESTS = 30;
  private static final Duration BANDIT_PAUSE = Duration.ofSeconds(1);

  private final DataFolder data;
  private final LiveApplication application;
  private final TimeSource clock;
  private final TimeSource requestClock;
  private final StateFolders folders;
  private final SwitchableOnlineStore store;
  private final EventLog log;
  private final ReleaseStore releases;
  private final TrainingCheckpoints checkpoints;
  private final FeatureRollout rollout;
  private final ThreadPoolExecutor stages;
  private final ThreadPoolExecutor sources;
  private final ExecutorService waiting;
  private final RecommendationPipeline pipeline;
  private final LiveAudit audit;
  private final PromotionGate gate;
  private final BanditAllocation bandits;
  private final ExperimentReleases experimentReleases;
  private final Registry registry;
  private final ReleaseSwitch releaseSwitch;
  private final PromotionLadder ladder;
  private final PrometheusMeterRegistry meters =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);

  /** Null until they are started; guarded by this. */
  private @Nullable JobService jobService;

  private Node(DataFolder data, LiveApplication application, TimeSource clock, Opening parts) {
    this.data = data;
    this.application = application;
    this.clock = clock;
    this.requestClock = data.requestClock(clock);
    this.folders = parts.folders;
    this.store = parts.store();
    this.log = parts.log();
    this.releases = parts.releases;
    this.checkpoints = new TrainingCheckpoints(data.training());
    this.stages = pool("stage");
    this.sources = pool("source");
    this.waiting = Executors.newVirtualThreadPerTaskExecutor();
    // Until the store holds what the application asks for, what it was computed for is served.
    ApplicationFile first =
        parts.fits ? application.file() : parts.opened().contents().application();
    this.pipeline =
        new RecommendationPipeline(
            new ServingRelease(Release.untrained(first), store.view(), sources),
            log,
            requestClock,
            stages,
            waiting);
    this.rollout =
        new FeatureRollout(
            folders,
            store,
            parts.opened(),
            log,
            clock,
            Runtime.getRuntime().availableProcessors(),
            application.target(next -> releaseSwitch().prepare(next)));
    application.follow(rollout);
    this.bandits =
        new BanditAllocation(log, this::append, BanditResults::before, requestClock, BANDIT_PAUSE);
    this.experimentReleases =
        new ExperimentReleases(version -> Release.load(releases, version), this::warm, bandits);
    this.registry =
        Registries.open(
            application.file().definition().operations().engines().registry(),
            data.path(),
            requestClock);
    this.releaseSwitch = new ReleaseSwitch(new SwitchHost(), registry, pipeline, clock, serverId());
    this.ladder = new PromotionLadder(registry, log, () -> application.file().definition(), clock);
    application.planned(releaseSwitch::versions);
    application.meanwhile(releaseSwitch::refresh);
    TrialMeters.register(meters, releaseSwitch);
    FeatureStorePolicy.Audit policy =
        application.file().definition().operations().featureStore().audit();
    this.audit =
        new LiveAudit(
            log,
            () -> application.file().definition(),
            LiveAudit.Config.of(policy.sample()),
            () -> TimeUnit.NANOSECONDS.toMillis(System.nanoTime()));
    this.gate = new PromotionGate(data, policy.maxMismatches());
  }

  /**
   * How a node is opened.
   *
   * @param environment replaces values of application files that come later
   * @param inBackground whether features that the store does not hold yet are computed while it
   *     serves with those before; else before anything is served
   * @param pinned versions of releases whose features are held besides the active one's
   */
  record Options(Map<String, String> environment, boolean inBackground, List<String> pinned) {
    /** Everything is there when the node is. */
    static final Options DEFAULT = new Options(Map.of(), false, List.of());
  }

  /**
   * Opens the folder and serves its active release, if there is one that is whole. The application
   * file is kept in the folder from then on.
   *
   * @throws WinnowException with {@code UNAVAILABLE} if another process has the folder; nothing in
   *     it was changed then
   */
  static Node open(DataFolder data, ApplicationFile application, TimeSource clock) {
    return open(data, application, clock, Options.DEFAULT);
  }

  /** The same, with options. */
  static Node open(
      DataFolder data, ApplicationFile application, TimeSource clock, Options options) {
    ReleaseStore releases = data.releaseStore(application.definition().operations().engines());
    LiveApplication live =
        new LiveApplication(data, application, releases, options.environment, options.pinned);
    Opening parts = new Opening(data, live, clock, releases);
    try {
      parts.open();
      live.start();
    } catch (RuntimeException e) {
      try (parts) {
        throw e;
      }
    }
    Node node = new Node(data, live, clock, parts);
    try {
      boolean computing = !parts.fits && node.rollout.start();
      if (computing && !options.inBackground) {
        node.rollout.await();
      }
      node.installFirst();
      return node;
    } catch (RuntimeException | Error e) {
      // Its threads read the log and the store until they end.
      try (node) {
        throw e;
      }
    }
  }

  /** The parts of a node that are opened one after another, and closed together if one fails. */
  private static final class Opening implements AutoCloseable {
    private final DataFolder data;
    private final LiveApplication application;
    private final TimeSource clock;
    private final ReleaseStore releases;
    private final StateFolders folders;
    private @Nullable Opened opened;
    private @Nullable SwitchableOnlineStore store;
    private @Nullable EventLog log;
    private boolean fits;

    Opening(DataFolder data, LiveApplication application, TimeSource clock, ReleaseStore releases) {
      this.data = data;
      this.application = application;
      this.clock = clock;
      this.releases = releases;
      DataFolder ofLog = data.of(engines().log());
      this.folders =
          switch (engines().features()) {
            case Engines.StoreEngine.Embedded _ ->
                StateFolders.open(ofLog.features(), EmbeddedConfig.DEFAULT);
            case Engines.StoreEngine.Redis(String uri, String prefix) ->
                StateFolders.openRedis(
                    ofLog.features(), RedisConfig.of(uri, prefix), UUID.randomUUID().toString());
          };
    }

    /** Opens the store that fits best, and the log, which brings it up to its end. */
    void open() {
      Contents wanted = application.contents();
      Opened best = folders.openBest(wanted).orElse(null);
      opened = best == null ? rebuild(wanted) : best;
      fits = opened.contents().features().covers(wanted.features());
      ApplicationFile shown = fits ? wanted.application() : opened.contents().application();
      store = new SwitchableOnlineStore(opened.store(), FeatureSchema.of(shown.definition()));
      log = openLog(store);
      folders.follow(log);
    }

    private Engines engines() {
      return application.file().definition().operations().engines();
    }

    /** Where there is no state, or none that is whole: what the log holds, on all cores. */
    private Opened rebuild(Contents wanted) {
      if (engines().features() instanceof Engines.StoreEngine.Redis) {
        // Its workers compute the users from the log that is opened next.
        return folders.create(wanted);
      }
      try (EventLog records = log(List.of())) {
        if (records.endOffset() == 0) {
          return folders.create(wanted);
        }
        LOG.info("feature store: rebuilding it from {} records", records.endOffset());
        return folders.compute(
            wanted,
            records,
            Runtime.getRuntime().availableProcessors(),
            new BackfillProgress(clock));
      }
    }

    private EventLog openLog(SwitchableOnlineStore fold) {
      if (engines().log() instanceof Engines.LogEngine.Embedded && fold.storedOffset() > 0) {
        discardIfAhead(fold);
      }
      return log(List.of(fold));
    }

    /** Where the log lost its tail (a damaged disk), what the store knows of it did not happen. */
    private void discardIfAhead(SwitchableOnlineStore fold) {
      try (EventLog records = log(List.of())) {
        if (fold.storedOffset() <= records.endOffset()) {
          return;
        }
        LOG.warn(
            "feature store at offset {} is ahead of the log's end {}: rebuilding it",
            fold.storedOffset(),
            records.endOffset());
      }
      fold.discard();
    }

    private EventLog log(List<LogFold> folds) {
      Supplier<Schema> schema = () -> application.file().definition().schema();
      return switch (engines().log()) {
        case Engines.LogEngine.Embedded _ ->
            EventLogs.open(EventLogConfig.in(data.log()), schema, clock, folds);
        case Engines.LogEngine.Kafka kafka ->
            EventLogs.openKafka(
                KafkaLogConfig.of(kafka, data.of(kafka).log()), schema, clock, folds);
      };
    }

    Opened opened() {
      return Objects.requireNonNull(opened);
    }

    SwitchableOnlineStore store() {
      return Objects.requireNonNull(store);
    }

    EventLog log() {
      return Objects.requireNonNull(log);
    }

    @Override
    public void close() {
      try (StateFolders _ = folders;
          OnlineStore _ = store == null && opened != null ? opened.store() : store;
          EventLog _ = log) {
        fits = false;
      }
    }
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

  private ReleaseSwitch releaseSwitch() {
    return releaseSwitch;
  }

  /** Unique among the servers of all times: what a process counted ends with it. */
  private static String serverId() {
    return UUID.randomUUID().toString().substring(0, 13);
  }

  /** What the plan says; before the first plan, what this folder served, which becomes the plan. */
  private void installFirst() {
    try {
      FolderRegistry.adopt(registry, releases, "server:" + releaseSwitch.server());
    } catch (WinnowException e) {
      LOG.warn("the releases of this folder are not registered: {}", e.getMessage());
    }
    if (requestClock instanceof AsOfClock asOf) {
      goOn(asOf);
    }
    releaseSwitch.installFirst(releases.active());
  }

  /** What was waited for before this start is waited for since then. */
  private void goOn(AsOfClock asOf) {
    try {
      registry
          .ledger(Long.MIN_VALUE / 2, Long.MAX_VALUE / 2, 1)
          .forEach(entry -> asOf.goOnFrom(entry.atMs()));
      for (Rollout newest : registry.rollouts(1)) {
        newest.decisions().forEach(decision -> asOf.goOnFrom(decision.atMs()));
      }
    } catch (WinnowException e) {
      LOG.warn("the clock of requests begins anew: {}", e.getMessage());
    }
  }

  /** Puts a record of this server's own into the log. */
  private void append(LogRecord record) {
    for (EventLog.Verdict verdict : log.append(List.of(record))) {
      Problem problem = verdict.problem();
      if (problem != null) {
        throw WinnowException.invalid(List.of(problem));
      }
    }
  }

  /** What the switch works with. */
  private final class SwitchHost implements ReleaseSwitch.Host {
    @Override
    public Object monitor() {
      return application;
    }

    @Override
    public FeatureReader view() {
      return store.view();
    }

    @Override
    public Release load(String version) {
      return Release.load(releases, version);
    }

    @Override
    public RequestStages warm(Release release, FeatureReader view) {
      return Node.this.warm(release, view);
    }

    @Override
    public RequestStages quiet(Release release, FeatureReader view) {
      ServingRelease bound = new ServingRelease(release, view, new CallerRunsExecutor());
      bound.warmUp(recentUsers(), QUIET_WARM_UP_REQUESTS, requestClock.nowMs());
      return bound;
    }

    @Override
    public RequestStages untrained(FeatureReader view) {
      return new ServingRelease(Release.untrained(application.file()), view, sources);
    }

    @Override
    public List<ServedExperiments> experiments(
        List<RequestStages> actives, Map<String, RequestStages> known, FeatureReader view) {
      ApplicationDefinition now = application.file().definition();
      bandits.follow(now);
      return experimentReleases.serve(
          now.operations().experiments(), application.refusedExperiments(), actives, known, view);
    }

    @Override
    public Set<String> arms() {
      return Set.copyOf(
          ServedExperiments.releasesOf(application.file().definition().operations().experiments()));
    }

    @Override
    public void loadArms(Set<String> known, FeatureReader view) {
      experimentReleases.load(
          application.file().definition().operations().experiments(), known, view);
    }

    @Override
    public void keepArms(FeatureReader view) {
      experimentReleases.keep(view);
    }

    @Override
    public void remember(String version) {
      releases.remember(version);
    }

    @Override
    public boolean computeFeatures() {
      return startFeatures();
    }
  }

  /**
   * Binds a release and runs it warm, so that its first requests meet compiled code.
   *
   * @throws WinnowException with {@code CORRUPT} if it scores items with what is no number
   */
  private ServingRelease warm(Release release, FeatureReader view) {
    ServingRelease bound = new ServingRelease(release, view, sources);
    List<UserId> users = recentUsers();
    ReleaseProbe.check(bound, users, requestClock.nowMs());
    bound.warmUp(users, WARM_UP_REQUESTS, requestClock.nowMs());
    return bound;
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
   * Serves a release to everybody, without the ladder: for a first release, and for a person who
   * knows better. An open rollout is cancelled.
   *
   * @param promotion whether the audit of served features has a say
   * @throws WinnowException if it is not whole, with {@code CONFLICT} if it needs features that the
   *     store does not hold, or if the audit speaks against a newer release; {@code UNAVAILABLE} if
   *     the registry does not answer; then nothing has changed
   */
  void promote(String version, Promotion promotion) {
    promote(
        version,
        promotion,
        FolderRegistry.cause(
            promotion.reason().isEmpty() ? "promoted without a rollout" : promotion.reason()));
  }

  /** The same, by whom and why. */
  void promote(String version, Promotion promotion, Cause cause) {
    gate.check(
        version,
        Optional.ofNullable(registry.plan().champion()),
        audit.status().report(),
        promotion);
    releaseSwitch.makeReady(version);
    try {
      registry.register(releases.manifest(version));
      PlanChanges.promote(registry, log.endOffset(), version, cause);
      releaseSwitch.follow();
    } finally {
      releaseSwitch.letGo(version);
    }
    LOG.info("serving release {}", version);
  }

  /**
   * Goes back to the release before, on all servers. What was on trial ends.
   *
   * @return the plan that is in force now
   * @throws WinnowException with {@code NOT_FOUND} if there is none before
   */
  ServingPlan rollback(Cause cause) {
    return rollback(null, cause);
  }

  /**
   * The same, to a release of choice.
   *
   * @throws WinnowException also where it is not the release before and cannot be served
   */
  ServingPlan rollback(@Nullable String to, Cause cause) {
    if (to == null || to.equals(registry.plan().previous())) {
      return back(to, cause); // in memory; and if it is not, who goes back knows why
    }
    releaseSwitch.makeReady(to);
    try {
      return back(to, cause);
    } finally {
      releaseSwitch.letGo(to);
    }
  }

  private ServingPlan back(@Nullable String to, Cause cause) {
    ServingPlan plan = PlanChanges.rollback(registry, log.endOffset(), to, cause);
    releaseSwitch.follow();
    return plan;
  }

  /**
   * Ends the open rollout; users get the champion of before.
   *
   * @throws WinnowException with {@code NOT_FOUND} if none is open
   */
  Rollout cancel(Cause cause) {
    Rollout ended = PlanChanges.cancel(registry, log.endOffset(), cause);
    releaseSwitch.follow();
    return ended;
  }

  /**
   * Sends a release up the ladder.
   *
   * @throws WinnowException with {@code CONFLICT} if another one is on its way, {@code NOT_FOUND}
   *     if its bundle is not there
   */
  Rollout propose(String version, Cause cause) {
    registry.register(releases.manifest(version));
    return registry.begin(version, log.endOffset(), cause);
  }

  /** Looks at the open rollout and moves it if the evidence says so; this server follows. */
  PromotionLadder.Step climb() {
    releaseSwitch.follow();
    PromotionLadder.Step step = ladder.step(requestClock.nowMs());
    if (step.moved()) {
      releaseSwitch.follow();
    }
    return step;
  }

  /** Takes the offline gate's report; this server follows. */
  PromotionLadder.Step judge(GateReport report) {
    PromotionLadder.Step step = ladder.judge(report, requestClock.nowMs());
    if (step.moved()) {
      releaseSwitch.follow();
    }
    return step;
  }

  /**
   * Trains on everything the log holds now, publishes the release and serves it. A training that
   * was killed goes on where its last checkpoint left it, if the log holds nothing new.
   *
   * @throws WinnowException as {@link #promote}; where the audit speaks against it, before anything
   *     is trained
   */
  ReleaseManifest trainAndActivate(
      TrainerConfig config, TrainingProgress progress, Promotion promotion) {
    return trainAndActivate(config, progress, promotion, null, null);
  }

  /**
   * The same.
   *
   * @param files takes what the release's networks learn from, for other networks; or null
   * @param parent the version of the release to go on from, or null to begin anew
   * @throws WinnowException with {@code NOT_FOUND} or {@code CONFLICT} if the training cannot go on
   *     from the parent; nothing has changed then
   */
  ReleaseManifest trainAndActivate(
      TrainerConfig config,
      TrainingProgress progress,
      Promotion promotion,
      @Nullable TrainingFiles files,
      @Nullable String parent) {
    gate.check("to be trained", Optional.empty(), audit.status().report(), promotion);
    rollout.await();
    Trainer trainer = new Trainer(application.file(), config, clock, progress, checkpoints);
    long toOffset = log.endOffset();
    if (files != null) {
      files.write(application.file().definition(), log, toOffset);
      trainer.showExamplesTo(files::write);
    }
    TrainingStart start =
        parent == null ? TrainingStart.full() : TrainingStart.from(Release.load(releases, parent));
    Release release = trainer.train(log, toOffset, start);
    ReleaseManifest manifest = release.publish(releases);
    checkpoints.remove();
    promote(manifest.version(), promotion);
    return manifest;
  }

  /**
   * Starts the HTTP server over this node, and the audit of what it serves. The caller closes it
   * before the node.
   */
  HttpServer serve(HttpConfig config, Map<String, Page> pages) {
    JobService jobs = jobs();
    audit.start();
    HttpServer server =
        HttpServer.start(
            config,
            new HttpDependencies(
                application.file().definition(),
                log,
                store,
                pipeline,
                new HttpDependencies.Operations(
                    this::releaseInfos,
                    this::notReady,
                    meters,
                    clock,
                    requestClock,
                    UUID::randomUUID,
                    () -> new FeatureMonitoring(audit.status(), gate.maxMismatches())),
                pages,
                new HttpDependencies.Controls(
                    application,
                    new NodeRollouts(this),
                    registry,
                    jobs == null ? null : new NodeJobs(this, jobs))));
    application.onChange(file -> server.serve(file.definition()));
    follow(server.uri().toString());
    return server;
  }

  /**
   * Follows the registry's plan from now on, and says how it is.
   *
   * @param address where it listens, for people
   */
  void follow(String address) {
    releaseSwitch.start(address);
  }

  /** Looks at the registry's plan now, and begins what it asks for. */
  void followNow() {
    releaseSwitch.follow();
  }

  /** What keeps the node from taking events; it answers with what it knows meanwhile. */
  private List<String> notReady() {
    return log.trouble().map(why -> List.of("log: " + why)).orElse(List.of());
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
        FeatureAudit.run(
            log, new ReleaseDefinitions(application.file().definition(), releases), options);
    gate.remember(report);
    return report;
  }

  ApplicationFile application() {
    return application.file();
  }

  /** What changes the application, as HTTP does. */
  LiveApplication live() {
    return application;
  }

  /** Waits until the store holds what the application asks for. */
  void awaitFeatures() {
    rollout.await();
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

  Registry registry() {
    return registry;
  }

  PromotionLadder ladder() {
    return ladder;
  }

  /** Whether there never was a release; false where nobody knows. */
  boolean hasNoRelease() {
    try {
      return registry.plan().champion() == null && releases.active().isEmpty();
    } catch (WinnowException e) {
      return false; // the registry is away
    }
  }

  /** The clock of requests, of the ledger and of the ladder. */
  TimeSource requestClock() {
    return requestClock;
  }

  /** The wall clock. */
  TimeSource clock() {
    return clock;
  }

  DataFolder data() {
    return data;
  }

  /** What the audit of served features counted lately, or the last one did before. */
  Map<String, AuditReport.Count> audited() {
    return gate.counts(audit.status().report());
  }

  /** An order for a worker over what the log holds now. */
  WorkerOrder workerOrder(String run, WorkerOrder.Work work) {
    return new WorkerOrder(
        run,
        data.path().toAbsolutePath().toString(),
        data.applicationFile().toAbsolutePath().toString(),
        log.endOffset(),
        work);
  }

  /** Has the features computed that are asked for; false if the store holds them. */
  boolean startFeatures() {
    return rollout.isRunning() || rollout.start();
  }

  /** Gives up computing features. */
  void cancelFeatures() {
    rollout.cancel();
  }

  /** What every server should serve, and how all this stands. */
  RolloutControl.Standing standing() {
    return new RolloutControl.Standing(
        registry.plan(),
        ladder.standing(requestClock.nowMs()),
        registry.rollouts(ROLLOUTS_SHOWN).stream().filter(shown -> !shown.isOpen()).toList(),
        application.file().definition().operations().rollout(),
        registry.servers());
  }

  /** Starts to carry out jobs, for {@link #serve} to offer; ended with the node. */
  synchronized JobService startJobs(JobService.Options options) {
    jobService = JobService.start(this, options);
    return jobService;
  }

  private synchronized @Nullable JobService jobs() {
    return jobService;
  }

  /** How this server is. */
  ServerStatus status() {
    return releaseSwitch.status();
  }

  RecommendationPipeline pipeline() {
    return pipeline;
  }

  /** Ends the work before what it works on: stages, then log, then store. May be called again. */
  @Override
  public void close() {
    JobService working = jobs();
    if (working != null) {
      working.close();
    }
    releaseSwitch.close();
    rollout.close();
    audit.close();
    bandits.close();
    pipeline.close();
    gate.remember(audit.status().report());
    stages.shutdownNow();
    sources.shutdownNow();
    waiting.close();
    try (StateFolders _ = folders;
        OnlineStore _ = store;
        EventLog _ = log;
        Registry _ = registry) {
      meters.close();
    }
  }
}
