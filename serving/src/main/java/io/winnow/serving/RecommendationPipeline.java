package io.winnow.serving;

import io.winnow.core.ErrorCode;
import io.winnow.core.ItemId;
import io.winnow.core.Seed;
import io.winnow.core.TimeSource;
import io.winnow.core.WinnowException;
import io.winnow.events.EventLog;
import io.winnow.experiments.interleaving.Place;
import io.winnow.experiments.interleaving.TeamDraft;
import io.winnow.lifecycle.RequestStages;
import io.winnow.lifecycle.RequestStages.Moment;
import io.winnow.lifecycle.RequestStages.Ranked;
import io.winnow.lifecycle.RequestStages.Reason;
import io.winnow.lifecycle.rollout.TrialObservations.Side;
import io.winnow.lifecycle.rollout.TrialRecorder;
import io.winnow.ranking.reranking.Slate.Placed;
import io.winnow.retrieval.CandidateSet;
import io.winnow.retrieval.CandidateSource.Candidates;
import io.winnow.retrieval.CandidateSource.ItemFilter;
import io.winnow.serving.StageRunner.Fallback;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The request path: assignment, context, retrieval, ranking, re-ranking, impressions, each until
 * its share of the deadline and with its declared fallback.
 *
 * <table>
 * <caption>The stages</caption>
 * <tr><th>stage</th><th>done by</th><th>falls back to</th></tr>
 * <tr><td>assignment</td><td>10 %</td><td>no experiment that looks at the user</td></tr>
 * <tr><td>context</td><td>20 %</td><td>a user without history</td></tr>
 * <tr><td>retrieval</td><td>50 %</td><td>popular items</td></tr>
 * <tr><td>ranking</td><td>80 %</td><td>the order of retrieval</td></tr>
 * <tr><td>reranking</td><td>90 %</td><td>the first n of the ranking</td></tr>
 * <tr><td>impressions</td><td>100 %</td><td>an answer whose impressions may not be logged</td></tr>
 * </table>
 *
 * <p>Impressions and exposures are written in any case; the deadline bounds only the wait for them.
 *
 * <p>The answer is never empty while the catalogue is not, unless the request itself rules
 * everything out: where nothing else is left, items come back that the user has had or that the
 * application's exclusions name, and the answer says so.
 *
 * <p>A request works with one release from beginning to end, whatever is installed meanwhile: the
 * champion or, where a challenger answers its user, that; or the one that its arm names. An
 * interleaved slate is drafted from two slates, each of which went all the way by itself.
 * Thread-safe.
 */
public final class RecommendationPipeline implements Recommender, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(RecommendationPipeline.class);

  private volatile ServedPlan plan;
  private final EventLog log;
  private final SlateLog slates;
  private final ExperimentAssignments assignments;
  private final ShadowRequests shadow = new ShadowRequests();
  private final TimeSource clock;
  private final ExecutorService compute;
  private final ExecutorService waiting;

  /**
   * @param first the release to begin with; one of an untrained release before there is one
   * @param log takes the impressions
   * @param compute a bounded pool of platform threads for the stages that compute
   * @param waiting an executor for what waits for the disk or for other stages, such as one of
   *     virtual threads
   */
  public RecommendationPipeline(
      RequestStages first,
      EventLog log,
      TimeSource clock,
      ExecutorService compute,
      ExecutorService waiting) {
    this.plan = ServedPlan.of(ServedExperiments.none(first));
    this.log = log;
    this.slates = new SlateLog(log);
    this.assignments = ExperimentAssignments.of(() -> plan, log, clock);
    this.clock = clock;
    this.compute = compute;
    this.waiting = waiting;
  }

  /** Serves another release, without experiments, from the next request on. */
  public void install(RequestStages release) {
    install(ServedExperiments.none(release));
  }

  /** Serves another release and its experiments from the next request on. */
  public void install(ServedExperiments next) {
    install(ServedPlan.of(next));
  }

  /** Serves a champion and what is on trial from the next request on. */
  public void install(ServedPlan next) {
    plan = next;
  }

  /** What the champion serves now. */
  public ServedExperiments served() {
    return plan.champion();
  }

  /** What is served now. */
  public ServedPlan plan() {
    return plan;
  }

  @Override
  public String release() {
    return plan.champion().active().version();
  }

  @Override
  public ExperimentAssignments assignments() {
    return assignments;
  }

  @Override
  public Slate recommend(RecommendationRequest request) {
    long arrived = System.nanoTime();
    ServedPlan serving = plan;
    ServedExperiments now = serving.of(request.user());
    TrialRecorder recorder = serving.trial() == null ? null : serving.trial().recorder();
    Side side = serving.side(now).orElse(null);
    if (recorder == null || side == null) {
      Slate slate = answer(now, request, arrived);
      askShadow(serving, request);
      return slate;
    }
    try {
      Slate slate = answer(now, request, arrived);
      recorder.answered(
          side,
          Answers.judge(
              System.nanoTime() - arrived,
              false,
              slate.degraded(),
              slate.items().size() < request.n()));
      return slate;
    } catch (RuntimeException | Error e) {
      if (!(e instanceof WinnowException known && known.code().owner() == ErrorCode.Owner.CALLER)) {
        recorder.answered(side, Answers.judge(System.nanoTime() - arrived, true, List.of(), true));
      }
      throw e;
    }
  }

  private void askShadow(ServedPlan serving, RecommendationRequest request) {
    if (serving.trial() instanceof ServedPlan.Trial.Shadow trial
        && ShadowRequests.isAsked(request, trial.share())) {
      long nowMs = clock.nowMs();
      shadow.ask(trial, request, (lane, stages) -> make(lane, request, nowMs, stages));
    }
  }

  private Slate answer(ServedExperiments now, RecommendationRequest request, long arrived) {
    // Once for all arms: what a request may ask for does not depend on the arm it is in.
    now.active().checkFilters(request.filters());
    long nowMs = clock.nowMs();
    StageRunner stages = new StageRunner(compute, arrived, request.deadline().toNanos());
    Optional<String> logTrouble = log.trouble();

    Route route = now.route(request, nowMs, stages);
    Answer answer =
        route.interleaved() == null
            ? new Answer(route, make(route.lanes().getFirst(), request, nowMs, stages))
            : draft(route, request, nowMs, stages);
    if (logTrouble.isEmpty()) {
      SlateLog.Met met = met(request, answer.route, now);
      // Also where the deadline has passed: the answer is shown, and were it not logged, slow arms
      // would lose exposures that quick ones keep.
      stages.complete(
          waiting,
          "impressions",
          () -> slates.append(met, answer.shown, nowMs),
          "impressions may not be logged");
    } else {
      stages.degrade("impressions", logTrouble.get(), "impressions are not logged");
    }
    return new Slate(
        request.requestId(),
        releases(answer),
        answer.route.arm(),
        answer.shown.stream().map(Shown::item).toList(),
        stages.degraded(),
        stages.stageNanos());
  }

  /** What is shown, and the way that led there. */
  private record Answer(Route route, List<Shown> shown) {}

  /** The stages of one release with one arm's settings. */
  private static List<Shown> make(
      Route.Lane lane, RecommendationRequest request, long nowMs, StageRunner stages) {
    RequestStages release = lane.stages();
    ItemFilter rules = rules(release, request);
    if (!release.trained()) {
      stages.degrade("release", "none is trained and whole", "popular and new items");
    }
    Moment moment =
        stages.run(
            "context",
            0.2,
            () -> release.moment(request.user(), request.context(), rules, nowMs),
            new Fallback<>(
                "a user without history",
                () -> release.strangerMoment(request.user(), request.context(), rules, nowMs)));
    CandidateSet retrieved =
        stages.run(
            "retrieval",
            0.5,
            () -> release.retrieve(moment, stages.until(0.45)),
            new Fallback<>("popular items", () -> release.popular(moment)));
    for (CandidateSet.Missing missing : retrieved.missing()) {
      stages.degrade(
          "retrieval", missing.source() + " " + missing.reason().label(), "other sources");
    }
    CandidateSet candidates = retrieved.size() > 0 ? retrieved : widen(release, moment, stages);
    Ranked ranked =
        stages.run(
            "ranking",
            0.8,
            () -> release.rank(moment, candidates),
            new Fallback<>("order of retrieval", () -> release.unranked(candidates)));
    // Behind the reads: that a store did not answer in time shows only then.
    release.trouble().ifPresent(why -> stages.degrade("features", why, "the last known features"));
    List<Placed> reranked =
        stages.run(
            "reranking",
            0.9,
            () -> release.rerank(moment, ranked, request.n(), seed(request).value()).placed(),
            new Fallback<>("first of the ranking", () -> ranked.first(request.n())));
    List<Placed> placed = reranked.isEmpty() ? unruled(ranked, request.n(), stages) : reranked;
    return describe(lane, moment, ranked, placed);
  }

  /**
   * The slates of both arms, made at the same time, drafted into one. Where one of them is not
   * there in time the other is the answer, and the experiment does not count.
   */
  private Answer draft(Route route, RecommendationRequest request, long nowMs, StageRunner stages) {
    List<StageRunner> runners = new ArrayList<>(List.of(stages));
    List<Future<List<Shown>>> others = new ArrayList<>();
    String trouble = null;
    try {
      for (Route.Lane lane : route.lanes().subList(1, route.lanes().size())) {
        StageRunner runner = stages.sibling();
        others.add(waiting.submit(() -> make(lane, request, nowMs, runner)));
        runners.add(runner);
      }
    } catch (RejectedExecutionException full) {
      trouble = "overloaded";
    }
    List<List<Shown>> slates = new ArrayList<>();
    try {
      slates.add(make(route.lanes().getFirst(), request, nowMs, stages));
      for (int i = 0; i < others.size() && trouble == null; i++) {
        slates.add(others.get(i).get(stages.until(0.93).toNanos(), TimeUnit.NANOSECONDS));
        stages.join(runners.get(i + 1));
      }
    } catch (TimeoutException late) {
      trouble = "deadline";
    } catch (ExecutionException failed) {
      LOG.warn("an arm of an interleaved slate failed", failed.getCause());
      trouble = "error";
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      trouble = "interrupted";
    } finally {
      others.forEach(future -> future.cancel(true)); // Also where the first lane threw.
    }
    if (trouble != null) {
      stages.degrade("interleaving", trouble, "the slate of " + route.lanes().getFirst().arm());
      return new Answer(
          route.uncounted(),
          slates.getFirst().stream()
              .map(shown ->
                  shown.at(shown.item().position(), shown.item().propensity(), route.sharedArm()))
              .toList());
    }
    return new Answer(route, interleave(route, slates, request));
  }

  private static List<Shown> interleave(
      Route route, List<List<Shown>> slates, RecommendationRequest request) {
    List<List<Integer>> rankings =
        slates.stream().map(slate -> slate.stream().map(Shown::index).toList()).toList();
    List<Shown> shown = new ArrayList<>();
    for (Place<Integer> place :
        TeamDraft.draft(rankings, request.n(), seed(request).derive("draft").value()).places()) {
      Shown drafted =
          slates.get(place.drafter()).get(rankings.get(place.drafter()).indexOf(place.item()));
      String arm =
          place.team() == Place.NOBODY ? route.sharedArm() : route.lanes().get(place.team()).arm();
      shown.add(drafted.at(place.position(), place.propensity(), arm));
    }
    return shown;
  }

  private static SlateLog.Met met(
      RecommendationRequest request, Route route, ServedExperiments now) {
    return new SlateLog.Met(
        request.requestId(),
        request.user(),
        request.surface(),
        request.context(),
        route.assignments(),
        now.assigner().holdout());
  }

  /** The release that answered; of an interleaved slate each of them, with + between them. */
  private static String releases(Answer answer) {
    List<Route.Lane> lanes = answer.route.lanes();
    return lanes.size() == 1
        ? lanes.getFirst().stages().version()
        : lanes.stream()
            .map(lane -> lane.stages().version())
            .distinct()
            .collect(Collectors.joining("+"));
  }

  /** Where retrieval found nothing: popular items; if there are none, what the user has had. */
  private static CandidateSet widen(RequestStages release, Moment moment, StageRunner stages) {
    CandidateSet popular = release.popular(moment);
    if (popular.size() > 0) {
      stages.degrade("retrieval", "no source has candidates", "popular items");
      return popular;
    }
    CandidateSet anything = release.anything(moment);
    if (anything.size() > 0) {
      stages.degrade("retrieval", "nothing new is left", "items the user has had");
    }
    return anything;
  }

  /** Where the application's rules leave nothing of the ranking: the ranking as it is. */
  private static List<Placed> unruled(Ranked ranked, int n, StageRunner stages) {
    List<Placed> first = ranked.first(n);
    if (!first.isEmpty()) {
      stages.degrade("reranking", "the rules leave nothing", "first of the ranking");
    }
    return first;
  }

  private static Seed seed(RecommendationRequest request) {
    return new Seed(0).derive(request.requestId());
  }

  private static ItemFilter rules(RequestStages release, RecommendationRequest request) {
    BitSet excluded = new BitSet();
    for (ItemId item : request.exclude()) {
      int index = release.indexOf(item);
      if (index >= 0) {
        excluded.set(index);
      }
    }
    ItemFilter attributes = release.attributeFilter(request.filters());
    return item -> !excluded.get(item) && attributes.allows(item);
  }

  private static List<Shown> describe(
      Route.Lane lane, Moment moment, Ranked ranked, List<Placed> placed) {
    RequestStages release = lane.stages();
    List<Shown> shown = new ArrayList<>(placed.size());
    for (Placed place : placed) {
      Reason reason = release.explain(moment, ranked, place);
      SlateItem item =
          new SlateItem(
              release.item(place.item()),
              place.position(),
              place.score(),
              place.propensity(),
              reason.source(),
              reason.text());
      shown.add(new Shown(item, place.item(), lane.arm(), release, ranked));
    }
    return shown;
  }

  /** Stops asking the shadow; the executors are their owner's to close. */
  @Override
  public void close() {
    shadow.close();
  }

  @Override
  public Slate similar(ItemId item, int n) {
    long arrived = System.nanoTime();
    RequestStages release = plan.champion().active();
    int index = release.indexOf(item);
    if (index < 0) {
      throw new WinnowException(
          ErrorCode.NOT_FOUND, "item: " + item + " (expected: an item of the catalogue)");
    }
    if (n < 1 || n > RecommendationRequest.MAX_N) {
      throw WinnowException.invalid("n", n, "1 to " + RecommendationRequest.MAX_N);
    }
    Candidates similar = release.similar(index, n, clock.nowMs());
    List<SlateItem> items = new ArrayList<>(similar.size());
    for (int c = 0; c < similar.size(); c++) {
      items.add(
          new SlateItem(
              release.item(similar.items()[c]),
              c,
              similar.scores()[c],
              1,
              "similar",
              "similar to " + item));
    }
    return new Slate(
        "",
        release.version(),
        Route.DEFAULT_ARM,
        items,
        List.of(),
        Map.of("retrieval", System.nanoTime() - arrived));
  }
}
