package io.winnow.serving;

import io.winnow.core.ErrorCode;
import io.winnow.core.Event;
import io.winnow.core.Impression;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.Seed;
import io.winnow.core.TimeSource;
import io.winnow.core.WinnowException;
import io.winnow.events.EventLog;
import io.winnow.lifecycle.RequestStages;
import io.winnow.lifecycle.RequestStages.Moment;
import io.winnow.lifecycle.RequestStages.Ranked;
import io.winnow.lifecycle.RequestStages.Reason;
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
import java.util.concurrent.ExecutorService;

/**
 * The request path: context, retrieval, ranking, re-ranking, impressions, each until its share of
 * the deadline and with its declared fallback.
 *
 * <table>
 * <caption>The stages</caption>
 * <tr><th>stage</th><th>done by</th><th>falls back to</th></tr>
 * <tr><td>context</td><td>20 %</td><td>a user without history</td></tr>
 * <tr><td>retrieval</td><td>50 %</td><td>popular items</td></tr>
 * <tr><td>ranking</td><td>80 %</td><td>the order of retrieval</td></tr>
 * <tr><td>reranking</td><td>90 %</td><td>the first n of the ranking</td></tr>
 * <tr><td>impressions</td><td>100 %</td><td>an answer whose impressions may not be logged</td></tr>
 * </table>
 *
 * <p>The answer is never empty while the catalogue is not, unless the request itself rules
 * everything out: where nothing else is left, items come back that the user has had or that the
 * application's exclusions name, and the answer says so.
 *
 * <p>A request works with one release from beginning to end, whatever is installed meanwhile.
 * Thread-safe.
 */
public final class RecommendationPipeline implements Recommender {
  /** The experiment arm of requests that no experiment touches. */
  private static final String DEFAULT_ARM = "default";

  private volatile RequestStages active;
  private final EventLog log;
  private final TimeSource clock;
  private final ExecutorService compute;
  private final ExecutorService waiting;

  /**
   * @param first the release to begin with; one of an untrained release before there is one
   * @param log takes the impressions
   * @param compute a bounded pool of platform threads for the stages that compute
   * @param waiting an executor for the stage that waits for the disk, such as one of virtual
   *     threads
   */
  public RecommendationPipeline(
      RequestStages first,
      EventLog log,
      TimeSource clock,
      ExecutorService compute,
      ExecutorService waiting) {
    this.active = first;
    this.log = log;
    this.clock = clock;
    this.compute = compute;
    this.waiting = waiting;
  }

  /** Serves another release from the next request on. */
  public void install(RequestStages release) {
    active = release;
  }

  @Override
  public String release() {
    return active.version();
  }

  @Override
  public Slate recommend(RecommendationRequest request) {
    long arrived = System.nanoTime();
    RequestStages release = active;
    ItemFilter rules = rules(release, request);
    long nowMs = clock.nowMs();
    StageRunner stages = new StageRunner(compute, arrived, request.deadline().toNanos());
    if (!release.trained()) {
      stages.degrade("release", "none is trained and whole", "popular and new items");
    }
    Optional<String> logTrouble = log.trouble();

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
            () -> release.rerank(moment, ranked, request.n(), seed(request)).placed(),
            new Fallback<>("first of the ranking", () -> ranked.first(request.n())));
    List<Placed> placed = reranked.isEmpty() ? unruled(ranked, request.n(), stages) : reranked;
    List<SlateItem> items = describe(release, moment, ranked, placed);
    if (logTrouble.isEmpty()) {
      stages.run(
          waiting,
          "impressions",
          1.0,
          () -> logImpressions(release, request, ranked, placed, items, nowMs),
          new Fallback<>("impressions may not be logged", () -> false));
    } else {
      stages.degrade("impressions", logTrouble.get(), "impressions are not logged");
    }
    return new Slate(
        request.requestId(),
        release.version(),
        DEFAULT_ARM,
        items,
        stages.degraded(),
        stages.stageNanos());
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

  private static long seed(RecommendationRequest request) {
    return new Seed(0).derive(request.requestId()).value();
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

  private static List<SlateItem> describe(
      RequestStages release, Moment moment, Ranked ranked, List<Placed> placed) {
    List<SlateItem> items = new ArrayList<>(placed.size());
    for (Placed place : placed) {
      Reason reason = release.explain(moment, ranked, place);
      items.add(
          new SlateItem(
              release.item(place.item()),
              place.position(),
              place.score(),
              place.propensity(),
              reason.source(),
              reason.text()));
    }
    return items;
  }

  private boolean logImpressions(
      RequestStages release,
      RecommendationRequest request,
      Ranked ranked,
      List<Placed> placed,
      List<SlateItem> items,
      long nowMs) {
    if (items.isEmpty()) {
      return true;
    }
    List<LogRecord> records = new ArrayList<>(items.size());
    for (int i = 0; i < items.size(); i++) {
      SlateItem item = items.get(i);
      Impression impression =
          new Impression(
              request.requestId(),
              item.position(),
              item.propensity(),
              new Impression.Provenance(
                  release.version(), DEFAULT_ARM, item.source(), item.score()),
              ranked.asOfOffset(),
              release.schemaHash(),
              ranked.storeFeatures(placed.get(i).item()));
      records.add(
          new LogRecord.Happened(
              new Event(
                  request.requestId() + ":" + item.position(),
                  Event.IMPRESSION,
                  request.user(),
                  item.item(),
                  nowMs,
                  Double.NaN,
                  request.requestId(),
                  impression)));
    }
    for (EventLog.Verdict verdict : log.append(records)) {
      if (verdict.status() == EventLog.Verdict.Status.REJECTED) {
        throw new WinnowException(
            ErrorCode.CONFLICT, "impressions of request " + request.requestId() + ": " + verdict);
      }
    }
    return true;
  }

  @Override
  public Slate similar(ItemId item, int n) {
    long arrived = System.nanoTime();
    RequestStages release = active;
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
        DEFAULT_ARM,
        items,
        List.of(),
        Map.of("retrieval", System.nanoTime() - arrived));
  }
}
