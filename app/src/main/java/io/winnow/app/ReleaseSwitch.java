package io.winnow.app;

import io.winnow.core.ErrorCode;
import io.winnow.core.TimeSource;
import io.winnow.core.WinnowException;
import io.winnow.features.FeatureReader;
import io.winnow.lifecycle.Release;
import io.winnow.lifecycle.RequestStages;
import io.winnow.lifecycle.registry.Registry;
import io.winnow.lifecycle.registry.Rollout;
import io.winnow.lifecycle.registry.ServerStatus;
import io.winnow.lifecycle.registry.ServingPlan;
import io.winnow.lifecycle.rollout.CanarySplit;
import io.winnow.lifecycle.rollout.ServerProblems;
import io.winnow.lifecycle.rollout.TrialObservations;
import io.winnow.lifecycle.rollout.TrialRecorder;
import io.winnow.serving.RecommendationPipeline;
import io.winnow.serving.ServedExperiments;
import io.winnow.serving.ServedPlan;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows the registry's plan: loads and warms what it names beside what serves, and then puts
 * champion and trial in place as one reference. The champion before stays loaded and warm, so that
 * going back to it is that one reference, too. Requests in work end on what they began with.
 *
 * <p>What cannot be loaded, it says in its {@link ServerStatus}, and serves on what it has; after a
 * while it tries again. The same where the registry does not answer.
 *
 * <p>Thread-safe. One thread looks at the plan and never loads, so that a way back does not wait
 * for the loading of another release; another one loads. Its own lock guards what is served and is
 * never held while anything is loaded, warmed or computed, nor while another lock is taken but that
 * of the feature store's view; whoever holds the application's monitor may take it.
 */
final class ReleaseSwitch implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ReleaseSwitch.class);
  private static final long POLL_MS = 250;
  private static final long REPORT_MS = 1_000;
  private static final long RETRY_MS = 10_000;

  private final Host host;
  private final Registry registry;
  private final RecommendationPipeline pipeline;
  private final TimeSource clock;
  private final String server;
  private final ScheduledExecutorService poller =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("winnow-switch").factory());
  private final ExecutorService loader =
      Executors.newSingleThreadExecutor(
          Thread.ofPlatform().daemon().name("winnow-loader").factory());

  private final Object lock = new Object();

  // Guarded by the lock.
  private final Map<String, Held> held = new LinkedHashMap<>();
  private final Map<String, Failure> failures = new LinkedHashMap<>();
  private final Set<String> loading = new HashSet<>();
  private final Set<String> asked = new HashSet<>();
  private ServingPlan wanted = ServingPlan.EMPTY;
  private @Nullable Rollout rollout;
  private @Nullable Installed installed;
  private long followedRevision = -1;

  private volatile @Nullable TrialRecorder recorder;
  private volatile @Nullable String registryTrouble;
  private volatile String address = "";
  private volatile boolean closed;
  private volatile boolean reported;

  // Of the poller's thread alone.
  private long reportMs = Long.MIN_VALUE;
  private long readRolloutMs = Long.MIN_VALUE;
  private long rolloutRevision = -1;
  private String observed = "";
  private String remembered = "";

  /** What the switch works with. */
  interface Host {
    /** Is held while what the application asks for changes, and while a store takes over. */
    Object monitor();

    /** The state of features that requests read now. */
    FeatureReader view();

    /** Reads a release whole; throws where it is not. */
    Release load(String version);

    /** Makes a release ready to serve from a view, and warm; throws where it does not serve. */
    RequestStages warm(Release release, FeatureReader view);

    /** Binds a release for the shadow's own thread. */
    RequestStages quiet(Release release, FeatureReader view);

    /** What serves before there is a release. */
    RequestStages untrained(FeatureReader view);

    /** The releases that arms of experiments name. */
    Set<String> arms();

    /**
     * Makes the releases of arms ready to serve from a view; with the monitor held, since it may
     * take long.
     *
     * @param known those that the switch has ready
     */
    void loadArms(Set<String> known, FeatureReader view);

    /** Lets go of what the releases of arms bound to other views than this. */
    void keepArms(FeatureReader view);

    /** What the application tests, over releases. Quick: an arm that is not ready is left out. */
    List<ServedExperiments> experiments(
        List<RequestStages> actives, Map<String, RequestStages> known, FeatureReader view);

    /** Remembers what this server served last, for a start without the registry. */
    void remember(String version);

    /**
     * Has features computed that releases of the plan need and that the store does not hold. Takes
     * the monitor.
     *
     * @return whether that is under way
     */
    boolean computeFeatures();
  }

  /** A release in memory, ready to serve from a view; quiet if it was in shadow or its twin. */
  private record Held(
      Release release, FeatureReader view, RequestStages stages, @Nullable RequestStages quiet) {}

  /**
   * Why a release cannot be served; tried again later.
   *
   * @param sinceMs when it first failed without a success since, by the wall clock
   * @param retryMs when it is tried again, by {@link #paceMs}
   */
  private record Failure(Why why, String reason, long sinceMs, long retryMs) {
    boolean isDue() {
      return paceMs() >= retryMs;
    }

    Failure atOnce() {
      return new Failure(why, reason, sinceMs, Long.MIN_VALUE);
    }

    String describe(String version) {
      return switch (why) {
        case COMPUTING -> "release " + version + " waits for its features";
        case AWAY -> "release " + version + " cannot be read now: " + reason;
        case RELEASE -> ServerProblems.cannotServe(version, sinceMs, reason);
      };
    }
  }

  /** Whose fault it is that a release cannot be served. */
  private enum Why {
    /** Its features are being computed. */
    COMPUTING,
    /** What holds it does not answer. */
    AWAY,
    /** Its own, as far as can be told. */
    RELEASE
  }

  /** What is on trial beside the champion. */
  private enum Kind {
    NOTHING,
    SHADOW,
    CANARY,
    LIVE
  }

  /**
   * What is in place, as far as it decides whether something has to be done.
   *
   * @param canary of a canary
   * @param share of a shadow
   */
  private record Installed(
      String champion,
      Kind kind,
      @Nullable String trial,
      ServingPlan.Canary canary,
      double share,
      @Nullable TrialRecorder recorder,
      FeatureReader view) {
    static Installed alone(String champion, FeatureReader view) {
      return new Installed(champion, Kind.NOTHING, null, ServingPlan.Canary.NONE, 0, null, view);
    }

    @Override
    public String toString() {
      return "release %s%s"
          .formatted(
              champion,
              trial == null ? "" : ", " + kind.name().toLowerCase(Locale.ROOT) + " " + trial);
    }
  }

  ReleaseSwitch(
      Host host,
      Registry registry,
      RecommendationPipeline pipeline,
      TimeSource clock,
      String server) {
    this.host = host;
    this.registry = registry;
    this.pipeline = pipeline;
    this.clock = clock;
    this.server = server;
  }

  /** Names this process among the servers. */
  String server() {
    return server;
  }

  /** Follows the plan from now on. */
  void start(String listensOn) {
    address = listensOn;
    poller.scheduleWithFixedDelay(this::pollQuietly, 0, POLL_MS, TimeUnit.MILLISECONDS);
  }

  /** Looks at the plan now, and returns when what is loaded of it serves and that is reported. */
  void follow() {
    await(
        poller.submit(() -> {
          reportMs = Long.MIN_VALUE;
          readRolloutMs = Long.MIN_VALUE;
          poll();
        }));
  }

  /** What paces polling: not the clock of the application, which may stand. */
  private static long paceMs() {
    return TimeUnit.NANOSECONDS.toMillis(System.nanoTime());
  }

  private void pollQuietly() {
    try {
      poll();
    } catch (Throwable e) {
      // Whatever it is: a thread that is gone would never follow a way back.
      LOG.error("the plan cannot be followed; serving on", e);
    }
  }

  private void poll() {
    if (closed) {
      return;
    }
    try {
      ServingPlan plan = registry.plan();
      if (plan.revision() != rolloutRevision || paceMs() >= readRolloutMs) {
        Rollout open = registry.openRollout().orElse(null);
        readRolloutMs = paceMs() + REPORT_MS;
        rolloutRevision = plan.revision();
        record(open);
      }
      registryTrouble = null;
      aim(plan);
    } catch (WinnowException e) {
      if (registryTrouble == null) {
        LOG.warn("registry: {}; serving on", e.getMessage());
      }
      registryTrouble = "registry: " + e.getMessage();
      return;
    }
    long before = status().revision();
    install();
    load();
    if (status().revision() != before || paceMs() >= reportMs) {
      report();
    }
    remember();
  }

  /** Counts for the rollout that is open; each has a recorder of its own. */
  private void record(@Nullable Rollout open) {
    synchronized (lock) {
      rollout = open;
      TrialRecorder now = recorder;
      if (open != null && (now == null || !now.rollout().equals(open.id()))) {
        recorder = new TrialRecorder(open.id());
      }
    }
  }

  private void aim(ServingPlan plan) {
    synchronized (lock) {
      if (plan.revision() != wanted.revision() || !plan.equals(wanted)) {
        wanted = plan;
        failures.keySet().retainAll(plan.versions());
        // Another plan is another reason to try.
        failures.replaceAll((_, failure) -> failure.atOnce());
      }
    }
  }

  /** Begins to load the next release of the plan that is not ready. */
  private void load() {
    synchronized (lock) {
      for (String version : wanted.versions()) {
        if (!isComplete(version) && !hasFailed(version) && loading.add(version)) {
          boolean quiet = needsQuiet(version);
          try {
            loader.execute(() -> {
              try {
                loadNow(version, quiet);
              } catch (RuntimeException e) {
                LOG.debug("release {} is not ready", version, e); // noted where it failed
              }
              followSoon();
            });
          } catch (RejectedExecutionException e) {
            loading.remove(version); // closing
          }
        }
      }
    }
  }

  private void followSoon() {
    try {
      poller.execute(this::pollQuietly);
    } catch (RejectedExecutionException e) {
      LOG.debug("closing", e);
    }
  }

  private boolean needsQuiet(String version) {
    return wanted.shadow() != null
        && (version.equals(wanted.shadow()) || version.equals(wanted.champion()));
  }

  /** Whether it can answer users. */
  private boolean isReady(String version, FeatureReader view) {
    Held release = held.get(version);
    return release != null && release.view.equals(view);
  }

  private boolean isReady(String version) {
    return isReady(version, host.view());
  }

  /** Whether it can be asked beside the champion, or as the champion beside a shadow. */
  private boolean isQuiet(String version, FeatureReader view) {
    Held release = held.get(version);
    return release != null && release.view.equals(view) && release.quiet != null;
  }

  /** Whether it is ready for all that the plan asks of it. */
  private boolean isComplete(String version) {
    return isReady(version) && (!needsQuiet(version) || isQuiet(version, host.view()));
  }

  private boolean hasFailed(String version) {
    Failure failure = failures.get(version);
    return failure != null && !failure.isDue();
  }

  /** On the loader's thread: reads, binds and warms; what fails is noted and thrown. */
  private void loadNow(String version, boolean quiet) {
    try {
      boolean bound = false;
      while (!bound) {
        bound = bindOnce(version, false) && (!quiet || bindOnce(version, true));
      }
      synchronized (lock) {
        failures.remove(version);
      }
    } catch (RuntimeException e) {
      fail(version, e instanceof WinnowException ? e.getMessage() : e.toString(), e);
      throw e;
    } catch (Error e) {
      // It is the release's size or its networks that ask too much; what serves goes on.
      fail(version, e.toString(), e);
      throw new WinnowException(
          ErrorCode.OVERLOADED, "release " + version + " cannot be served: " + e, e);
    } finally {
      synchronized (lock) {
        loading.remove(version);
      }
    }
  }

  /** False where another store took over meanwhile, to which it would have to be bound. */
  private boolean bindOnce(String version, boolean quiet) {
    FeatureReader view;
    Held before;
    synchronized (lock) {
      before = held.get(version);
      view = host.view();
    }
    Held next = bind(version, before, view, quiet);
    synchronized (lock) {
      boolean current = view.equals(host.view());
      if (current) {
        held.put(version, next);
      }
      return current;
    }
  }

  /** Reads, binds and warms what is not yet; without the lock, since it takes long. */
  private Held bind(String version, @Nullable Held before, FeatureReader view, boolean quiet) {
    Release release = before == null ? host.load(version) : before.release;
    Held same = before != null && before.view.equals(view) ? before : null;
    RequestStages stages = same == null ? host.warm(release, view) : same.stages;
    RequestStages asked = same == null ? null : same.quiet;
    return new Held(
        release, view, stages, asked == null && quiet ? host.quiet(release, view) : asked);
  }

  private void fail(String version, @Nullable String reason, Throwable cause) {
    boolean named;
    synchronized (lock) {
      named = wanted.versions().contains(version);
    }
    ErrorCode code = cause instanceof WinnowException known ? known.code() : ErrorCode.INTERNAL;
    Why why =
        code == ErrorCode.CONFLICT && named && computesFeatures()
            ? Why.COMPUTING
            : code == ErrorCode.UNAVAILABLE ? Why.AWAY : Why.RELEASE;
    String text;
    synchronized (lock) {
      Failure before = failures.get(version);
      Failure failure =
          new Failure(
              why,
              String.valueOf(reason),
              before != null && before.why == why ? before.sinceMs : clock.nowMs(),
              paceMs() + RETRY_MS);
      failures.put(version, failure);
      text = failure.describe(version);
    }
    if (why == Why.COMPUTING) {
      LOG.info("{}", text);
    } else {
      LOG.error("{}; serving on", text);
    }
  }

  private boolean computesFeatures() {
    try {
      return host.computeFeatures();
    } catch (WinnowException e) {
      LOG.warn("features cannot be computed: {}", e.getMessage());
      return false;
    }
  }

  /**
   * Makes a release ready, whatever the plan says, and returns when it is. It is kept until {@link
   * #letGo}.
   *
   * @throws WinnowException as loading it does
   */
  void makeReady(String version) {
    boolean there;
    synchronized (lock) {
      asked.add(version);
      there = isReady(version);
    }
    if (!there) {
      await(loader.submit(() -> loadNow(version, false)));
    }
  }

  /** Ends what {@link #makeReady} began: it is kept if the plan names it. */
  void letGo(String version) {
    synchronized (lock) {
      asked.remove(version);
    }
  }

  /** Puts in place what of the plan is ready; nothing where its champion is not. */
  private void install() {
    synchronized (lock) {
      String champion = wanted.champion();
      if (champion != null && !isReady(champion)) {
        return;
      }
      if (champion == null) {
        followedRevision = wanted.revision();
        return;
      }
      Installed next = target(champion, host.view());
      if (!next.equals(installed)) {
        ServedPlan plan = build(next);
        pipeline.install(plan);
        installed = next;
        LOG.info("serving {}", next);
      }
      if (isSettled()) {
        followedRevision = wanted.revision();
        Set<String> arms = host.arms();
        held.keySet()
            .removeIf(version ->
                !wanted.versions().contains(version)
                    && !asked.contains(version)
                    && !arms.contains(version));
      }
    }
  }

  /** Notes what serves, behind the switch. */
  private void remember() {
    String champion;
    synchronized (lock) {
      champion = installed == null ? "" : installed.champion;
    }
    if (champion.isEmpty() || champion.equals(remembered)) {
      return;
    }
    remembered = champion;
    try {
      host.remember(champion);
    } catch (WinnowException e) {
      LOG.warn("release {} serves, but is not remembered: {}", champion, e.getMessage());
    }
  }

  /** Whether nothing of the plan but the release before is still being loaded. */
  private boolean isSettled() {
    for (String version : wanted.versions()) {
      if (!version.equals(wanted.previous()) && !isComplete(version) && !hasFailed(version)) {
        return false;
      }
    }
    return true;
  }

  private Installed target(String champion, FeatureReader view) {
    TrialRecorder counts = recorder;
    Rollout open = rollout;
    String challenger = wanted.challenger();
    String shadow = wanted.shadow();
    ServingPlan.Canary nobody = ServingPlan.Canary.NONE;
    if (counts == null || open == null) {
      return Installed.alone(champion, view);
    }
    if (challenger != null && isReady(challenger, view)) {
      return new Installed(champion, Kind.CANARY, challenger, wanted.canary(), 0, counts, view);
    }
    if (shadow != null && isQuiet(shadow, view) && isQuiet(champion, view)) {
      return new Installed(
          champion, Kind.SHADOW, shadow, nobody, wanted.shadowShare(), counts, view);
    }
    return open.stage() == Rollout.Stage.LIVE && open.candidate().equals(champion)
        ? new Installed(champion, Kind.LIVE, champion, nobody, 0, counts, view)
        : Installed.alone(champion, view);
  }

  private ServedPlan build(Installed next) {
    Map<String, RequestStages> known = new LinkedHashMap<>();
    held.forEach((version, release) -> {
      if (release.view.equals(next.view)) {
        known.put(version, release.stages);
      }
    });
    Held champion = held.get(next.champion);
    if (champion == null) {
      throw new IllegalStateException("not held: " + next.champion);
    }
    List<RequestStages> actives = new ArrayList<>(List.of(champion.stages));
    Held trial = next.trial == null ? null : held.get(next.trial);
    if (trial != null && next.kind == Kind.CANARY) {
      actives.add(trial.stages);
    }
    List<ServedExperiments> served = host.experiments(actives, known, next.view);
    TrialRecorder counts = next.recorder;
    if (trial == null || counts == null) {
      return ServedPlan.of(served.getFirst());
    }
    ServedPlan.@Nullable Trial what =
        switch (next.kind) {
          case CANARY ->
              new ServedPlan.Trial.Canary(served.getLast(), CanarySplit.of(next.canary), counts);
          case SHADOW ->
              new ServedPlan.Trial.Shadow(
                  Objects.requireNonNull(trial.quiet),
                  Objects.requireNonNull(champion.quiet),
                  next.share,
                  counts);
          case LIVE -> new ServedPlan.Trial.Live(counts);
          case NOTHING -> null;
        };
    return new ServedPlan(served.getFirst(), what);
  }

  /**
   * The first thing to serve: what the plan says; where the registry is away or that cannot be
   * loaded, what this server served last; else what needs no training. What is on trial begins when
   * the plan is followed.
   */
  void installFirst(Optional<String> servedLast) {
    try {
      ServingPlan plan = registry.plan();
      record(registry.openRollout().orElse(null));
      aim(plan);
    } catch (WinnowException e) {
      registryTrouble = "registry: " + e.getMessage();
      LOG.warn("{}; serving what was served last", registryTrouble);
    }
    String champion;
    synchronized (lock) {
      champion = wanted.champion();
    }
    boolean asPlanned = champion != null && tryToLoad(champion);
    boolean asLast = !asPlanned && servedLast.isPresent() && tryToLoad(servedLast.get());
    // A store that takes over meanwhile would leave arms or a release on the one before.
    synchronized (host.monitor()) {
      String first = asPlanned ? champion : asLast ? servedLast.get() : null;
      boolean there = first != null && tryToLoad(first);
      loadArms(host.view());
      synchronized (lock) {
        if (!there || first == null) {
          installUntrained(pipeline.served().active(), host.view());
        } else if (asPlanned) {
          install();
        } else {
          Installed last = Installed.alone(first, host.view());
          pipeline.install(build(last));
          installed = last;
        }
      }
    }
  }

  private void installUntrained(RequestStages untrained, FeatureReader view) {
    pipeline.install(
        ServedPlan.of(host.experiments(List.of(untrained), Map.of(), view).getFirst()));
  }

  private boolean tryToLoad(String version) {
    boolean there;
    synchronized (lock) {
      there = isReady(version);
    }
    if (!there) {
      try {
        loadNow(version, false);
      } catch (RuntimeException e) {
        return false; // logged where it failed
      }
    }
    return true;
  }

  /** With the monitor and without the lock. */
  private void loadArms(FeatureReader view) {
    Set<String> known = new HashSet<>();
    synchronized (lock) {
      held.forEach((version, release) -> {
        if (release.view.equals(view)) {
          known.add(version);
        }
      });
    }
    host.loadArms(known, view);
  }

  /**
   * Makes what the plan names ready on another view, with the monitor held; the answer, which is
   * quick, directs requests to it. The plan may change meanwhile, and what it is then comes into
   * force.
   */
  Runnable prepare(FeatureReader next) {
    Map<String, Held> bound = rebind(next);
    host.loadArms(bound.keySet(), next);
    return () -> {
      synchronized (lock) {
        held.putAll(bound);
        Installed now = installed;
        String champion = now == null ? wanted.champion() : now.champion;
        String serves = champion == null ? null : standIn(champion, next);
        if (serves == null) {
          installUntrained(host.untrained(next), next);
          installed = null;
        } else {
          Installed after =
              serves.equals(wanted.champion())
                  ? target(serves, next)
                  : Installed.alone(serves, next);
          pipeline.install(build(after));
          installed = after;
        }
        host.keepArms(next);
        // What they lacked may be there.
        failures.replaceAll((_, failure) -> failure.atOnce());
      }
    };
  }

  /** What is bound to a view of the champion, else of what is in memory beside it. */
  private @Nullable String standIn(String champion, FeatureReader view) {
    if (isReady(champion, view)) {
      return champion;
    }
    String previous = wanted.previous();
    return previous != null && isReady(previous, view) ? previous : null;
  }

  /** The releases of the plan and the one that serves, bound to a view as far as they can be. */
  private Map<String, Held> rebind(FeatureReader view) {
    Map<String, Held> before;
    Map<String, Boolean> quiet = new LinkedHashMap<>();
    synchronized (lock) {
      before = Map.copyOf(held);
      Installed now = installed;
      if (now != null) {
        quiet.put(now.champion, needsQuiet(now.champion));
      }
      for (String version : wanted.versions()) {
        quiet.put(version, needsQuiet(version));
      }
    }
    Map<String, Held> bound = new LinkedHashMap<>();
    quiet.forEach((version, needed) -> {
      try {
        bound.put(version, bind(version, before.get(version), view, needed));
      } catch (RuntimeException e) {
        LOG.error("release {} is not served: {}", version, e.toString());
      }
    });
    return bound;
  }

  /** Serves the same releases with the experiments of now; with the monitor held. */
  void refresh() {
    loadArms(host.view());
    synchronized (lock) {
      Installed now = installed;
      if (now == null) {
        // The features of another file may still be computed: nothing new is bound.
        installUntrained(pipeline.served().active(), host.view());
      } else if (isReady(now.champion, now.view)) {
        pipeline.install(build(now));
      }
    }
  }

  /** The versions that this server has or should have in memory. */
  List<String> versions() {
    synchronized (lock) {
      List<String> versions = new ArrayList<>(wanted.versions());
      Installed now = installed;
      if (now != null && !versions.contains(now.champion)) {
        versions.add(now.champion);
      }
      return List.copyOf(versions);
    }
  }

  /** How this server is. */
  ServerStatus status() {
    synchronized (lock) {
      return new ServerStatus(
          server,
          address,
          followedRevision,
          pipeline.release(),
          problem().orElse(null),
          clock.nowMs());
    }
  }

  private Optional<String> problem() {
    String trouble = registryTrouble;
    if (trouble != null) {
      return Optional.of(trouble);
    }
    List<String> texts = new ArrayList<>();
    failures.forEach((version, failure) -> {
      if (wanted.versions().contains(version)) {
        texts.add(failure.describe(version));
      }
    });
    return texts.isEmpty() ? Optional.empty() : Optional.of(String.join("; ", texts));
  }

  /** What this server counted of the open rollout. */
  TrialObservations observations() {
    TrialRecorder now = recorder;
    return now == null ? TrialObservations.NONE : now.observations();
  }

  private void report() {
    TrialRecorder counts = recorder;
    try {
      registry.report(status());
      reported = true;
      if (counts != null) {
        String json = counts.observations().toJson();
        String key = counts.rollout() + json;
        if (!key.equals(observed)) {
          registry.observe(counts.rollout(), server, json);
          observed = key;
        }
      }
      reportMs = paceMs() + REPORT_MS;
    } catch (WinnowException e) {
      LOG.warn("this server's state could not be reported: {}", e.getMessage());
    }
  }

  private static void await(Future<?> work) {
    try {
      work.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof WinnowException known) {
        throw known;
      }
      throw new WinnowException(ErrorCode.INTERNAL, String.valueOf(e.getCause()), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new WinnowException(ErrorCode.UNAVAILABLE, "interrupted", e);
    }
  }

  /** Nobody need wait for this server any more. */
  private void leave() {
    if (!reported) {
      return;
    }
    try {
      registry.leave(server);
    } catch (WinnowException e) {
      LOG.warn("this server could not take its leave: {}", e.getMessage());
    }
  }

  /** Stops following; what serves stays. */
  @Override
  public void close() {
    closed = true;
    poller.shutdown();
    loader.shutdownNow();
    try {
      if (!poller.awaitTermination(10, TimeUnit.SECONDS)) {
        LOG.warn("the registry does not let go of the plan's reader");
      }
      if (!loader.awaitTermination(60, TimeUnit.SECONDS)) {
        LOG.warn("a release is still being loaded");
      }
      leave();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
