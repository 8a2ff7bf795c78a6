package io.winnow.serving;

import io.winnow.core.AttributeValue;
import io.winnow.core.ItemId;
import io.winnow.core.UserId;
import io.winnow.core.application.Experiment.Settings;
import io.winnow.lifecycle.RequestStages;
import io.winnow.ranking.reranking.Slate;
import io.winnow.ranking.reranking.Slate.Placed;
import io.winnow.retrieval.CandidateSet;
import io.winnow.retrieval.CandidateSource.Candidates;
import io.winnow.retrieval.CandidateSource.ItemFilter;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** A real release, some of whose stages run into trouble first. */
final class TroubledStages implements RequestStages {
  private final RequestStages release;

  /** What happens at the beginning of a stage, by its name. */
  final Map<String, Runnable> trouble;

  TroubledStages(RequestStages release) {
    this(release, new ConcurrentHashMap<>());
  }

  private TroubledStages(RequestStages release, Map<String, Runnable> trouble) {
    this.release = release;
    this.trouble = trouble;
  }

  private void begin(String stage) {
    trouble.getOrDefault(stage, () -> {}).run();
  }

  @Override
  public Moment moment(
      UserId user, Map<String, String> context, ItemFilter requestRules, long timeMs) {
    begin("context");
    return release.moment(user, context, requestRules, timeMs);
  }

  @Override
  public CandidateSet retrieve(Moment moment, Duration budget) {
    begin("retrieval");
    return release.retrieve(moment, budget);
  }

  @Override
  public Ranked rank(Moment moment, CandidateSet candidates) {
    begin("ranking");
    return release.rank(moment, candidates);
  }

  @Override
  public Slate rerank(Moment moment, Ranked ranked, int n, long seed) {
    begin("reranking");
    return release.rerank(moment, ranked, n, seed);
  }

  @Override
  public String version() {
    return release.version();
  }

  @Override
  public boolean trained() {
    return release.trained();
  }

  /** The same trouble with other settings. */
  @Override
  public RequestStages with(Settings settings) {
    return new TroubledStages(release.with(settings), trouble);
  }

  @Override
  public Map<String, AttributeValue> userAttributes(UserId user) {
    begin("assignment");
    return release.userAttributes(user);
  }

  @Override
  public long schemaHash() {
    return release.schemaHash();
  }

  @Override
  public ItemId item(int index) {
    return release.item(index);
  }

  @Override
  public int indexOf(ItemId item) {
    return release.indexOf(item);
  }

  @Override
  public void checkFilters(Map<String, String> filters) {
    release.checkFilters(filters);
  }

  @Override
  public ItemFilter attributeFilter(Map<String, String> filters) {
    return release.attributeFilter(filters);
  }

  @Override
  public Moment strangerMoment(
      UserId user, Map<String, String> context, ItemFilter requestRules, long timeMs) {
    return release.strangerMoment(user, context, requestRules, timeMs);
  }

  @Override
  public CandidateSet popular(Moment moment) {
    return release.popular(moment);
  }

  @Override
  public CandidateSet anything(Moment moment) {
    return release.anything(moment);
  }

  @Override
  public Ranked unranked(CandidateSet candidates) {
    return release.unranked(candidates);
  }

  @Override
  public Reason explain(Moment moment, Ranked ranked, Placed placed) {
    begin("explain");
    return release.explain(moment, ranked, placed);
  }

  @Override
  public Candidates similar(int item, int n, long timeMs) {
    return release.similar(item, n, timeMs);
  }
}
